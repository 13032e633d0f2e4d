// The database answers and cannot carry out a statement now: each request gets 503 with `Retry-After`, and nothing changes.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Account, type Answer, backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { send } from '../support/raw.ts';

const LEASE_MS = 400;
/** Limits that are counted, and that no test here reaches. */
const COUNTED = {
  REKEY_LOGIN_PER_MINUTE: '10000',
  REKEY_REGISTER_PER_MINUTE: '10000',
  REKEY_REFRESH_PER_MINUTE: '10000',
  REKEY_LEASE_MS: String(LEASE_MS),
};
const UNAVAILABLE = [503, '1', ['AUTHENTICATION_UNAVAILABLE']];
const LONG_WAIT = { timeout: 30_000 };

const outcomeOf = ({ status, headers, errors }: Answer) => [
  status,
  headers.get('retry-after'),
  errors?.map(({ extensions }) => extensions.code),
];
const mutation = (field: string, input: string) => `mutation { ${field}(input: { ${input} }) { __typename } }`;

/** Every operation that needs the database, for one account. */
function operationsOf(app: TestApp, account: Account, keyId: string): Record<string, () => Promise<Answer>> {
  const bearer = { bearer: account.accessToken };
  const email = `${Math.random()}@example.com`;
  return {
    login: () => app.graphql(mutation('login', `email: "${account.email}", password: "${PASSWORD}"`)),
    register: () =>
      app.graphql(mutation('register', `email: "${email}", password: "${PASSWORD}", displayName: "A Member"`)),
    refreshSession: () => app.graphql(mutation('refreshSession', `refreshToken: "${account.refreshToken}"`)),
    createApiKey: () => app.graphql(mutation('createApiKey', 'name: "made meanwhile"'), {}, bearer),
    rotateApiKey: () => app.graphql(mutation('rotateApiKey', `apiKeyId: "${keyId}"`), {}, bearer),
    revokeApiKey: () => app.graphql(mutation('revokeApiKey', `apiKeyId: "${keyId}"`), {}, bearer),
    revokeAllSessions: () => app.graphql(mutation('revokeAllSessions', 'exceptCurrent: true'), {}, bearer),
    changePassword: () =>
      app.graphql(
        mutation('changePassword', `currentPassword: "${PASSWORD}", newPassword: "a brass kettle hums in fog"`),
        {},
        bearer,
      ),
    viewer: () => app.graphql('{ viewer { user { email } } }', {}, bearer),
  };
}
const madeMeanwhile = `select 1 from api_keys where name = 'made meanwhile'`;

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start({ env: COUNTED });
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  /** Makes the database raise this SQLSTATE at each write to a table. */
  async function raising(table: string, state: string): Promise<void> {
    await app.sql(`create function cannot() returns trigger language plpgsql as
      $$ begin raise exception 'it cannot: ${state}' using errcode = '${state}'; end $$`);
    await app.sql(
      `create trigger cannot before insert or update on ${table} for each statement execute function cannot()`,
    );
    onTestFinished(async () => void (await app.sql('drop function if exists cannot cascade')));
  }
  const create = () =>
    app.graphql(mutation('createApiKey', 'name: "made meanwhile"'), {}, { bearer: admin.accessToken });

  const STATES: [what: string, state: string][] = [
    ['is read-only', '25006'],
    ['rejects the password', '28P01'],
    ['has no rule for the role', '28000'],
    ['does not exist', '3D000'],
    ['has revoked a privilege of the role', '42501'],
    ['is out of resources', '53000'],
    ['has a full disk', '53100'],
    ['is out of memory', '53200'],
    ['has no connection left', '53300'],
    ['is a standby and cannot read the table', '0A000'],
    ['is in recovery', '55000'],
    ['cannot get a lock', '55P03'],
    ['is stopped by an operator', '57000'],
    ['has cancelled the statement', '57014'],
    ['has an I/O error', '58030'],
    ['misses a file', '58P01'],
    ['has an internal error', 'XX000'],
    ['has a corrupted page', 'XX001'],
    ['still cannot serialize after the last attempt', '40001'],
    ['still has a deadlock after the last attempt', '40P01'],
  ];
  test.each(STATES)('a request gets 503 and creates nothing when the database %s (%s)', async (_what, state) => {
    await raising('api_keys', state);
    expect(outcomeOf(await create())).toEqual(UNAVAILABLE);
    await app.sql('drop function cannot cascade');
    expect(await app.sql(madeMeanwhile)).toEqual([]);
  });

  test.each(['23514', '22P02', '42P01', 'P0001', '21000'])(
    'a permanent error (%s) is INTERNAL_SERVER_ERROR without Retry-After',
    async (state) => {
      await raising('api_keys', state);
      expect(outcomeOf(await create())).toEqual([200, null, ['INTERNAL_SERVER_ERROR']]);
    },
  );

  test('/readyz returns 503 with the reason when the database rejects its write', async () => {
    await expect.poll(async () => (await send(app.url, '/readyz')).status, LONG_WAIT).toBe(200);
    await raising('auth_write_check', '53100');
    await expect
      .poll(async () => (await send(app.url, '/readyz')).json, LONG_WAIT)
      .toMatchObject({
        status: 'not ready',
        database: 'no disk space, memory or connection is left (SQLSTATE 53100)',
      });
    expect((await send(app.url, '/readyz')).status).toBe(503);
    await app.sql('drop function cannot cascade');
    await expect.poll(async () => (await send(app.url, '/readyz')).status, LONG_WAIT).toBe(200);
  });
});

describe.skipIf(findPostgres() === null || process.env.REKEY_TEST_SERVERS === 'none')('while PostgreSQL', () => {
  const ROLE = 'rekey_service';
  let server: PostgresServer;
  let app: TestApp;
  let account: Account;
  let key: { id: string; secret: string };

  beforeAll(async () => {
    server = await startPostgres({ settings: { wal_level: 'replica', hot_standby: 'on' } });
    await server.query(`create role ${ROLE} login password 'the first one'`);
    const url = new URL(await server.createDatabase('rekey'));
    await server.query(`alter database rekey owner to ${ROLE}`);
    url.username = ROLE;
    url.password = 'the first one';
    await demandPassword();
    app = await startTestApp({ databaseUrl: url.href, env: COUNTED });
    account = await app.member();
    key = await app.apiKey(account);
  });
  afterAll(async () => {
    await app?.close();
    await server?.destroy();
  });

  /** Demands a password from the role of the service. All other roles connect as before. */
  async function demandPassword(): Promise<void> {
    const rules = `host all ${ROLE} 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust`;
    await server.query(`copy (select unnest(array['${rules}'])) to program 'cat > pg_hba.conf'`);
    await server.query('select pg_reload_conf()');
  }
  const disconnect = () =>
    server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
  /** The database as an operator sees it. */
  const made = () => server.query(madeMeanwhile, [], 'rekey');
  const readiness = async () => {
    const { status, json } = await send(app.url, '/readyz');
    return [status, json.database];
  };
  const verify = (secret: string) =>
    fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } }).then(({ status, headers }) => [
      status,
      headers.get('retry-after'),
    ]);
  const leased = () => app.app.replica.leaseRemaining() > 0;

  type Condition = [what: string, begin: () => Promise<unknown>, end: () => Promise<unknown>, readiness: RegExp];
  const CONDITIONS: Condition[] = [
    [
      'is a standby',
      async () => {
        await server.query(`copy (select) to program 'touch standby.signal'`);
        await server.restart();
      },
      () => server.query('select pg_promote()'),
      /^a standby, which accepts no writes$/,
    ],
    [
      'has another password for the role',
      async () => {
        await server.query(`alter role ${ROLE} password 'the second one'`);
        await disconnect();
      },
      () => server.query(`alter role ${ROLE} password 'the first one'`),
      /^the server rejects the user name or the password .* \(SQLSTATE 28P01\)$/,
    ],
    [
      'no longer allows the role to log in',
      async () => {
        await server.query(`alter role ${ROLE} nologin`);
        await disconnect();
      },
      () => server.query(`alter role ${ROLE} login`),
      /\(SQLSTATE 28000\)$/,
    ],
    [
      'has no connection left for the role',
      async () => {
        await server.query(`alter role ${ROLE} connection limit 0`);
        await disconnect();
      },
      () => server.query(`alter role ${ROLE} connection limit -1`),
      /\(SQLSTATE 53300\)$/,
    ],
    [
      'accepts no connection to the database',
      async () => {
        await server.query('alter database rekey allow_connections false');
        await disconnect();
      },
      () => server.query('alter database rekey allow_connections true'),
      /\(SQLSTATE 55000\)$/,
    ],
    [
      'has the database under another name',
      async () => {
        await server.query('alter database rekey allow_connections false');
        await disconnect();
        await expect
          .poll(() => server.query('alter database rekey rename to away').then(Boolean, () => false))
          .toBe(true);
      },
      async () => {
        await server.query('alter database away rename to rekey');
        await server.query('alter database rekey allow_connections true');
      },
      /\(SQLSTATE 3D000\)$/,
    ],
  ];

  test.each(CONDITIONS)(
    '%s: every endpoint returns 503, nothing changes, and everything works again afterwards',
    async (_what, begin, end, reason) => {
      const operations = operationsOf(app, account, key.id);
      await expect.poll(async () => (await operations.viewer!()).status, LONG_WAIT).toBe(200);
      await expect.poll(readiness, LONG_WAIT).toEqual([200, 'ok']);

      await begin();
      await expect.poll(leased, LONG_WAIT).toBe(false);
      for (const [name, operation] of Object.entries(operations)) {
        expect([name, ...outcomeOf(await operation())]).toEqual([name, ...UNAVAILABLE]);
      }
      expect(await verify(key.secret)).toEqual([503, '1']);
      const introspection = await send(app.url, '/v1/introspect', {
        method: 'POST',
        headers: {
          authorization: `Bearer ${account.accessToken}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'token=x',
      });
      expect([introspection.status, introspection.headers['retry-after']]).toEqual([503, '1']);
      expect(await readiness()).toEqual([503, expect.stringMatching(reason)]);

      await end();
      await expect.poll(readiness, LONG_WAIT).toEqual([200, 'ok']);
      await expect.poll(leased, LONG_WAIT).toBe(true);
      expect(await made()).toEqual([]);
      expect(await verify(key.secret)).toEqual([204, null]);
      for (const name of ['login', 'viewer']) {
        await expect.poll(async () => outcomeOf(await operations[name]!()), LONG_WAIT).toEqual([200, null, undefined]);
      }
    },
  );

  test('is a primary again: the key can be revoked, and is rejected', async () => {
    const revoked = await app.mutate('revokeApiKey', { apiKeyId: key.id }, '', { bearer: account.accessToken });
    expect(revoked.__typename).toBe('RevokeApiKeySuccess');
    expect(await verify(key.secret)).toEqual([401, null]);
  });
});
