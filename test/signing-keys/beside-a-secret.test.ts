// A signature beside an API key or a daemon token: the request may do what both may do, and either of them ends it.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import type { Credential } from '../support/account.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { SEALED } from '../support/constants.ts';
import { signedHeaders } from '../support/signing.ts';
import { inSeconds } from '../support/values.ts';
import { join } from '../support/workspaces.ts';

/** The headers that may carry a secret. */
const carriersOf = (secret: string): Record<string, string>[] => [
  { authorization: `Bearer ${secret}` },
  { 'x-api-key': secret },
];

describe.each(backends())('a signature beside a secret on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let workspaceId: string;
  let apiKey: Credential;
  let daemon: Credential;
  let signing: Credential;
  const bothScopes = ['API_KEYS_READ', 'DAEMON_TOKENS_WRITE'] as const;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    workspaceId = await app.workspace(admin);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    const permissions = ['read', 'write'];
    apiKey = await app.apiKey(admin, {
      workspaceId,
      permissions,
      scopes: [...bothScopes, 'WORKSPACES_READ'],
      expiresAt: inSeconds(3600),
    });
    daemon = await app.daemonToken(admin, workspaceId, { permissions, scopes: [...bothScopes, 'WORKSPACES_READ'] });
    signing = await app.signingKey(admin, workspaceId, {
      permissions: ['write', 'sign'],
      scopes: [...bothScopes, 'SIGNING_KEYS_READ'],
      expiresAt: inSeconds(600),
    });
  });

  const verify = (headers: Record<string, string>, by = signing) =>
    fetch(`${app.url}/v1/verify`, { headers: { ...headers, ...signedHeaders(by) } });
  const statusOf = async (headers: Record<string, string>, by = signing) => (await verify(headers, by)).status;

  test.each(['API key', 'daemon token'])('the request is one of the %s, with what both hold', async (kind) => {
    const { id, secret } = kind === 'API key' ? apiKey : daemon;
    for (const headers of carriersOf(secret)) {
      const answer = await verify(headers);
      expect([answer.status, answer.headers.get('x-rekey-credential')]).toEqual([204, id]);
      expect(answer.headers.get('x-rekey-user')).toBe(kind === 'API key' ? admin.id : '-');
      expect(answer.headers.get('x-rekey-workspace')).toBe(workspaceId);
      expect(answer.headers.get('x-rekey-scopes')).toBe(bothScopes.join(','));
      expect(answer.headers.get('x-rekey-permissions')).toBe('write');
      const [row] = await app.sql('select expires_at from signing_keys where id = ?', [signing.id]);
      expect(answer.headers.get('x-rekey-expires')).toBe(new Date(row.expires_at).toISOString());
    }
    const viewer = await app.as({ apiKey: secret, signedBy: signing }).viewer();
    expect(viewer).toMatchObject({ credential: { id }, scopes: [...bothScopes], permissions: ['write'] });
  });

  test('without the signature, the secret has its own rights', async () => {
    const alone = await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': apiKey.secret } });
    expect(alone.headers.get('x-rekey-permissions')).toBe('read,write');
  });

  test('a bad signature beside a good secret, and a good signature beside a bad secret, are 401', async () => {
    const forged = { id: signing.id, secret: makeSecret('rks') };
    expect(await statusOf({ 'x-api-key': apiKey.secret }, forged)).toBe(401);
    expect(await statusOf({ 'x-api-key': makeSecret('rka') })).toBe(401);
    expect(await statusOf({ 'x-api-key': 'nonsense' })).toBe(401);
    const incomplete = { 'x-api-key': apiKey.secret, 'x-nonce': 'abcdefghijklmnop' };
    expect((await fetch(`${app.url}/v1/verify`, { headers: incomplete })).status).toBe(401);
  });

  test('an access token in X-API-Key is 401 as without a signature, also if it is cached', async () => {
    expect(await app.accepts(admin.accessToken)).toBe(true);
    expect(await statusOf({ 'x-api-key': admin.accessToken })).toBe(401);
  });

  test('two different secrets are 400, signed or not', async () => {
    const both = { 'x-api-key': apiKey.secret, authorization: `Bearer ${daemon.secret}` };
    expect(await statusOf(both)).toBe(400);
  });

  test.each([
    ['a session', () => admin.accessToken],
    ['an API key that is bound to no workspace', async () => (await app.apiKey(admin)).secret],
    [
      'an API key of another workspace',
      async () => (await app.apiKey(admin, { workspaceId: await app.workspace(admin) })).secret,
    ],
  ])('%s does not belong to the workspace of the signing key: 400, and clear', async (_what, secretOf) => {
    const authorization = `Bearer ${await secretOf()}`;
    const answer = await verify({ authorization });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        error: 'bad_credentials_in_request',
        error_description:
          'The signing key and the other credential of the request must belong to the same workspace. Send only one of them.',
      },
    ]);
    // Who has not signed learns nothing about the key.
    expect(await statusOf({ authorization }, { id: signing.id, secret: makeSecret('rks') })).toBe(401);
    expect(await statusOf({})).toBe(204);
  });

  test.each([
    ['the secret', () => app.as(admin).revokeApiKey({ apiKeyId: apiKey.id })],
    ['the signing key', () => app.as(admin).revokeSigningKey({ signingKeyId: signing.id })],
  ])('G1: the revocation of %s ends it', async (_what, revoke) => {
    const headers = { 'x-api-key': apiKey.secret };
    expect(await statusOf(headers)).toBe(204);
    await revoke().expectSuccess();
    expect(await statusOf(headers)).toBe(401);
  });

  test.each([
    ['the API key', () => `update api_keys set revoked_at = now() where id = '${apiKey.id}'`],
    ['the signing key', () => `update signing_keys set revoked_at = now() where id = '${signing.id}'`],
    ['the scopes of the signing key', () => `update signing_keys set scopes = '{}' where id = '${signing.id}'`],
    ['the sealed secret', () => `update signing_keys set secret_sealed = '${SEALED}' where id = '${signing.id}'`],
  ])('G4: no write commits after %s ended, although the request was accepted before', async (_what, change) => {
    // As if it ended between authentication and the transaction.
    const transaction = UnitOfWork.prototype.transaction;
    const spy = vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementation(async function (
      this: UnitOfWork,
      ...work
    ) {
      await app.sql(change());
      return transaction.apply(this, work) as never;
    });
    try {
      const input = { workspaceId, daemonId: 'too late', expiresAt: inSeconds(60) };
      await app
        .as({ apiKey: apiKey.secret, signedBy: signing })
        .createDaemonToken(input)
        .expectError('UNAUTHENTICATED');
      expect(spy).toHaveBeenCalledTimes(1);
    } finally {
      spy.mockRestore();
    }
    expect(await app.sql(`select 1 from daemon_tokens where daemon_id = 'too late'`)).toEqual([]);
  });

  test('F1.5: it creates nothing that either of them could not create', async () => {
    const calls = app.as({ apiKey: apiKey.secret, signedBy: signing });
    const input = { workspaceId, daemonId: 'd', expiresAt: inSeconds(60) };
    await calls.createDaemonToken({ ...input, scopes: ['WORKSPACES_READ'] }).expect('ScopeNotHeldError');
    await calls.createDaemonToken({ ...input, permissions: ['read'] }).expect('InvalidInputError');
    await calls.createDaemonToken({ ...input, permissions: ['sign'] }).expect('InvalidInputError');
    await calls.createDaemonToken({ ...input, expiresAt: inSeconds(1200) }).expect('InvalidInputError');
    await calls.createDaemonToken({ ...input, permissions: ['write'] }).expectSuccess();
  });

  test('a live connection of it is closed when either of them ends: its entry has the tags of both', async () => {
    const { authenticator } = app.app;
    const headers = { 'x-api-key': apiKey.secret, ...signedHeaders(signing) };
    const rawHeaders = Object.entries(headers).flat();
    const accepted = await authenticator.authenticate({ method: 'GET', url: '/v1/verify', headers, rawHeaders });
    expect(accepted?.tags).toEqual(
      expect.arrayContaining([`key:${apiKey.id}`, `signing-key:${signing.id}`, `workspace:${workspaceId}`]),
    );
    const [row] = await app.sql('select expires_at from signing_keys where id = ?', [signing.id]);
    expect(accepted?.until).toBeLessThanOrEqual(new Date(row.expires_at).getTime());
  });

  test('both are used, counted and shown as used', async () => {
    const member = await join(app, { workspaceId });
    const own = await app.apiKey(member, { workspaceId });
    const count = () => {
      const { apiKey: keys, signingKey: signers } = app.app.authenticator.counts;
      return [keys!.accepted, signers!.accepted];
    };
    const [keys, signers] = count();
    expect(await statusOf({ 'x-api-key': own.secret })).toBe(204);
    expect(count()).toEqual([keys! + 1, signers! + 1]);
    const used = () => app.sql('select 1 from credential_usage where credential_id in (?, ?)', [own.id, signing.id]);
    await expect.poll(async () => (await used()).length, { timeout: 10_000 }).toBe(2);
  });

  test('the cookies of a browser do not count beside a signature', async () => {
    const headers = { cookie: `__Host-rekey-access=${admin.accessToken}`, 'x-rekey-csrf': '1' };
    const answer = await verify(headers);
    expect(answer.headers.get('x-rekey-credential')).toBe(signing.id);
    // Beside a signature of another service, they do.
    const theirs = { ...headers, 'signature-input': 'sig=("@method");keyid="theirs"', signature: 'sig=:AAAA:' };
    const browser = await fetch(`${app.url}/v1/verify`, { headers: theirs });
    expect(browser.headers.get('x-rekey-user')).toBe(admin.id);
  });
});
