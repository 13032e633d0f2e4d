import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, pairs, type TestApp } from '../../support/app.ts';
import { until } from '../../support/until.ts';
import { inSeconds } from '../../support/values.ts';

/** Sends a request with this credential to an endpoint; the id under which it can be explained. */
async function ask(app: TestApp, path: string, headers: Record<string, string> = {}, requestId: string = randomUUID()) {
  const response = await fetch(`${app.url}${path}`, { headers: { 'x-request-id': requestId, ...headers } });
  return { requestId: response.headers.get('x-request-id')!, status: response.status };
}
const verify = (app: TestApp, secret: string, requestId?: string) =>
  ask(app, '/v1/verify', { authorization: `Bearer ${secret}` }, requestId);

describe.each(backends())('explain on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app.close());

  const explained = async (requestId: string) => app.as(admin).explain({ requestId });

  test('an accepted request names the credential, the layer and the lease', async () => {
    const key = await app.apiKey(await app.member());
    const first = await verify(app, key.secret);
    const common = { endpoint: '/v1/verify', outcome: 'ACCEPTED', reason: 'VALID', kind: 'apiKey' };
    const source = await explained(first.requestId);
    expect(source).toMatchObject({ ...common, requestId: first.requestId, credentialId: key.id });
    expect(['DATABASE', 'MEMORY']).toContain(source?.decidedBy);
    // A busy machine may renew the lease late. Then a request reads the database again.
    let hit = source;
    await expect
      .poll(async () => {
        hit = await explained((await verify(app, key.secret)).requestId);
        return hit;
      })
      .toMatchObject({ ...common, decidedBy: 'MEMORY', credentialId: key.id });
    expect(hit?.entryAgeMilliseconds).toBeGreaterThan(0);
    expect(Number(hit?.entrySequence)).toBeLessThanOrEqual(Number(hit?.logSequence));
    expect(hit?.leaseRemainingMilliseconds).toBeGreaterThan(0);
    expect(Date.parse(hit!.at)).toBeGreaterThanOrEqual(Date.parse(source!.at));
    expect(hit?.replica).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a rejected request says why: unknown, malformed, revoked, expired, of a disabled user', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    const { requestId } = await verify(app, key.secret);
    expect(await explained(requestId)).toMatchObject({
      ...{ outcome: 'REJECTED', reason: 'REVOKED', credentialId: key.id, kind: 'apiKey', decidedBy: 'DATABASE' },
    });
    // The rejection is remembered now.
    const again = await explained((await verify(app, key.secret)).requestId);
    expect(again).toMatchObject({ reason: 'REVOKED', credentialId: key.id, decidedBy: 'MEMORY' });

    const expiring = await app.apiKey(member, { expiresAt: inSeconds(3600) });
    await app.sql(
      `update api_keys set created_at = now() - interval '2 h', expires_at = now() - interval '1 h' where id = ?`,
      [expiring.id],
    );
    expect(await explained((await verify(app, expiring.secret)).requestId)).toMatchObject({
      ...{ reason: 'EXPIRED', credentialId: expiring.id },
    });

    const rotated = await app.apiKey(member);
    await app.as(member).rotateApiKey({ apiKeyId: rotated.id, overlapSeconds: 60 }).expectSuccess();
    await app.as(member).endApiKeyOverlap({ apiKeyId: rotated.id }).expectSuccess();
    const after = await explained((await verify(app, rotated.secret)).requestId);
    expect(['ROTATED', 'UNKNOWN']).toContain(after?.reason);

    const malformed = await explained((await verify(app, 'rka_short')).requestId);
    expect(malformed).toMatchObject({
      reason: 'MALFORMED',
      credentialId: null,
      decidedBy: 'MEMORY',
      entrySequence: null,
    });

    const disabled = await app.member();
    const orphan = await app.apiKey(disabled);
    await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
    expect(await explained((await verify(app, orphan.secret)).requestId)).toMatchObject({ reason: 'USER_DISABLED' });
    expect(await explained((await verify(app, disabled.accessToken)).requestId)).toMatchObject({
      ...{ reason: 'USER_DISABLED', kind: 'session' },
    });
  });

  test('a permission or a scope that is missing, and a credential that is missing', async () => {
    const key = await app.apiKey(await app.member(), { scopes: [] });
    const { requestId, status } = await ask(app, '/v1/verify?permission=a:b', { 'x-api-key': key.secret });
    expect(status).toBe(403);
    expect(await explained(requestId)).toMatchObject({
      ...{ outcome: 'REJECTED', reason: 'PERMISSION_MISSING', credentialId: key.id, endpoint: '/v1/verify' },
    });
    const forbidden = randomUUID();
    await app.graphql(
      '{ a: users { nodes { id } } b: users { nodes { id } } }',
      {},
      {
        apiKey: key.secret,
        headers: { 'x-request-id': forbidden },
      },
    );
    expect(await explained(forbidden)).toMatchObject({
      ...{ outcome: 'REJECTED', reason: 'SCOPE_MISSING', credentialId: key.id, endpoint: '/graphql', kind: 'apiKey' },
    });
    const feed = await ask(app, '/v1/revocations', { 'x-api-key': key.secret });
    expect(await explained(feed.requestId)).toMatchObject({ reason: 'SCOPE_MISSING', endpoint: '/v1/revocations' });
    for (const path of ['/v1/verify', '/v1/revocations']) {
      expect(await explained((await ask(app, path)).requestId)).toMatchObject({
        ...{ outcome: 'REJECTED', reason: 'CREDENTIAL_MISSING', credentialId: null, kind: null },
      });
    }
    const anonymous = randomUUID();
    await app.graphql('{ viewer { scopes } }', {}, { headers: { 'x-request-id': anonymous } });
    expect(await explained(anonymous)).toMatchObject({ reason: 'CREDENTIAL_MISSING', endpoint: '/graphql' });
  });

  test('two credentials at once, and an address that is not allowed', async () => {
    const member = await app.member();
    const [one, two] = [await app.apiKey(member), await app.apiKey(member, { allowedAddresses: ['192.0.2.1'] })];
    const both = { authorization: `Bearer ${one.secret}`, 'x-api-key': two.secret };
    expect(await explained((await ask(app, '/v1/verify', both)).requestId)).toMatchObject({
      ...{ outcome: 'REJECTED', reason: 'CONTRADICTORY_CREDENTIALS' },
    });
    for (const decidedBy of ['DATABASE', 'MEMORY']) {
      expect(await explained((await verify(app, two.secret)).requestId)).toMatchObject({
        ...{ reason: 'ADDRESS_NOT_ALLOWED', credentialId: two.id, decidedBy },
      });
    }
  });

  test('of several requests with one id, the newest counts', async () => {
    const member = await app.member();
    const key = await app.apiKey(member, { scopes: [] });
    const id = randomUUID();
    await verify(app, 'rka_wrong', id);
    expect(await explained(id)).toMatchObject({ outcome: 'REJECTED' });
    await verify(app, key.secret, id);
    expect(await explained(id)).toMatchObject({ outcome: 'ACCEPTED' });
    await ask(app, '/v1/verify?permission=a:b', { 'x-api-key': key.secret }, id);
    expect(await explained(id)).toMatchObject({ outcome: 'REJECTED', reason: 'PERMISSION_MISSING' });
    await verify(app, key.secret, id);
    await ask(app, '/v1/verify?permission=a:b', { 'x-api-key': key.secret }, id);
    expect(await explained(id)).toMatchObject({ outcome: 'REJECTED', reason: 'PERMISSION_MISSING' });
  });

  test('a request that nothing was decided about, and an unknown id, are null', async () => {
    const id = randomUUID();
    await app.graphql('{ __typename }', {}, { headers: { 'x-request-id': id } });
    expect(await explained(id)).toBeNull();
    expect(await explained(randomUUID())).toBeNull();
    expect(await explained('')).toBeNull();
  });

  test('neither a secret nor an email address stands in it, also if a client sends one as its request id', async () => {
    const key = await app.apiKey(await app.member());
    const { requestId } = await verify(app, key.secret, key.secret);
    expect(requestId).not.toBe(key.secret);
    const text = JSON.stringify(await explained(requestId));
    expect(text).toContain(key.id);
    expect(text).not.toContain(key.secret.slice(0, 20));
    expect(text).not.toContain('@');
    expect(await explained(key.secret)).toBeNull();
  });

  test('every caller without the scope ADMIN gets FORBIDDEN, and a request without a credential UNAUTHENTICATED', async () => {
    const requestId = randomUUID();
    await app
      .as(await app.member())
      .explain({ requestId })
      .expectError('FORBIDDEN');
    await app.as().explain({ requestId }).expectError('UNAUTHENTICATED');
  });

  test('asking leaves no row behind', async () => {
    await explained(randomUUID());
    await until('the question is closed', async () => {
      const [row] = await app.sql('select (select count(*) from explanation_questions)::int as questions');
      return row.questions === 0;
    });
  });
});

describe.each(pairs())('explain on $name', ({ start }) => {
  test('any replica explains a request to any other, and the newest counts', async () => {
    const { near, far, close } = await start();
    try {
      const admin = await near.admin();
      const key = await near.apiKey(admin);
      const { requestId } = await verify(far, key.secret);
      expect(await near.as(admin).explain({ requestId })).toMatchObject({ outcome: 'ACCEPTED', credentialId: key.id });
      await verify(near, 'rka_wrong', requestId);
      for (const app of [near, far]) {
        expect(await app.as(admin).explain({ requestId })).toMatchObject({ outcome: 'REJECTED', reason: 'MALFORMED' });
      }
      const found = await Promise.all(Array.from({ length: 5 }, () => near.as(admin).explain({ requestId })));
      expect(new Set(found.map((each) => each?.reason))).toEqual(new Set(['MALFORMED']));
      expect(await near.as(admin).explain({ requestId: randomUUID() })).toBeNull();
    } finally {
      await close();
    }
  });

  test('a replica that does not answer is waited for, and the others are heard', async () => {
    const { near, far, close } = await start();
    try {
      const admin = await near.admin();
      const key = await near.apiKey(admin);
      const { requestId } = await verify(far, key.secret);
      await near.sql(`insert into auth_replica (id, lease_ms) values (gen_random_uuid(), 2000)`);
      expect(await near.as(admin).explain({ requestId })).toMatchObject({ credentialId: key.id });
      expect(await near.as(admin).explain({ requestId: randomUUID() })).toBeNull();
    } finally {
      await close();
    }
  });
});
