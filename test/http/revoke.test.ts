import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { addSecretHashes } from '../../src/signing-keys/secret-hashes.ts';
import { SigningSecrets } from '../../src/signing-keys/signing-secrets.ts';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { signedHeaders } from '../support/signing.ts';

let app: TestApp;
let admin: Account;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
});
afterAll(() => app.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const post = (body: string, headers: Record<string, string> = FORM) =>
  send(app.url, '/v1/revoke', { method: 'POST', headers, body });
const revoke = (token: string, more: Record<string, string> = {}) =>
  post(new URLSearchParams({ token, ...more }).toString());

const RECEIPT =
  /^sequence=\d+, propagation=acknowledged, replicas=1, acknowledged=1, left=0, settled-ms=\d+(?:\.\d+)?$/;

describe('RFC 7009: a presented secret authorizes its own revocation', () => {
  test('an API key: 200 with a receipt, and no endpoint accepts it', async () => {
    const key = await app.apiKey(admin);
    expect(await app.accepts(key.secret)).toBe(true);
    const answer = await revoke(key.secret);
    expect(answer.status).toBe(200);
    expect(answer.headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await app.accepts(key.secret)).toBe(false);
  });

  test('a repeated call has a receipt, too', async () => {
    const key = await app.apiKey(admin);
    const first = await revoke(key.secret);
    const second = await revoke(key.secret);
    expect(second.status).toBe(200);
    expect(second.headers['x-rekey-receipt']!.toString().split(',')[0]).toBe(
      first.headers['x-rekey-receipt']!.toString().split(',')[0],
    );
  });

  test('the secret from before a rotation ends at once, also if the clock of the replica is ahead', async () => {
    const key = await app.apiKey(admin);
    await app.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 600 }).expectSuccess();
    const now = vi.spyOn(app.app.databaseClock, 'now').mockImplementation(() => new Date(Date.now() + 60_000));
    onTestFinished(() => now.mockRestore());
    expect((await revoke(key.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect(await app.accepts(key.secret)).toBe(false);
  });

  test('the secret from before a rotation ends the overlap, and the new secret stays valid', async () => {
    const key = await app.apiKey(admin);
    const rotated = await app.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 600 }).expectSuccess();
    expect(await app.accepts(key.secret)).toBe(true);
    for (let call = 1; call <= 2; call++) {
      expect((await revoke(key.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
      expect(await app.accepts(key.secret)).toBe(false);
      expect(await app.accepts(rotated.secret)).toBe(true);
    }
  });

  test('a daemon token: other tokens of the daemon stay valid', async () => {
    const workspaceId = await app.workspace(admin);
    const [one, other] = [await app.daemonToken(admin, workspaceId), await app.daemonToken(admin, workspaceId)];
    expect((await revoke(one.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect([await app.accepts(one.secret), await app.accepts(other.secret)]).toEqual([false, true]);
  });

  test('a signing secret: requests that it has signed are rejected', async () => {
    const workspaceId = await app.workspace(admin);
    const key = await app.signingKey(admin, workspaceId);
    const verify = () =>
      send(app.url, '/v1/verify', { headers: signedHeaders(key, { method: 'GET', target: '/v1/verify' }) });
    expect((await verify()).status).toBe(204);
    expect((await revoke(key.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect((await verify()).status).toBe(401);
  });

  test('a signing secret without a hash: the next start adds the hash', async () => {
    const key = await app.signingKey(admin, await app.workspace(admin));
    await app.sql('update signing_keys set secret_hash = null where id = ?', [key.id]);
    await addSecretHashes(app.app.database.fork(), new SigningSecrets(app.app.sealer));
    expect((await revoke(key.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
  });

  test('a refresh token: its session ends, with every access token', async () => {
    const member = await app.member();
    expect((await revoke(member.refreshToken)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect(await app.accepts(member.accessToken)).toBe(false);
    expect((await revoke(member.refreshToken)).headers['x-rekey-receipt']).toMatch(RECEIPT);
  });

  test('an access token ends alone: its session can still be refreshed', async () => {
    const member = await app.member();
    expect((await revoke(member.accessToken)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    expect(await app.accepts(member.accessToken)).toBe(false);
    expect((await revoke(member.accessToken)).headers['x-rekey-receipt']).toMatch(RECEIPT);
    const { tokens } = await app.as().refreshSession({ refreshToken: member.refreshToken }).expectSuccess();
    expect(await app.accepts(tokens.accessToken)).toBe(true);
  });

  test('`token_type_hint` changes nothing, also if it is wrong', async () => {
    const key = await app.apiKey(admin);
    expect((await revoke(key.secret, { token_type_hint: 'refresh_token' })).headers['x-rekey-receipt']).toMatch(
      RECEIPT,
    );
  });

  test('the event in the audit log names the key and no secret', async () => {
    const key = await app.apiKey(admin);
    await revoke(key.secret);
    const rows = await app.app.database
      .fork()
      .execute(`select type, outcome, actor_user_id from audit_events where subject_id = ? order by position`, [
        key.id,
      ]);
    expect(rows.map(({ type }) => type)).toEqual(['api-key.created', 'api-key.revoked']);
    expect(rows[1]).toMatchObject({ outcome: 'SUCCEEDED', actor_user_id: null });
  });
});

describe('what is not a valid secret changes nothing', () => {
  test('unknown and expired tokens, and ids: 200 without a receipt', async () => {
    const key = await app.apiKey(admin);
    const unknown = (['rka', 'rkd', 'rkr', 'rks'] as const).map((prefix) => makeSecret(prefix));
    const expired = await app.apiKey(admin);
    await app.app.database
      .fork()
      .execute(`update api_keys set expires_at = now() - interval '1 second' where id = ?`, [expired.id]);
    for (const token of [...unknown, expired.secret, 'no token of ours', key.id, `${key.secret}x`]) {
      const answer = await revoke(token);
      expect([answer.status, answer.headers['x-rekey-receipt']], token).toEqual([200, undefined]);
    }
    expect(await app.accepts(key.secret)).toBe(true);
  });

  test('tokens of invitations and resets are not supported', async () => {
    for (const prefix of ['rki', 'rkp'] as const) {
      const { status, json } = await revoke(makeSecret(prefix));
      expect([status, json.error]).toEqual([400, 'unsupported_token_type']);
    }
  });

  test('a request without exactly one token is 400, another type of body too', async () => {
    for (const body of ['', 'token=', 'token=a&token=b', 'tokens=a'])
      expect(await post(body)).toMatchObject({ status: 400, json: { error: 'invalid_request' } });
    expect(await post('{"token":"a"}', { 'content-type': 'application/json' })).toMatchObject({ status: 400 });
    expect(await post('token=%ff')).toMatchObject({ status: 400 });
    expect(await post(`token=${'a'.repeat(17_000)}`)).toMatchObject({ status: 413 });
    expect(await send(app.url, '/v1/revoke?token=a')).toMatchObject({ status: 405 });
  });
});

test('an address with too many unknown secrets gets 429, and can still revoke a known one', async () => {
  const limited = await startTestApp({ env: { REKEY_FAILED_AUTH_PER_MINUTE: '3' } });
  try {
    const key = await limited.apiKey(await limited.admin());
    const guess = (token: string) =>
      send(limited.url, '/v1/revoke', { method: 'POST', headers: FORM, body: `token=${token}` });
    const statuses: number[] = [];
    for (let call = 1; call <= 5; call++) statuses.push((await guess(makeSecret('rka'))).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await guess(key.secret)).headers['x-rekey-receipt']).toMatch(RECEIPT);
  } finally {
    await limited.close();
  }
});
