// Workspaces, their members, and callers who may not see them.
import type { Account, TestApp } from './app.ts';
import type { Caller } from './calls.ts';

/** Callers who are no member of any workspace of the test: a member of another one, and a key that is bound to it. */
export async function outsiders(app: TestApp): Promise<Caller[]> {
  const outsider = await app.member();
  const elsewhere = await app.workspace(outsider);
  const scopes = ['WORKSPACES_READ', 'WORKSPACES_WRITE'];
  return [outsider, await app.apiKey(outsider, { workspaceId: elsewhere, scopes })];
}

/** A new account that is a member of this workspace. */
export async function join(
  app: TestApp,
  { workspaceId, role = 'MEMBER' }: { workspaceId: string; role?: 'MEMBER' | 'OWNER' },
): Promise<Account> {
  const account = await app.member();
  const input = { workspaceId, email: account.email, role };
  await app
    .as(await app.admin())
    .addWorkspaceMember(input)
    .expectSuccess();
  return account;
}

/** The members of a workspace by their role, in the order in which they joined. */
export async function rolesIn(app: TestApp, workspaceId: string): Promise<[userId: string, role: string][]> {
  const sql = 'select user_id, role from workspace_members where workspace_id = ? order by created_at, user_id';
  return (await app.sql(sql, [workspaceId])).map(({ user_id, role }) => [user_id, role]);
}

/** The tags that this work appends to the invalidation log. */
export async function tagsOf(app: TestApp, work: () => PromiseLike<unknown>): Promise<string[]> {
  const [{ seq }] = await app.sql('select seq::float8 as seq from auth_epoch');
  await work();
  const rows = await app.sql('select tag from auth_inval where seq > ? order by seq', [seq]);
  return rows.map(({ tag }) => tag).filter((tag) => tag !== 'probe');
}
