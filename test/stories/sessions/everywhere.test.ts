// What was revoked stays revoked on every replica, through failures of Redis, PostgreSQL and the network.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { type Account, MASTER_KEY, startTestApp, type TestApp } from '../../support/app.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { startProxy, type TcpProxy } from '../../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../../support/redis.ts';
import { as, exchange, jtiOf, login, refresh, sessionRow, UNLIMITED } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';

const LEASE_MS = 1000;
const absent = findPostgres() === null || findRedis() === null || process.env.REKEY_TEST_SERVERS === 'none';

describe.skipIf(absent)('sessions on three replicas', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let proxies: TcpProxy[];
  let replicas: TestApp[];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const databaseUrl = await postgres.createDatabase('rekey');
    proxies = await Promise.all([1, 2, 3].map(() => startProxy({ host: '127.0.0.1', port: postgres.port })));
    const env = { ...UNLIMITED, REKEY_LEASE_MS: String(LEASE_MS), REKEY_MASTER_KEY: MASTER_KEY };
    replicas = await Promise.all(
      proxies.map((proxy) => startTestApp({ databaseUrl: proxy.url(databaseUrl), redisUrl: redis.url, env })),
    );
  });
  afterAll(async () => {
    for (const proxy of proxies ?? []) await proxy.heal();
    await Promise.all((replicas ?? []).map((each) => each.close()));
    for (const proxy of proxies ?? []) await proxy.close();
    await redis?.destroy();
    await postgres?.destroy();
  });

  const member = (): Promise<Account> => replicas[0]!.member();
  const acceptedBy = (token: string) => Promise.all(replicas.map((each) => each.accepts(token)));
  /** The answers of every endpoint of every replica: forward authentication, GraphQL, and both kinds of introspection. */
  const atEveryEndpoint = async (token: string, bearer: string) => {
    const answers = replicas.flatMap((each) => [
      each.accepts(token),
      each.graphql('{ viewer { user { id } } }', {}, { bearer: token }).then(({ data }) => Boolean(data?.viewer)),
      each
        .graphql('query ($token: String!) { introspect(token: $token) { active } }', { token }, { bearer })
        .then(({ data }) => data.introspect.active as boolean),
      fetch(`${each.url}/v1/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ token }),
      }).then(async (answer) => (await answer.json()).active as boolean),
    ]);
    return new Set(await Promise.all(answers));
  };
  const leased = () => expect.poll(() => replicas.every(({ app }) => app.replica.leaseRemaining() > 0)).toBe(true);
  const stored = async () => Number(await redis.command('DBSIZE'));
  const isStored = async ({ accessToken }: Account) =>
    (await redis.command('EXISTS', `rekey:auth:${sha256Base64url(accessToken)}`)) === 1;

  /**
   * A member whose access token every replica and Redis have cached. A replica that just gave up on Redis stores nothing,
   * so this may take several.
   */
  const rememberedMember = () =>
    until('Redis is in use', async () => {
      const account = await member();
      expect(await acceptedBy(account.accessToken)).toEqual([true, true, true]);
      return (await isStored(account)) && account;
    });

  /** Ways to revoke an access token. */
  const revocations: [what: string, end: (victim: Account) => Promise<unknown>][] = [
    ['logout', (victim) => replicas[0]!.mutate('logout', null, '', as(victim))],
    [
      'revokeSession by an administrator',
      async ({ sessionId }) => replicas[1]!.mutate('revokeSession', { sessionId }, '', as(await replicas[0]!.admin())),
    ],
    ['revokeAllSessions', (victim) => replicas[2]!.mutate('revokeAllSessions', {}, '', as(victim))],
    [
      'revokeAccessToken',
      (victim) => replicas[1]!.mutate('revokeAccessToken', { jti: jtiOf(victim.accessToken) }, '', as(victim)),
    ],
    [
      'disableUser',
      async ({ id }) => replicas[2]!.mutate('disableUser', { userId: id }, '', as(await replicas[0]!.admin())),
    ],
    [
      'changePassword in another session',
      async (victim) => {
        const input = {
          currentPassword: 'tidal lantern quarrel oboe',
          newPassword: 'another sentence, nobody knows it',
        };
        return replicas[1]!.mutate('changePassword', input, '', as(await login(replicas[0]!, victim)));
      },
    ],
    [
      'reuse of a refresh token',
      async ({ refreshToken }) => {
        const third = await exchange(replicas[1]!, await exchange(replicas[0]!, refreshToken));
        expect(third).toMatch(/^rkr_/);
        expect(await exchange(replicas[2]!, refreshToken)).toBe('REUSED');
      },
    ],
  ];

  test.each(revocations)(
    'F2.9, %s: every endpoint of every replica rejects the token as soon as the mutation returns',
    async (_what, end) => {
      const [victim, { accessToken: admin }] = [await member(), await replicas[0]!.admin()];
      await leased();
      expect(await atEveryEndpoint(victim.accessToken, admin)).toEqual(new Set([true]));
      await end(victim);
      expect(await atEveryEndpoint(victim.accessToken, admin)).toEqual(new Set([false]));
    },
  );

  test.each(revocations)(
    'F2.1, F3.4, %s: every replica rejects the token after Redis is flushed, stopped and started',
    async (_what, end) => {
      const victim = await rememberedMember();
      await end(victim);
      await redis.flush();
      expect(await acceptedBy(victim.accessToken)).toEqual([false, false, false]);
      await redis.stop();
      expect(await acceptedBy(victim.accessToken)).toEqual([false, false, false]);
      await redis.start();
      expect(await acceptedBy(victim.accessToken)).toEqual([false, false, false]);
    },
  );

  test('F3.8: replicas use Redis again by themselves after it was stopped', async () => {
    await redis.stop();
    const victim = await member();
    expect(await acceptedBy(victim.accessToken)).toEqual([true, true, true]);
    await redis.start();
    const again = await login(replicas[0]!, victim);
    await expect
      .poll(
        async () => {
          await replicas[0]!.accepts((await login(replicas[0]!, again)).accessToken);
          return stored();
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBeGreaterThan(0);
  });

  test('F2.2: a cached access token costs no read of PostgreSQL or Redis', async () => {
    const { accessToken } = await member();
    await leased();
    expect(await acceptedBy(accessToken)).toEqual([true, true, true]);
    const asked = () =>
      replicas.map(({ app }) => app.cache.counts.database + app.cache.counts.shared + app.cache.counts.direct);
    const before = asked();
    for (let times = 0; times < 20; times++) expect(await acceptedBy(accessToken)).toEqual([true, true, true]);
    expect(asked()).toEqual(before);
  });

  test('F2.10: the receipt and the metrics say how long a revocation took', async () => {
    const victim = await member();
    const { receipt } = await replicas[0]!.mutate(
      'logout',
      null,
      '... on LogoutSuccess { receipt { propagation replicas acknowledged settledInMilliseconds } }',
      as(victim),
    );
    expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3, acknowledged: 3 });
    const metrics = await (await fetch(`${replicas[0]!.url}/metrics`)).text();
    expect(metrics).toMatch(/rekey_revocation_wait_seconds_count\{[^}]*propagation="acknowledged"[^}]*\} [1-9]/);
  });

  test('GoTrue, refresh token reuse revocation: while a replica is unreachable, REUSED is returned only after its lease has expired', async () => {
    const victim = await member();
    const third = await exchange(replicas[0]!, await exchange(replicas[0]!, victim.refreshToken));
    await leased();
    expect(await acceptedBy(victim.accessToken)).toEqual([true, true, true]);
    proxies[2]!.blackhole();
    try {
      expect(await exchange(replicas[0]!, victim.refreshToken)).toBe('REUSED');
      // It has no lease and no database, so it returns 503.
      await expect(replicas[2]!.accepts(victim.accessToken)).rejects.toThrow('503');
      expect(await replicas[1]!.accepts(victim.accessToken)).toBe(false);
    } finally {
      await proxies[2]!.heal();
    }
    await leased();
    expect(await acceptedBy(victim.accessToken)).toEqual([false, false, false]);
    expect(await exchange(replicas[2]!, third)).toBe('REVOKED');
  });

  test('a refresh after a revocation by another client returns REVOKED only when the revocation holds on every replica', async () => {
    const victim = await member();
    await leased();
    expect(await acceptedBy(victim.accessToken)).toEqual([true, true, true]);
    proxies[2]!.blackhole();
    try {
      await replicas[1]!.sql(`update sessions set revoked_at = now(), revocation_reason = 'REMOVED' where id = ?`, [
        victim.sessionId,
      ]);
      expect(await exchange(replicas[0]!, victim.refreshToken)).toBe('REVOKED');
      await expect(replicas[2]!.accepts(victim.accessToken)).rejects.toThrow('503');
    } finally {
      await proxies[2]!.heal();
    }
    await leased();
    expect(await replicas[2]!.accepts(victim.accessToken)).toBe(false);
  });

  test('F2.1: a replica whose PostgreSQL is slow returns 503 for revoked, cached and unknown tokens: neither 204 nor 401', async () => {
    const [revoked, active] = [await member(), await member()];
    const fresh = await login(replicas[0]!, active);
    expect(await acceptedBy(active.accessToken)).toEqual([true, true, true]);
    await replicas[0]!.mutate('revokeAccessToken', { jti: jtiOf(revoked.accessToken) }, '', as(revoked));
    proxies[1]!.delay(5000);
    try {
      await expect.poll(() => replicas[1]!.app.replica.leaseRemaining(), { timeout: 10_000 }).toBe(0);
      const ask = (token: string) =>
        fetch(`${replicas[1]!.url}/v1/verify`, { headers: { authorization: `Bearer ${token}` } });
      for (const token of [revoked.accessToken, active.accessToken, fresh.accessToken]) {
        const { status, headers } = await ask(token);
        expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      }
    } finally {
      await proxies[1]!.heal();
    }
    await leased();
    expect(await replicas[1]!.accepts(revoked.accessToken)).toBe(false);
    expect(await replicas[1]!.accepts(active.accessToken)).toBe(true);
  });

  test('a crash of PostgreSQL loses no revocation and no session', async () => {
    const [revoked, active] = [await member(), await member()];
    const second = await exchange(replicas[0]!, active.refreshToken);
    await replicas[0]!.mutate('logout', null, '', as(revoked));
    await postgres.restart('immediate');
    await expect
      .poll(() => replicas[0]!.accepts(active.accessToken).catch(() => false), { timeout: 15_000 })
      .toBe(true);
    await leased();
    expect(await acceptedBy(revoked.accessToken)).toEqual([false, false, false]);
    await expect.poll(() => exchange(replicas[1]!, second).catch(() => ''), { timeout: 15_000 }).toMatch(/^rkr_/);
    expect((await sessionRow(replicas[0]!, revoked.sessionId)).revocation_reason).toBe('SIGNED_OUT');
  });

  test('after a lost response, the same refresh token gets the same successor on another replica', async () => {
    const owner = await member();
    const held = proxies[0]!.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && /^Q.{4}commit/is.test(chunk.toString('latin1')),
    );
    const lost = refresh(replicas[0]!, owner.refreshToken);
    await held; // Committed, and not answered.
    const successor = await exchange(replicas[1]!, owner.refreshToken);
    expect(successor).toMatch(/^rkr_/);
    proxies[0]!.releaseReplies();
    expect((await lost).tokens.refreshToken).toBe(successor);
    expect((await sessionRow(replicas[2]!, owner.sessionId)).revoked_at).toBeNull();
    expect(await exchange(replicas[2]!, successor)).toMatch(/^rkr_/);
  });
});
