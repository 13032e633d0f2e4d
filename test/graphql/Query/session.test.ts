import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type TestApp } from '../../support/app.ts';
import { login } from '../../support/sessions.ts';

describe.each(backends())('session on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.close());

  test('a member finds their own sessions, active or revoked', async () => {
    const member = await app.member();
    const other = await login(app, member);
    const found = await app.as(member).session({ id: member.sessionId });
    expect(found).toMatchObject({ id: member.sessionId, status: 'ACTIVE', isCurrent: true, user: { id: member.id } });
    await app.as(member).revokeSession({ sessionId: other.sessionId }).expectSuccess();
    expect(await app.as(member).session({ id: other.sessionId })).toMatchObject({
      id: other.sessionId,
      status: 'REVOKED',
      isCurrent: false,
    });
  });

  test('F4.1: a member gets null for the session of another user and for an unknown one; an administrator finds it', async () => {
    const [member, other] = [await app.member(), await app.member()];
    for (const id of [other.sessionId, 'ses_00000000000000000000000000', 'nonsense', '', '%'])
      expect(await app.as(member).session({ id })).toBeNull();
    const admin = await app.admin();
    expect(await app.as(admin).session({ id: other.sessionId })).toMatchObject({ user: { id: other.id } });
  });

  test('a key without the scope gets FORBIDDEN, and one that is bound to a workspace sees no session', async () => {
    const member = await app.member();
    const { sessionId: id } = member;
    const weak = await app.apiKey(member);
    await app.as(weak).session({ id }).expectError('FORBIDDEN');
    const workspaceId = await app.workspace(member);
    const bound = await app.apiKey(member, { scopes: ['SESSIONS_READ'], workspaceId });
    expect(await app.as(bound).session({ id })).toBeNull();
    const key = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
    expect(await app.as(key).session({ id })).toMatchObject({ id });
  });
});
