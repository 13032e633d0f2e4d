// G4: no write of a credential commits after that credential's revocation, whichever of the two came first.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';
import { SEALED } from '../support/constants.ts';
import { chainOf, exchange, jtiOf, login } from '../support/sessions.ts';

const LOCKED = `select count(*)::int as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** A transaction of another client. The embedded database has one connection, so every other statement waits for its end. */
async function anotherTransaction({ app }: TestApp) {
  const { databaseUrl } = app.config;
  if (!databaseUrl) {
    const em = app.database.fork();
    await em.begin();
    return { execute: (sql: string) => em.execute(sql), commit: () => em.commit() };
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('begin');
  return { execute: (sql: string) => client.query(sql), commit: () => client.query('commit') };
}

describe.each(backends())('the caller of a mutation on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  async function anAdministrator() {
    const { id, email } = await app.member();
    await app.sql(`update users set role = 'ADMIN' where id = ?`, [id]);
    const selection = '... on LoginSuccess { tokens { accessToken session { id } } }';
    const { tokens } = await app.mutate('login', { email, password: PASSWORD }, selection);
    return { id, email, accessToken: tokens.accessToken as string, sessionId: tokens.session.id as string };
  }

  /** Sends a mutation that is authenticated, and changes its caller in plain SQL before the mutation writes. */
  async function changedMeanwhile(bearer: string, document: string, change: string) {
    expect(await app.accepts(bearer)).toBe(true); // Cached from now on: authentication does not read the database.
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    const other = await anotherTransaction(app);
    await other.execute(change);
    const answer = app.graphql(document, {}, { bearer });
    await expect.poll(() => begun.mock.calls.length, { timeout: 5000 }).toBe(1);
    if (app.app.config.databaseUrl) await expect.poll(async () => (await app.sql(LOCKED))[0].n).toBeGreaterThan(0);
    await other.commit();
    return answer;
  }

  const CREATE = 'mutation { createApiKey(input: { name: "too late" }) { __typename } }';
  const keysOf = async (id: string) =>
    (await app.sql(`select count(*)::int as n from api_keys where user_id = ? and name = 'too late'`, [id]))[0].n;

  test.each([
    ['revoked', (id: string) => `update api_keys set revoked_at = now() where id = '${id}'`],
    ['rotated', (id: string) => `update api_keys set secret_hash = 'another' || id where id = '${id}'`],
    ['expired', (id: string) => `update api_keys set expires_at = now() where id = '${id}'`],
    ['narrowed', (id: string) => `update api_keys set scopes = '{API_KEYS_READ}' where id = '${id}'`],
    [
      'given an earlier expiry',
      (id: string) => `update api_keys set expires_at = now() + interval '1 hour' where id = '${id}'`,
    ],
    [
      'rotated with an overlap',
      (id: string) =>
        `update api_keys set previous_secret_hash = secret_hash, secret_hash = 'another' || id,
          previous_secret_expires_at = now() + interval '1 hour' where id = '${id}'`,
    ],
    [
      'bound to a workspace',
      (id: string) =>
        `with made as (insert into workspaces (id, name, created_at) values ('wsp_of_' || '${id}', '', now()) returning id)
          update api_keys set workspace_id = (select id from made) where id = '${id}'`,
    ],
    ['deleted', (id: string) => `delete from api_keys where id = '${id}'`],
    [
      'disabled with its user',
      (id: string) =>
        `update users set disabled_at = now() where id = (select user_id from api_keys where id = '${id}')`,
    ],
  ])('F4.10: a key that is %s between authentication and the write writes nothing', async (_what, change) => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const { status, headers, data, errors } = await changedMeanwhile(key.secret, CREATE, change(key.id));
    // The same headers as at authentication, because proxies do not read the body.
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="rekey", error="invalid_token"']);
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([{ path: ['createApiKey'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(await keysOf(member.id)).toBe(0);
  });

  test.each([
    ['revoked', (id: string) => `update sessions set revoked_at = now() where id = '${id}'`],
    ['expired', (id: string) => `update sessions set idle_expires_at = now(), expires_at = now() where id = '${id}'`],
    ['idle for too long', (id: string) => `update sessions set idle_expires_at = now() where id = '${id}'`],
    ['narrowed', (id: string) => `update sessions set scopes = '{API_KEYS_READ}' where id = '${id}'`],
  ])('a session that is %s between authentication and the write writes nothing', async (_what, change) => {
    const member = await app.member();
    const { data, errors } = await changedMeanwhile(member.accessToken, CREATE, change(member.sessionId));
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await keysOf(member.id)).toBe(0);
  });

  test.each([
    ['revoked', (id: string) => `update daemon_tokens set revoked_at = now() where id = '${id}'`],
    ['expired', (id: string) => `update daemon_tokens set expires_at = now() where id = '${id}'`],
    [
      'given an earlier expiry',
      (id: string) => `update daemon_tokens set expires_at = now() + interval '1 minute' where id = '${id}'`,
    ],
    ['narrowed', (id: string) => `update daemon_tokens set scopes = '{}' where id = '${id}'`],
    ['given another secret', (id: string) => `update daemon_tokens set secret_hash = id where id = '${id}'`],
    ['deleted', (id: string) => `delete from daemon_tokens where id = '${id}'`],
    [
      'revoked with its daemon',
      (id: string) => `update daemons set revoked_at = now()
        where id = (select registration_id from daemon_tokens where id = '${id}')`,
    ],
    [
      'deleted with its workspace',
      (id: string) => `delete from workspaces where id = (select workspace_id from daemon_tokens where id = '${id}')`,
    ],
  ])('G4: a daemon token that is %s between authentication and the write writes nothing', async (_what, change) => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    const token = await app.daemonToken(member, workspaceId, { scopes: ['DAEMON_TOKENS_WRITE'] });
    const expiresAt = new Date(Date.now() + 30_000).toISOString();
    const document = `mutation { createDaemonToken(input: { workspaceId: "${workspaceId}", daemonId: "too late",
      expiresAt: "${expiresAt}" }) { __typename } }`;
    const { status, data, errors } = await changedMeanwhile(token.secret, document, change(token.id));
    expect([status, data ?? null]).toEqual([401, null]);
    expect(errors).toMatchObject([{ path: ['createDaemonToken'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(
      await app.sql(`select 1 from daemon_tokens where workspace_id = ? and daemon_id = 'too late'`, [workspaceId]),
    ).toEqual([]);
  });

  test.each([
    ['revoked', (id: string) => `update signing_keys set revoked_at = now() where id = '${id}'`],
    ['expired', (id: string) => `update signing_keys set expires_at = now() where id = '${id}'`],
    [
      'rotated with an overlap',
      (id: string) => `update signing_keys set expires_at = now() + interval '1 minute' where id = '${id}'`,
    ],
    ['narrowed', (id: string) => `update signing_keys set scopes = '{}' where id = '${id}'`],
    ['given another secret', (id: string) => `update signing_keys set secret_sealed = '${SEALED}' where id = '${id}'`],
    ['deleted', (id: string) => `delete from signing_keys where id = '${id}'`],
    [
      'deleted with its workspace',
      (id: string) => `delete from workspaces where id = (select workspace_id from signing_keys where id = '${id}')`,
    ],
  ])('G4: a signing key that is %s between authentication and the write writes nothing', async (_what, change) => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
    // The nonce of the request is a write, too. So the change cannot wait in a transaction of the only connection.
    const transaction = UnitOfWork.prototype.transaction;
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    begun.mockImplementation(async function (this: UnitOfWork, ...work) {
      await app.sql(change(key.id));
      return transaction.apply(this, work) as never;
    });
    const input = { workspaceId, description: 'too late' };
    const { status, data } = await app.as({ signedBy: key }).createSigningKey(input).expectError('UNAUTHENTICATED');
    expect([status, data ?? null, begun.mock.calls.length]).toEqual([401, null, 1]);
    expect(await app.sql(`select 1 from signing_keys where description = 'too late'`)).toEqual([]);
  });

  test('G4: an access token that is revoked between authentication and the write writes nothing', async () => {
    const member = await app.member();
    const change = `insert into access_token_revocations (id, jti, session_id, user_id, revoked_at, expires_at, reason)
      values ('${member.sessionId}', '${jtiOf(member.accessToken)}', '${member.sessionId}', '${member.id}', now(), now() + interval '1 day', '')`;
    const { data, errors } = await changedMeanwhile(member.accessToken, CREATE, change);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await keysOf(member.id)).toBe(0);
  });

  test('G4: an access token whose JWT key is deleted between authentication and the write writes nothing', async () => {
    const member = await app.member();
    const { kid } = JSON.parse(Buffer.from(member.accessToken.split('.')[0]!, 'base64url').toString());
    const { data, errors } = await changedMeanwhile(
      member.accessToken,
      CREATE,
      `delete from jwt_keys where kid = '${kid}'`,
    );
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await keysOf(member.id)).toBe(0);
    // Another key signs, before the next test needs a token.
    await expect.poll(async () => app.app.jwtKeys.signing.kid).not.toBe(kid);
  });

  test('an administrator who is demoted between authentication and the write writes nothing', async () => {
    const [administrator, member] = [await anAdministrator(), await app.member()];
    const document = `mutation { disableUser(input: { userId: "${member.id}" }) { __typename } }`;
    const change = `update users set role = 'MEMBER' where id = '${administrator.id}'`;
    const { data, errors } = await changedMeanwhile(administrator.accessToken, document, change);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await app.accepts(member.accessToken)).toBe(true);
  });

  test('a demotion narrows every key of an administrator at once', async () => {
    const administrator = await anAdministrator();
    const key = await app.apiKey(administrator, { scopes: ['ADMIN', 'API_KEYS_READ'] });
    const scopes = async () =>
      (await app.graphql('{ viewer { scopes } }', {}, { apiKey: key.secret })).data.viewer.scopes;
    expect(await scopes()).toEqual(['API_KEYS_READ', 'ADMIN']);
    await app.sql(`update users set role = 'MEMBER' where id = ?`, [administrator.id]);
    await expect.poll(scopes).toEqual(['API_KEYS_READ']);
  });

  test('a user who is disabled during a login gets no session', async () => {
    const member = await app.member();
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    const login = () => app.mutate('login', { email: member.email, password: PASSWORD }, '');
    if (app.app.config.databaseUrl) {
      const other = await anotherTransaction(app);
      await other.execute(`update users set disabled_at = now() where id = '${member.id}'`);
      const answer = login();
      await expect.poll(() => begun.mock.calls.length, { timeout: 5000 }).toBe(1);
      await expect.poll(async () => (await app.sql(LOCKED))[0].n).toBeGreaterThan(0);
      await other.commit();
      expect((await answer).__typename).toBe('InvalidCredentialsError');
    } else {
      // With one connection, the change happens before the transaction of the login.
      const transaction = UnitOfWork.prototype.transaction;
      vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementationOnce(async function (this: UnitOfWork, ...args) {
        await app.sql(`update users set disabled_at = now() where id = ?`, [member.id]);
        return transaction.apply(this, args);
      });
      expect((await login()).__typename).toBe('InvalidCredentialsError');
    }
    const [row] = await app.sql('select count(*)::int as n from sessions where user_id = ?', [member.id]);
    expect(row.n).toBe(1); // The session from before.
  });
});

// The embedded database has one connection, so this order cannot occur there.
describe.each(backends().filter(({ name }) => name.startsWith('PostgreSQL')))(
  'a change that comes after the caller was confirmed, on $name',
  (backend) => {
    let app: TestApp;
    beforeAll(async () => {
      app = await backend.start();
    });
    afterAll(() => app.close());

    test('G4: a revocation waits for a write whose caller was confirmed before, and returns after it', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const other = await anotherTransaction(app);
      await other.execute(`select pg_advisory_xact_lock(hashtextextended('api-keys:${member.id}', 0))`);
      const creation = app.mutate('createApiKey', { name: 'in time' }, '', { apiKey: key.secret });
      const waiting = async () => (await app.sql(LOCKED))[0].n;
      await expect.poll(waiting, { timeout: 5000 }).toBe(1); // Confirmed, and waiting for the lock of the quota.
      const revocation = app
        .mutate('revokeApiKey', { apiKeyId: key.id }, '', { bearer: member.accessToken })
        .then(async (result) => ({
          result,
          keys: await app.sql(`select name from api_keys where user_id = ? order by id`, [member.id]),
        }));
      await expect.poll(waiting, { timeout: 5000 }).toBe(2);
      await other.commit();
      expect((await creation).__typename).toBe('CreateApiKeySuccess');
      const { result, keys } = await revocation;
      expect(result.__typename).toBe('RevokeApiKeySuccess');
      expect(keys.map(({ name }) => name)).toEqual(['a key of the tests', 'in time']);
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('G4: the revocation of an access token waits for such a write, whichever credential revokes it', async () => {
      const waiting = async () => (await app.sql(LOCKED))[0].n;
      const member = await app.member();
      const [other, key] = [await login(app, member), await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] })];
      const revokers = [(await app.admin()).accessToken, other.accessToken, key.secret];
      for (const [index, bearer] of revokers.entries()) {
        const writer = await login(app, member);
        const name = `in time ${index}`;
        const blocking = await anotherTransaction(app);
        await blocking.execute(`select pg_advisory_xact_lock(hashtextextended('api-keys:${member.id}', 0))`);
        const creation = app.mutate('createApiKey', { name }, '', { bearer: writer.accessToken });
        await expect.poll(waiting, { timeout: 5000 }).toBe(1);
        const revocation = app
          .mutate('revokeAccessToken', { jti: jtiOf(writer.accessToken) }, '', { bearer })
          .then(async ({ __typename }) => [__typename, await app.sql('select 1 from api_keys where name = ?', [name])]);
        await expect.poll(waiting, { timeout: 5000 }).toBe(2);
        await blocking.commit();
        expect((await creation).__typename).toBe('CreateApiKeySuccess');
        const [answered, rows] = await revocation;
        expect(answered).toBe('RevokeAccessTokenSuccess');
        expect(rows).toHaveLength(1); // Written before the revocation returned, not after.
        expect(await app.accepts(writer.accessToken)).toBe(false);
      }
    });

    test.each([
      ['all sessions are revoked', 'session_generation = session_generation + 1, sessions_revoked_at = now()'],
      ['the account is disabled', 'disabled_at = now()'],
    ])('a refresh that waits while %s is rejected and issues no token', async (_what, change) => {
      const member = await app.member();
      const other = await anotherTransaction(app);
      await other.execute(`update users set ${change} where id = '${member.id}'`);
      const answer = exchange(app, member.refreshToken);
      await expect.poll(async () => (await app.sql(LOCKED))[0].n, { timeout: 5000 }).toBe(1);
      await other.commit();
      expect(await answer).toBe('REVOKED');
      expect(await chainOf(app, member.sessionId)).toHaveLength(1);
    });
  },
);
