// A secret is replaced while somebody is looking at it. Whatever happens in between: once the rotation has answered,
// the old secret is dead, here and everywhere.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Account, backends, startTestApp, type TestApp } from '../support/app.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function rotate(app: TestApp, by: Account, apiKeyId: string, overlapSeconds = 0): Promise<string> {
  const result = await app.mutate(
    'rotateApiKey',
    { apiKeyId, overlapSeconds },
    '... on RotateApiKeySuccess { secret receipt { propagation } }',
    { bearer: by.accessToken },
  );
  expect(result).toMatchObject({ __typename: 'RotateApiKeySuccess' });
  return result.secret;
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await start({ env: { REKEY_LEASE_MS: '400' } });
  });

  afterAll(() => app?.close());

  test('F0.1: a reader that holds the old row brings nobody in, and neither does anybody who waited with it', async () => {
    const member = await app.member();
    const { id, secret } = await app.apiKey(member);

    // The database answers the reader; the answer stays on the wire until the rotation is over.
    const { reads } = app.app.database;
    const query = reads.query.bind(reads);
    const oldRowIsRead = Promise.withResolvers<void>();
    const rotationIsOver = Promise.withResolvers<void>();
    let loads = 0;
    const spy = vi.spyOn(reads, 'query').mockImplementation(async (statement, values) => {
      const rows = await query(statement, values);
      if (statement.name === 'api-key-load' && loads++ === 0) {
        oldRowIsRead.resolve();
        await rotationIsOver.promise;
      }
      return rows as never;
    });
    closing.push(() => spy.mockRestore());

    const early = times(5, () => app.accepts(secret));
    await oldRowIsRead.promise;
    const replacement = await rotate(app, member, id);
    const late = times(5, () => app.accepts(secret));
    expect(loads).toBe(1);
    rotationIsOver.resolve();
    expect(await Promise.all(late)).toEqual(times(5, () => false));
    expect(await Promise.all(early)).toEqual(times(5, () => false));
    expect(await app.accepts(secret)).toBe(false);
    expect(await app.accepts(replacement)).toBe(true);
  });

  test('F0.5: of a disabled user nothing works any more, whatever is cached; enabled again, the keys do', async () => {
    const admin = await app.admin();
    const member = await app.member();
    const bystander = await app.apiKey(admin);
    const keys = [await app.apiKey(member), await app.apiKey(member)].map(({ secret }) => secret);
    const credentials = [...keys, member.accessToken];
    const accepted = () => Promise.all([...credentials, bystander.secret].map((secret) => app.accepts(secret)));
    expect(await accepted()).toEqual([true, true, true, true]);
    await app.mutate('disableUser', { userId: member.id }, '', { bearer: admin.accessToken });
    expect(await accepted()).toEqual([false, false, false, true]);
    expect(await accepted()).toEqual([false, false, false, true]);
    await app.mutate('enableUser', { userId: member.id }, '', { bearer: admin.accessToken });
    await expect.poll(accepted).toEqual([true, true, false, true]); // A session that was ended stays so.
  });

  test('F0.5: of a user whom somebody deletes with plain SQL nothing works any more', async () => {
    const member = await app.member();
    const { secret } = await app.apiKey(member);
    expect(await app.accepts(secret)).toBe(true);
    await app.app.database.fork().execute('delete from users where id = ?', [member.id]);
    await expect.poll(() => app.accepts(secret)).toBe(false);
    expect(await app.accepts(member.accessToken)).toBe(false);
    expect(await app.accepts(secret)).toBe(false);
  });
});

describe.skipIf(inject('postgresUrl') === null || findRedis() === null)('two replicas on one database', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let databaseUrl: string;

  async function startReplica(through: string = databaseUrl): Promise<TestApp> {
    const replica = await startTestApp({ databaseUrl: through, redisUrl: redis.url });
    closing.push(async () => {
      await proxy.heal();
      await replica.close();
    });
    await expect.poll(() => replica.app.shared!.isReachable()).toBe(true);
    return replica;
  }

  /** The first replica talks to PostgreSQL through a proxy, the second one directly. */
  async function startBoth(): Promise<[TestApp, TestApp]> {
    redis = await startRedis();
    closing.push(() => redis.destroy());
    databaseUrl = await migratedDatabase();
    proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(databaseUrl).port) });
    closing.push(() => proxy.close());
    return [await startReplica(proxy.url(databaseUrl)), await startReplica()];
  }

  test('F0.2: a secret rotated on one is refused by the other, however often, and the new one is accepted', async () => {
    const [here, there] = await startBoth();
    const member = await here.member();
    const key = await here.apiKey(member);
    let { secret } = key;
    for (let round = 0; round < 10; round++) {
      const [rotating, asking] = round % 2 === 0 ? [here, there] : [there, here];
      expect(await asking.accepts(secret)).toBe(true);
      const replacement = await rotate(rotating, member, key.id);
      expect(await asking.accepts(secret)).toBe(false);
      expect(await rotating.accepts(secret)).toBe(false);
      secret = replacement;
    }
  });

  test('F1.1: a replica whose answer from the database is late fills no cache with it, its own or the shared one', async () => {
    const [slow, other] = await startBoth();
    const member = await other.member();
    const { id, secret } = await other.apiKey(member);
    const held = proxy.holdRepliesWhen((chunk, direction) => direction === 'request' && chunk.includes('api-key-load'));
    const early = times(3, () => slow.accepts(secret));
    await held; // PostgreSQL has read the old row and answered.
    const replacement = await rotate(other, member, id);
    const late = times(3, () => slow.accepts(secret));
    expect(await other.accepts(secret)).toBe(false);
    proxy.releaseReplies();
    expect(await Promise.all(late)).toEqual(times(3, () => false));
    expect(await Promise.all(early)).toEqual(times(3, () => false));
    for (const replica of [slow, other, await startReplica()]) {
      expect(await replica.accepts(secret)).toBe(false);
      expect(await replica.accepts(replacement)).toBe(true);
    }
  });

  test('F1.2: a client that hangs up right after the commit still gets what it asked for', async () => {
    const [here, there] = await startBoth();
    const member = await there.member();
    const { id, secret } = await there.apiKey(member);
    expect([await here.accepts(secret), await there.accepts(secret)]).toEqual([true, true]);
    const hash = async () => {
      const name = new URL(databaseUrl).pathname.slice(1);
      const [row] = await databasesAt(inject('postgresUrl')!).query(`select secret_hash from api_keys`, [], name);
      return row!.secret_hash;
    };
    const before = await hash();
    // COMMIT arrives and is carried out; its answer is late, and nobody waits for it any more.
    const held = proxy.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && /\bcommit\b/i.test(String(chunk)),
    );
    const impatience = new AbortController();
    const query = `mutation { rotateApiKey(input: { apiKeyId: "${id}" }) { __typename } }`;
    const rotating = fetch(`${here.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.accessToken}` },
      body: JSON.stringify({ query }),
      signal: impatience.signal,
    });
    await held;
    impatience.abort();
    await expect(rotating).rejects.toThrow();
    expect(await hash()).not.toBe(before);
    proxy.releaseReplies();
    await expect.poll(() => there.accepts(secret)).toBe(false);
    await expect.poll(() => here.accepts(secret)).toBe(false);
    for (const replica of [here, there, await startReplica()]) expect(await replica.accepts(secret)).toBe(false);
  });

  test('F1.2: a shared cache that keeps what it was told to delete brings nobody back', async () => {
    const [here, there] = await startBoth();
    const member = await here.member();
    const { id, secret } = await here.apiKey(member);
    expect([await here.accepts(secret), await there.accepts(secret)]).toEqual([true, true]);
    const stored = async () => (await redis.command('KEYS', 'rekey:auth:*')) as string[];
    await expect.poll(stored).not.toEqual([]);
    const [name] = await stored();
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'); // From here on it refuses every write.
    await rotate(here, member, id);
    expect(await redis.command('EXISTS', name!)).toBe(1);
    for (const replica of [here, there, await startReplica()]) expect(await replica.accepts(secret)).toBe(false);
  });

  test('F1.2: a shared cache that is frozen during a rotation, and comes back with the old entry, brings nobody back', async () => {
    const [here, there] = await startBoth();
    const member = await here.member();
    const { id, secret } = await here.apiKey(member);
    expect([await here.accepts(secret), await there.accepts(secret)]).toEqual([true, true]);
    await expect.poll(() => redis.command('KEYS', 'rekey:auth:*')).not.toEqual([]);
    redis.freeze();
    const replacement = await rotate(here, member, id);
    expect([await here.accepts(secret), await there.accepts(secret)]).toEqual([false, false]);
    redis.thaw();
    for (const replica of [here, there, await startReplica()]) {
      expect(await replica.accepts(secret)).toBe(false);
      expect(await replica.accepts(replacement)).toBe(true);
    }
  });

  test('F0.5: disabling a user on one replica ends all that the others have cached of that user, and only that', async () => {
    const [here, there] = await startBoth();
    const admin = await here.admin();
    const [member, bystander] = [await here.member(), await here.member()];
    const dead = [(await here.apiKey(member)).secret, (await here.apiKey(member)).secret, member.accessToken];
    const alive = [(await here.apiKey(bystander)).secret, bystander.accessToken];
    const asked = (secrets: string[]) => Promise.all(secrets.map((secret) => there.accepts(secret)));
    expect(await asked([...dead, ...alive])).not.toContain(false);
    await here.mutate('disableUser', { userId: member.id }, '', { bearer: admin.accessToken });
    expect(await asked(dead)).not.toContain(true);
    const reads = vi.spyOn(there.app.database.reads, 'query');
    expect(await asked(alive)).not.toContain(false);
    expect(reads).not.toHaveBeenCalled(); // F0.7: nobody else's entries were dropped.
  });

  test('the end of an overlap is the end everywhere, without anybody being told', async () => {
    const [here, there] = await startBoth();
    const member = await here.member();
    const { id, secret } = await here.apiKey(member);
    const replacement = await rotate(here, member, id, 1);
    const accepted = () => Promise.all([here, there].map((replica) => replica.accepts(secret)));
    expect(await accepted()).toEqual([true, true]);
    await expect.poll(accepted, { timeout: 5000 }).toEqual([false, false]);
    expect(await here.accepts(replacement)).toBe(true);
  });
});
