import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';

describe.each(backends())('the metrics on $name', ({ start, name }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_LOGIN_PER_MINUTE: '3', REKEY_FAILED_AUTH_PER_MINUTE: '30' } });
  });
  afterAll(() => app.close());

  const scrape = async () => (await send(app.url, '/metrics')).text;
  /** The value of a series; undefined if it does not exist. */
  async function value(series: string): Promise<number | undefined> {
    const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }
  const seriesOf = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));

  test('logins are counted by outcome, and those over a limit by the limit, too', async () => {
    const { email } = await app.member();
    expect(await value('rekey_logins_total{outcome="succeeded"}')).toBe(0);
    await app.as().register({ email: 'metrics@example.com', password: PASSWORD, displayName: 'M' }).expectSuccess();
    await app.as().login({ email: 'metrics@example.com', password: PASSWORD }).expectSuccess();
    await app
      .as()
      .login({ email, password: `${PASSWORD}!` })
      .expect('InvalidCredentialsError');
    await app.as().login({ email: 'unknown@example.com', password: PASSWORD }).expect('InvalidCredentialsError');
    await app.as().login({ email, password: PASSWORD }).expectError('RATE_LIMITED');
    expect(await value('rekey_logins_total{outcome="succeeded"}')).toBe(1);
    expect(await value('rekey_logins_total{outcome="rejected"}')).toBe(2);
    expect(await value('rekey_logins_total{outcome="limited"}')).toBe(1);
    expect(await value('rekey_limit_exceeded_total{limit="login"}')).toBe(1);
  });

  test('authentications are counted by kind and outcome', async () => {
    const key = await app.apiKey(await app.member());
    const before = (await value('rekey_authentications_total{kind="apiKey",outcome="accepted"}')) ?? 0;
    await app.accepts(key.secret);
    await app.accepts(`${key.secret.slice(0, -1)}_`);
    expect(await value('rekey_authentications_total{kind="apiKey",outcome="accepted"}')).toBe(before + 1);
    expect(await value('rekey_authentications_total{kind="apiKey",outcome="refused"}')).toBe(1);
  });

  test('the pools of PostgreSQL show their connections, and the queues of changes their turns', async () => {
    expect(await value('rekey_turns{queue="changes",state="waiting"}')).toBe(0);
    expect(await value('rekey_turns{queue="revocations",state="running"}')).toBe(0);
    const isPostgres = name.includes('PostgreSQL');
    await app.as(await app.member()).viewer();
    for (const pool of ['reads', 'nonces', 'changes', 'revocations']) {
      const waiting = await value(`rekey_database_waiting{pool="${pool}"}`);
      if (pool === 'revocations' && waiting === undefined) continue; // It is made with the first revocation.
      expect(waiting, pool).toBe(isPostgres ? 0 : undefined);
    }
    if (!isPostgres) return;
    expect(await value('rekey_database_connections_limit{pool="reads"}')).toBe(8);
    expect(await value('rekey_database_connections{pool="changes",state="idle"}')).toBeGreaterThan(0);
    // A statement that waits for a lock keeps its connection.
    const release = Promise.withResolvers<void>();
    const holding = app.app.database.fork().transactional(async (em) => {
      await em.execute('select pg_advisory_xact_lock(77)');
      await release.promise;
    });
    await until(
      'it is busy',
      async () => (await value('rekey_database_connections{pool="changes",state="busy"}')) === 1,
    );
    release.resolve();
    await holding;
    await until(
      'it is free',
      async () => (await value('rekey_database_connections{pool="changes",state="busy"}')) === 0,
    );
  });

  test('no client makes a series: a flood of random values changes values only', async () => {
    const flood = async (round: number) => {
      const random = () => randomBytes(12).toString('hex');
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const headers = {
            ...{ authorization: `Bearer ${['rka_', 'rkd_', 'eyJ', 'sgk_', ''][index % 5]}${random()}` },
            ...{ 'user-agent': random(), 'x-request-id': random(), 'x-forwarded-for': `10.1.${round}.${index}` },
          };
          await send(app.url, '/v1/verify', { headers });
          await send(app.url, `/v1/verify?permission=${random()}`, { headers, method: 'DELETE' });
          await send(app.url, `/${random()}`, { headers, method: index % 2 === 0 ? 'GET' : 'PUT' });
          await app.graphql(`query ${`a${random()}`} { viewer { scopes } }`, {}, { headers });
          await app
            .as({ headers })
            .login({ email: `${random()}@example.com`, password: randomUUID() })
            .answer();
          await send(app.url, '/v1/revoke', { method: 'POST', headers, body: `token=${random()}` });
          await send(app.url, '/v1/introspect', { method: 'POST', headers, body: `token=${random()}` });
        }),
      );
    };
    await flood(1);
    const before = seriesOf(await scrape());
    for (let round = 2; round < 5; round++) await flood(round);
    const after = seriesOf(await scrape());
    expect(after.length).toBeGreaterThan(50);
    // A limit that is reached meanwhile gives a further status. There are few of them.
    const withoutStatus = (series: string[]) =>
      new Set(series.map((each) => each.replace(/status="(\d{3}|aborted)"/, '')));
    expect(withoutStatus(after)).toEqual(withoutStatus(before));
  });
});
