// Credentials that are accepted from some addresses only: at every endpoint, behind a proxy, and in the audit log.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { areWithin, isAllowedFrom } from '../../src/credentials/allowed-addresses.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { verifyFrom, workspaceKey } from '../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { signedHeaders } from '../support/signing.ts';
import { times } from '../support/values.ts';

const allowing = (...allowedAddresses: string[]) => ({ allowedAddresses }) as unknown as Principal;

describe('isAllowedFrom', () => {
  test.each([
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['192.0.2.1', '2001:db8::/32'], '2001:db8:ffff::1', true],
    [['::ffff:192.0.2.0/120'], '192.0.2.9', true],
    [['0.0.0.0/0'], '203.0.113.1', true],
    [['::/0'], '203.0.113.1', false],
    // What plain SQL can write, and a socket that is gone.
    [['nonsense'], '192.0.2.1', false],
    [['0.0.0.0/0'], 'unknown', false],
  ])('%j from %s: %s', (allowed, address, expected) => {
    expect(isAllowedFrom(allowing(...allowed), address)).toBe(expected);
  });

  test('a credential without a list is accepted from everywhere', () => {
    expect(isAllowedFrom({} as Principal, 'unknown')).toBe(true);
  });

  test('areWithin compares networks as numbers', () => {
    expect(areWithin(['10.1.0.0/16', '10.2.3.4'], ['10.0.0.0/8'])).toBe(true);
    expect(areWithin(['10.1.0.0/16', '11.2.3.4'], ['10.0.0.0/8'])).toBe(false);
    expect(areWithin(['10.0.0.0/7'], ['10.0.0.0/8', '11.0.0.0/8'])).toBe(false);
  });
});

describe.each(backends())('a key with allowed addresses, on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
    admin = await app.admin();
    member = await app.member();
  });
  afterAll(() => app.close());

  const ask = async (path: string, secret: string, address: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${secret}`, 'x-forwarded-for': address, ...init.headers };
    const response = await fetch(`${app.url}${path}`, { ...init, headers });
    const answer = Object.fromEntries(response.headers);
    for (const name of ['date', 'x-request-id']) delete answer[name];
    return { status: response.status, headers: answer, body: await response.text() };
  };
  const query = (secret: string, address: string) =>
    ask('/graphql', secret, address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { credential { id } } }' }),
    });
  const introspect = (secret: string, address: string) =>
    ask('/v1/introspect', secret, address, { method: 'POST', body: new URLSearchParams({ token: 'x' }) });
  const restricted = (input: object = {}) =>
    app.apiKey(admin, { allowedAddresses: ['203.0.113.0/24', '2001:db8::/32'], scopes: ['INTROSPECT'], ...input });

  test('is accepted from these, in every spelling, and rejected from elsewhere, cached or not', async () => {
    const key = await restricted();
    for (let round = 0; round < 2; round++) {
      for (const address of [
        '203.0.113.1',
        '203.0.113.255',
        '::ffff:203.0.113.7',
        '2001:DB8:0::1',
        '[2001:db8::2]:443',
      ])
        expect(await verifyFrom(app, key.secret, address), address).toBe(204);
      for (const address of ['203.0.114.1', '127.0.0.1', '2001:db9::1', '::1', '203.0.113.1, 198.51.100.1'])
        expect(await verifyFrom(app, key.secret, address), address).toBe(401);
    }
  });

  test('the address is the right-most one that no trusted proxy added', async () => {
    const key = await restricted();
    expect(await verifyFrom(app, key.secret, '198.51.100.1, 203.0.113.1')).toBe(204);
    expect(await verifyFrom(app, key.secret, '203.0.113.1, 198.51.100.1')).toBe(401);
    expect(await verifyFrom(app, key.secret, '203.0.113.1, 127.0.0.1')).toBe(204);
    expect(await verifyFrom(app, key.secret, 'nonsense')).toBe(401);
  });

  test('from elsewhere it is rejected like an unknown key: the same status, body and headers, at every endpoint', async () => {
    const key = await restricted();
    const elsewhere = '198.51.100.1';
    for (const endpoint of [
      (secret: string) => ask('/v1/verify', secret, elsewhere),
      (secret: string) => query(secret, elsewhere),
      (secret: string) => introspect(secret, elsewhere),
      (secret: string) => ask('/v1/revocations', secret, elsewhere),
    ]) {
      const unknown = await endpoint(makeSecret('rka'));
      expect(unknown.status).toBe(401);
      expect({ ...(await endpoint(key.secret)), body: '' }).toEqual({ ...unknown, body: '' });
      const withoutIds = (body: string) => body.replace(/"requestId":"[^"]*"/g, '');
      expect(withoutIds((await endpoint(key.secret)).body)).toBe(withoutIds(unknown.body));
    }
    expect((await query(key.secret, '203.0.113.1')).status).toBe(200);
    expect((await introspect(key.secret, '203.0.113.1')).status).toBe(200);
  });

  test('from elsewhere nothing else about it is checked: no signature is asked for, and no nonce is used up', async () => {
    const owner = await app.member();
    const workspaceId = await app.workspace(owner);
    const { signingKey, secret } = await app.as(owner).createSigningKey({ workspaceId }).expectSuccess();
    const key = await workspaceKey(app, owner, workspaceId, { allowedAddresses: ['203.0.113.0/24'] });
    await app.as(owner).updateWorkspace({ workspaceId, requiresSignedRequests: true }).expectSuccess();
    const here = await query(key.secret, '203.0.113.1');
    expect(here.body).toContain('SIGNATURE_REQUIRED');
    const there = await query(key.secret, '198.51.100.1');
    expect(there.status).toBe(401);
    expect(there.body).not.toContain('SIGNATURE_REQUIRED');
    const headers = signedHeaders({ id: signingKey.id, secret });
    expect((await ask('/v1/verify', key.secret, '198.51.100.1', { headers })).status).toBe(401);
    expect((await ask('/v1/verify', key.secret, '203.0.113.1', { headers })).status).toBe(204);
  });

  test('introspection answers for it, and says from which addresses it is accepted', async () => {
    const key = await restricted({ metadata: [{ key: 'team', value: 'payments' }] });
    const service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const response = await ask('/v1/introspect', service.secret, '198.51.100.1', {
      method: 'POST',
      body: new URLSearchParams({ token: key.secret }),
    });
    expect(JSON.parse(response.body)).toMatchObject({
      active: true,
      credential: key.id,
      allowed_addresses: ['203.0.113.0/24', '2001:db8::/32'],
      metadata: { team: 'payments' },
    });
  });

  test('a use from an allowed address is recorded with the address, and one from elsewhere is not', async () => {
    const key = await restricted();
    expect(await verifyFrom(app, key.secret, '192.0.2.77')).toBe(401);
    await vi.waitUntil(async () => {
      await verifyFrom(app, key.secret, '203.0.113.9');
      return (await app.as(admin).apiKey({ id: key.id }))!.lastUsedFromIp;
    }, 10_000);
    expect((await app.as(admin).apiKey({ id: key.id }))!.lastUsedFromIp).toBe('203.0.113.9');
    const [stored] = await app.sql('select last_used_from from credential_usage where credential_id = ?', [key.id]);
    expect(stored.last_used_from).toMatch(/^s2\./);
    // Other kinds of credentials do not show it, so it is not recorded for them.
    const [session] = await app.sql('select last_used_from from credential_usage where credential_id = ?', [
      admin.sessionId,
    ]);
    expect(session?.last_used_from ?? null).toBeNull();
  });

  test('an attempt from elsewhere is audited as REFUSED, once for each address in a minute', async () => {
    const key = await restricted();
    const attempts = async () => auditRows(app, `subject_id = ? and type = 'api-key.refused'`, [key.id]);
    await Promise.all(times(20, () => verifyFrom(app, key.secret, '198.51.100.1')));
    await verifyFrom(app, key.secret, '198.51.100.2');
    await vi.waitUntil(async () => (await attempts()).length >= 2, 10_000);
    const events = await attempts();
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      outcome: 'REFUSED',
      reason: 'ADDRESS_NOT_ALLOWED',
      ip_address: '198.51.100.1',
      actor_user_id: null,
      data: { count: 1 },
    });
    expect(JSON.stringify(events)).not.toContain(key.secret.slice(4, 20));
  });

  test('a key creates only keys for its own addresses, which are the default', async () => {
    const maker = await app.apiKey(member, { allowedAddresses: ['127.0.0.0/8', '10.0.0.0/8'] });
    const create = (allowedAddresses?: string[]) =>
      app
        .as({ apiKey: maker.secret, headers: { 'x-forwarded-for': '10.1.1.1' } })
        .createApiKey({ name: 'x', ...(allowedAddresses ? { allowedAddresses } : {}) });
    expect((await create().expectSuccess()).apiKey.allowedAddresses).toEqual(['127.0.0.0/8', '10.0.0.0/8']);
    expect((await create(['10.1.0.0/16']).expectSuccess()).apiKey.allowedAddresses).toEqual(['10.1.0.0/16']);
    const { fields } = await create(['10.1.0.0/16', '192.0.2.1']).expect('InvalidInputError');
    expect(fields.map(({ path }) => path)).toEqual(['input.allowedAddresses']);
    // A new secret of another key would be accepted from elsewhere.
    const other = await app.apiKey(member);
    await app
      .as({ apiKey: maker.secret, headers: { 'x-forwarded-for': '10.1.1.1' } })
      .rotateApiKey({ apiKeyId: other.id })
      .expect('ScopeNotHeldError');
  });

  test('G4: a mutation of a key that was restricted meanwhile writes nothing', async () => {
    const key = await app.apiKey(member);
    expect(await app.accepts(key.secret)).toBe(true);
    const [{ secret_hash: fingerprint }] = await app.sql('select secret_hash from api_keys where id = ?', [key.id]);
    // The replica has not heard of the restriction when it authenticates the request.
    const cached = app.app.cache.recall(fingerprint);
    await app.sql(`update api_keys set allowed_addresses = '{10.0.0.0/8}' where id = ?`, [key.id]);
    const recall = vi.spyOn(app.app.cache, 'recall').mockReturnValueOnce(cached);
    await app.as(key).createApiKey({ name: 'too late' }).expectError('UNAUTHENTICATED');
    recall.mockRestore();
    expect(await app.sql(`select 1 from api_keys where name = 'too late'`)).toEqual([]);
  });

  test('plain SQL cannot write what is no address', async () => {
    const key = await app.apiKey(member);
    await expect(
      app.sql(`update api_keys set allowed_addresses = '{nonsense}' where id = ?`, [key.id]),
    ).rejects.toThrow();
  });
});
