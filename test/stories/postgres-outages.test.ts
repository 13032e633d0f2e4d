// Without its database the service cannot know. It says so, for as long as that lasts: 503, never 401 and never 200.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';

const LEASE_MS = 400;

describe.skipIf(findPostgres() === null || process.env.REKEY_TEST_SERVERS === 'none')('while PostgreSQL', () => {
  let server: PostgresServer;
  let proxy: TcpProxy;
  let app: TestApp;
  let member: Account;

  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startProxy({ host: '127.0.0.1', port: server.port });
    const databaseUrl = proxy.url(await server.createDatabase('rekey'));
    app = await startTestApp({ databaseUrl, env: { REKEY_LEASE_MS: String(LEASE_MS), REKEY_MASTER_KEY: MASTER_KEY } });
    member = await app.member();
  });

  afterAll(async () => {
    await proxy?.heal();
    server?.resume();
    await server?.start();
    await app?.close();
    await proxy?.close();
    await server?.destroy();
  });

  const ask = (secret: string) => fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } });
  const leased = () => app.app.replica.leaseRemaining() > 0;

  const outages: [what: string, begin: () => unknown, end: () => unknown][] = [
    ['has crashed', () => server.stop('immediate'), () => server.start()],
    ['is shut down', () => server.stop('fast'), () => server.start()],
    ['stands still', () => server.pause(), () => server.resume()],
    ['is cut off', () => proxy.cut(), () => proxy.heal()],
    ['is behind a network that swallows everything', () => proxy.blackhole(), () => proxy.heal()],
  ];

  test.each(outages)(
    '%s: what is cached is good for a lease, then 503, and all is well when it is back',
    async (_, begin, end) => {
      const known = (await app.apiKey(member)).secret;
      const never = (await app.apiKey(member)).secret; // Good, and not asked about until the database is gone.
      const unknown = makeSecret('rka');
      await expect.poll(async () => (await ask(known)).status).toBe(204);
      await expect.poll(leased).toBe(true);

      await begin();
      for (;;) {
        const before = leased();
        const { status } = await ask(known);
        // Trusted for as long as the lease lasts: not a moment less, not a moment more.
        if (leased()) expect(status).toBe(204);
        if (!before) expect(status).toBe(503);
        expect([204, 503]).toContain(status);
        if (!before) break;
      }

      const credentials = [known, never, unknown, member.accessToken];
      for (const answer of await Promise.all(credentials.map(ask))) {
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      }
      const { status, data, errors } = await app.graphql('{ viewer { user { id } } }', {}, { bearer: known });
      expect([status, data, errors?.[0]?.extensions.code]).toEqual([503, undefined, 'AUTHENTICATION_UNAVAILABLE']);
      const readiness = await fetch(`${app.url}/readyz`);
      expect([readiness.status, await readiness.json()]).toEqual([
        503,
        expect.objectContaining({ database: 'out of reach' }),
      ]);
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      expect(metrics).toContain('rekey_auth_mode{mode="unavailable"} 1');

      await end();
      const statuses = async () => (await Promise.all(credentials.map(ask))).map((answer) => answer.status);
      // By itself; and on the way there nobody is refused who is good, or let in who is not.
      const seen: number[][] = [];
      await expect
        .poll(
          async () => {
            const now = await statuses();
            seen.push(now);
            return now;
          },
          { timeout: 15_000 },
        )
        .toEqual([204, 204, 401, 204]);
      for (const [first, second, third, fourth] of seen) {
        expect([204, 503]).toContain(first);
        expect([204, 503]).toContain(second);
        expect([401, 503]).toContain(third);
        expect([204, 503]).toContain(fourth);
      }
      await expect.poll(leased, { timeout: 15_000 }).toBe(true);
    },
  );

  test('was away and somebody revoked meanwhile, the revoked key is not accepted for a moment when it is back', async () => {
    const { id, secret } = await app.apiKey(member);
    expect((await ask(secret)).status).toBe(204);
    proxy.cut();
    await server.query('update api_keys set revoked_at = now() where id = $1', [id], 'rekey');
    await expect.poll(async () => (await ask(secret)).status).toBe(503);
    await proxy.heal();
    const seen = new Set<number>();
    await expect
      .poll(async () => {
        const { status } = await ask(secret);
        seen.add(status);
        return status;
      })
      .toBe(401);
    expect([...seen].filter((status) => status !== 503)).toEqual([401]);
  });

  test('does not answer, a flood of requests is answered all the same: 503, and nothing piles up', async () => {
    const { secret } = await app.apiKey(member);
    proxy.blackhole();
    await expect.poll(leased).toBe(false);
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(secret)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    await proxy.heal();
    await expect.poll(async () => (await ask(secret)).status, { timeout: 15_000 }).toBe(204);
  });
});
