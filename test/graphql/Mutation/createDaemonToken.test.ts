import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { parseSecret } from '../../../src/crypto/secret-text.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { inSeconds, times } from '../../support/values.ts';

const UNKNOWN = 'wsp_00000000000000000000000000';
const YEAR = 365.25 * 86_400;

describe.each(backends())('createDaemonToken on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const create = (caller: Caller, input: object = {}) =>
    app.as(caller).createDaemonToken({ workspaceId, daemonId: 'host-1', expiresAt: inSeconds(3600), ...input });
  const fieldsOf = async (caller: Caller, input: object) =>
    (await create(caller, input).expect('InvalidInputError')).fields;
  const scopes = ['DAEMON_TOKENS_WRITE', 'DAEMON_TOKENS_READ'] as const;

  describe('CreateDaemonTokenSuccess', () => {
    test('a member gets a token of the workspace, whose secret is shown once and stored as a hash', async () => {
      const expiresAt = inSeconds(3600);
      const input = { daemonId: 'Größe / host-1', scopes: ['WORKSPACES_READ', 'WORKSPACES_READ'], expiresAt };
      const { daemonToken, secret } = await create(member, input).expectSuccess();
      expect(daemonToken).toEqual({
        id: expect.stringMatching(/^dmn_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
        workspace: { id: workspaceId },
        daemonId: 'Größe / host-1',
        hint: `rkd_…${secret.slice(-4)}`,
        scopes: ['WORKSPACES_READ'],
        permissions: [],
        status: 'ACTIVE',
        createdAt: expect.any(String),
        expiresAt,
        renewedAt: null,
        lastUsedAt: null,
        rateLimit: null,
        revokedAt: null,
        revocationReason: null,
      });
      expect(parseSecret(secret)).toEqual({ prefix: 'rkd' });
      const [row] = await app.sql('select * from daemon_tokens where id = ?', [daemonToken.id]);
      expect(row).toMatchObject({ secret_hash: sha256Base64url(secret), created_by: member.id });
      expect(JSON.stringify(row)).not.toContain(secret.slice(4, 20));
      expect(await app.accepts(secret)).toBe(true);
    });

    test('an administrator creates one for any workspace, with any permission', async () => {
      const admin = await app.admin();
      const { daemonToken, secret } = await create(admin, { permissions: ['deploy', 'deploy'] }).expectSuccess();
      expect(daemonToken.permissions).toEqual(['deploy']);
      const verified = await fetch(`${app.url}/v1/verify?permission=deploy`, { headers: { 'x-api-key': secret } });
      expect(verified.status).toBe(204);
    });

    test('a daemon token creates tokens with at most its own scopes, permissions and lifetime', async () => {
      const expiresAt = inSeconds(600);
      const parent = await app.daemonToken(await app.admin(), workspaceId, {
        scopes,
        permissions: ['read'],
        expiresAt,
      });
      const { daemonToken } = await create(parent, {
        scopes: ['DAEMON_TOKENS_READ'],
        permissions: ['read'],
        expiresAt,
      }).expectSuccess();
      expect(daemonToken).toMatchObject({ workspace: { id: workspaceId }, expiresAt });
      const [row] = await app.sql('select created_by from daemon_tokens where id = ?', [daemonToken.id]);
      expect(row).toEqual({ created_by: null });
    });

    test('the first tokens of a daemon, created at once, belong to one daemon', async () => {
      const made = await Promise.all(times(6, () => create(member, { daemonId: 'at once' }).expectSuccess()));
      expect(new Set(made.map(({ secret }) => secret)).size).toBe(6);
      const rows = await app.sql(`select * from daemons where workspace_id = ? and daemon_id = 'at once'`, [
        workspaceId,
      ]);
      expect(rows).toHaveLength(1);
    });

    test('an expiry of nearly ten years is accepted', async () => {
      await create(member, { expiresAt: inSeconds(10 * YEAR - 2 * 86_400) }).expectSuccess();
    });
  });

  describe('WorkspaceNotFoundError', () => {
    test('a workspace of other users is not found, in the same words as one that does not exist', async () => {
      const outsider = await app.member();
      const answers = await Promise.all(
        [workspaceId, UNKNOWN, 'nonsense'].map((id) =>
          create(outsider, { workspaceId: id }).expect('WorkspaceNotFoundError'),
        ),
      );
      expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
      await create(await app.admin(), { workspaceId: UNKNOWN }).expect('WorkspaceNotFoundError');
    });

    test('a credential that is bound to a workspace finds no other one', async () => {
      const other = await app.workspace(member);
      const key = await app.apiKey(member, { workspaceId, scopes });
      const daemon = await app.daemonToken(member, workspaceId, { scopes, expiresAt: inSeconds(7200) });
      for (const caller of [key, daemon]) {
        await create(caller, { workspaceId: other }).expect('WorkspaceNotFoundError');
        await create(caller).expectSuccess();
      }
    });

    test('a workspace that is deleted meanwhile is not found, and no token is left', async () => {
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
      expect(await app.sql('select id from daemon_tokens where workspace_id = ?', [gone])).toEqual([]);
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
      const admin = await app.admin();
      for (const scope of ['ADMIN', 'INTROSPECT', 'SESSIONS_WRITE']) {
        const fields = await fieldsOf(admin, { scopes: [scope] });
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
      const admin = await app.admin();
      expect((await fieldsOf(admin, { permissions: ['a,b'] }))[0]?.path).toBe('input.permissions');
    });

    test('F1.10: an expiry in the past, or more than ten years from now, is rejected', async () => {
      expect(await fieldsOf(member, { expiresAt: inSeconds(-1) })).toEqual([
        { path: 'input.expiresAt', message: 'Must be in the future.' },
      ]);
      expect(await fieldsOf(member, { expiresAt: inSeconds(10 * YEAR + 2 * 86_400) })).toEqual([
        { path: 'input.expiresAt', message: 'Must be at most 10 years from now.' },
      ]);
    });

    test('a token that outlives the API key or the daemon token that creates it is rejected', async () => {
      const expiresAt = inSeconds(600);
      const key = await app.apiKey(member, { workspaceId, scopes, expiresAt });
      const daemon = await app.daemonToken(member, workspaceId, { scopes, expiresAt });
      for (const caller of [key, daemon]) {
        expect(await fieldsOf(caller, { expiresAt: inSeconds(601) })).toEqual([
          {
            path: 'input.expiresAt',
            message: `Must not be later than ${expiresAt}, when the calling credential expires.`,
          },
        ]);
      }
    });

    test.each(['', ' ', 'a\nb', 'a\u0007b', '\u200b', 'x'.repeat(101)])(
      'the daemon id %j is rejected',
      async (daemonId) => {
        expect((await fieldsOf(member, { daemonId })).map(({ path }) => path)).toContain('input.daemonId');
      },
    );

    test.each([
      [{ requests: 0, windowSeconds: 60 }, 'input.rateLimit.requests'],
      [{ requests: 1_000_001, windowSeconds: 60 }, 'input.rateLimit.requests'],
      [{ requests: 1, windowSeconds: 0 }, 'input.rateLimit.windowSeconds'],
      [{ requests: 1, windowSeconds: 86_401 }, 'input.rateLimit.windowSeconds'],
    ])('the rate limit %j is rejected', async (rateLimit, path) => {
      expect((await fieldsOf(member, { rateLimit })).map((field) => field.path)).toEqual([path]);
    });
  });

  test('F1.10: an expiry is required', async () => {
    const { errors } = await app.graphql(
      `mutation { createDaemonToken(input: { workspaceId: "${workspaceId}", daemonId: "d" }) { __typename } }`,
      {},
      { bearer: member.accessToken },
    );
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a credential without the scope DAEMON_TOKENS_WRITE creates none', async () => {
    const key = await app.apiKey(member, { workspaceId, scopes: ['DAEMON_TOKENS_READ'] });
    await create(key).expectError('FORBIDDEN');
    await create({}).expectError('UNAUTHENTICATED');
  });
});
