// Keys of other systems: secrets without the form of Rekey.
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, backends, pairs, type TestApp } from '../support/app.ts';
import { importKeys } from '../support/imports.ts';
import { until } from '../support/until.ts';

const foreign = () => `acme_live_${randomBytes(18).toString('base64url')}`;
const APIKEYS = ['API_KEYS_READ', 'API_KEYS_WRITE'];

/** How many lookups of this replica have reached Redis or the database. */
function lookUps({ app }: TestApp): number {
  const { shared, database, direct } = app.cache.counts;
  return shared + database + direct;
}

async function verify(app: TestApp, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${app.url}/v1/verify`, { headers })).status;
}

describe.each(pairs())('imported keys on $name', ({ start }) => {
  let near: TestApp;
  let far: TestApp;
  let close: () => Promise<void>;
  let member: Account;
  beforeAll(async () => {
    ({ near, far, close } = await start());
    member = await near.member();
  });
  afterAll(() => close?.());

  // First, before anything is imported.
  test('where none were imported, a text of another form is rejected before any I/O', async () => {
    const before = lookUps(far);
    const refused = far.app.authenticator.counts.unknown!.refused;
    for (const secret of [foreign(), 'sk-1', 'x'.repeat(1000)]) {
      expect(await verify(far, { authorization: `Bearer ${secret}` })).toBe(401);
      expect(await verify(far, { 'x-api-key': secret })).toBe(401);
    }
    expect(lookUps(far)).toBe(before);
    expect(far.app.authenticator.counts.unknown!.refused).toBe(refused + 6);
  });

  test('every replica accepts a key once the import has returned, also if it was rejected just before', async () => {
    const [plain, hashed] = [foreign(), foreign()];
    const hash = createHash('sha256').update(hashed).digest('hex');
    for (const app of [near, far]) for (const secret of [plain, hashed]) expect(await app.accepts(secret)).toBe(false);
    const outcome = await importKeys(near, [
      { owner: member.email, secret: plain, scopes: APIKEYS },
      { owner: member.email, hash, name: 'hashed', hint: 'acme_live_…' },
    ]);
    expect(outcome).toMatchObject({ imported: 2, rejected: 0, problems: [] });
    for (const app of [near, far]) {
      for (const secret of [plain, hashed]) {
        expect(await app.accepts(secret)).toBe(true);
        expect(await verify(app, { 'x-api-key': secret })).toBe(204);
      }
    }
    expect((await near.as({ bearer: plain }).viewer()).scopes).toEqual(APIKEYS);
    const [event] = await near.sql(`select * from audit_events where type = 'api-key.imported'`);
    expect(event).toMatchObject({
      actor_user_id: null,
      data: { count: 2, format: 'rekey', fileSha256: 'a'.repeat(64) },
    });
    expect(near.log.join('')).not.toContain(plain);
  });

  test('an unknown text is looked up once per second, and counts as a failed authentication', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret: foreign() }]);
    const before = lookUps(far);
    for (let again = 0; again < 5; again++) expect(await far.accepts(secret)).toBe(false);
    expect(lookUps(far) - before).toBeLessThanOrEqual(2); // A slow machine may need more than a second.
    const forgotten = lookUps(far);
    await until('the rejection is forgotten', async () => {
      expect(await far.accepts(secret)).toBe(false);
      return lookUps(far) > forgotten;
    });
  });

  test('its holder revokes it at /v1/revoke, and then every replica rejects it', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret }]);
    for (const app of [near, far]) expect(await app.accepts(secret)).toBe(true);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ token: secret }).toString();
    const answer = await fetch(`${near.url}/v1/revoke`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-rekey-receipt')).toContain('sequence=');
    for (const app of [near, far]) expect(await app.accepts(secret)).toBe(false);
  });

  test('a text that begins like a secret of Rekey is never looked up', async () => {
    await importKeys(near, [{ owner: member.email, secret: foreign() }]);
    const before = lookUps(far);
    for (const secret of [`${makeSecret('rka')}x`, makeSecret('rka').slice(0, -1), 'rkr_abc', 'rks_0123456789abcdef'])
      expect(await far.accepts(secret)).toBe(false);
    expect(lookUps(far)).toBe(before);
  });

  test('an imported secret must be alone in the request', async () => {
    const [secret, other] = [foreign(), await near.apiKey(member)];
    await importKeys(near, [{ owner: member.email, secret }]);
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    expect(await verify(far, { ...bearer(secret), 'x-api-key': secret })).toBe(204);
    expect(await verify(far, { ...bearer('of-another-service'), 'x-api-key': secret })).toBe(401);
    expect(await verify(far, { ...bearer(secret), 'x-api-key': 'of-another-service' })).toBe(401);
    // Beside a valid credential of ours, it is ignored as before.
    expect(await verify(far, { ...bearer(secret), 'x-api-key': other.secret })).toBe(204);
  });

  test('once a revocation has answered, no replica accepts the key', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret, name: 'to revoke' }]);
    expect(await near.accepts(secret)).toBe(true);
    expect(await far.accepts(secret)).toBe(true);
    const [{ id }] = await near.sql('select id from api_keys where secret_hash = ?', [sha256Base64url(secret)]);
    await near.as(member).revokeApiKey({ apiKeyId: id }).expectSuccess();
    for (const app of [near, far]) expect(await app.accepts(secret)).toBe(false);
    const problem = 'hash: A key with this secret exists already.';
    expect((await importKeys(near, [{ owner: member.email, secret }])).problems).toEqual([[1, problem]]);
  });

  test('a rotation gives the key a secret of Rekey; the imported one is valid during the overlap', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret, scopes: APIKEYS }]);
    const [{ id }] = await near.sql('select id from api_keys where secret_hash = ?', [sha256Base64url(secret)]);
    expect(await far.accepts(secret)).toBe(true);
    const rotated = await near
      .as({ bearer: secret })
      .rotateApiKey({ apiKeyId: id, overlapSeconds: 600 })
      .expectSuccess();
    expect(rotated.secret).toMatch(/^rka_/);
    for (const app of [near, far])
      for (const each of [secret, rotated.secret]) expect(await app.accepts(each)).toBe(true);
    await near.as(member).endApiKeyOverlap({ apiKeyId: id }).expectSuccess();
    for (const app of [near, far]) {
      expect(await app.accepts(secret)).toBe(false);
      expect(await app.accepts(rotated.secret)).toBe(true);
    }
  });

  test('introspection knows an imported key', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret, permissions: [] }]);
    expect(await far.app.authenticator.introspect(secret)).toMatchObject({ kind: 'apiKey', userId: member.id });
    expect(await far.app.authenticator.introspect(foreign())).toBeNull();
  });

  test('a replica that forgets its position in the log does not forget that there are imported keys', async () => {
    const secret = foreign();
    await importKeys(near, [{ owner: member.email, secret }]);
    await near.sql('update auth_replica set suspect = true');
    await far.app.replica.sync();
    expect(await far.accepts(secret)).toBe(true);
  });
});

describe.each(backends())('what an import checks on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    member = await app.member();
    workspaceId = await app.workspace(member);
    await app.sql(`update users set permissions = '{invoices.read}' where id = ?`, [member.id]);
  });
  afterAll(() => app?.close());

  const keys = async () => (await app.sql('select count(*)::int as count from api_keys'))[0].count;

  test.each<[problem: string, key: () => object]>([
    ['owner: There is no user with this email address.', () => ({ owner: 'nobody@example.com' })],
    ['owner: Set an owner or a workspace.', () => ({ owner: null })],
    ['workspace: There is no such workspace.', () => ({ owner: null, workspaceId: 'wsp_unknown' })],
    ['workspace: The owner is no member of it.', () => ({ owner: admin.email, workspaceId })],
    ['permissions: The owner does not hold all of them.', () => ({ permissions: ['invoices.read', 'invoices.write'] })],
    ['scopes: The owner cannot hold all of them.', () => ({ scopes: ['ADMIN'] })],
    ['scopes: Must be among', () => ({ scopes: ['EVERYTHING'] })],
    ['secret: Must have 16 to 1024 visible ASCII characters.', () => ({ secret: 'sk-too-short-15' })],
    ['secret: Begins like a secret of Rekey', () => ({ secret: `${makeSecret('rka')}x` })],
    ['secret: Begins like a secret of Rekey', () => ({ secret: makeSecret('rkr') })],
    ['hash: Must be SHA-256', () => ({ secret: null, hash: 'abc' })],
    ['hash: Set either `hash` or `secret`.', () => ({ secret: null })],
    ['expiresAt: Must be in the future.', () => ({ expiresAt: new Date(0) })],
    ['name: Must have 1 to 100 characters.', () => ({ name: ' ' })],
    ['allowedAddresses: Each must be', () => ({ allowedAddresses: ['everywhere'] })],
    [
      'metadata: Must have at most',
      () => ({ metadata: Array.from({ length: 21 }, (_, i) => ({ key: `${i}`, value: '' })) }),
    ],
    ['rateLimit.requests: Must be', () => ({ rateLimit: { requests: 0, windowSeconds: 1 } })],
  ])('one bad line rejects the file: %s', async (problem, key) => {
    const before = await keys();
    const secret = foreign();
    const { problems, rejected } = await importKeys(app, [
      { owner: member.email, secret: foreign() },
      { owner: member.email, secret, ...key() },
    ]);
    expect(problems).toEqual([[2, expect.stringContaining(problem)]]);
    expect(problems.join()).not.toContain(secret);
    expect(rejected).toBe(1);
    expect(await keys()).toBe(before);
  });

  test('the same secret twice in a file rejects the later line, also as a hash', async () => {
    const secret = foreign();
    const lines = Array.from({ length: 1100 }, () => ({ owner: member.email, secret: foreign() }));
    const { problems } = await importKeys(app, [
      { owner: member.email, secret },
      ...lines,
      { owner: member.email, hash: sha256Base64url(secret) },
    ]);
    expect(problems).toEqual([[1102, 'hash: An earlier line has the same secret.']]);
  });

  test('a dry run checks everything and changes nothing', async () => {
    const before = await keys();
    const lines = [{ owner: member.email, secret: foreign() }];
    expect(await importKeys(app, lines, { dryRun: true })).toMatchObject({ imported: 1, rejected: 0 });
    expect(await keys()).toBe(before);
    expect(await importKeys(app, lines)).toMatchObject({ imported: 1, rejected: 0 });
    expect(await keys()).toBe(before + 1);
  });

  test('all settings arrive, for keys of users and of workspaces, and policies hold', async () => {
    const [own, bound, shared] = [foreign(), foreign(), foreign()];
    const settings = {
      ...{ description: 'moved', permissions: ['invoices.read'], scopes: ['API_KEYS_READ'] },
      ...{ metadata: [{ key: 'plan', value: 'pro' }], allowedAddresses: ['127.0.0.1', '192.0.2.7/24'] },
      ...{ rateLimit: { requests: 60, windowSeconds: 60 }, expiresAt: new Date('2099-01-31T12:00:00Z') },
    };
    const { problems } = await importKeys(app, [
      { owner: member.email.toUpperCase(), secret: own, hint: 'acme_…', ...settings },
      { owner: member.email, workspaceId, secret: bound },
      { workspaceId, secret: shared, permissions: ['anything'] },
    ]);
    expect(problems).toEqual([]);
    for (const secret of [own, bound, shared]) expect(await app.accepts(secret)).toBe(true);
    const [row] = await app.sql('select * from api_keys where secret_hash = ?', [sha256Base64url(own)]);
    expect(row).toMatchObject({
      ...{ user_id: member.id, workspace_id: null, hint: 'acme_…', description: 'moved', version: 1 },
      ...{
        permissions: ['invoices.read'],
        scopes: ['API_KEYS_READ'],
        allowed_addresses: ['127.0.0.1', '192.0.2.0/24'],
      },
      ...{ rate_limit_requests: 60, rate_limit_seconds: 60, created_by: null, created_from_ip: null },
    });
    const sealed = { id: row.id, workspaceId: row.workspace_id, metadataSealed: row.metadata_sealed };
    expect(await app.app.services.apiKeyMetadata.open(sealed, app.app.database.reads)).toEqual(settings.metadata);
    await app.as(member).setCredentialPolicy({ workspaceId, maximumLifetimeSeconds: 3600 }).expectSuccess();
    const late = { workspaceId, secret: foreign(), expiresAt: new Date('2099-01-31T12:00:00Z') };
    expect((await importKeys(app, [late])).problems).toEqual([[1, expect.stringContaining('expiresAt')]]);
  });
});
