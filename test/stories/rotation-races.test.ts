// A secret is rotated while requests use it. After the rotation has returned, every replica rejects the old secret.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Account, backends, startTestApp, type TestApp } from '../support/app.ts';
import { loadsIn } from '../support/loads.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { times } from '../support/values.ts';

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

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await start({ env: { REKEY_LEASE_MS: '400' } });
  });

  afterAll(() => app?.close());

  test('F0.1: a lookup that read the old row before a rotation authenticates neither its own request nor those that joined it', async () => {
    const member = await app.member();
    const { id, secret } = await app.apiKey(member);

    // The database answers the lookup. The test holds the answer until the rotation has returned.
    const { reads } = app.app.database;
    const query = reads.query.bind(reads);
    const oldRowIsRead = Promise.withResolvers<void>();
    const rotationReturned = Promise.withResolvers<void>();
    let loads = 0;
    const spy = vi.spyOn(reads, 'query').mockImplementation(async (statement, values) => {
      const rows = await query(statement, values);
      if (statement.name === 'api-key-load' && loads++ === 0) {
        oldRowIsRead.resolve();
        await rotationReturned.promise;
      }
      return rows as never;
    });
    closing.push(() => spy.mockRestore());

    const early = times(5, () => app.accepts(secret));
    await oldRowIsRead.promise;
    const replacement = await rotate(app, member, id);
    const late = times(5, () => app.accepts(secret));
    expect(loads).toBe(1);
    rotationReturned.resolve();
    expect(await Promise.all(late)).toEqual(times(5, () => false));
    expect(await Promise.all(early)).toEqual(times(5, () => false));
    expect(await app.accepts(secret)).toBe(false);
    expect(await app.accepts(replacement)).toBe(true);
  });

  test('F0.5: every credential of a disabled user is rejected, cached or not, and the keys work again when the user is enabled', async () => {
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
    await expect.poll(accepted).toEqual([true, true, false, true]); // A revoked session stays revoked.
  });

  test('F0.5: every credential of a user who is deleted in plain SQL is rejected', async () => {
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

  /** The first replica connects to PostgreSQL through a proxy, the second one directly. */
  async function startBoth(): Promise<[TestApp, TestApp]> {
    redis = await startRedis();
    closing.push(() => redis.destroy());
    databaseUrl = await migratedDatabase();
    proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(databaseUrl).port) });
    closing.push(() => proxy.close());
    return [await startReplica(proxy.url(databaseUrl)), await startReplica()];
  }

  test('F0.2: when one rotates a secret, the other rejects the old secret and accepts the new one, in every round', async () => {
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

  test('F1.1: a late answer of the database fills no cache, neither that of the replica nor the shared one', async () => {
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

  test('F1.2: a rotation takes effect when its client disconnects right after the commit', async () => {
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
    // COMMIT arrives and is carried out. Its answer is held, and the client disconnects.
    const held = proxy.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && /\bcommit\b/i.test(String(chunk)),
    );
    const client = new AbortController();
    const query = `mutation { rotateApiKey(input: { apiKeyId: "${id}" }) { __typename } }`;
    const rotating = fetch(`${here.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.accessToken}` },
      body: JSON.stringify({ query }),
      signal: client.signal,
    });
    await held;
    client.abort();
    await expect(rotating).rejects.toThrow();
    expect(await hash()).not.toBe(before);
    proxy.releaseReplies();
    await expect.poll(() => there.accepts(secret)).toBe(false);
    await expect.poll(() => here.accepts(secret)).toBe(false);
    for (const replica of [here, there, await startReplica()]) expect(await replica.accepts(secret)).toBe(false);
  });

  test('F1.2: no replica accepts an old secret whose entry the shared cache did not delete', async () => {
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

  test('F1.2: no replica accepts an old secret whose entry is in a shared cache that was frozen during the rotation', async () => {
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

  test('F0.5: when one disables a user, the other rejects what it has cached of that user, and nothing else', async () => {
    const [here, there] = await startBoth();
    const admin = await here.admin();
    const [member, bystander] = [await here.member(), await here.member()];
    const revoked = [(await here.apiKey(member)).secret, (await here.apiKey(member)).secret, member.accessToken];
    const unaffected = [(await here.apiKey(bystander)).secret, bystander.accessToken];
    const asked = (secrets: string[]) => Promise.all(secrets.map((secret) => there.accepts(secret)));
    expect(await asked([...revoked, ...unaffected])).not.toContain(false);
    await here.mutate('disableUser', { userId: member.id }, '', { bearer: admin.accessToken });
    expect(await asked(revoked)).not.toContain(true);
    const reads = vi.spyOn(there.app.database.reads, 'query');
    expect(await asked(unaffected)).not.toContain(false);
    expect(loadsIn(reads)).toEqual([]); // F0.7: entries of other users stay cached.
  });

  test('every replica rejects the previous secret when its overlap ends, without an invalidation', async () => {
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
