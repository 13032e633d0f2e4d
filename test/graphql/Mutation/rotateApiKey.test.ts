import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { as, login } from '../../support/sessions.ts';
import { inSeconds, times } from '../../support/values.ts';

const UNKNOWN = 'key_00000000000000000000000000';
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

describe.each(backends())('rotateApiKey on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const rotate = (caller: Caller, apiKeyId: string, overlapSeconds = 0) =>
    app.as(caller).rotateApiKey({ apiKeyId, overlapSeconds });

  /** The row of a key, and the number of its rotations in the audit log. */
  async function stateOf(id: string): Promise<{ secret_hash: string; version: number; rotations: number }> {
    const [row] = await app.sql(
      `select k.*, (select count(*)::int from audit_events where subject_id = k.id and type = 'api-key.rotated') as rotations
        from api_keys k where id = ?`,
      [id],
    );
    return row;
  }

  describe('RotateApiKeySuccess', () => {
    test('the old secret stops working before the response arrives, and the new one works', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect(await app.accepts(key.secret)).toBe(true);
      const { secret, apiKey, receipt, previousSecretExpiresAt } = await rotate(member, key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
      expect(secret).toMatch(/^rka_[0-9A-Za-z]{36}$/);
      expect(apiKey).toMatchObject({ id: key.id, name: 'a key of the tests', hint: `rka_…${secret.slice(-4)}` });
      expect(apiKey).toMatchObject({ previousSecretExpiresAt: null, revokedAt: null, status: 'ACTIVE' });
      expect(previousSecretExpiresAt).toBe(apiKey.rotatedAt);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
    });

    test('F4.10: a rotation keeps the scopes and the expiration of the key', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(3600);
      const key = await app.apiKey(member, { expiresAt, scopes: ['SESSIONS_READ'] });
      const { apiKey } = await rotate(member, key.id).expectSuccess();
      expect(apiKey).toMatchObject({ expiresAt, scopes: ['SESSIONS_READ'] });
    });

    test('F0.12: other credentials of the owner are not affected', async () => {
      const member = await app.member();
      const [key, other] = [await app.apiKey(member), await app.apiKey(member)];
      await rotate(member, key.id).expectSuccess();
      expect([await app.accepts(other.secret), await app.accepts(member.accessToken)]).toEqual([true, true]);
    });

    test('with an overlap the old secret works until the overlap ends, and not after', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret, apiKey, previousSecretExpiresAt } = await rotate(member, key.id, 2).expectSuccess();
      expect(apiKey.previousSecretExpiresAt).toBe(previousSecretExpiresAt);
      expect(Date.parse(previousSecretExpiresAt) - Date.parse(apiKey.rotatedAt!)).toBe(2000);
      const answers: { asked: number; answered: number; accepted: boolean }[] = [];
      const ask = async () => {
        const asked = Date.now();
        const accepted = await app.accepts(key.secret);
        answers.push({ asked, answered: Date.now(), accepted });
        return accepted;
      };
      await expect.poll(ask, { timeout: 8000, interval: 20 }).toBe(false);
      // The database and this process have the same clock, but this process may read it a little later.
      const [end, slack] = [Date.parse(previousSecretExpiresAt), 100];
      const [before, after] = [
        answers.filter((a) => a.answered < end - slack),
        answers.filter((a) => a.asked > end + slack),
      ];
      expect(before.length).toBeGreaterThan(0);
      expect(before.filter(({ accepted }) => !accepted)).toEqual([]);
      expect(after.filter(({ accepted }) => accepted)).toEqual([]);
      expect(await app.accepts(secret)).toBe(true);
    });

    test('a second rotation in an overlap revokes the oldest secret at once, so at most two secrets work', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const first = await rotate(member, key.id, 3600).expectSuccess();
      const second = await rotate(member, key.id, 3600).expectSuccess();
      const secrets = [key.secret, first.secret, second.secret];
      expect(await Promise.all(secrets.map((secret) => app.accepts(secret)))).toEqual([false, true, true]);
      await rotate(member, key.id, 0).expectSuccess();
      expect(await Promise.all(secrets.map((secret) => app.accepts(secret)))).toEqual([false, false, false]);
    });

    test('in an overlap the old secret cannot rotate keys, and keys that it creates expire with the overlap', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { secret, previousSecretExpiresAt } = await rotate(member, key.id, 3600).expectSuccess();
      await rotate(key, key.id).expect('ConflictError');
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([true, true]);
      const made = await app.as(key).createApiKey({ name: 'a child' }).expectSuccess();
      expect(made.apiKey.expiresAt).toBe(previousSecretExpiresAt);
      const endless = await app.apiKey(member, { scopes: [] });
      await rotate(key, endless.id).expect('ScopeNotHeldError');
      // The new secret may rotate the key.
      await rotate({ apiKey: secret }, key.id).expectSuccess();
    });

    test('an overlap ends at the latest when the key expires', async () => {
      const member = await app.member();
      const expiresAt = inSeconds(60);
      const key = await app.apiKey(member, { expiresAt });
      const { previousSecretExpiresAt, apiKey } = await rotate(member, key.id, 2_592_000).expectSuccess();
      expect(previousSecretExpiresAt).toBe(expiresAt);
      expect(apiKey.previousSecretExpiresAt).toBe(expiresAt);
    });

    test('a key may rotate itself, with any scopes and permissions', async () => {
      const admin = await app.admin();
      const key = await app.apiKey(admin, {
        scopes: ['API_KEYS_WRITE', 'ADMIN'],
        permissions: ['a'],
        expiresAt: inSeconds(60),
      });
      const { secret } = await rotate(key, key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
    });

    test('a key rotates another key of its owner that holds no more scopes', async () => {
      const member = await app.member();
      const [strong, weak] = [await app.apiKey(member), await app.apiKey(member, { scopes: ['API_KEYS_READ'] })];
      await rotate(strong, weak.id).expectSuccess();
      expect(await app.accepts(weak.secret)).toBe(false);
    });

    test('an administrator rotates the key of another user', async () => {
      const key = await app.apiKey(await app.member());
      const { secret } = await rotate(await app.admin(), key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
    });
  });

  describe.each([2, 20])('F0.4: %i rotations at once', (count) => {
    test('leave exactly one valid secret, and each success is one rotation in the audit log', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      expect(await app.accepts(key.secret)).toBe(true);
      const results = await Promise.all(times(count, () => rotate(member, key.id)));
      const won = results.filter((result) => result.__typename === 'RotateApiKeySuccess');
      const lost = results.filter(({ __typename }) => __typename === 'ConflictError');
      expect(won.length + lost.length).toBe(count);
      await expectOneOf(key, won);
    });

    test('by the key itself succeed exactly once, and leave exactly one valid secret', async () => {
      const key = await app.apiKey(await app.member());
      const answers = await Promise.all(times(count, () => rotate(key, key.id).answer()));
      const won = [];
      for (const { data, errors } of answers) {
        if (data?.rotateApiKey.__typename === 'RotateApiKeySuccess') won.push(data.rotateApiKey);
        else
          expect(errors?.[0]?.extensions.code ?? data.rotateApiKey.__typename).toMatch(/UNAUTHENTICATED|ConflictError/);
      }
      expect(won).toHaveLength(1);
      await expectOneOf(key, won);
    });

    test('by the key itself, with an overlap, succeed exactly once, and the old secret still works', async () => {
      const key = await app.apiKey(await app.member());
      const results = await Promise.all(times(count, () => rotate(key, key.id, 3600)));
      const won = results.filter((result) => result.__typename === 'RotateApiKeySuccess');
      expect(won).toHaveLength(1);
      for (const each of results) if (each !== won[0]) expect(each.__typename).toBe('ConflictError');
      expect([await app.accepts(key.secret), await app.accepts(won[0]!.secret)]).toEqual([true, true]);
    });

    async function expectOneOf(key: { id: string; secret: string }, won: { secret: string }[]) {
      expect(won.length).toBeGreaterThan(0);
      expect(await app.accepts(key.secret)).toBe(false);
      const valid = [];
      for (const { secret } of won) if (await app.accepts(secret)) valid.push(secret);
      expect(valid).toHaveLength(1);
      // Every success is one commit. A secret that no longer works was replaced by a later one.
      const state = await stateOf(key.id);
      expect(state).toMatchObject({
        secret_hash: sha256(valid[0]!),
        version: 1 + won.length,
        rotations: won.length,
      });
    }
  });

  describe('F0.3: a rotation that fails', () => {
    /** Makes every change of this key fail, at once or only in the commit. */
    async function sabotage(id: string, when: 'at the update' | 'at the commit') {
      const name = `sabotage_${id.slice(4).toLowerCase()}`;
      await app.sql(`create function ${name}() returns trigger language plpgsql as $$
        begin raise exception 'sabotaged' using errcode = '23514'; end $$`);
      await app.sql(
        when === 'at the commit'
          ? `create constraint trigger ${name} after update on api_keys deferrable initially deferred
              for each row when (new.id = '${id}') execute function ${name}()`
          : `create trigger ${name} before update on api_keys for each row when (new.id = '${id}') execute function ${name}()`,
      );
      return () => app.sql(`drop function ${name} cascade`);
    }

    test.each(['at the update', 'at the commit'] as const)('%s is never reported as success', async (when) => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const repair = await sabotage(key.id, when);
      // More attempts than there are connections: each failure must release its connection.
      for (let attempt = 0; attempt < 12; attempt++) {
        const answer = await rotate(member, key.id).answer();
        expect(answer.data ?? null).toBeNull();
        expect(answer.errors).toHaveLength(1);
        expect(answer.errors?.[0]?.extensions).toEqual({
          code: 'INTERNAL_SERVER_ERROR',
          requestId: answer.headers.get('x-request-id'),
        });
        expect(JSON.stringify(answer.errors)).not.toMatch(/rka_|sabotaged|api_keys|select|update/i);
      }
      expect(await app.accepts(key.secret)).toBe(true);
      expect(await stateOf(key.id)).toMatchObject({ secret_hash: sha256(key.secret), version: 1, rotations: 0 });

      await repair();
      const { secret } = await rotate(member, key.id).expectSuccess();
      expect([await app.accepts(key.secret), await app.accepts(secret)]).toEqual([false, true]);
    });

    test('does not undo a rotation in an earlier field of the document', async () => {
      const member = await app.member();
      const [broken, fine] = [await app.apiKey(member), await app.apiKey(member)];
      const repair = await sabotage(broken.id, 'at the commit');
      // A failed mutation prevents the later ones, so it is the last.
      const document = `mutation ($fine: ID!, $broken: ID!) {
        first: rotateApiKey(input: { apiKeyId: $fine }) { __typename }
        second: rotateApiKey(input: { apiKeyId: $broken }) { __typename }
      }`;
      const answer = await app.graphql(document, { fine: fine.id, broken: broken.id }, as(member));
      expect(answer.errors?.map(({ path }) => path)).toEqual([['second']]);
      expect([await app.accepts(fine.secret), await app.accepts(broken.secret)]).toEqual([false, true]);
      await repair();
    });
  });

  describe('ApiKeyNotFoundError', () => {
    test('another user’s key gets the same error as an unknown one, and stays active', async () => {
      const member = await app.member();
      const foreign = await app.apiKey(await app.member());
      const [one, other, third] = await Promise.all(
        [foreign.id, UNKNOWN, 'nonsense'].map((id) => rotate(member, id).expect('ApiKeyNotFoundError')),
      );
      expect([other, third]).toEqual([one, one]);
      expect(await app.accepts(foreign.secret)).toBe(true);
    });

    test('a key that is bound to a workspace does not find keys outside that workspace', async () => {
      const member = await app.member();
      const bound = await app.apiKey(member, { workspaceId: await app.workspace(member) });
      const others = [await app.apiKey(member), await app.apiKey(member, { workspaceId: await app.workspace(member) })];
      for (const other of others) {
        await rotate(bound, other.id).expect('ApiKeyNotFoundError');
        expect(await app.accepts(other.secret)).toBe(true);
      }
    });
  });

  describe('ApiKeyRevokedError', () => {
    test('a revoked key stays revoked, and gets no new secret', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const { apiKey } = await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const refused = await rotate(member, key.id, 60).expect('ApiKeyRevokedError');
      expect(refused).toMatchObject({ revokedAt: apiKey.revokedAt });
      expect(await app.accepts(key.secret)).toBe(false);
      expect((await stateOf(key.id)).rotations).toBe(0);
    });
  });

  describe('ScopeNotHeldError', () => {
    test('a key cannot rotate a key with a scope that it does not hold', async () => {
      const member = await app.member();
      const weak = await app.apiKey(member, { scopes: ['API_KEYS_WRITE'] });
      const strong = await app.apiKey(member, { scopes: ['API_KEYS_WRITE', 'SESSIONS_WRITE'] });
      const refused = await rotate(weak, strong.id).expect('ScopeNotHeldError');
      expect(refused).toMatchObject({ scopes: ['SESSIONS_WRITE'] });
      expect(await app.accepts(strong.secret)).toBe(true);
    });

    test('a session from before a promotion cannot rotate keys with scopes or permissions of the new role', async () => {
      const member = await app.member();
      const humble = await app.apiKey(member);
      await app.sql(`update users set role = 'ADMIN' where id = ?`, [member.id]);
      const promoted = await login(app, member);
      const strong = await app.apiKey(promoted, { scopes: ['ADMIN', 'API_KEYS_READ'] });
      const permitted = await app.apiKey(promoted, { permissions: ['launch:missiles'] });
      expect(await rotate(member, strong.id).expect('ScopeNotHeldError')).toMatchObject({ scopes: ['ADMIN'] });
      await rotate(member, permitted.id).expect('ScopeNotHeldError');
      for (const { secret } of [strong, permitted]) expect(await app.accepts(secret)).toBe(true);
      await rotate(member, humble.id).expectSuccess();
      await rotate(promoted, strong.id).expectSuccess();
    });

    test('a demoted user can still rotate a key from before the demotion', async () => {
      const member = await app.member();
      await app.sql(`update users set role = 'ADMIN' where id = ?`, [member.id]);
      const key = await app.apiKey(await login(app, member), { scopes: ['ADMIN'], permissions: ['launch:missiles'] });
      await app.sql(`update users set role = 'MEMBER' where id = ?`, [member.id]);
      await rotate(await login(app, member), key.id).expectSuccess();
    });

    test('a key cannot rotate a key with a permission that it does not have', async () => {
      const admin = await app.admin();
      const weak = await app.apiKey(admin, { permissions: ['a'] });
      const strong = await app.apiKey(admin, { permissions: ['a', 'b'] });
      await rotate(weak, strong.id).expect('ScopeNotHeldError');
      await rotate(strong, weak.id).expectSuccess();
      expect(await app.accepts(strong.secret)).toBe(true);
    });

    test('a key cannot rotate a key that expires later', async () => {
      const member = await app.member();
      const brief = await app.apiKey(member, { expiresAt: inSeconds(60) });
      const longer = [await app.apiKey(member), await app.apiKey(member, { expiresAt: inSeconds(120) })];
      for (const key of longer) {
        await rotate(brief, key.id).expect('ScopeNotHeldError');
        expect(await app.accepts(key.secret)).toBe(true);
      }
    });
  });

  describe('InvalidInputError', () => {
    test.each([-1, 2_592_001, 2_147_483_647])('an overlap of %i seconds is rejected', async (overlapSeconds) => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const refused = await rotate(member, key.id, overlapSeconds).expect('InvalidInputError');
      expect(refused).toMatchObject({ fields: [{ path: 'input.overlapSeconds' }] });
      expect(await app.accepts(key.secret)).toBe(true);
    });

    test('an expired key is rejected, and stays expired', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const sql = 'update api_keys set expires_at = now() where id = ? returning expires_at';
      const [{ expires_at }] = await app.sql(sql, [key.id]);
      await expect.poll(() => app.accepts(key.secret)).toBe(false);
      const refused = await rotate(member, key.id, 60).expect('InvalidInputError');
      expect(refused).toMatchObject({ fields: [{ path: 'input.apiKeyId' }] });
      expect(await app.as(member).apiKey({ id: key.id })).toMatchObject({
        status: 'EXPIRED',
        expiresAt: new Date(expires_at).toISOString(),
        rotatedAt: null,
      });
      expect(await app.accepts(key.secret)).toBe(false);
    });
  });

  test.each([
    ['half a second', 0.5],
    ['a string', '60'],
    ['more than an Int can hold', 3_000_000_000],
    ['null', null],
  ])('an overlap of %s gets BAD_USER_INPUT', async (_what, overlapSeconds) => {
    const member = await app.member();
    await rotate(member, UNKNOWN, overlapSeconds as number).expectError('BAD_USER_INPUT');
  });

  test('F0.4: a rotation that read the key before another rotation gets ConflictError, however late it writes', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const { transaction } = UnitOfWork.prototype;
    const mayWrite = Promise.withResolvers<void>();
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementationOnce(async function (
      this: UnitOfWork,
      ...given
    ) {
      await mayWrite.promise;
      return transaction.apply(this, given) as never;
    });
    try {
      const late = rotate(member, key.id);
      await expect.poll(() => begun.mock.calls.length).toBe(1);
      const { secret } = await rotate(member, key.id).expectSuccess();
      mayWrite.resolve();
      await late.expect('ConflictError');
      expect(await app.accepts(secret)).toBe(true);
    } finally {
      begun.mockRestore();
    }
  });

  test('a key without the scope API_KEYS_WRITE gets FORBIDDEN, even for itself', async () => {
    const reader = await app.apiKey(await app.member(), { scopes: ['API_KEYS_READ'] });
    await rotate(reader, reader.id).expectError('FORBIDDEN');
    expect(await app.accepts(reader.secret)).toBe(true);
  });
});

// The embedded database runs one transaction at a time: no other request can change a key during a rotation.
describe.each(backends().filter(({ name }) => name.startsWith('PostgreSQL')))('ConflictError on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('F0.4: of two rotations that read the same state, one succeeds and the other gets ConflictError', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const holder = new pg.Client({ connectionString: app.app.config.databaseUrl! });
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query('begin');
    await holder.query('select 1 from api_keys where id = $1 for update', [key.id]);
    // From two sessions, because only one mutation of a credential at a time reaches the lock.
    const rotations = [member, await login(app, member)].map((caller) =>
      app.as(caller).rotateApiKey({ apiKeyId: key.id }),
    );
    // Both have read the key, and wait for its lock.
    const waiting = `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like 'update "api_keys"%'`;
    await expect.poll(async () => (await app.sql(waiting))[0].n, { timeout: 5000 }).toBe(2);
    await holder.query('rollback');

    const results = await Promise.all(rotations);
    expect(results.map(({ __typename }) => __typename).toSorted()).toEqual(['ConflictError', 'RotateApiKeySuccess']);
    const [won] = results.filter((result) => result.__typename === 'RotateApiKeySuccess');
    expect([await app.accepts(key.secret), await app.accepts(won!.secret)]).toEqual([false, true]);
  });
});
