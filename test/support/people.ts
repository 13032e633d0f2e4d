// Users who are invited, promoted, or have permissions.
import type { UpdateUserInput } from '../../src/client/generated/graphql.ts';
import { type Account, PASSWORD, type TestApp } from './app.ts';
import { login } from './sessions.ts';

export const NEW_PASSWORD = 'quartz fjord bandwagon umbra';

let invitations = 0;

/** An invitation of a user that no other test uses. */
export async function invite(app: TestApp, input: object = {}) {
  const email = `invited-${++invitations}-${process.pid}@example.com`;
  const { user, invitationToken, expiresAt } = await app
    .as(await app.admin())
    .inviteUser({ email, displayName: 'Ann', ...input })
    .expectSuccess();
  return { id: user.id, email: user.email, user, invitationToken, expiresAt };
}

export const accept = (app: TestApp, invitationToken: string, password = PASSWORD) =>
  app.as().acceptInvitation({ invitationToken, password });

/** A token with which this user sets a new password. */
export async function resetTokenOf(app: TestApp, { id: userId }: { id: string }): Promise<string> {
  const { resetToken } = await app
    .as(await app.admin())
    .createPasswordReset({ userId })
    .expectSuccess();
  return resetToken;
}

/** Changes a user as the administrator of the tests. */
export async function update(app: TestApp, { id: userId }: { id: string }, changes: Omit<UpdateUserInput, 'userId'>) {
  return app
    .as(await app.admin())
    .updateUser({ userId, ...changes })
    .expectSuccess();
}

/** One more administrator, which a test may demote, disable and delete. */
export async function administrator(app: TestApp): Promise<Account> {
  const member = await app.member();
  await update(app, member, { role: 'ADMIN' });
  return { ...member, ...(await login(app, member)) };
}

/** A member with these permissions, and a session that holds them. */
export async function memberWith(app: TestApp, permissions: string[]): Promise<Account> {
  const member = await app.member();
  await update(app, member, { permissions });
  return member;
}

/** What a credential holds at this replica, as a gateway sees it. */
export async function held(app: TestApp, secret: string): Promise<{ scopes: string[]; permissions: string[] }> {
  const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { authorization: `Bearer ${secret}` } });
  const list = (name: string) =>
    headers
      .get(name)!
      .split(',')
      .filter((each) => each !== '-');
  return { scopes: list('x-rekey-scopes'), permissions: list('x-rekey-permissions') };
}

/** Moves the end of all tokens of this user into the past. */
export async function expireTokensOf(app: TestApp, { id }: { id: string }): Promise<void> {
  await app.sql(`update account_tokens set expires_at = now() - interval '1 second' where user_id = ?`, [id]);
}

export const logsIn = async (app: TestApp, email: string, password = PASSWORD): Promise<boolean> =>
  (await app.as().login({ email, password })).__typename === 'LoginSuccess';
