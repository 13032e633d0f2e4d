// A change whose audit event cannot be written does not happen. This holds for every kind of change.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { exchange, jtiOf, later, login, UNLIMITED } from '../support/sessions.ts';

describe.each(backends())('on $name, a change with an event', ({ start }) => {
  let app: TestApp;
  let [admin, member, other, disabled]: Account[] = [];
  let key: { id: string };
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
    admin = await app.admin();
    [member, disabled] = [await app.member(), await app.member()];
    other = await login(app, member);
    key = await app.apiKey(member);
    await exchange(app, other.refreshToken);
    await later(app, other.sessionId, 60);
    await app.as(admin).disableUser({ userId: disabled.id }).expectSuccess();
    await app.sql(`update jwt_keys set created_at = created_at - interval '11 minutes'`); // The next key may sign.
  });
  afterAll(() => app.close());

  /** Every kind of change. Each of them can be tried several times, because none happens. */
  const CHANGES: Record<string, () => PromiseLike<unknown>> = {
    register: () => app.register(),
    login: () => login(app, member!),
    logout: () => app.as(member!).logout(),
    changePassword: () =>
      app.as(member!).changePassword({ currentPassword: PASSWORD, newPassword: 'quartz fjord bandwagon umbra' }),
    disableUser: () => app.as(admin!).disableUser({ userId: member!.id }),
    enableUser: () => app.as(admin!).enableUser({ userId: disabled!.id }),
    revokeSession: () => app.as(member!).revokeSession({ sessionId: other!.sessionId }),
    revokeAllSessions: () => app.as(member!).revokeAllSessions({}),
    revokeAccessToken: () => app.as(member!).revokeAccessToken({ jti: jtiOf(other!.accessToken) }),
    'refreshSession, twice with one token': () => exchange(app, other!.refreshToken),
    createWorkspace: () => app.as(member!).createWorkspace({ name: 'Blue Heron' }),
    createApiKey: () => app.apiKey(member!),
    rotateApiKey: () => app.as(member!).rotateApiKey({ apiKeyId: key.id }),
    revokeApiKey: () => app.as(member!).revokeApiKey({ apiKeyId: key.id }),
    'a rotation of the keys of access tokens': () => app.app.jwtKeys.rotate(),
    'a revocation of a key of access tokens': () => app.app.jwtKeys.revoke(app.app.jwtKeys.signing.kid),
  };
  const change = async (name: string) => CHANGES[name]!();
  const TABLES = [
    ...['users', 'sessions', 'refresh_tokens', 'access_token_revocations', 'api_keys', 'jwt_keys'],
    ...['workspaces', 'workspace_members', 'audit_events', 'auth_inval'],
  ];
  const state = async () => {
    const tables = TABLES.map((table) => `select '${table}' as name, to_jsonb(t)::text as row from ${table} t`);
    return app.sql(`${tables.join(' union all ')} order by 1, 2`);
  };

  test.each(Object.keys(CHANGES))('does not happen if the event cannot be written: %s', async (name) => {
    const before = await state();
    await app.sql(
      `create function fail() returns trigger language plpgsql as $$ begin raise exception 'no event'; end $$`,
    );
    onTestFinished(() => app.sql('drop function if exists fail cascade').then(() => undefined));
    await app.sql('create trigger fail before insert on audit_events for each row execute function fail()');
    await expect(change(name)).rejects.toThrow(/INTERNAL_SERVER_ERROR|no event/);
    await app.sql('drop function fail cascade');
    expect(await state()).toEqual(before);

    // Nor if the event can be written but gets no position.
    await app.sql(`do $$ begin execute format('alter sequence audit_position maxvalue %s',
      (select last_value from audit_position)); end $$`);
    onTestFinished(() => app.sql('alter sequence audit_position no maxvalue').then(() => undefined));
    await expect(change(name)).rejects.toThrow(/INTERNAL_SERVER_ERROR|reached maximum value/);
    expect(await state()).toEqual(before);
  });

  test('happens if the event can be written', async () => {
    const [{ last }] = await app.sql('select max(position) as last from audit_events');
    await change('createApiKey');
    await change('a rotation of the keys of access tokens');
    const rows = await app.sql('select type from audit_events where position > ? order by position', [last]);
    expect(rows.map(({ type }) => type)).toEqual(['api-key.created', 'jwt-key.rotated']);
  });
});
