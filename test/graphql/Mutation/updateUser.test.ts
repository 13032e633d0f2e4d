import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnitOfWork } from '../../../src/database/unit-of-work.ts';
import { SCOPES, scopesOfRole } from '../../../src/identity/scope.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { holdNextCommit, untilLocked } from '../../support/gates.ts';
import { administrator, held, invite, logsIn, memberWith, update } from '../../support/people.ts';
import { login } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';
import { tagsOf } from '../../support/workspaces.ts';

const UNKNOWN = 'usr_00000000000000000000000000';

describe.each(backends())('updateUser on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  const updatesOf = async ({ id }: { id: string }) =>
    (await app.sql(`select data from audit_events where subject_id = ? and type = 'account.updated'`, [id])).length;

  describe('UpdateUserSuccess', () => {
    test('changes what is given and leaves the rest', async () => {
      const member = await app.member();
      const named = await update(app, member, { displayName: ' Grace ' });
      expect(named.user).toMatchObject({ displayName: 'Grace', email: member.email, role: 'MEMBER', permissions: [] });
      expect(named.receipt).toBeNull();
      const email = `Grace-${member.email}`;
      expect((await update(app, member, { email })).user).toMatchObject({ displayName: 'Grace', email });
      expect([await logsIn(app, email), await logsIn(app, member.email)]).toEqual([true, false]);
      expect((await app.as(admin).users({ filter: { email: email.toUpperCase() } })).nodes).toMatchObject([
        { id: member.id },
      ]);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('another spelling of the own address is stored', async () => {
      const member = await app.member();
      const email = member.email.toUpperCase();
      expect((await update(app, member, { email })).user.email).toBe(email);
      expect(await logsIn(app, member.email)).toBe(true);
    });

    test('an update that changes nothing succeeds and records no event', async () => {
      const member = await memberWith(app, ['read', 'write']);
      const before = await updatesOf(member);
      await update(app, member, {});
      const { email } = member;
      const same = { displayName: 'Ann', email, role: 'MEMBER' as const, permissions: ['write', 'read', 'read'] };
      const { user } = await update(app, member, same);
      expect(user.permissions).toEqual(['read', 'write']);
      expect(await updatesOf(member)).toBe(before);
    });

    test('a demotion narrows every session and key before the response; promoting again gives the keys back', async () => {
      const second = await administrator(app);
      const key = await app.apiKey(second, { scopes: ['ADMIN', 'API_KEYS_READ', 'INTROSPECT'] });
      expect((await held(app, second.accessToken)).scopes).toEqual(SCOPES);
      expect((await held(app, key.secret)).scopes).toEqual(['API_KEYS_READ', 'INTROSPECT', 'ADMIN']);
      const demoting = async () => {
        const { user, receipt } = await update(app, second, { role: 'MEMBER' });
        expect([user.role, receipt?.propagation]).toEqual(['MEMBER', 'ACKNOWLEDGED']);
      };
      expect(await tagsOf(app, demoting)).toEqual([`user:${second.id}`]);
      expect((await held(app, second.accessToken)).scopes).toEqual(scopesOfRole('MEMBER'));
      expect((await held(app, key.secret)).scopes).toEqual(['API_KEYS_READ']);
      // The same call again changes nothing, and waits all the same.
      expect(await tagsOf(app, demoting)).toEqual([]);
      expect((await update(app, second, { role: 'ADMIN' })).receipt).toBeNull();
      await expect.poll(async () => (await held(app, key.secret)).scopes).toContain('ADMIN');
      // A session never gains a scope, so its token gets back what it had.
      await expect.poll(async () => (await held(app, second.accessToken)).scopes).toEqual(SCOPES);
    });

    test('a session from before a promotion gains nothing', async () => {
      const member = await app.member();
      await update(app, member, { role: 'ADMIN' });
      expect((await held(app, (await login(app, member)).accessToken)).scopes).toEqual(SCOPES);
      expect((await held(app, member.accessToken)).scopes).toEqual(scopesOfRole('MEMBER'));
    });
  });

  describe('permissions', () => {
    test('sessions hold exactly these, and new keys at most these', async () => {
      const member = await memberWith(app, ['deploy', 'read']);
      const other = await login(app, member);
      for (const { accessToken } of [member, other])
        await expect.poll(async () => (await held(app, accessToken)).permissions).toEqual(['deploy', 'read']);
      const key = await app.apiKey(member, { permissions: ['read'] });
      expect((await held(app, key.secret)).permissions).toEqual(['read']);
      const refused = await app
        .as(member)
        .createApiKey({ name: 'more', permissions: ['read', 'write'] })
        .expect('InvalidInputError');
      expect(refused.fields).toMatchObject([{ path: 'input.permissions', message: expect.stringContaining('write') }]);
    });

    test('one that is taken away narrows sessions and keys before the response, by one row of the log', async () => {
      const member = await memberWith(app, ['deploy', 'read']);
      const keys = [
        await app.apiKey(member, { permissions: ['deploy', 'read'] }),
        await app.apiKey(member, { permissions: ['deploy'], workspaceId: await app.workspace(member) }),
      ];
      const secrets = [member.accessToken, ...keys.map(({ secret }) => secret)];
      for (const secret of secrets) expect((await held(app, secret)).permissions).toContain('deploy');
      const tags = await tagsOf(app, async () => {
        const { user, receipt } = await update(app, member, { permissions: ['read'] });
        expect([user.permissions, receipt?.propagation]).toEqual([['read'], 'ACKNOWLEDGED']);
        for (const secret of secrets) expect((await held(app, secret)).permissions).not.toContain('deploy');
      });
      expect(tags).toEqual([`user:${member.id}`]);
      const [event] = await app.sql(
        'select subject, effect, reason, user_id from auth_inval order by seq desc limit 1',
      );
      const { id: user_id } = member;
      expect(event).toEqual({ subject: 'USER', effect: 'NARROWED', reason: 'ADMINISTRATIVE', user_id });
      const verify = await fetch(`${app.url}/v1/verify?permission=deploy`, {
        headers: { 'x-api-key': keys[0]!.secret },
      });
      expect(verify.status).toBe(403);
      const introspected = await app.as(admin).introspect({ token: keys[0]!.secret });
      expect(introspected.permissions).toEqual(['read']);
      expect((await app.as(keys[0]!).viewer()).permissions).toEqual(['read']);
      // Given back, the keys hold it again.
      expect((await update(app, member, { permissions: ['read', 'deploy'] })).receipt).toBeNull();
      for (const secret of secrets)
        await expect.poll(async () => (await held(app, secret)).permissions).toContain('deploy');
    });

    test('the same permissions again wait for an earlier call, and only added ones do not', async () => {
      const member = await memberWith(app, ['read']);
      expect((await update(app, member, { permissions: ['read'] })).receipt).not.toBeNull();
      expect((await update(app, member, { permissions: [] })).receipt).not.toBeNull();
      expect((await update(app, member, { permissions: [] })).receipt).not.toBeNull();
      expect((await update(app, member, { permissions: ['read'] })).receipt).toBeNull();
      expect((await update(app, member, { permissions: ['write', 'deploy'] })).receipt).not.toBeNull();
    });

    test('a key of an administrator holds any permission, and is bounded after a demotion', async () => {
      const second = await administrator(app);
      const key = await app.apiKey(second, { permissions: ['deploy', 'read'] });
      expect((await held(app, second.accessToken)).permissions).toEqual([]);
      expect((await held(app, key.secret)).permissions).toEqual(['deploy', 'read']);
      await update(app, second, { role: 'MEMBER', permissions: ['read'] });
      expect((await held(app, key.secret)).permissions).toEqual(['read']);
    });

    test('a mutation that began before a permission was taken away creates no key with it', async () => {
      const member = await memberWith(app, ['deploy']);
      for (const { accessToken } of [member, admin]) expect(await app.accepts(accessToken)).toBe(true);
      const gate = holdNextCommit();
      const narrowing = update(app, member, { permissions: [] });
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const creating = app
        .as(member)
        .createApiKey({ name: 'too late', permissions: ['deploy'] })
        .answer();
      await until('the creation has begun', () => begun.mock.calls.length > 0);
      await untilLocked(app);
      gate.open();
      const [, answer] = await Promise.all([narrowing, creating]);
      expect(answer.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
      expect(await app.sql(`select 1 from api_keys where user_id = ?`, [member.id])).toEqual([]);
    });

    test('in plain SQL: every credential is narrowed', async () => {
      const member = await memberWith(app, ['deploy', 'read']);
      const key = await app.apiKey(member, { permissions: ['deploy'] });
      for (const secret of [member.accessToken, key.secret])
        expect((await held(app, secret)).permissions).toContain('deploy');
      await app.sql(`update users set permissions = '{read}' where id = ?`, [member.id]);
      await expect.poll(async () => (await held(app, key.secret)).permissions).toEqual([]);
      expect((await held(app, member.accessToken)).permissions).toEqual(['read']);
    });
  });

  test('UserNotFoundError: an id that belongs to no user', async () => {
    for (const userId of [UNKNOWN, 'nonsense', '', (await app.apiKey(admin)).id]) {
      const result = await app.as(admin).updateUser({ userId, role: 'MEMBER' }).expect('UserNotFoundError');
      expect(result).toEqual({ __typename: 'UserNotFoundError', message: 'User not found. Check `userId`.' });
    }
  });

  describe('EmailTakenError', () => {
    test('the address of another user, invited or disabled, in any spelling; nothing is changed', async () => {
      const [member, other, disabled] = [await app.member(), await app.member(), await app.member()];
      await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
      for (const { email } of [other, disabled, await invite(app)]) {
        const changes = { userId: member.id, email: ` ${email.toUpperCase()}`, displayName: 'Changed' };
        await app.as(admin).updateUser(changes).expect('EmailTakenError');
      }
      expect(await app.as(admin).user({ id: member.id })).toMatchObject({ email: member.email, displayName: 'Ann' });
    });

    test('of ten users who get one address at once, one does', async () => {
      const members = await Promise.all(Array.from({ length: 10 }, () => app.member()));
      const email = 'wanted@example.com';
      const results = await Promise.all(members.map(({ id: userId }) => app.as(admin).updateUser({ userId, email })));
      const names = results.map(({ __typename }) => __typename).toSorted();
      expect(names).toEqual([...Array(9).fill('EmailTakenError'), 'UpdateUserSuccess']);
    });
  });

  test('LastAdministratorError: the last active administrator keeps the role, for every caller', async () => {
    const own = await start();
    try {
      const only = await own.admin();
      const key = await own.apiKey(only, { scopes: ['ADMIN'] });
      await invite(own, { role: 'ADMIN' });
      const disabled = await administrator(own);
      await own.as(only).disableUser({ userId: disabled.id }).expectSuccess();
      for (const caller of [only, key]) {
        const changes = { userId: only.id, role: 'MEMBER' as const, displayName: 'Changed' };
        await own.as(caller).updateUser(changes).expect('LastAdministratorError');
      }
      expect(await own.as(only).user({ id: only.id })).toMatchObject({ role: 'ADMIN', displayName: 'Ann' });
      await own.as(only).updateUser({ userId: only.id, role: 'ADMIN', displayName: 'Changed' }).expectSuccess();
      // One who does not count may be demoted.
      await update(own, disabled, { role: 'MEMBER' });
      await administrator(own);
      await update(own, only, { role: 'MEMBER' });
      expect((await held(own, only.accessToken)).scopes).not.toContain('ADMIN');
    } finally {
      await own.close();
    }
  });

  test('InvalidInputError: every wrong field is reported at once, null is rejected, and nothing is changed', async () => {
    const member = await app.member();
    const wrong = { displayName: '\u202e', email: 'x', permissions: ['a b'], role: null };
    const refused = await app
      .as(admin)
      .updateUser({ userId: member.id, ...wrong })
      .expect('InvalidInputError');
    expect(refused.fields.map(({ path }) => path).toSorted()).toEqual(
      Object.keys(wrong)
        .map((name) => `input.${name}`)
        .toSorted(),
    );
    const empty = { displayName: null, email: null, permissions: null, role: null };
    const nulls = await app
      .as(admin)
      .updateUser({ userId: member.id, ...empty })
      .expect('InvalidInputError');
    expect(nulls.fields.map(({ path, message }) => [path, message]).toSorted()).toEqual(
      Object.keys(empty)
        .map((name) => [`input.${name}`, 'Must not be null. Leave it out to keep the value.'])
        .toSorted(),
    );
    const many = { userId: member.id, permissions: Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(90, 'x')) };
    expect((await app.as(admin).updateUser(many).expect('InvalidInputError')).fields).toMatchObject([
      { path: 'input.permissions', message: expect.stringContaining('2048') },
    ]);
    expect(await app.as(admin).user({ id: member.id })).toMatchObject({ displayName: 'Ann', email: member.email });
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN for any user', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_WRITE', 'SESSIONS_WRITE'] });
    for (const caller of [member, key])
      for (const userId of [member.id, other.id, UNKNOWN])
        await app.as(caller).updateUser({ userId, role: 'ADMIN' }).expectError('FORBIDDEN');
  });
});
