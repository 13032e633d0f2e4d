// The subscriber on a MikroORM of the test's own, so that every flow of a unit of work can be tested.
import type { EntityManager, MikroORM } from '@mikro-orm/sql';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { accounts } from '../../../src/accounts/accounts.feature.ts';
import { User } from '../../../src/accounts/user.entity.ts';
import { apiKeyEviction } from '../../../src/api-keys/api-key.credential.ts';
import { ApiKey } from '../../../src/api-keys/api-key.entity.ts';
import { type EvictionRule, EvictionSubscriber } from '../../../src/credentials/cache/eviction-subscriber.ts';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { embeddedExtensions } from '../../../src/database/embedded.ts';
import { modelOf, ormOptions } from '../../../src/database/orm.ts';
import { SealingSubscriber } from '../../../src/database/sealing-subscriber.ts';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { features } from '../../../src/features.ts';
import { NO_POLICY_END } from '../../../src/identity/credential-policy.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { createLogger } from '../../../src/kernel/logger.ts';
import { Workspace } from '../../../src/workspaces/workspace.entity.ts';
import { embeddedTemplate } from '../../support/embedded-template.ts';
import { databasesAt } from '../../support/postgres.ts';
import { sealerInMemory } from '../../support/sealing.ts';

const postgresUrl = inject('postgresUrl');
const databases = ['the embedded database', ...(postgresUrl ? ['PostgreSQL'] : [])];

describe.each(databases)('on %s', (name) => {
  const onPostgres = name === 'PostgreSQL';
  let orm: MikroORM;
  let user: User;
  /** The evicted fingerprints, one list per eviction. */
  let evicted: string[][] = [];
  let committed = 0;
  let log: string[] = [];
  let whenEvicting: (fingerprints: string[]) => void = () => undefined;
  let whenCollecting: () => void = () => undefined;
  const observedKeys: EvictionRule<ApiKey> = {
    ...apiKeyEviction,
    fingerprintsOf: (row) => {
      whenCollecting();
      return apiKeyEviction.fingerprintsOf(row);
    },
  };
  const subscriber = new EvictionSubscriber({
    rules: [observedKeys, ...accounts.evictions] as unknown as EvictionRule[],
    evict: (fingerprints) => {
      evicted.push(fingerprints);
      whenEvicting(fingerprints);
    },
    committed: () => void committed++,
    logger: createLogger({ level: 'error', destination: { write: (line) => void log.push(line) } }),
  });

  beforeAll(async () => {
    const sealer = sealerInMemory();
    await sealer.keys.start();
    const sealing = new SealingSubscriber(sealer, accounts.sealedProperties);
    const options = ormOptions(modelOf(features), { subscribers: [sealing, subscriber] });
    if (onPostgres) {
      const { MikroORM } = await import('@mikro-orm/postgresql');
      orm = await MikroORM.init({ ...options, clientUrl: await databasesAt(postgresUrl!).createDatabase() });
      await orm.migrator.up();
    } else {
      const { MikroORM } = await import('@mikro-orm/pglite');
      const loadDataDir = await embeddedTemplate();
      const extensions = await embeddedExtensions();
      // As a function: the ORM copies its options, and a copy of a Blob is not a Blob.
      orm = await MikroORM.init({
        ...options,
        dbName: 'memory://',
        driverOptions: () => ({ loadDataDir, extensions }),
      });
    }
    user = User.create({
      id: newId('usr'),
      email: 'somebody@example.com',
      displayName: 'Somebody',
      role: 'MEMBER',
      passwordHash: 'hash',
      createdAt: new Date(),
    });
    await orm.em.fork().persist(user).flush();
  });

  afterAll(() => orm?.close());

  beforeEach(() => {
    evicted = [];
    committed = 0;
    log = [];
    whenEvicting = () => undefined;
    whenCollecting = () => undefined;
  });

  const newHash = () => sha256Base64url(newId('key'));

  function newKey(userId = user.id): ApiKey {
    return ApiKey.create({
      id: newId('key'),
      userId,
      workspaceId: null,
      name: 'a key',
      hint: '…',
      secretHash: newHash(),
      scopes: [],
      permissions: [],
      createdAt: new Date(),
      createdFromIp: null,
      expiresAt: null,
      createdBy: null,
      description: null,
      metadataSealed: null,
      allowedAddresses: [],
      rateLimit: null,
      policyEnd: NO_POLICY_END,
    });
  }

  /** A key that is in the database, and whose own eviction is not counted. */
  async function givenKey(): Promise<{ id: string; hash: string }> {
    const key = newKey();
    await orm.em.fork().persist(key).flush();
    evicted = [];
    committed = 0;
    return { id: key.id, hash: key.secretHash };
  }

  async function rotate(em: EntityManager, id: string, overlapSeconds = 0): Promise<string> {
    const key = await em.findOneOrFail(ApiKey, { id });
    const secretHash = newHash();
    key.rotate({ secretHash, hint: '…' }, overlapSeconds, new Date());
    return secretHash;
  }

  const storedHash = async (id: string) => {
    const [row] = await orm.em
      .fork()
      .execute<{ secret_hash: string }[]>('select secret_hash from api_keys where id = ?', [id]);
    return row?.secret_hash;
  };

  /** The hash of a key that another connection reads at the moment of each eviction. */
  function seenByOthersWhenEvicting(id: string): Promise<string | undefined>[] {
    const seen: Promise<string | undefined>[] = [];
    whenEvicting = () => void seen.push(storedHash(id));
    return seen;
  }

  const all = () => evicted.flat().toSorted();
  const sorted = (...hashes: string[]) => hashes.toSorted();

  test('a plain flush evicts the old and the new hash after other connections can see the change', async () => {
    const { id, hash } = await givenKey();
    const em = orm.em.fork();
    const replacement = await rotate(em, id);
    const seen = seenByOthersWhenEvicting(id);
    await em.flush();
    expect(all()).toEqual(sorted(hash, replacement));
    expect(committed).toBe(1);
    expect(await Promise.all(seen)).toEqual([replacement]);
  });

  test('a rotation with an overlap, and the one after it, evict every hash that was ever valid', async () => {
    const { id, hash } = await givenKey();
    const first = orm.em.fork();
    const second = await rotate(first, id, 600);
    await first.flush();
    expect(all()).toEqual(sorted(hash, second));
    evicted = [];
    const em = orm.em.fork();
    const third = await rotate(em, id);
    await em.flush();
    expect(all()).toEqual(sorted(hash, second, third));
  });

  test('creating and deleting a key evict its hash, because a rejection or an acceptance may be cached', async () => {
    const key = newKey();
    await orm.em.fork().persist(key).flush();
    expect(all()).toEqual([key.secretHash]);
    evicted = [];
    const em = orm.em.fork();
    await em.remove(await em.findOneOrFail(ApiKey, { id: key.id })).flush();
    expect(all()).toEqual([key.secretHash]);
  });

  test('a transaction evicts after its commit and not after its flush', async () => {
    const { id, hash } = await givenKey();
    const seen = seenByOthersWhenEvicting(id);
    let replacement = '';
    await orm.em.fork().transactional(async (em) => {
      replacement = await rotate(em, id);
      await em.flush();
      expect(evicted).toEqual([]);
      expect(committed).toBe(0);
    });
    expect(all()).toEqual(sorted(hash, replacement));
    expect(committed).toBe(1);
    expect(await Promise.all(seen)).toEqual([replacement]);
  });

  test('a transaction with explicit begin, flush and commit evicts after its commit', async () => {
    const { id, hash } = await givenKey();
    const em = orm.em.fork();
    await em.begin();
    const replacement = await rotate(em, id);
    await em.flush();
    expect(evicted).toEqual([]);
    await em.commit();
    expect(all()).toEqual(sorted(hash, replacement));
  });

  test('changes that only the commit flushes are evicted, too', async () => {
    const { id, hash } = await givenKey();
    const em = orm.em.fork();
    await em.begin();
    const replacement = await rotate(em, id);
    await em.commit();
    expect(all()).toEqual(sorted(hash, replacement));
  });

  test('several flushes in one transaction are evicted together', async () => {
    const [one, two] = [await givenKey(), await givenKey()];
    const em = orm.em.fork();
    await em.begin();
    await rotate(em, one.id);
    await em.flush();
    await rotate(em, two.id);
    await em.flush();
    await em.commit();
    expect(evicted).toHaveLength(1);
    expect(all()).toEqual(expect.arrayContaining([one.hash, two.hash]));
  });

  test('a rollback after a flush evicts nothing, then or later', async () => {
    const { id, hash } = await givenKey();
    const em = orm.em.fork();
    await em.begin();
    await rotate(em, id);
    await em.flush();
    await em.rollback();
    expect([evicted, committed]).toEqual([[], 0]);
    expect(await storedHash(id)).toBe(hash);

    const other = await givenKey();
    em.clear();
    const replacement = await rotate(em, other.id);
    await em.flush();
    expect(all()).toEqual(sorted(other.hash, replacement));
  });

  test('work that throws inside a transaction evicts nothing', async () => {
    const { id } = await givenKey();
    const failing = orm.em.fork().transactional(async (em) => {
      await rotate(em, id);
      await em.flush();
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect([evicted, committed]).toEqual([[], 0]);
  });

  test('a commit that the database rejects evicts nothing', async () => {
    const em = orm.em.fork();
    await em.begin();
    em.persist(newKey('usr_that_does_not_exist')); // The foreign key is checked at the commit.
    await em.flush();
    await expect(em.commit()).rejects.toThrow();
    await em.rollback().catch(() => undefined);
    expect([evicted, committed]).toEqual([[], 0]);
  });

  test('a released savepoint evicts with the outermost commit and not before', async () => {
    const { id, hash } = await givenKey();
    const seen = seenByOthersWhenEvicting(id);
    let replacement = '';
    await orm.em.fork().transactional(async (outer) => {
      await outer.transactional(async (inner) => {
        await inner.transactional(async (innermost) => {
          replacement = await rotate(innermost, id);
        });
        expect(evicted).toEqual([]);
      });
      expect([evicted, committed]).toEqual([[], 0]);
    });
    expect(all()).toEqual(sorted(hash, replacement));
    expect(committed).toBe(1);
    expect(await Promise.all(seen)).toEqual([replacement]);
  });

  test('a released savepoint whose outer transaction aborts evicts nothing', async () => {
    const { id, hash } = await givenKey();
    const failing = orm.em.fork().transactional(async (outer) => {
      await outer.transactional((inner) => rotate(inner, id));
      throw new Error('after all, no');
    });
    await expect(failing).rejects.toThrow('after all, no');
    expect([evicted, committed]).toEqual([[], 0]);
    expect(await storedHash(id)).toBe(hash);
  });

  test('the rollback of a savepoint removes no eviction of the outer transaction', async () => {
    const [kept, dropped] = [await givenKey(), await givenKey()];
    await orm.em.fork().transactional(async (outer) => {
      await rotate(outer, kept.id);
      await outer.flush();
      const failing = outer.transactional(async (inner) => {
        await rotate(inner, dropped.id);
        await inner.flush();
        throw new Error('only this part');
      });
      await expect(failing).rejects.toThrow('only this part');
    });
    expect(all()).toContain(kept.hash);
    expect(await storedHash(dropped.id)).toBe(dropped.hash);
    expect(committed).toBe(1);
  });

  // The embedded database has one connection, so two transactions never overlap there.
  test.runIf(onPostgres)('two concurrent transactions evict their own changes at their own commits', async () => {
    const [one, two] = [await givenKey(), await givenKey()];
    const [first, second] = [orm.em.fork(), orm.em.fork()];
    await first.begin();
    await second.begin();
    const replacementOfOne = await rotate(first, one.id);
    await first.flush();
    const replacementOfTwo = await rotate(second, two.id);
    await second.flush();
    expect(evicted).toEqual([]);
    await second.commit();
    expect(all()).toEqual(sorted(two.hash, replacementOfTwo));
    evicted = [];
    await first.commit();
    expect(all()).toEqual(sorted(one.hash, replacementOfOne));
  });

  test('F0.3: an eviction that throws does not fail the rotation, so the new secret is not lost', async () => {
    const { id } = await givenKey();
    whenEvicting = () => {
      throw new Error('the cache is on fire');
    };
    const plain = orm.em.fork();
    const byFlush = await rotate(plain, id);
    await plain.flush();
    expect(await storedHash(id)).toBe(byFlush);

    const byTransaction = await orm.em.fork().transactional((em) => rotate(em, id));
    expect(await storedHash(id)).toBe(byTransaction);
    expect(log.join('')).toContain('the cache is on fire');
  });

  test('a rule that throws does not fail the flush', async () => {
    const { id } = await givenKey();
    whenCollecting = () => {
      throw new Error('a rule with a bug');
    };
    const em = orm.em.fork();
    const replacement = await rotate(em, id);
    await em.flush();
    expect(await storedHash(id)).toBe(replacement);
    expect(log.join('')).toContain('a rule with a bug');
  });

  test('a change of an entity without fingerprints still starts a sync', async () => {
    const em = orm.em.fork();
    (await em.findOneOrFail(User, { id: user.id })).disable(new Date());
    await em.flush();
    expect([all(), committed]).toEqual([[], 1]);
  });

  test('F0.7: an entity that decides nothing about credentials evicts nothing', async () => {
    const workspace = Workspace.create({ id: newId('wsp'), name: 'Workspace', createdAt: new Date() });
    await orm.em.fork().persist(workspace).flush();
    await orm.em.fork().flush();
    expect([evicted, committed]).toEqual([[], 0]);
  });

  test('the unit of work of a mutation evicts when it commits, and not when it throws', async () => {
    const { id, hash } = await givenKey();
    const origin = { ipAddress: null, userAgent: null, requestId: 'test' };
    const unitOfWork = () => new UnitOfWork(orm.em.fork(), null, origin, async () => true);

    const abandoned = unitOfWork();
    const abandoning = abandoned.transaction(async () => {
      await rotate(abandoned.em, id);
      await abandoned.em.flush();
      throw new Error('never mind');
    });
    await expect(abandoning).rejects.toThrow('never mind');
    expect([evicted, committed]).toEqual([[], 0]);

    const done = unitOfWork();
    const seen = seenByOthersWhenEvicting(id);
    const replacement = await done.transaction(() => rotate(done.em, id));
    expect(all()).toEqual(sorted(hash, replacement));
    expect(await Promise.all(seen)).toEqual([replacement]);
  });
});
