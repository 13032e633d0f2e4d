import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseSecret } from '../../../src/crypto/secret-text.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { signedHeaders } from '../../support/signing.ts';
import { inSeconds } from '../../support/values.ts';

const UNKNOWN = 'wsp_00000000000000000000000000';

describe.each(backends())('createSigningKey on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const create = (caller: Caller, input: object = {}) => app.as(caller).createSigningKey({ workspaceId, ...input });
  const fieldsOf = async (caller: Caller, input: object) =>
    (await create(caller, input).expect('InvalidInputError')).fields;
  const scopes = ['SIGNING_KEYS_WRITE', 'SIGNING_KEYS_READ'] as const;

  describe('CreateSigningKeySuccess', () => {
    test('F3.11: a member gets a key of the workspace, whose secret is shown once and stored sealed', async () => {
      const expiresAt = inSeconds(3600);
      const input = { description: ' for the billing job ', scopes: ['WORKSPACES_READ', 'WORKSPACES_READ'], expiresAt };
      const { signingKey, secret } = await create(member, input).expectSuccess();
      expect(signingKey).toEqual({
        id: expect.stringMatching(/^sgk_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
        workspace: { id: workspaceId },
        description: 'for the billing job',
        scopes: ['WORKSPACES_READ'],
        permissions: [],
        status: 'ACTIVE',
        createdAt: expect.any(String),
        expiresAt,
        lastUsedAt: null,
        replaces: null,
        replacedBy: null,
        revokedAt: null,
        revocationReason: null,
      });
      expect(parseSecret(secret)).toEqual({ prefix: 'rks' });
      const [row] = await app.sql('select * from signing_keys where id = ?', [signingKey.id]);
      expect(row).toMatchObject({ secret_sealed: expect.stringMatching(/^s2\.1\./), created_by: member.id });
      expect(JSON.stringify(row)).not.toContain(secret.slice(4, 20));
      const headers = signedHeaders({ id: signingKey.id, secret });
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(204);
    });

    test('the description is empty, and there is no expiry, if they are left out', async () => {
      const { signingKey } = await create(member).expectSuccess();
      expect(signingKey).toMatchObject({ description: '', expiresAt: null, scopes: [], permissions: [] });
    });

    test('a workspace has several active keys', async () => {
      const keys = [await app.signingKey(member, workspaceId), await app.signingKey(member, workspaceId)];
      for (const key of keys) {
        expect((await fetch(`${app.url}/v1/verify`, { headers: signedHeaders(key) })).status).toBe(204);
      }
    });

    test('an administrator creates one for any workspace, with any permission', async () => {
      const { signingKey } = await create(await app.admin(), { permissions: ['deploy', 'deploy'] }).expectSuccess();
      expect(signingKey.permissions).toEqual(['deploy']);
    });

    test('a signing key creates keys with at most its own scopes, permissions and lifetime', async () => {
      const expiresAt = inSeconds(600);
      const parent = await app.signingKey(await app.admin(), workspaceId, { scopes, permissions: ['read'], expiresAt });
      const { signingKey } = await create(
        { signedBy: parent },
        { scopes: ['SIGNING_KEYS_READ'], permissions: ['read'] },
      ).expectSuccess();
      expect(signingKey).toMatchObject({ workspace: { id: workspaceId }, expiresAt });
      const [row] = await app.sql('select created_by from signing_keys where id = ?', [signingKey.id]);
      expect(row).toEqual({ created_by: null });
    });
  });

  describe('WorkspaceNotFoundError', () => {
    test('F3.17: a workspace of other users is not found, in the same words as one that does not exist', async () => {
      const stranger = await app.member();
      const answers = await Promise.all(
        [workspaceId, UNKNOWN, 'nonsense', ''].map((id) =>
          create(stranger, { workspaceId: id }).expect('WorkspaceNotFoundError'),
        ),
      );
      expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
      await create(await app.admin(), { workspaceId: UNKNOWN }).expect('WorkspaceNotFoundError');
    });

    test('a credential that is bound to a workspace finds no other one', async () => {
      const other = await app.workspace(member);
      const key = await app.apiKey(member, { workspaceId, scopes });
      const signing = await app.signingKey(member, workspaceId, { scopes });
      for (const caller of [key, { signedBy: signing }]) {
        await create(caller, { workspaceId: other }).expect('WorkspaceNotFoundError');
        await create(caller).expectSuccess();
      }
    });

    test('a workspace that is deleted meanwhile is not found, and no key is left', async () => {
      const { databaseUrl } = app.app.config;
      if (!databaseUrl) return; // One connection: nothing happens at the same time.
      const gone = await app.workspace(member);
      const other = new pg.Client({ connectionString: databaseUrl });
      await other.connect();
      onTestFinished(() => other.end());
      await other.query('begin');
      await other.query('delete from workspaces where id = $1', [gone]);
      const answer = create(await app.admin(), { workspaceId: gone });
      const waiting = `select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await app.sql(waiting))[0].n, { timeout: 5000 }).toBeGreaterThan(0);
      await other.query('commit');
      await answer.expect('WorkspaceNotFoundError');
      expect(await app.sql('select id from signing_keys where workspace_id = ?', [gone])).toEqual([]);
    });
  });

  describe('ScopeNotHeldError', () => {
    test('the scopes that the caller lacks are named', async () => {
      const { scopes } = await create(member, { scopes: ['API_KEYS_READ', 'ADMIN'] }).expect('ScopeNotHeldError');
      expect(scopes).toEqual(['ADMIN']);
    });
  });

  describe('InvalidInputError', () => {
    test('scopes beyond a workspace are rejected, also for an administrator', async () => {
      for (const scope of ['ADMIN', 'INTROSPECT', 'SESSIONS_WRITE']) {
        const fields = await fieldsOf(await app.admin(), { scopes: [scope] });
        expect(fields.map(({ path }) => path)).toEqual(['input.scopes']);
      }
    });

    test('a permission that the caller does not hold, or that has no valid form, is rejected', async () => {
      expect(await fieldsOf(member, { permissions: ['deploy'] })).toEqual([
        {
          path: 'input.permissions',
          message: 'The calling credential cannot grant permissions that it lacks: deploy.',
        },
      ]);
      expect((await fieldsOf(await app.admin(), { permissions: ['a,b'] }))[0]?.path).toBe('input.permissions');
    });

    test('an expiry in the past is rejected', async () => {
      expect(await fieldsOf(member, { expiresAt: inSeconds(-1) })).toEqual([
        { path: 'input.expiresAt', message: 'Must be in the future.' },
      ]);
    });

    test('a key that outlives the API key or the signing key that creates it is rejected', async () => {
      const expiresAt = inSeconds(600);
      const key = await app.apiKey(member, { workspaceId, scopes, expiresAt });
      const signing = await app.signingKey(member, workspaceId, { scopes, expiresAt });
      for (const caller of [key, { signedBy: signing }]) {
        expect(await fieldsOf(caller, { expiresAt: inSeconds(601) })).toEqual([
          {
            path: 'input.expiresAt',
            message: `Must not be later than ${expiresAt}, when the calling credential expires.`,
          },
        ]);
      }
    });

    test.each(['a\nb', 'a\u0007b', '\u200b', 'x'.repeat(201)])(
      'the description %j is rejected',
      async (description) => {
        expect((await fieldsOf(member, { description })).map(({ path }) => path)).toContain('input.description');
      },
    );
  });

  test('a credential without the scope SIGNING_KEYS_WRITE creates none', async () => {
    const key = await app.apiKey(member, { workspaceId, scopes: ['SIGNING_KEYS_READ'] });
    await create(key).expectError('FORBIDDEN');
    await create({}).expectError('UNAUTHENTICATED');
    // No header says who the caller is.
    await create({ headers: { 'x-tenant-id': workspaceId, 'x-user-id': member.id } }).expectError('UNAUTHENTICATED');
  });
});
