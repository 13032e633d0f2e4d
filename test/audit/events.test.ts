// Which events are recorded, and what each one contains.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auditLogEvents } from '../../src/audit/audit.events.ts';
import type { AuditEvents } from '../../src/audit/event-data.ts';
import { rejectionEvents } from '../../src/audit/rejection.events.ts';
import { operatorWork } from '../../src/cli/operator.ts';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { features } from '../../src/features.ts';
import { scopesOfRole } from '../../src/identity/scope.ts';
import { type Account, backends, PASSWORD, SETUP_TOKEN, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { importKeys, importUsers } from '../support/imports.ts';
import { exchange, jtiOf, later, login, UNLIMITED } from '../support/sessions.ts';

/** What each feature declares. */
const declarations = features.flatMap((feature) => ('auditEvents' in feature ? [feature.auditEvents] : []));
const declared: AuditEvents = Object.assign({}, ...declarations);

const NEW_PASSWORD = 'quartz fjord bandwagon umbra';
const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const KID = expect.stringMatching(/^[\w-]{43}$/);
const SESSION = { scopes: scopesOfRole('MEMBER'), expiresAt: MOMENT, replacedSessionId: null };

interface Row {
  type: string;
  subject_id: string;
  actor_user_id: string | null;
  actor_credential_id: string | null;
  workspace_id: string | null;
  ip_address: string | null;
  request_id: string | null;
  data: Record<string, unknown>;
}
/** An event: its type, its subject, its data, and what else is expected of its row. */
type Expected = [type: string, subjectId: unknown, data: object, row?: Partial<Row>];

/**
 * Events that other tests check: `rejections.test.ts`, `personal-reads.test.ts`, `retention.test.ts`, and those of
 * exports.
 */
const ELSEWHERE = Object.keys({ ...rejectionEvents, ...auditLogEvents });
const inOrder = async (app: TestApp): Promise<Row[]> =>
  (await auditRows(app)).filter(({ type }) => !ELSEWHERE.includes(type));
const publishedLongAgo = (app: TestApp) =>
  app.sql(`update jwt_keys set created_at = created_at - interval '11 minutes'`);
const currentKid = async (app: TestApp): Promise<string> =>
  (await app.sql(`select kid from jwt_keys where state = 'CURRENT'`))[0].kid;

test('no event is declared by two features', () => {
  const types = declarations.flatMap((events) => Object.keys(events));
  expect(types).toContain('jwt-key.revoked');
  expect(types.toSorted()).toEqual(Object.keys(declared).toSorted());
});

describe.each(backends())('what is recorded on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let atStart: Row[];
  const said: string[] = [PASSWORD, NEW_PASSWORD, SETUP_TOKEN];
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
    atStart = await inOrder(app);
    // Not seeded: like every account here, the administrator is created by a recorded mutation.
    const input = { setupToken: SETUP_TOKEN, email: 'admin@example.com', password: PASSWORD, displayName: 'Somebody' };
    const { user, tokens } = await app.as().bootstrap(input).expectSuccess();
    const { accessToken, refreshToken, session } = tokens;
    admin = { ...user, accessToken, refreshToken, sessionId: session.id };
    said.push(admin.email, accessToken, refreshToken);
  });
  afterAll(() => app.close());

  /** The events that the work records, in order. */
  async function eventsOf(work: () => PromiseLike<unknown>): Promise<Row[]> {
    const before = await inOrder(app);
    await work();
    return (await inOrder(app)).slice(before.length);
  }
  function expectEvents(rows: Row[], expected: Expected[]) {
    expect(rows.map(({ type, subject_id, data }) => [type, subject_id, data])).toEqual(
      expected.map(([type, subjectId, data]) => [type, subjectId, data]),
    );
    for (const [index, [, , , row]] of expected.entries()) expect(rows[index]).toMatchObject(row ?? {});
  }
  /** A new member, whose secrets and address must not be in any event. */
  async function member(): Promise<Account> {
    const account = await app.register();
    said.push(account.email, account.accessToken, account.refreshToken);
    return account;
  }

  test('the activation of the first key that signs access tokens, with no user and no request', () => {
    const byService = { actor_user_id: null, actor_credential_id: null, ip_address: null, request_id: null };
    expectEvents(atStart, [['jwt-key.activated', KID, { nextKid: KID, how: 'repair' }, byService]]);
  });

  test('the first administrator and a registration', async () => {
    const rows = (await inOrder(app)).slice(atStart.length, atStart.length + 2);
    const byAdmin = { actor_user_id: admin.id, actor_credential_id: null, ip_address: '127.0.0.1' };
    expectEvents(rows, [
      ['account.bootstrapped', admin.id, { role: 'ADMIN' }, byAdmin],
      ['session.started', admin.sessionId, { ...SESSION, scopes: scopesOfRole('ADMIN') }, byAdmin],
    ]);
    let account!: Account;
    const events = await eventsOf(async () => {
      account = await member();
    });
    expectEvents(events, [
      ['account.registered', account.id, { role: 'MEMBER' }, { actor_user_id: account.id }],
      ['session.started', account.sessionId, SESSION, { actor_user_id: account.id }],
    ]);
    expect(events[0]!.request_id).toMatch(/./);
    expect(events[0]!.request_id).toBe(events[1]!.request_id);
  });

  test('a login, and the session of the browser that it replaces', async () => {
    const account = await member();
    const document = `mutation ($input: LoginInput!) { login(input: $input) { __typename
      ... on LoginSuccess { tokens { session { id } } } } }`;
    const input = { email: account.email, password: PASSWORD, cookies: true };
    const first = await app.graphql(document, { input });
    const replaced = first.data.login.tokens.session.id;
    const cookie = first.headers.getSetCookie().map((each) => each.split(';')[0]);
    said.push(...cookie.map((each) => each!.slice(each!.indexOf('=') + 1)));
    const headers = { cookie: cookie.join('; '), 'x-rekey-csrf': '1' };
    let sessionId: unknown;
    const events = await eventsOf(async () => {
      sessionId = (await app.graphql(document, { input }, { headers })).data.login.tokens.session.id;
    });
    expectEvents(events, [
      ['session.started', sessionId, { ...SESSION, replacedSessionId: replaced }],
      ['session.revoked', replaced, { reason: 'SIGNED_OUT' }, { actor_user_id: account.id }],
    ]);
  });

  test('a change of the password, and the session that it keeps', async () => {
    const account = await member();
    await login(app, account);
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const events = await eventsOf(() => app.as(account).changePassword(passwords).expectSuccess());
    const revoked = { reason: 'SIGNED_OUT', exceptSessionId: account.sessionId, revokedCount: 1 };
    expectEvents(events, [
      ['account.password-changed', account.id, {}, { actor_credential_id: account.sessionId }],
      ['account.sessions-revoked', account.id, revoked, { actor_credential_id: account.sessionId }],
    ]);
  });

  test('an account whose sessions an administrator revokes, and which is then disabled and enabled', async () => {
    const account = await member();
    const events = await eventsOf(async () => {
      const input = { userId: account.id };
      await app.as(admin).revokeAllSessions(input).expectSuccess();
      for (const _ of [1, 2]) await app.as(admin).disableUser(input).expectSuccess();
      for (const _ of [1, 2]) await app.as(admin).enableUser(input).expectSuccess();
    });
    const byAdmin = { actor_user_id: admin.id, actor_credential_id: admin.sessionId };
    const revoked = { reason: 'ADMINISTRATIVE', exceptSessionId: null, revokedCount: 1 };
    expectEvents(events, [
      ['account.sessions-revoked', account.id, revoked, byAdmin],
      ['account.disabled', account.id, { reason: 'ADMINISTRATIVE' }, byAdmin],
      ['account.enabled', account.id, {}, byAdmin],
    ]);
  });

  test('an invitation, the workspace that its user joins, and a new one that replaces it', async () => {
    const workspaceId = await app.workspace(admin);
    const input = { email: 'invited@example.com', displayName: 'Purple Heron', role: 'ADMIN' as const };
    const tokens: string[] = [];
    let userId: unknown;
    const events = await eventsOf(async () => {
      tokens.push((await app.as(admin).inviteUser(input).expectSuccess()).invitationToken);
      const again = { ...input, role: 'MEMBER' as const, permissions: ['deploy'], workspaceIds: [workspaceId] };
      const { invitationToken } = await app.as(admin).inviteUser(again).expectSuccess();
      tokens.push(invitationToken);
      const accepted = await app.as().acceptInvitation({ invitationToken, password: PASSWORD }).expectSuccess();
      userId = accepted.user.id;
      said.push(accepted.tokens.accessToken, accepted.tokens.refreshToken);
    });
    said.push(input.email, input.displayName, ...tokens);
    const byAdmin = { actor_user_id: admin.id, actor_credential_id: admin.sessionId };
    const byUser = { actor_user_id: userId as string, actor_credential_id: null, ip_address: '127.0.0.1' };
    const invited = { role: 'MEMBER', permissions: ['deploy'], workspaceIds: [workspaceId], expiresAt: MOMENT };
    expectEvents(events, [
      ['account.invited', userId, { ...invited, role: 'ADMIN', permissions: [], workspaceIds: [] }, byAdmin],
      ['account.invited', userId, invited, byAdmin],
      ['account.invitation-accepted', userId, {}, byUser],
      ['workspace.member-added', workspaceId, { userId, role: 'MEMBER' }, { ...byUser, workspace_id: workspaceId }],
      ['session.started', expect.stringMatching(/^ses_/), SESSION, byUser],
    ]);
  });

  test('what was changed of an account, by an administrator and by the user, without names and addresses', async () => {
    const account = await member();
    const userId = account.id;
    const names = ['White Stork', 'Black Stork', 'stork@example.com'];
    said.push(...names);
    const events = await eventsOf(async () => {
      const changes = { displayName: names[0]!, email: names[2]!, role: 'ADMIN' as const, permissions: ['deploy'] };
      for (const _ of [1, 2])
        await app
          .as(admin)
          .updateUser({ userId, ...changes })
          .expectSuccess();
      await app.as(admin).updateUser({ userId, role: 'MEMBER', permissions: [] }).expectSuccess();
      await app.as(account).updateProfile({ displayName: names[1]! }).expectSuccess();
    });
    const [before, after] = [
      { previousRole: 'MEMBER', previousPermissions: [] },
      { role: 'MEMBER', permissions: [] },
    ];
    expectEvents(events, [
      [
        'account.updated',
        userId,
        { ...before, changed: ['email', 'displayName', 'role', 'permissions'], role: 'ADMIN', permissions: ['deploy'] },
        { actor_user_id: admin.id },
      ],
      [
        'account.updated',
        userId,
        { ...after, changed: ['role', 'permissions'], previousRole: 'ADMIN', previousPermissions: ['deploy'] },
        { actor_user_id: admin.id },
      ],
      ['account.updated', userId, { ...before, ...after, changed: ['displayName'] }, { actor_user_id: userId }],
    ]);
  });

  test('a password that an administrator lets a user reset, and the sessions that it revokes', async () => {
    const account = await member();
    const userId = account.id;
    const events = await eventsOf(async () => {
      const { resetToken } = await app.as(admin).createPasswordReset({ userId }).expectSuccess();
      said.push(resetToken);
      await app.as().resetPassword({ resetToken, newPassword: NEW_PASSWORD }).expectSuccess();
    });
    const byUser = { actor_user_id: userId, actor_credential_id: null };
    expectEvents(events, [
      ['account.password-reset-created', userId, { expiresAt: MOMENT }, { actor_user_id: admin.id }],
      ['account.password-reset', userId, {}, byUser],
      [
        'account.sessions-revoked',
        userId,
        { reason: 'SIGNED_OUT', exceptSessionId: null, revokedCount: 1 },
        { ...byUser, ip_address: '127.0.0.1' },
      ],
    ]);
  });

  test('a deleted account, and the workspaces that it leaves', async () => {
    const account = await member();
    const userId = account.id;
    const workspaceId = await app.workspace(admin);
    await app.as(admin).addWorkspaceMember({ workspaceId, email: account.email }).expectSuccess();
    const events = await eventsOf(() => app.as(admin).deleteUser({ userId }).expectSuccess());
    const byAdmin = { actor_user_id: admin.id, ip_address: '127.0.0.1' };
    expectEvents(events, [
      ['workspace.member-removed', workspaceId, { userId, role: 'MEMBER' }, { ...byAdmin, workspace_id: workspaceId }],
      ['account.deleted', userId, { role: 'MEMBER' }, byAdmin],
    ]);
  });

  test('the revocation of a session: by its user, by an administrator, at a logout', async () => {
    const account = await member();
    const [second, third] = [await login(app, account), await login(app, account)];
    const events = await eventsOf(async () => {
      await app.as(account).revokeSession({ sessionId: second.sessionId, reason: 'COMPROMISED' }).expectSuccess();
      await app.as(admin).revokeSession({ sessionId: third.sessionId, reason: 'ADMINISTRATIVE' }).expectSuccess();
      await app.as(account).logout().expectSuccess();
    });
    expectEvents(events, [
      ['session.revoked', second.sessionId, { reason: 'COMPROMISED' }, { actor_user_id: account.id }],
      ['session.revoked', third.sessionId, { reason: 'ADMINISTRATIVE' }, { actor_user_id: admin.id }],
      ['session.revoked', account.sessionId, { reason: 'SIGNED_OUT' }, { actor_user_id: account.id }],
    ]);
  });

  test('a refresh token that is used twice: which one, and when it was used before', async () => {
    const account = await member();
    said.push(await exchange(app, account.refreshToken));
    await later(app, account.sessionId, 60);
    const [first] = await app.sql('select * from refresh_tokens where session_id = ? and used_at is not null', [
      account.sessionId,
    ]);
    const events = await eventsOf(async () => expect(await exchange(app, account.refreshToken)).toBe('REUSED'));
    const reused = { refreshTokenId: first.id, usedAt: new Date(first.used_at).toISOString() };
    expectEvents(events, [
      ['session.reuse-detected', account.sessionId, reused, { actor_user_id: account.id }],
      ['session.revoked', account.sessionId, { reason: 'REUSED' }, { actor_user_id: account.id }],
    ]);
  });

  test('an access token that is revoked: which one, of which session', async () => {
    const account = await member();
    const { sessionId, accessToken } = await login(app, account);
    const jti = jtiOf(accessToken);
    const revoke = () => app.as(account).revokeAccessToken({ jti, reason: 'COMPROMISED' }).expectSuccess();
    const events = await eventsOf(async () => [await revoke(), await revoke()]);
    expectEvents(events, [
      [
        'access-token.revoked',
        expect.stringMatching(/^rev_/),
        { jti, sessionId, reason: 'COMPROMISED' },
        { actor_credential_id: account.sessionId },
      ],
    ]);
  });

  test('a workspace, and a key for it: what it may do, how long its old secret stays valid, why it was revoked', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const created = { scopes: ['API_KEYS_READ'], permissions: ['billing:read'], expiresAt };
    let workspaceId: unknown;
    let key!: { id: string; secret: string };
    const events = await eventsOf(async () => {
      const { workspace } = await app.as(admin).createWorkspace({ name: 'Blue Heron' }).expectSuccess();
      workspaceId = workspace.id;
      key = await app.apiKey(admin, { name: 'Grey Heron', workspaceId, ...created });
      const rotation = { apiKeyId: key.id, overlapSeconds: 7200 };
      const { secret } = await app.as(admin).rotateApiKey(rotation).expectSuccess();
      said.push(key.secret, secret);
      await app.as(admin).revokeApiKey({ apiKeyId: key.id, reason: 'REMOVED' }).expectSuccess();
    });
    const row = { workspace_id: workspaceId as string, actor_user_id: admin.id };
    expectEvents(events, [
      ['workspace.created', workspaceId, { ownerId: admin.id }, row],
      ['api-key.created', key.id, { owner: 'USER', ...created }, row],
      // The key itself expires before the overlap ends.
      ['api-key.rotated', key.id, { overlapSeconds: 7200, previousSecretExpiresAt: expiresAt }, row],
      ['api-key.revoked', key.id, { reason: 'REMOVED' }, row],
    ]);
  });

  test('a key that is changed: what was changed, the end of its overlap, and a use from another address', async () => {
    const { workspace } = await app.as(admin).createWorkspace({ name: 'White Stork' }).expectSuccess();
    const key = await app.apiKey(admin, { workspaceId: workspace.id, scopes: [] });
    const typesOf = async () =>
      (await inOrder(app)).filter((each) => each.subject_id === key.id).map(({ type }) => type);
    const events = await eventsOf(async () => {
      const { secret } = await app.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 60 }).expectSuccess();
      said.push(key.secret, secret);
      await app.as(admin).endApiKeyOverlap({ apiKeyId: key.id }).expectSuccess();
      const changes = { apiKeyId: key.id, name: 'Black Stork', allowedAddresses: ['203.0.113.7'] };
      await app.as(admin).updateApiKey(changes).expectSuccess();
      expect(await app.accepts(secret)).toBe(false);
      await expect.poll(typesOf).toContain('api-key.refused');
      await app.as(admin).setCredentialPolicy({ workspaceId: workspace.id, idleSeconds: 86_400 }).expectSuccess();
    });
    expect(events.map(({ type, subject_id }) => [type, subject_id])).toEqual([
      ['api-key.rotated', key.id],
      ['api-key.overlap-ended', key.id],
      ['api-key.updated', key.id],
      ['api-key.refused', key.id],
      ['credential-policy.set', workspace.id],
    ]);
    expect(events[2]!.data).toMatchObject({ changed: ['name', 'allowedAddresses'], isNarrowed: true });
    expect(events[4]!.data).toMatchObject({ idleSeconds: 86_400, endedCount: 0 });
  });

  test('a daemon token: what it may do, its renewal, why it ended, and the end of its daemon', async () => {
    const { workspace } = await app.as(admin).createWorkspace({ name: 'Red Kite' }).expectSuccess();
    const lifetime = 4_000_000;
    const expiresAt = new Date(Date.now() + lifetime).toISOString();
    const created = { daemonId: 'host-1', scopes: ['DAEMON_TOKENS_WRITE'], permissions: ['deploy'], expiresAt };
    let first!: { id: string; secret: string };
    let second!: { id: string; secret: string };
    const events = await eventsOf(async () => {
      first = await app.daemonToken(admin, workspace.id, created);
      second = await app.daemonToken(admin, workspace.id, created);
      said.push(first.secret, second.secret);
      await app.as(first).renewDaemonToken().expect('TooEarlyToRenewError');
      await app.sql(
        `update daemon_tokens set created_at = created_at - interval '3900 s',
        first_expires_at = first_expires_at - interval '3900 s' where id = ?`,
        [first.id],
      );
      await app.sql(`update daemon_tokens set expires_at = first_expires_at where id = ?`, [first.id]);
      await app.app.replica.sync();
      await app.as(first).renewDaemonToken().expectSuccess();
      const ended = { daemonTokenId: first.id, reason: 'COMPROMISED' } as const;
      for (const _ of [1, 2]) await app.as(second).revokeDaemonToken(ended).expectSuccess();
      const gone = { workspaceId: workspace.id, daemonId: 'host-1', reason: 'REMOVED' } as const;
      for (const _ of [1, 2]) await app.as(admin).revokeDaemon(gone).expectSuccess();
    });
    const row = { workspace_id: workspace.id };
    const byAdmin = { ...row, actor_user_id: admin.id };
    expectEvents(events, [
      ['daemon-token.created', first.id, created, byAdmin],
      ['daemon-token.created', second.id, created, byAdmin],
      [
        'daemon-token.renewed',
        first.id,
        { previousExpiresAt: new Date(Date.parse(expiresAt) - 3_900_000).toISOString(), expiresAt: MOMENT },
        { ...row, actor_user_id: null, actor_credential_id: first.id },
      ],
      [
        'daemon-token.revoked',
        first.id,
        { reason: 'COMPROMISED' },
        { ...row, actor_user_id: null, actor_credential_id: second.id },
      ],
      ['daemon.revoked', 'host-1', { reason: 'REMOVED', revokedCount: 1 }, byAdmin],
    ]);
  });

  test('a signing key: what it may do, its successor, and why both ended', async () => {
    const workspaceId = await app.workspace(admin);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const created = { scopes: ['SIGNING_KEYS_WRITE'], permissions: ['deploy'], expiresAt };
    let key!: { id: string; secret: string };
    let successor!: { id: string; secret: string };
    const events = await eventsOf(async () => {
      key = await app.signingKey(admin, workspaceId, { description: 'White Stork', ...created });
      const rotation = { signingKeyId: key.id, overlapSeconds: 7200 };
      const { signingKey, secret } = await app.as({ signedBy: key }).rotateSigningKey(rotation).expectSuccess();
      successor = { id: signingKey.id, secret };
      said.push(key.secret, secret);
      const ended = { signingKeyId: successor.id, reason: 'COMPROMISED' } as const;
      for (const _ of [1, 2]) await app.as(admin).revokeSigningKey(ended).expectSuccess();
    });
    const row = { workspace_id: workspaceId };
    const byAdmin = { ...row, actor_user_id: admin.id };
    // The key itself expires before the overlap ends.
    const rotated = { replacedBy: successor.id, overlapSeconds: 7200, expiresAt };
    expectEvents(events, [
      ['signing-key.created', key.id, created, byAdmin],
      ['signing-key.rotated', key.id, rotated, { ...row, actor_user_id: null, actor_credential_id: key.id }],
      ['signing-key.revoked', successor.id, { reason: 'COMPROMISED' }, byAdmin],
      ['signing-key.revoked', key.id, { reason: 'COMPROMISED' }, byAdmin],
    ]);
  });

  test('the changes of a workspace and its members, each once', async () => {
    const account = await member();
    const workspaceId = await app.workspace(admin);
    const events = await eventsOf(async () => {
      const calls = app.as(admin);
      for (const _ of [1, 2]) {
        await calls.updateWorkspace({ workspaceId, name: 'Night Heron' }).expectSuccess();
        await calls.updateWorkspace({ workspaceId, requiresSignedRequests: true }).expectSuccess();
        await calls.addWorkspaceMember({ workspaceId, email: account.email, role: 'OWNER' }).expectSuccess();
      }
      const one = { workspaceId, userId: account.id };
      for (const _ of [1, 2]) await calls.setWorkspaceMemberRole({ ...one, role: 'MEMBER' }).expectSuccess();
      await calls.removeWorkspaceMember(one).expectSuccess();
      await calls.removeWorkspaceMember(one).expect('UserNotFoundError');
      await calls.deleteWorkspace({ workspaceId }).expectSuccess();
    });
    const row = { workspace_id: workspaceId, actor_user_id: admin.id };
    const userId = account.id;
    expectEvents(events, [
      ['workspace.updated', workspaceId, { changed: ['name'], requiresSignedRequests: false }, row],
      ['workspace.updated', workspaceId, { changed: ['requiresSignedRequests'], requiresSignedRequests: true }, row],
      ['workspace.member-added', workspaceId, { userId, role: 'OWNER' }, row],
      ['workspace.member-role-changed', workspaceId, { userId, role: 'MEMBER', previousRole: 'OWNER' }, row],
      ['workspace.member-removed', workspaceId, { userId, role: 'MEMBER' }, row],
      ['workspace.deleted', workspaceId, { memberCount: 1 }, row],
    ]);
  });

  test('the keys that sign access tokens: rotated, revoked, replaced and removed, with no user and no request', async () => {
    const first = await currentKid(app);
    const keys = app.app.jwtKeys;
    await publishedLongAgo(app);
    const rotated = await eventsOf(() => keys.rotate());
    const second = await currentKid(app);
    await publishedLongAgo(app);
    await app.sql(`update jwt_keys set activated_at = now() - interval '31 days' where state = 'CURRENT'`);
    const bySchedule = await eventsOf(() => keys.purge());
    const third = await currentKid(app);
    const revoked = await eventsOf(async () => [await keys.revoke(third), await keys.revoke(third)]);
    const fourth = await currentKid(app);
    const ofRetired = await eventsOf(() => keys.revoke(first));
    await app.sql(`update jwt_keys set retired_at = now() - interval '26 hours' where kid = ?`, [second]);
    const removed = await eventsOf(() => keys.purge());
    const repaired = await eventsOf(async () => {
      await app.sql('delete from jwt_keys where kid = ?', [fourth]);
      await keys.load(); // Here, or as soon as the replica applies the change.
    });
    const command = { nextKid: KID, how: 'command' };
    expectEvents(rotated, [['jwt-key.rotated', second, { ...command, retiredKid: first }]]);
    expectEvents(bySchedule, [['jwt-key.rotated', third, { nextKid: fourth, retiredKid: second, how: 'schedule' }]]);
    expectEvents(revoked, [
      ['jwt-key.revoked', third, { state: 'CURRENT', how: 'command' }],
      ['jwt-key.activated', fourth, command],
    ]);
    expectEvents(ofRetired, [['jwt-key.revoked', first, { state: 'RETIRED', how: 'command' }]]);
    expectEvents(removed, [['jwt-key.removed', second, { how: 'schedule' }]]);
    expectEvents(repaired, [['jwt-key.activated', await currentKid(app), { nextKid: KID, how: 'repair' }]]);
    for (const row of [rotated, bySchedule, revoked, ofRetired, removed, repaired].flat()) {
      expect(row).toMatchObject({ actor_user_id: null, actor_credential_id: null, ip_address: null, request_id: null });
    }
  });

  test('imports and exports of the operator: the number of rows, and the hash of the imported file', async () => {
    const { email } = await member();
    const secret = 'legacy-0123456789abcdef';
    said.push(secret, 'kite@example.com');
    const user = { email: 'kite@example.com', displayName: 'Red Kite', passwordHash: `$2b$04$${'a'.repeat(53)}` };
    const events = await eventsOf(async () => {
      await importKeys(app, [{ owner: email, secret, name: 'Black Kite', hint: 'leg…' }]);
      await importUsers(app, [user]);
      await importKeys(app, [{ owner: email, secret: 'too short' }]);
      await app.app.imports.keys.recordExport(operatorWork(app.app, 'test'), 3);
      await app.app.imports.users.recordExport(operatorWork(app.app, 'test'), 4);
    });
    const byOperator = { actor_user_id: null, actor_credential_id: null, ip_address: null };
    const data = { count: 1, format: 'rekey', fileSha256: 'a'.repeat(64) };
    const [ofImport, ofExport] = [expect.stringMatching(/^imp_\w{26}$/), expect.stringMatching(/^exp_\w{26}$/)];
    expectEvents(events, [
      ['api-key.imported', ofImport, data, byOperator],
      ['account.imported', ofImport, data, byOperator],
      ['api-key.exported', ofExport, { count: 3 }, byOperator],
      ['account.exported', ofExport, { count: 4 }, byOperator],
    ]);
  });

  test('no event of a rotation that is rejected or of a revocation of an unknown key', async () => {
    const { jwtKeys } = app.app;
    expect(await eventsOf(async () => [await jwtKeys.rotate(), await jwtKeys.revoke('unknown')])).toEqual([]);
  });

  describe('over all events above', () => {
    test('every declared event was recorded, and no other', async () => {
      const types = new Set((await inOrder(app)).map(({ type }) => type));
      types.add('database.moved'); // Recorded on another database: see test/cli/import.test.ts.
      const here = Object.keys(declared).filter((type) => !ELSEWHERE.includes(type));
      expect([...types].toSorted()).toEqual(here.toSorted());
    });

    test('the data in the database is as declared', async () => {
      for (const { type, data } of await inOrder(app)) expect(declared[type]!.parse(data)).toEqual(data);
    });

    test('no event holds a secret, a hash of one, an email address or a text that a user typed', async () => {
      const rows = (await app.sql('select row_to_json(e)::text as text from audit_events e')).map(({ text }) => text);
      const all = rows.join('\n');
      const [stored] = await app.sql(`select array_to_json(array(
          select unnest(array[email_sealed, encode(email_index, 'hex'), encode(email_index, 'base64'), display_name, password_hash])
            from users
          union select token_hash from refresh_tokens
          union select token_hash from account_tokens
          union select unnest(array[secret_hash, previous_secret_hash, name, hint]) from api_keys
          union select unnest(array[secret_hash, hint]) from daemon_tokens
          union select unnest(array[secret_sealed, nullif(description, '')]) from signing_keys
          union select name from workspaces
          union select private_sealed from jwt_keys)) as texts`);
      const texts = [...said, ...said.map(sha256Base64url), ...stored.texts].filter((text) => text !== null);
      expect(texts).toEqual(expect.arrayContaining(['Blue Heron', 'Grey Heron', 'White Stork', PASSWORD]));
      for (const text of texts) expect(all, text).not.toContain(text);
      expect(all).not.toMatch(/rk[adrsip]_|eyJ|@|argon2|PRIVATE/);
      const data = await app.sql('select data::text as text from audit_events');
      expect(data.map(({ text }) => text).join()).not.toContain('127.0.0.1');
    });
  });
});
