import Keyv from 'keyv';
import { beforeEach, describe, expect, test } from 'vitest';
import { AuthCache } from '../../../src/credentials/cache/auth-cache.ts';
import { SharedCache } from '../../../src/credentials/cache/shared-cache.ts';
import type { CachedCredential } from '../../../src/credentials/cached-credential.ts';
import { createKeyring, parseMasterKey } from '../../../src/crypto/keyring.ts';
import type { Principal } from '../../../src/identity/principal.ts';
import { MASTER_KEY } from '../../support/constants.ts';
import { recordingLogger, silentLogger, silentOutage } from '../../support/loggers.ts';
import { times } from '../../support/values.ts';
import { type ReplicaOnLog, startReplicaOnLog } from './replica-on-log.ts';

const FINGERPRINT = 'the fingerprint of a secret';
const principal: Principal = {
  kind: 'apiKey',
  credentialId: 'key_1',
  proof: FINGERPRINT,
  userId: 'usr_1',
  workspaceId: null,
  scopes: [],
  permissions: [],
  expiresAt: null,
};
const MINUTES = 60_000;
const UNAVAILABLE = { code: 'AUTHENTICATION_UNAVAILABLE', retryAfterSeconds: 1 };

let fixture: ReplicaOnLog;
let cache: AuthCache;
/** One key in a database: whether it is valid, until when, and how often it was read. */
let database: ReturnType<typeof givenKey>;

beforeEach(async () => {
  fixture = await startReplicaOnLog();
  cache = newCache();
  database = givenKey();
});

function newCache(shared: SharedCache | null = null, entries = 1000): AuthCache {
  return new AuthCache({
    replica: fixture.replica,
    shared,
    logger: silentLogger,
    longestEntryMs: 10 * MINUTES,
    entries,
  });
}

function newSharedCache(keyv: Keyv): SharedCache {
  const parsed = parseMasterKey(MASTER_KEY);
  if (!('key' in parsed)) throw new Error(parsed.problem);
  const { clock, metrics } = fixture;
  return new SharedCache({
    keyv,
    keyring: createKeyring(parsed.key, []),
    clock,
    logger: silentLogger,
    outage: silentOutage,
    metrics,
  });
}

function givenKey() {
  const held: (() => void)[] = [];
  const key = {
    good: true,
    until: Number.MAX_SAFE_INTEGER,
    tags: ['key:1', 'user:1'],
    reads: 0,
    failing: false,
    /** Rows are read at once, and their answers are held until `release`. */
    holding: false,
    /** Reads the row as it is now; the answer may come later. */
    load: async (): Promise<CachedCredential> => {
      key.reads++;
      const { good, tags } = key;
      const row = { asOf: fixture.end(), tags, principal: good ? principal : null, until: good ? key.until : Infinity };
      if (key.holding) await new Promise<void>((resolve) => held.push(resolve));
      if (key.failing) throw new Error('The connection broke.');
      return row;
    },
    ask: (fingerprint = FINGERPRINT) => cache.resolve(fingerprint, key.load).then((entry) => entry.principal),
    release() {
      key.holding = false;
      for (const go of held.splice(0)) go();
    },
    /** Rotated or revoked: committed, and this replica has applied it. */
    async revoke() {
      key.good = false;
      fixture.commit('key:1');
      await fixture.sync();
    },
  };
  return key;
}

/** Everything that is ready to run has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('with a lease', () => {
  test('F1.11: a hundred concurrent lookups of one fingerprint cost one read, and the next lookup costs none', async () => {
    database.holding = true;
    const asking = times(100, () => database.ask());
    await settled();
    expect(database.reads).toBe(1);
    database.release();
    expect(await Promise.all(asking)).toEqual(times(100, () => principal));
    expect(await database.ask()).toBe(principal);
    expect(database.reads).toBe(1);
  });

  test('F0.1: an answer that a revocation overtakes is used neither by its reader nor by lookups that joined it', async () => {
    database.holding = true;
    const early = times(5, () => database.ask()); // The first one reads the old row.
    await settled();
    await database.revoke();
    const late = times(5, () => database.ask()); // These join it, and arrive after the revocation.
    await settled();
    expect(database.reads).toBe(1);
    database.release();
    expect(await Promise.all([...early, ...late])).toEqual(times(10, () => null));
    expect(database.reads).toBe(11); // Each has read again for itself.
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });

  test('F1.1: an answer that a revocation overtakes is stored in no cache, neither in memory nor in the shared one', async () => {
    const stored = new Map<string, unknown>();
    cache = newCache(newSharedCache(new Keyv({ store: stored })));
    database.holding = true;
    const asking = database.ask();
    await expect.poll(() => database.reads).toBe(1);
    await database.revoke();
    database.release();
    expect(await asking).toBeNull();
    expect(stored.size).toBe(0);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });

  test('an invalidated entry is read again, and cached again if it is still valid', async () => {
    expect(await database.ask()).toBe(principal);
    fixture.commit('user:1'); // A change of the user that took nothing away.
    expect(cache.recall(FINGERPRINT)?.principal).toBe(principal); // Not applied here yet. The lease limits for how long.
    await fixture.sync();
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    expect(await database.ask()).toBe(principal);
    expect(await database.ask()).toBe(principal);
    expect(database.reads).toBe(2);
  });

  test('F0.7: an invalidation of one subject costs entries of other subjects no read', async () => {
    await database.ask();
    for (const tag of ['key:2', 'user:2', 'workspace:1', 'session:1']) fixture.commit(tag);
    await fixture.sync();
    expect(cache.recall(FINGERPRINT)?.principal).toBe(principal);
  });

  test('an entry is used for ten minutes at most', async () => {
    await database.ask();
    await fixture.pass(10 * MINUTES - 1);
    expect(cache.recall(FINGERPRINT)?.principal).toBe(principal);
    await fixture.pass(1);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    await database.ask();
    expect(database.reads).toBe(2);
  });

  test('an entry expires with its credential, at the expiry or at the end of an overlap', async () => {
    database.until = fixture.now() + 3 * MINUTES;
    await database.ask();
    await fixture.pass(3 * MINUTES - 1);
    expect(cache.recall(FINGERPRINT)?.principal).toBe(principal);
    await fixture.pass(1);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    database.good = false;
    expect(await database.ask()).toBeNull();
  });

  test('a rejection is cached for ten seconds', async () => {
    database.good = false;
    database.tags = [];
    for (const answer of [await database.ask(), await database.ask()]) expect(answer).toBeNull();
    expect(database.reads).toBe(1);
    await fixture.pass(9_999);
    expect(cache.recall(FINGERPRINT)?.principal).toBeNull();
    await fixture.pass(1);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });

  test('a cached rejection is invalid as soon as its subject changes, so an account that is enabled again works', async () => {
    database.good = false;
    expect(await database.ask()).toBeNull();
    database.good = true;
    fixture.commit('user:1');
    await fixture.sync();
    expect(await database.ask()).toBe(principal);
  });

  test('F1.11: a credential that was revoked elsewhere is rejected from memory, not by a read for each request', async () => {
    await database.ask();
    await database.revoke(); // On another replica or with psql: nothing is evicted here.
    for (let tries = 0; tries < 20; tries++) expect(await database.ask()).toBeNull();
    expect(database.reads).toBe(2);
  });

  test('F1.11: an expired credential is rejected from memory, too', async () => {
    database.until = fixture.now() + MINUTES;
    await database.ask();
    await fixture.pass(MINUTES);
    database.good = false;
    for (let tries = 0; tries < 20; tries++) expect(await database.ask()).toBeNull();
    expect(database.reads).toBe(2);
  });

  test('F0.9: 50 000 random keys evict no valid key, and take bounded memory', async () => {
    const good = givenKey();
    await cache.resolve('a good one', good.load);
    database.good = false;
    database.tags = [];
    const flood = times(50_000, (index) => `random ${index}`);
    for (const fingerprint of flood) await database.ask(fingerprint);
    expect(database.reads).toBe(50_000);
    expect(cache.recall('a good one')?.principal).toBe(principal);
    expect(good.reads).toBe(1);
    expect(flood.filter((fingerprint) => cache.recall(fingerprint)?.principal === null)).toHaveLength(10_000);
  });

  test('more valid credentials than the cache can hold cost reads, and are all accepted', async () => {
    cache = newCache(null, 10);
    for (let round = 0; round < 2; round++) {
      for (const fingerprint of times(20, String)) expect(await database.ask(fingerprint)).toBe(principal);
    }
    expect(times(20, String).filter((fingerprint) => cache.recall(fingerprint) !== undefined)).toHaveLength(10);
  });

  test('F0.10: a failed read decides about no lookup, and the next lookup reads again', async () => {
    database.holding = true;
    database.failing = true;
    const asking = times(3, () => database.ask());
    await settled();
    database.release();
    for (const outcome of await Promise.allSettled(asking)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    }
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    database.failing = false;
    expect(await database.ask()).toBe(principal);
  });

  test('F3.32: a failed read is no answer for the lookups that joined it: each reads for itself', async () => {
    const broken = Promise.withResolvers<CachedCredential>();
    let reads = 0;
    const load = () => (reads++ === 0 ? broken.promise : database.load());
    const asking = times(3, () => cache.resolve(FINGERPRINT, load).then((entry) => entry.principal));
    await settled();
    expect(reads).toBe(1);
    broken.reject(new Error('The connection broke.'));
    const [first, ...joined] = await Promise.allSettled(asking);
    expect(first).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    expect(joined).toEqual(times(2, () => ({ status: 'fulfilled', value: principal })));
  });

  test('an entry whose check throws is not used, and the database is read', async () => {
    let broken = false;
    const { replica } = fixture;
    const fragile = {
      serverIdentity: replica.serverIdentity,
      leaseRemaining: () => replica.leaseRemaining(),
      databaseNow: () => replica.databaseNow(),
      monotonic: () => replica.monotonic(),
      isFresh(entry: CachedCredential) {
        if (broken) throw new Error('a bug');
        return replica.isFresh(entry, entry.until);
      },
    };
    const { logger, lines } = recordingLogger();
    const options = { shared: null, logger, longestEntryMs: 10 * MINUTES, entries: 10 };
    cache = new AuthCache({ replica: fragile as never, ...options });
    await database.ask();
    broken = true;
    expect(lines).toEqual([]);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'error', err: { message: 'a bug' } });
    expect(await database.ask()).toBe(principal);
    database.failing = true;
    await expect(database.ask()).rejects.toMatchObject(UNAVAILABLE);
  });

  test('if the clock of the database is set back, no entry is used for longer', async () => {
    await database.ask();
    await fixture.setDatabaseBack(30 * MINUTES);
    await fixture.pass(9 * MINUTES);
    expect(cache.recall(FINGERPRINT)?.principal).toBe(principal);
    await fixture.pass(MINUTES);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    database.good = false;
    expect(await database.ask()).toBeNull();
    await fixture.setDatabaseBack(60 * MINUTES);
    await fixture.pass(10_000); // A rejection is cached for so long.
    database.good = true;
    expect(await database.ask()).toBe(principal);
  });

  test('an entry that is older than everything this replica remembers is not used', async () => {
    const keyv = new Keyv();
    cache = newCache(newSharedCache(keyv));
    await database.ask();
    // A replica that starts later, after a revocation that it never reads in the log.
    database.good = false;
    fixture = await startReplicaOnLog({ at: fixture.end() + 1 });
    cache = newCache(newSharedCache(keyv));
    expect(await database.ask()).toBeNull();
    expect(database.reads).toBe(2);
  });
});

describe('without a lease', () => {
  test('cached entries are not used, and every lookup gets a read that began after it arrived', async () => {
    await database.ask();
    fixture.loseLease();
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    database.holding = true;
    const asking = times(3, () => database.ask());
    await settled();
    expect(database.reads).toBe(4); // No lookup joined the read of another one.
    database.release();
    expect(await Promise.all(asking)).toEqual(times(3, () => principal));
    database.good = false;
    expect(await database.ask()).toBeNull();
  });

  test('what was read is not cached', async () => {
    fixture.loseLease();
    await database.ask();
    await fixture.regainLease();
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });

  test('an answer is discarded if the lease expires during its read', async () => {
    database.holding = true;
    const asking = times(2, () => database.ask());
    await settled();
    fixture.loseLease();
    database.release();
    expect(await Promise.all(asking)).toEqual([principal, principal]);
    expect(database.reads).toBe(3); // One that was shared and discarded, and one for each.
    await fixture.regainLease();
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });

  test('at most 32 reads are in flight, and the next lookup is AUTHENTICATION_UNAVAILABLE until one of them ends', async () => {
    fixture.loseLease();
    database.holding = true;
    const asking = times(32, () => database.ask());
    await expect(database.ask()).rejects.toMatchObject(UNAVAILABLE);
    expect(database.reads).toBe(32);
    database.release();
    expect(await Promise.all(asking)).toEqual(times(32, () => principal));
    expect(await database.ask()).toBe(principal);
  });

  test('failed reads make room for the next ones, too', async () => {
    fixture.loseLease();
    database.failing = true;
    for (let round = 0; round < 2; round++) {
      for (const outcome of await Promise.allSettled(times(32, () => database.ask()))) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
      }
    }
    database.failing = false;
    expect(await database.ask()).toBe(principal);
  });
});

describe('eviction', () => {
  test('F0.7: removes the given fingerprints and no other', async () => {
    for (const each of [FINGERPRINT, 'another', 'a third']) await database.ask(each);
    cache.evict([FINGERPRINT]);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    for (const other of ['another', 'a third']) expect(cache.recall(other)?.principal).toBe(principal);
  });

  test('removes an entry from memory at once, and from the shared cache', async () => {
    const stored = new Map<string, unknown>();
    cache = newCache(newSharedCache(new Keyv({ store: stored })));
    await database.ask();
    await expect.poll(() => stored.size).toBe(1);
    cache.evict([FINGERPRINT]);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
    await expect.poll(() => stored.size).toBe(0);
  });

  test('removes a cached rejection, too', async () => {
    database.good = false;
    await database.ask();
    cache.evict([FINGERPRINT]);
    expect(cache.recall(FINGERPRINT)).toBeUndefined();
  });
});
