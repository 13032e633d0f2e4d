import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { UpdateApiKeyInput } from '../../../src/client/index.ts';
import { workspaceKey } from '../../support/api-keys.ts';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf } from '../../support/sessions.ts';
import { inSeconds } from '../../support/values.ts';
import { join, tagsOf } from '../../support/workspaces.ts';

const UNKNOWN = 'key_00000000000000000000000000';

describe.each(backends())('updateApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const update = (caller: Caller, apiKeyId: string, input: Omit<UpdateApiKeyInput, 'apiKeyId'>) =>
    app.as(caller).updateApiKey({ apiKeyId, ...input });

  /** The scopes and permissions that a request with this secret has. */
  async function heldBy(secret: string) {
    const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } });
    return [headers.get('x-rekey-scopes'), headers.get('x-rekey-permissions'), headers.get('x-rekey-expires')];
  }

  describe('UpdateApiKeySuccess', () => {
    test('changes what is given and leaves the rest', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(3600);
      const key = await app.apiKey(member, { expiresAt, description: 'before', metadata: [{ key: 'a', value: '1' }] });
      const { apiKey: before } = { apiKey: (await app.as(member).apiKey({ id: key.id }))! };
      const { apiKey, receipt } = await update(member, key.id, { name: ' renamed ' }).expectSuccess();
      expect(receipt).toBeNull();
      const { user: _user, workspace: _workspace, createdBy: _createdBy, ...fields } = before;
      expect(apiKey).toEqual({ ...fields, name: 'renamed' });
      const metadata = [
        { key: 'team', value: 'payments' },
        { key: 'a', value: '' },
      ];
      const second = await update(member, key.id, {
        description: 'after',
        metadata,
        rateLimit: { requests: 60, windowSeconds: 3600 },
      }).expectSuccess();
      expect(second.apiKey).toMatchObject({ description: 'after', metadata, name: 'renamed', expiresAt });
      expect(second.apiKey.rateLimit).toEqual({ requests: 60, windowSeconds: 3600 });
      // A rate limit where there was none takes something away.
      expect(second.receipt).toMatchObject({ propagation: 'ACKNOWLEDGED' });
    });

    test('null removes the description, the expiry and the rate limit', async () => {
      const member = await app.member();
      const rateLimit = { requests: 1, windowSeconds: 1 };
      const key = await app.apiKey(member, { expiresAt: inSeconds(3600), description: 'x', rateLimit });
      const removed = { description: null, expiresAt: null, rateLimit: null };
      const { apiKey, receipt } = await update(member, key.id, removed).expectSuccess();
      expect(apiKey).toMatchObject(removed);
      expect(receipt).toBeNull();
      expect((await heldBy(key.secret))[2]).toBe('-');
    });

    test('an update that changes nothing succeeds, without an event, a row in the log or a receipt', async () => {
      const member = await app.member();
      const metadata = [{ key: 'a', value: '1' }];
      const key = await app.apiKey(member, { metadata, allowedAddresses: ['127.0.0.0/8'] });
      const events = await eventsOf(app, key.id);
      const same = { name: 'a key of the tests', metadata, allowedAddresses: ['127.0.0.0/8'], permissions: [] };
      const scopes = ['API_KEYS_READ', 'API_KEYS_WRITE'] as const;
      const tags = await tagsOf(app, async () => {
        for (const input of [{}, { ...same, scopes: [...scopes] }, { description: null, expiresAt: null }]) {
          expect((await update(member, key.id, input).expectSuccess()).receipt).toBeNull();
        }
      });
      expect(tags).toEqual([]);
      expect(await eventsOf(app, key.id)).toEqual(events);
    });

    test('B05: fewer scopes and permissions hold before the response, with a receipt', async () => {
      const admin = await app.admin();
      const key = await app.apiKey(admin, { permissions: ['a:read', 'a:write'] });
      expect(await heldBy(key.secret)).toEqual(['API_KEYS_READ,API_KEYS_WRITE', 'a:read,a:write', '-']);
      const scopes = await update(admin, key.id, { scopes: ['API_KEYS_READ'] }).expectSuccess();
      expect(scopes.receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(await heldBy(key.secret)).toEqual(['API_KEYS_READ', 'a:read,a:write', '-']);
      const permissions = await update(admin, key.id, { permissions: ['a:read'] }).expectSuccess();
      expect(permissions.receipt).not.toBeNull();
      expect(await heldBy(key.secret)).toEqual(['API_KEYS_READ', 'a:read', '-']);
      // One taken away and another one added is narrower, too.
      const other = await update(admin, key.id, { permissions: ['b:read'] }).expectSuccess();
      expect(other.receipt).not.toBeNull();
    });

    test('an earlier expiry holds before the response, with a receipt, and a later one is no revocation', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect((await heldBy(key.secret))[2]).toBe('-');
      const expiresAt = inSeconds(600);
      expect((await update(member, key.id, { expiresAt }).expectSuccess()).receipt).not.toBeNull();
      expect((await heldBy(key.secret))[2]).toBe(expiresAt);
      const later = inSeconds(1200);
      expect((await update(member, key.id, { expiresAt: later }).expectSuccess()).receipt).toBeNull();
      await expect.poll(async () => (await heldBy(key.secret))[2]).toBe(later);
    });

    test('B05: fewer addresses hold before the response, and more are no revocation', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect(await app.accepts(key.secret)).toBe(true);
      const elsewhere = await update(member, key.id, { allowedAddresses: ['203.0.113.0/24'] }).expectSuccess();
      expect(elsewhere.receipt).not.toBeNull();
      expect(await app.accepts(key.secret)).toBe(false);
      const wider = await update(member, key.id, {
        allowedAddresses: ['203.0.0.0/16', '::ffff:127.0.0.1'],
      }).expectSuccess();
      expect(wider.receipt).toBeNull();
      expect(wider.apiKey.allowedAddresses).toEqual(['203.0.0.0/16', '127.0.0.1']);
      await expect.poll(() => app.accepts(key.secret)).toBe(true);
      const all = await update(member, key.id, { allowedAddresses: [] }).expectSuccess();
      expect(all.receipt).toBeNull();
      expect(all.apiKey.allowedAddresses).toEqual([]);
    });

    test('a retry of a change that narrowed waits for the replicas again, and has no receipt', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect((await update(member, key.id, { scopes: [] }).expectSuccess()).receipt).not.toBeNull();
      const waits = vi.spyOn(app.app.barrier, 'waitUntilPropagated');
      onTestFinished(() => waits.mockRestore());
      expect((await update(member, key.id, { scopes: [] }).expectSuccess()).receipt).toBeNull();
      expect(waits.mock.calls.map(([tag]) => tag)).toEqual([`key:${key.id}`]);
    });

    test('a narrower key is an event for followers, and a wider one or a new label is none', async () => {
      const admin = await app.admin();
      const key = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
      const subjects = async (input: Omit<UpdateApiKeyInput, 'apiKeyId'>) => {
        const [{ seq }] = await app.sql('select seq::float8 as seq from auth_epoch');
        await update(admin, key.id, input).expectSuccess();
        const rows = await app.sql(
          `select subject, effect, reason from auth_inval where seq > ? and tag <> 'probe' order by seq`,
          [seq],
        );
        return rows.map(({ subject, effect, reason }) => [subject, effect, reason]);
      };
      expect(await subjects({ name: 'x', description: 'y' })).toEqual([]);
      expect(await subjects({ scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'] })).toEqual([[null, null, null]]);
      expect(await subjects({ scopes: ['API_KEYS_WRITE'] })).toEqual([['API_KEY', 'NARROWED', 'UNSPECIFIED']]);
      expect(await subjects({ allowedAddresses: ['10.0.0.0/8'] })).toEqual([['API_KEY', 'NARROWED', 'UNSPECIFIED']]);
      expect(await subjects({ allowedAddresses: ['10.0.0.0/7'] })).toEqual([[null, null, null]]);
      const rates: [rateLimit: { requests: number; windowSeconds: number } | null, isNarrower: boolean][] = [
        [{ requests: 10, windowSeconds: 60 }, true],
        [{ requests: 9, windowSeconds: 60 }, true],
        [{ requests: 9, windowSeconds: 61 }, true],
        [{ requests: 18, windowSeconds: 120 }, true],
        [{ requests: 19, windowSeconds: 119 }, false],
        [null, false],
      ];
      for (const [rateLimit, isNarrower] of rates) {
        const event = isNarrower ? ['API_KEY', 'NARROWED', 'UNSPECIFIED'] : [null, null, null];
        expect([rateLimit, await subjects({ rateLimit })]).toEqual([rateLimit, [event]]);
      }
      expect(await subjects({ metadata: [{ key: 'a', value: 'b' }] })).toEqual([[null, null, null]]);
      expect(await subjects({ metadata: [{ key: 'a', value: 'c' }] })).toEqual([]);
    });

    test('an audit event names what was changed and what the key may do now, and no value that users type', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const secretName = 'Persephone of 203.0.113.77';
      await update(member, key.id, {
        name: secretName,
        metadata: [{ key: 'k', value: secretName }],
        scopes: ['API_KEYS_READ'],
        allowedAddresses: ['127.0.0.1'],
      }).expectSuccess();
      const [event] = await app.sql(`select * from audit_events where subject_id = ? and type = 'api-key.updated'`, [
        key.id,
      ]);
      expect(event).toMatchObject({ actor_user_id: member.id, outcome: 'SUCCEEDED', reason: null });
      expect(event.data).toEqual({
        changed: ['name', 'metadata', 'scopes', 'allowedAddresses'],
        isNarrowed: true,
        scopes: ['API_KEYS_READ'],
        permissions: [],
        expiresAt: null,
      });
    });

    test('an administrator changes the key of a member, and an owner the key of a workspace', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect((await update(await app.admin(), key.id, { name: 'by admin' }).expectSuccess()).apiKey.name).toBe(
        'by admin',
      );
      const workspaceId = await app.workspace(member);
      const ofWorkspace = await workspaceKey(app, member, workspaceId, { scopes: ['API_KEYS_WRITE'] });
      await update(member, ofWorkspace.id, { name: 'by owner' }).expectSuccess();
      // It changes itself.
      await update(ofWorkspace, ofWorkspace.id, { name: 'by itself', scopes: [] }).expectSuccess();
    });

    test('of two changes at once, both hold', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      await Promise.all([
        update(member, key.id, { name: 'one' }).expectSuccess(),
        update(member, key.id, { description: 'two' }).expectSuccess(),
        update(member, key.id, { scopes: [] }).expectSuccess(),
      ]);
      expect(await app.as(member).apiKey({ id: key.id })).toMatchObject({
        name: 'one',
        description: 'two',
        scopes: [],
      });
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('for the key of another user, and of a workspace that the caller does not own, in the words for an unknown one', async () => {
      const owner = await app.member();
      const workspaceId = await app.workspace(owner);
      const plain = await join(app, { workspaceId });
      const [foreign, ofWorkspace] = [await app.apiKey(owner), await workspaceKey(app, owner, workspaceId)];
      const unknown = await update(plain, UNKNOWN, { name: 'x' }).expect('ApiKeyNotFoundError');
      for (const { id } of [foreign, ofWorkspace])
        expect(await update(plain, id, { name: 'x' }).expect('ApiKeyNotFoundError')).toEqual(unknown);
    });
  });

  describe('ApiKeyRevokedError', () => {
    test('a revoked key is not changed', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { apiKey } = await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      for (const input of [{ name: 'x' }, {}, { expiresAt: null }]) {
        const refused = await update(member, key.id, input).expect('ApiKeyRevokedError');
        expect(refused.revokedAt).toBe(apiKey.revokedAt);
      }
    });
  });

  describe('ScopeNotHeldError', () => {
    test('F1.5: no caller adds a scope that it does not hold', async () => {
      const member = await app.member();
      const target = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
      const caller = await app.apiKey(member, { scopes: ['API_KEYS_WRITE'] });
      const scopes = ['SESSIONS_READ', 'SESSIONS_WRITE', 'API_KEYS_WRITE'] as const;
      const refused = await update(caller, target.id, { scopes: [...scopes] }).expect('ScopeNotHeldError');
      expect(refused.scopes).toEqual(['SESSIONS_WRITE']);
      // What the key holds already may stay.
      await update(caller, target.id, { scopes: ['SESSIONS_READ', 'API_KEYS_WRITE'] }).expectSuccess();
      await update(member, target.id, { scopes: [...scopes] }).expectSuccess();
      expect((await update(member, target.id, { scopes: ['ADMIN'] }).expect('ScopeNotHeldError')).scopes).toEqual([
        'ADMIN',
      ]);
    });

    test('F1.5: a key does not add a scope to itself', async () => {
      const member = await app.member();
      const key = await app.apiKey(member, { scopes: ['API_KEYS_WRITE'] });
      await update(key, key.id, { scopes: ['API_KEYS_WRITE', 'API_KEYS_READ'] }).expect('ScopeNotHeldError');
    });
  });

  describe('InvalidInputError', () => {
    const paths = async (caller: Caller, apiKeyId: string, input: object) =>
      (await update(caller, apiKeyId, input).expect('InvalidInputError')).fields.map(({ path }) => path);

    test('null is rejected for every field that it cannot remove, all at once', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const nulls = { name: null, metadata: null, scopes: null, permissions: null, allowedAddresses: null };
      expect(await paths(member, key.id, nulls)).toEqual(Object.keys(nulls).map((name) => `input.${name}`));
    });

    test.each([
      ['an empty name', { name: ' ' }, ['input.name']],
      ['an empty description', { description: '' }, ['input.description']],
      ['a description of 501 characters', { description: 'x'.repeat(501) }, ['input.description']],
      [
        '21 entries',
        { metadata: Array.from({ length: 21 }, (_, i) => ({ key: `${i}`, value: '' })) },
        ['input.metadata'],
      ],
      ['an entry without a key', { metadata: [{ key: '', value: '' }] }, ['input.metadata.0.key']],
      ['an entry twice', { metadata: [1, 2].map((n) => ({ key: 'a', value: `${n}` })) }, ['input.metadata']],
      ['a long key', { metadata: [{ key: 'x'.repeat(65), value: '' }] }, ['input.metadata.0.key']],
      ['a long value', { metadata: [{ key: 'x', value: 'x'.repeat(501) }] }, ['input.metadata.0.value']],
      ['a host name', { allowedAddresses: ['example.com'] }, ['input.allowedAddresses']],
      ['a network of 33 bits', { allowedAddresses: ['10.0.0.0/33'] }, ['input.allowedAddresses']],
      [
        '51 addresses',
        { allowedAddresses: Array.from({ length: 51 }, (_, i) => `10.0.0.${i}`) },
        ['input.allowedAddresses'],
      ],
      ['no requests', { rateLimit: { requests: 0, windowSeconds: 1 } }, ['input.rateLimit.requests']],
      [
        'a window of a day and a second',
        { rateLimit: { requests: 1, windowSeconds: 86_401 } },
        ['input.rateLimit.windowSeconds'],
      ],
      ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, ['input.expiresAt']],
      ['a permission with a comma', { permissions: ['a,b'] }, ['input.permissions']],
    ])('%s is rejected', async (_what, input, expected) => {
      const admin = await app.admin();
      const key = await app.apiKey(admin);
      expect(await paths(admin, key.id, input)).toEqual(expected);
    });

    test('a permission that the caller does not hold is rejected, unless the key holds it already', async () => {
      const [admin, member] = [await app.admin(), await app.member()];
      const key = await app.apiKey(member);
      await app
        .as(admin)
        .updateUser({ userId: member.id, permissions: ['a:read', 'c:read'] })
        .expectSuccess();
      await update(admin, key.id, { permissions: ['a:read'] }).expectSuccess();
      expect(await paths(member, key.id, { permissions: ['a:read', 'b:read'] })).toEqual(['input.permissions']);
      await update(member, key.id, { permissions: ['a:read'] }).expectSuccess();
      const { fields } = await update(member, key.id, { permissions: ['b:read'] }).expect('InvalidInputError');
      expect(fields[0]!.message).toContain('b:read');
    });

    test('a scope or a permission that the user of the key cannot hold is rejected, also if the caller can grant it', async () => {
      const key = await app.apiKey(await app.member());
      expect(await paths(await app.admin(), key.id, { permissions: ['a:read'] })).toEqual(['input.permissions']);
      expect(await paths(await app.admin(), key.id, { scopes: ['ADMIN'] })).toEqual(['input.scopes']);
    });

    test('scopes beyond a workspace are rejected for a key that is bound to one, and more for one that belongs to it', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const bound = await app.apiKey(member, { workspaceId });
      const owned = await workspaceKey(app, member, workspaceId);
      expect(await paths(member, bound.id, { scopes: ['SESSIONS_WRITE'] })).toEqual(['input.scopes']);
      await update(member, bound.id, { scopes: ['SESSIONS_READ'] }).expectSuccess();
      expect(await paths(member, owned.id, { scopes: ['SESSIONS_READ'] })).toEqual(['input.scopes']);
    });

    test('F1.5: a key widens neither its permissions nor its addresses, its expiry or its rate limit, even as an administrator', async () => {
      const admin = await app.admin();
      const key = await app.apiKey(admin, {
        scopes: ['ADMIN', 'API_KEYS_WRITE'],
        permissions: ['a:read'],
        expiresAt: inSeconds(3600),
        allowedAddresses: ['127.0.0.0/8', '203.0.113.0/24'],
        rateLimit: { requests: 10, windowSeconds: 60 },
      });
      const wider = {
        permissions: ['a:read', 'b:read'],
        allowedAddresses: ['127.0.0.0/7'],
        expiresAt: inSeconds(7200),
        rateLimit: { requests: 11, windowSeconds: 60 },
      };
      const names = Object.keys(wider).map((name) => `input.${name}`);
      expect(new Set(await paths(key, key.id, wider))).toEqual(new Set(names));
      for (const input of [{ allowedAddresses: [] }, { expiresAt: null }, { rateLimit: null }])
        expect(await paths(key, key.id, input)).toEqual([`input.${Object.keys(input)[0]}`]);
      // It may restrict itself.
      const narrower = {
        permissions: [],
        allowedAddresses: ['127.0.0.1'],
        expiresAt: inSeconds(600),
        rateLimit: { requests: 5, windowSeconds: 120 },
      };
      expect((await update(key, key.id, narrower).expectSuccess()).apiKey).toMatchObject(narrower);
    });

    test('F1.5: a key gives another one neither more addresses nor a later expiry than it has', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(600);
      const target = await app.apiKey(member, { expiresAt: inSeconds(60), allowedAddresses: ['203.0.113.9'] });
      const caller = await app.apiKey(member, { expiresAt, allowedAddresses: ['127.0.0.0/8'] });
      expect(await paths(caller, target.id, { expiresAt: inSeconds(700) })).toEqual(['input.expiresAt']);
      expect(await paths(caller, target.id, { allowedAddresses: [] })).toEqual(['input.allowedAddresses']);
      expect(await paths(caller, target.id, { allowedAddresses: ['198.51.100.1'] })).toEqual([
        'input.allowedAddresses',
      ]);
      const both = await update(caller, target.id, { allowedAddresses: ['203.0.113.9', '127.0.0.1'], expiresAt: null });
      expect(both).toMatchObject({ apiKey: { allowedAddresses: ['203.0.113.9', '127.0.0.1'], expiresAt } });
    });

    test('an expired key is not changed, and not extended', async () => {
      const member = await app.member();
      const key = await app.apiKey(member, { expiresAt: inSeconds(3600) });
      await app.sql('update api_keys set expires_at = clock_timestamp() where id = ?', [key.id]);
      expect(await paths(member, key.id, { expiresAt: null })).toEqual(['input.apiKeyId']);
      expect(await app.accepts(key.secret)).toBe(false);
    });
  });

  describe('authorization', () => {
    test('needs the scope API_KEYS_WRITE', async () => {
      const member = await app.member();
      const key = await app.apiKey(member, { scopes: ['API_KEYS_READ'] });
      await update(key, key.id, { name: 'x' }).expectError('FORBIDDEN');
      await update({}, key.id, { name: 'x' }).expectError('UNAUTHENTICATED');
    });
  });
});
