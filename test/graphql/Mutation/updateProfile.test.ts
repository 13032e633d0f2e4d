import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { eventsOf } from '../../support/sessions.ts';

describe.each(backends())('updateProfile on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  test('UpdateProfileSuccess: a session and a key of the user change the display name and nothing else', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const before = await app.as(admin).user({ id: member.id });
    const { user } = await app.as(member).updateProfile({ displayName: ' Grace ' }).expectSuccess();
    expect(user).toMatchObject({ id: member.id, displayName: 'Grace', email: member.email });
    const key = await app.apiKey(member, { scopes: [] });
    expect((await app.as(key).updateProfile({ displayName: 'Ada' }).expectSuccess()).user.displayName).toBe('Ada');
    expect(await app.as(admin).user({ id: member.id })).toEqual({ ...before, displayName: 'Ada', apiKeyCount: 1 });
    expect(await app.as(admin).user({ id: other.id })).toMatchObject({ displayName: 'Ann' });
    // The same name again records no event.
    await app.as(member).updateProfile({ displayName: 'Ada' }).expectSuccess();
    expect((await eventsOf(app, member.id)).filter((type) => type === 'account.updated')).toHaveLength(2);
  });

  test('InvalidInputError: a name that is empty, too long or not visible', async () => {
    const member = await app.member();
    for (const displayName of ['', '  ', 'x'.repeat(101), 'a\u202eb', 'a\nb']) {
      const { fields } = await app.as(member).updateProfile({ displayName }).expect('InvalidInputError');
      expect(fields.map(({ path }) => path)).toEqual(['input.displayName']);
    }
    expect((await app.as(member).viewer()).user?.displayName).toBe('Ann');
  });

  test('a credential without a user, and one that is bound to a workspace, get FORBIDDEN', async () => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    const daemonToken = await app.daemonToken(admin, workspaceId);
    const bound = await app.apiKey(member, { workspaceId });
    for (const caller of [daemonToken, bound])
      await app.as(caller).updateProfile({ displayName: 'Eve' }).expectError('FORBIDDEN');
    await app.as().updateProfile({ displayName: 'Eve' }).expectError('UNAUTHENTICATED');
    expect((await app.as(member).viewer()).user?.displayName).toBe('Ann');
  });
});
