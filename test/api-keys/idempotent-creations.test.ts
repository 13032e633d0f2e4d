// The same call of createApiKey, twice: after a lost response, at the same time, and after the master key has changed.
import { randomBytes } from 'node:crypto';
import { EntityManager } from '@mikro-orm/sql';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { purgeCreations } from '../../src/api-keys/idempotent-creations.ts';
import type { CreateApiKeyInput } from '../../src/client/index.ts';
import { type Account, backends, MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import type { Caller } from '../support/calls.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { eventsOf } from '../support/sessions.ts';
import { inSeconds, times } from '../support/values.ts';

let keys = 0;
/** An idempotency key that no other test uses. */
const newKey = () => `order-${++keys}`;
const createAt = (app: TestApp, caller: Caller, input: Partial<CreateApiKeyInput>) =>
  app.as(caller).createApiKey({ name: 'deploy bot', ...input });

describe.each(backends())('createApiKey with an idempotency key, on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_API_KEYS_PER_USER: '10000' } });
    member = await app.member();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  const create = (caller: Caller, input: Partial<CreateApiKeyInput>) => createAt(app, caller, input);
  const idsOf = async () => (await app.as(member).apiKeys({ first: 100 })).nodes.map(({ id }) => id);

  test('the same call returns the same key and the same secret, and creates nothing more', async () => {
    const input = {
      idempotencyKey: newKey(),
      scopes: ['API_KEYS_READ' as const],
      expiresAt: inSeconds(600),
      metadata: [{ key: 'a', value: 'b' }],
      allowedAddresses: ['127.0.0.0/8'],
      rateLimit: { requests: 1, windowSeconds: 1 },
    };
    const first = await create(member, input).expectSuccess();
    const second = await create(member, input).expectSuccess();
    expect(second).toEqual(first);
    expect(await app.accepts(first.secret)).toBe(true);
    expect(first.secret).toMatch(/^rka_[0-9A-Za-z]{36}$/);
    expect(await eventsOf(app, first.apiKey.id)).toEqual(['api-key.created']);
    expect((await idsOf()).filter((id) => id === first.apiKey.id)).toHaveLength(1);
  });

  test('a response that was lost is repeated', async () => {
    const idempotencyKey = newKey();
    const { commit } = EntityManager.prototype;
    vi.spyOn(EntityManager.prototype, 'commit').mockImplementationOnce(async function (this: EntityManager) {
      await commit.call(this);
      throw new Error('Connection terminated unexpectedly');
    });
    await create(member, { idempotencyKey }).answer();
    const before = await idsOf();
    const { apiKey, secret } = await create(member, { idempotencyKey }).expectSuccess();
    expect(await idsOf()).toEqual(before);
    expect(before).toContain(apiKey.id);
    expect(await app.accepts(secret)).toBe(true);
  });

  test('of many calls at once, one creates the key, and all return it', async () => {
    const idempotencyKey = newKey();
    const before = await idsOf();
    const answers = await Promise.all(times(8, () => create(member, { idempotencyKey }).expectSuccess()));
    expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    expect(await idsOf()).toHaveLength(before.length + 1);
  });

  test('a key that was revoked meanwhile is returned as it is, with its secret', async () => {
    const idempotencyKey = newKey();
    const { apiKey, secret } = await create(member, { idempotencyKey }).expectSuccess();
    await app.as(member).revokeApiKey({ apiKeyId: apiKey.id, reason: 'COMPROMISED' }).expectSuccess();
    const again = await create(member, { idempotencyKey }).expectSuccess();
    expect(again).toMatchObject({
      secret,
      apiKey: { id: apiKey.id, status: 'REVOKED', revocationReason: 'COMPROMISED' },
    });
    expect(await app.accepts(secret)).toBe(false);
  });

  test('a call that failed does not use the key up', async () => {
    const idempotencyKey = newKey();
    await create(member, { idempotencyKey, name: '' }).expect('InvalidInputError');
    await create(member, { idempotencyKey, scopes: ['ADMIN'] }).expect('ScopeNotHeldError');
    await create(member, { idempotencyKey, workspaceId: 'wsp_00000000000000000000000000' }).expect(
      'WorkspaceNotFoundError',
    );
    await create(member, { idempotencyKey, name: 'the right one' }).expectSuccess();
  });

  test('the same call succeeds after its input would be rejected now', async () => {
    const workspaceId = await app.workspace(member);
    const input = { idempotencyKey: newKey(), workspaceId, expiresAt: inSeconds(1) };
    const first = await create(member, input).expectSuccess();
    await app.as(member).setCredentialPolicy({ workspaceId, maximumLifetimeSeconds: 1 }).expectSuccess();
    await expect.poll(() => app.accepts(first.secret)).toBe(false);
    const second = await create(member, input).expectSuccess();
    expect(second).toMatchObject({ secret: first.secret, apiKey: { status: 'EXPIRED' } });
  });

  test.each([
    ['another name', { name: 'x' }],
    ['another scope', { scopes: ['API_KEYS_READ' as const] }],
    ['another expiry', { expiresAt: inSeconds(60) }],
    ['metadata', { metadata: [{ key: 'a', value: 'b' }] }],
    ['an address', { allowedAddresses: ['127.0.0.1'] }],
    ['a rate limit', { rateLimit: { requests: 1, windowSeconds: 1 } }],
    ['a description', { description: 'x' }],
  ])('IdempotencyKeyReusedError: %s', async (_what, other) => {
    const idempotencyKey = newKey();
    await create(member, { idempotencyKey }).expectSuccess();
    const refused = await create(member, { idempotencyKey, ...other }).expect('IdempotencyKeyReusedError');
    expect(refused.message).toContain('Use another idempotency key.');
  });

  test('IdempotencyKeyReusedError: the secret was rotated away meanwhile, also while its overlap lasts', async () => {
    const idempotencyKey = newKey();
    const { apiKey } = await create(member, { idempotencyKey }).expectSuccess();
    await app.as(member).rotateApiKey({ apiKeyId: apiKey.id, overlapSeconds: 60 }).expectSuccess();
    await create(member, { idempotencyKey }).expect('IdempotencyKeyReusedError');
  });

  test('another credential, also of the same user, may use the same key', async () => {
    const idempotencyKey = newKey();
    const { apiKey } = await create(member, { idempotencyKey }).expectSuccess();
    const other = await app.apiKey(member);
    expect((await create(other, { idempotencyKey }).expectSuccess()).apiKey.id).not.toBe(apiKey.id);
    expect((await create(await app.member(), { idempotencyKey }).expectSuccess()).apiKey.id).not.toBe(apiKey.id);
  });

  test('after 24 hours the key may be used again, and housekeeping deletes what was remembered', async () => {
    const idempotencyKey = newKey();
    const { apiKey } = await create(member, { idempotencyKey }).expectSuccess();
    const age = (interval: string) =>
      app.sql(`update api_key_creations set created_at = created_at - interval '${interval}' where api_key_id = ?`, [
        apiKey.id,
      ]);
    await age('23 hours 59 minutes');
    expect((await create(member, { idempotencyKey }).expectSuccess()).apiKey.id).toBe(apiKey.id);
    await age('1 minute');
    const next = await create(member, { idempotencyKey, name: 'another one' }).expectSuccess();
    expect(next.apiKey.id).not.toBe(apiKey.id);
    await app.sql(`update api_key_creations set created_at = now() - interval '25 hours' where api_key_id = ?`, [
      next.apiKey.id,
    ]);
    await purgeCreations(app.app.database.reads);
    const left = await app.sql('select 1 from api_key_creations where api_key_id in (?, ?)', [
      apiKey.id,
      next.apiKey.id,
    ]);
    expect(left).toEqual([]);
  });

  test('one round of housekeeping deletes everything that is older than 24 hours, also more than a batch', async () => {
    const { apiKey } = await create(member, { idempotencyKey: newKey() }).expectSuccess();
    await app.sql(
      `insert into api_key_creations (credential_id, key_digest, api_key_id, master_key, salt, input_digest, created_at)
        select 'ses_old', n::text, ?, '', '', '', now() - interval '25 hours' from generate_series(1, 4500) as n`,
      [apiKey.id],
    );
    await purgeCreations(app.app.database.reads);
    const left = await app.sql('select credential_id from api_key_creations where api_key_id = ?', [apiKey.id]);
    expect(left.map(({ credential_id }) => credential_id)).toEqual([member.sessionId]);
  });

  test.each(['', 'with a space', 'tab\t', 'ü', 'x'.repeat(256)])('InvalidInputError: %j', async (idempotencyKey) => {
    const { fields } = await create(member, { idempotencyKey }).expect('InvalidInputError');
    expect(fields.map(({ path }) => path)).toEqual(['input.idempotencyKey']);
  });

  test('255 visible ASCII characters are allowed, and none of them is stored', async () => {
    const idempotencyKey = '~!"#'.padEnd(255, 'x');
    const input = { idempotencyKey, metadata: [{ key: 'passport', value: 'Persephone' }] };
    const { secret } = await create(member, input).expectSuccess();
    const [{ rows }] = await app.sql(`select string_agg(t::text, ' ') as rows from api_key_creations t`);
    for (const text of ['~!"#', 'Persephone', 'passport', secret.slice(4, 34)]) expect(rows).not.toContain(text);
  });
});

describe.skipIf(inject('postgresUrl') === null || inject('redisUrl') === null)('with several replicas', () => {
  async function replicaOf(databaseUrl: string, env: Record<string, string> = {}): Promise<TestApp> {
    const replica = await startTestApp({ databaseUrl, redisUrl: inject('redisUrl'), env });
    onTestFinished(() => replica.close());
    return replica;
  }

  test('F3.29: of two calls at once on two replicas, one creates the key, and both return it', async () => {
    const databaseUrl = await migratedDatabase();
    const replicas = [await replicaOf(databaseUrl), await replicaOf(databaseUrl)];
    const member = await replicas[0]!.member();
    for (let round = 0; round < 10; round++) {
      const idempotencyKey = newKey();
      const answers = await Promise.all(
        [0, 1, 0, 1].map((index) => createAt(replicas[index]!, member, { idempotencyKey }).expectSuccess()),
      );
      expect(new Set(answers.map(({ secret }) => secret)).size).toBe(1);
    }
    expect((await replicas[0]!.as(member).apiKeys({ first: 100 })).nodes).toHaveLength(10);
  });

  test('after a change of the master key the secret is the same, as long as the earlier one is retired', async () => {
    const databaseUrl = await migratedDatabase();
    const before = await replicaOf(databaseUrl);
    const member = await before.member();
    const idempotencyKey = newKey();
    const first = await createAt(before, member, { idempotencyKey }).expectSuccess();
    const changed = {
      REKEY_MASTER_KEY: randomBytes(32).toString('base64'),
      REKEY_RETIRED_MASTER_KEYS: MASTER_KEY,
    };
    const after = await replicaOf(databaseUrl, changed);
    expect(await createAt(after, member, { idempotencyKey }).expectSuccess()).toEqual(first);
    expect(await after.accepts(first.secret)).toBe(true);
    // A key that is derived from the new master key is the same on replicas that still know it as retired.
    const second = await createAt(after, member, { idempotencyKey: newKey() }).expectSuccess();
    expect(await before.accepts(second.secret)).toBe(true);
  });
});
