// Without its database, the service cannot decide about a credential. Until it can, it returns 503: never 401, never 200.

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, type Answer, MASTER_KEY, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';

const LEASE_MS = 400;
/** Long enough to send requests within the lease after the database is gone. */
const LONG_LEASE_MS = 5000;
const LONG_WAIT = { timeout: 30_000 };
/** Limits that no test here reaches. Without Redis, PostgreSQL counts. */
const COUNTED = {
  REKEY_LOGIN_PER_MINUTE: '10000',
  REKEY_REGISTER_PER_MINUTE: '10000',
  REKEY_REFRESH_PER_MINUTE: '10000',
};
/** The size of the pool of the unit of work. */
const POOL_SIZE = 10;

describe.skipIf(findPostgres() === null || process.env.REKEY_TEST_SERVERS === 'none')('while PostgreSQL', () => {
  let server: PostgresServer;
  let proxy: TcpProxy;
  let app: TestApp;
  /** Another installation, with a longer lease. */
  let longLeased: TestApp;
  let member: Account;

  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startProxy({ host: '127.0.0.1', port: server.port });
    const start = async (database: string, leaseMs: number) =>
      startTestApp({
        databaseUrl: proxy.url(await server.createDatabase(database)),
        env: { ...COUNTED, REKEY_LEASE_MS: String(leaseMs), REKEY_MASTER_KEY: MASTER_KEY },
      });
    app = await start('rekey', LEASE_MS);
    longLeased = await start('long_lease', LONG_LEASE_MS);
    member = await app.member();
  });

  afterAll(async () => {
    await proxy?.heal();
    server?.resume();
    await server?.start();
    await app?.close();
    await longLeased?.close();
    await proxy?.close();
    await server?.destroy();
  });

  const ask = (secret: string) => fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } });
  const leased = () => app.app.replica.leaseRemaining() > 0;

  const outages: [what: string, begin: () => unknown, end: () => unknown][] = [
    ['has crashed', () => server.stop('immediate'), () => server.start()],
    ['is shut down', () => server.stop('fast'), () => server.start()],
    ['is paused', () => server.pause(), () => server.resume()],
    ['is cut off', () => proxy.cut(), () => proxy.heal()],
    ['is behind a network that drops all packets', () => proxy.blackhole(), () => proxy.heal()],
  ];

  test.each(outages)(
    '%s: cached credentials are accepted for one lease, then requests get 503 until it is back',
    async (_, begin, end) => {
      const known = (await app.apiKey(member)).secret;
      const never = (await app.apiKey(member)).secret; // Valid, and first used after the database is gone.
      const unknown = makeSecret('rka');
      await expect.poll(async () => (await ask(known)).status).toBe(204);
      await expect.poll(leased).toBe(true);

      await begin();
      for (;;) {
        const before = leased();
        const { status } = await ask(known);
        // Trusted exactly as long as the lease lasts.
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
        expect.objectContaining({ database: 'unreachable' }),
      ]);
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      expect(metrics).toContain('rekey_auth_mode{mode="unavailable"} 1');

      await end();
      const statuses = async () => (await Promise.all(credentials.map(ask))).map((answer) => answer.status);
      // It recovers by itself. Until then, no valid credential is rejected and no invalid one is accepted.
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

  test('is cut off, a key that is revoked there is never accepted again', async () => {
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

  test('does not answer, every request of a flood gets 503', async () => {
    const { secret } = await app.apiKey(member);
    proxy.blackhole();
    await expect.poll(leased).toBe(false);
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(secret)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    await proxy.heal();
    await expect.poll(async () => (await ask(secret)).status, { timeout: 15_000 }).toBe(204);
  });

  type Operation = () => Promise<Answer>;

  /** Operations that take a connection from the pool of the unit of work, for an account of their own. */
  async function operationsOn(on: TestApp): Promise<{ account: Account; operations: Record<string, Operation> }> {
    const account = await on.member();
    const apiKey = await on.apiKey(account);
    const bearer = { bearer: account.accessToken };
    const mutation = (field: string, input: string, credential = {}) =>
      on.graphql(`mutation { ${field}(input: { ${input} }) { __typename } }`, {}, credential);
    const operations = {
      login: () => mutation('login', `email: "${account.email}", password: "${PASSWORD}"`),
      refreshSession: () => mutation('refreshSession', `refreshToken: "${account.refreshToken}"`),
      createApiKey: () => mutation('createApiKey', 'name: "made meanwhile"', bearer),
      revokeApiKey: () => mutation('revokeApiKey', `apiKeyId: "${apiKey.id}"`, bearer),
      apiKeys: () => on.graphql('{ apiKeys { nodes { id } } }', {}, bearer),
      viewer: () => on.graphql('{ viewer { user { id } } }', {}, bearer),
    };
    return { account, operations };
  }

  /** The outcome when nothing was changed and the caller may retry. */
  const UNAVAILABLE = [503, '1', ['AUTHENTICATION_UNAVAILABLE']];
  const outcomeOf = ({ status, headers, errors }: Answer) => [
    status,
    headers.get('retry-after'),
    errors?.map(({ extensions }) => extensions.code),
  ];
  const works = async (operation: Operation) => {
    const { status, errors } = await operation();
    return status === 200 && errors === undefined;
  };

  /** Opens as many transactions at once as the pool has connections. Fails if one was lost. */
  async function takeEveryConnection(on: TestApp): Promise<void> {
    const transactions = Array.from({ length: POOL_SIZE }, () => on.app.database.fork());
    await Promise.all(transactions.map((em) => em.begin()));
    await Promise.all(transactions.map((em) => em.rollback()));
  }

  /** The keys that an account has created with `createApiKey`, read past the service. */
  const madeBy = ({ id }: Account, database: string) =>
    server.query(`select 1 from api_keys where user_id = $1 and name = 'made meanwhile'`, [id], database);

  /** Runs a statement at the end of every transaction in which this account creates a key. */
  async function atCommitOf({ id }: Account, statement: string): Promise<void> {
    const name = `at_commit_of_${id.slice(4).toLowerCase()}`;
    const create = `create function ${name}() returns trigger language plpgsql as
      $$ begin ${statement}; return null; end $$`;
    await server.query(create, [], 'long_lease');
    await server.query(
      `create constraint trigger ${name} after insert on api_keys deferrable initially deferred
        for each row when (new.user_id = '${id}') execute function ${name}()`,
      [],
      'long_lease',
    );
  }

  /** Another client of the database, which disconnects when the test ends. */
  async function anotherClient(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: server.url('long_lease') });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  test.each(outages)(
    '%s: every operation that needs the database gets 503, within the lease and after it, and works when it is back',
    async (_, begin, end) => {
      const [within, after] = await Promise.all([operationsOn(longLeased), operationsOn(app)]);
      onTestFinished(async () => void (await end())); // Also after a failure, so that the next test finds a working database.
      await expect.poll(leased).toBe(true);
      await Promise.all([works(within.operations.viewer!), works(after.operations.viewer!)]); // Cached from now on.

      await begin();
      const answers = Object.values(within.operations).map((operation) => operation());
      await expect.poll(leased).toBe(false);
      answers.push(...Object.values(after.operations).map((operation) => operation()));
      const all = await Promise.all(answers);
      expect(all.map(outcomeOf)).toEqual(all.map(() => UNAVAILABLE));
      // The outage is one line, however many requests fail. Each of them is a line at level debug.
      for (const { headers } of all.slice(0, 2)) {
        expect(longLeased.log.filter((line) => line.includes(headers.get('x-request-id') as string))).toHaveLength(1);
      }
      const loud = () => longLeased.log.map((line) => JSON.parse(line)).filter(({ msg }) => /PostgreSQL/.test(msg));
      const lines = loud();
      expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: 'PostgreSQL does not answer' });

      await end();
      for (const [on, { account, operations }, database] of [
        [longLeased, within, 'long_lease'],
        [app, after, 'rekey'],
      ] as const) {
        // No operation that got 503 has taken effect.
        expect(await madeBy(account, database)).toEqual([]);
        for (const operation of Object.values(operations))
          await expect.poll(() => works(operation), LONG_WAIT).toBe(true);
        await takeEveryConnection(on);
      }
      await expect
        .poll(() => loud().slice(lines.length), LONG_WAIT)
        .toMatchObject([{ level: 'info', msg: 'PostgreSQL answers again', failures: expect.any(Number) }]);
      expect(loud().at(-1).failures).toBeGreaterThan(5);
    },
  );

  test('does not answer on one connection, only the request on it gets 503, and no other request gets that connection', async () => {
    const { operations } = await operationsOn(longLeased);
    let asked = false;
    const held = proxy.holdRepliesWhen((chunk, direction) => {
      if (asked || direction !== 'request' || !chunk.includes('from "users"')) return false;
      asked = true;
      return true;
    });
    onTestFinished(() => proxy.releaseReplies());
    const first = operations.viewer!();
    await held;
    expect(outcomeOf(await first)).toEqual(UNAVAILABLE);
    for (let turn = 0; turn < 3; turn++) expect(await works(operations.viewer!)).toBe(true);
    await takeEveryConnection(longLeased);
  });

  test('does not confirm a commit, the caller gets OUTCOME_UNKNOWN: neither a success nor a retryable error', async () => {
    const { account, operations } = await operationsOn(longLeased);
    const marker = `the end of ${account.id}`;
    await atCommitOf(account, `raise notice '${marker}'`);
    const held = proxy.holdRepliesWhen((chunk, direction) => direction === 'reply' && chunk.includes(marker));
    onTestFinished(() => proxy.releaseReplies());
    const answer = operations.createApiKey!();
    await held;
    expect(outcomeOf(await answer)).toEqual([200, null, ['OUTCOME_UNKNOWN']]);
    expect(await madeBy(account, 'long_lease')).toHaveLength(1);
    await takeEveryConnection(longLeased);
  });

  test('makes mutations wait for a lock of another client, they get 503, and other callers are served', async () => {
    const [held, { operations }] = await Promise.all([operationsOn(longLeased), operationsOn(longLeased)]);
    await takeEveryConnection(longLeased);
    const otherClient = await anotherClient();
    await otherClient.query('begin');
    await otherClient.query('select from users where id = $1 for update', [held.account.id]);
    const waiting = Array.from({ length: POOL_SIZE + 2 }, () => held.operations.revokeApiKey!());
    const locked = `select 1 from pg_stat_activity where datname = 'long_lease' and wait_event_type = 'Lock'`;
    await expect.poll(async () => (await server.query(locked)).length, LONG_WAIT).toBe(1); // The other requests of this session wait in the queue.
    for (const operation of [operations.login!, operations.revokeApiKey!]) expect(await works(operation)).toBe(true);
    expect((await Promise.all(waiting)).map(outcomeOf)).toEqual(waiting.map(() => UNAVAILABLE));
    for (const operation of Object.values(operations)) await expect.poll(() => works(operation), LONG_WAIT).toBe(true);

    await otherClient.query('rollback');
    await expect.poll(() => works(held.operations.revokeApiKey!), LONG_WAIT).toBe(true);
    await takeEveryConnection(longLeased);
  });

  test('makes a commit wait for a lock of another client, the caller gets 503 and nothing is committed', async () => {
    const { account, operations } = await operationsOn(longLeased);
    await atCommitOf(account, 'perform pg_advisory_xact_lock(47)');
    const otherClient = await anotherClient();
    await otherClient.query('select pg_advisory_lock(47)');
    expect(outcomeOf(await operations.createApiKey!())).toEqual(UNAVAILABLE);
    expect(await madeBy(account, 'long_lease')).toEqual([]);
    await takeEveryConnection(longLeased);
  });

  test('is lost between a commit and the reads after it, the caller gets the committed secret and OUTCOME_UNKNOWN', async () => {
    const { account } = await operationsOn(longLeased);
    const held = proxy.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && chunk.includes('last_used_from from credential_usage'),
    );
    const answer = longLeased.graphql(
      `mutation { createApiKey(input: { name: "made before" }) {
        ... on CreateApiKeySuccess { secret apiKey { lastUsedAt } }
      } }`,
      {},
      { bearer: account.accessToken },
    );
    onTestFinished(() => proxy.heal());
    await held;
    proxy.cut();
    expect(outcomeOf(await answer)).toEqual([200, null, ['OUTCOME_UNKNOWN']]);
    await proxy.heal();
    const { secret } = (await answer).data.createApiKey;
    await expect.poll(() => longLeased.accepts(secret), LONG_WAIT).toBe(true);
  });
});
