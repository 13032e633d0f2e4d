import type { User } from '../accounts/user.entity.ts';
import { INSTALLATION } from '../credential-policies/credential-policy.entity.ts';
import { AccessError, credentialRefused } from '../identity/access-error.ts';
import { type PolicyBounds, UNBOUNDED } from '../identity/credential-policy.ts';
import type { Principal } from '../identity/principal.ts';
import type { Workspace } from '../workspaces/workspace.entity.ts';
import type { GraphQLContext } from './context.ts';
import type { CredentialStatus } from './generated/types.ts';

/** The status of a credential. */
export function statusOf(
  credential: { revokedAt: Date | null; isExpired(now: Date): boolean },
  now: Date,
): CredentialStatus {
  if (credential.revokedAt) return 'REVOKED';
  return credential.isExpired(now) ? 'EXPIRED' : 'ACTIVE';
}

/** The bounds of a workspace or, without one, of the installation. */
export async function policyOf(workspaceId: string | null, { loaders }: GraphQLContext): Promise<PolicyBounds> {
  return (await loaders.policy.load(workspaceId ?? INSTALLATION)) ?? UNBOUNDED;
}

/** The row behind a principal. */
export async function credentialOf(principal: Principal, context: GraphQLContext): Promise<{ id: string }> {
  const credential = await loadCredential(principal, context);
  return required(credential, principal.credentialId, context);
}

/** The row behind a principal; null if it was deleted during the request. */
export async function loadCredential(
  { kind, credentialId }: Principal,
  { loaders }: GraphQLContext,
): Promise<{ id: string } | null> {
  return loaders.credential.get(kind)?.load(credentialId) ?? null;
}

export async function userOf(userId: string, context: GraphQLContext): Promise<User> {
  return required(await context.loaders.user.load(userId), userId, context);
}

/** The context, for a field that is not for users who only share a workspace. @throws AccessError `FORBIDDEN` */
export function accountOnly(userId: string, context: GraphQLContext): GraphQLContext {
  if (context.visibility.seesAccount(userId)) return context;
  throw new AccessError('FORBIDDEN', 'Only the user and administrators can read this field.');
}

/**
 * A field with personal data of a user. If the caller is another user, the read is recorded before the response. A
 * caller without a credential reads only the user that it has just authenticated.
 */
export async function personalOf<Value>(
  { userId, field, value }: { userId: string; field: string; value: Value },
  { principal, loaders }: GraphQLContext,
): Promise<Value> {
  if (value !== null && principal && principal.userId !== userId) await loaders.personalRead.load({ userId, field });
  return value;
}

/** The workspace of a credential; null if there is none, or if the caller may not see it. */
export async function workspaceOf(workspaceId: string | null, context: GraphQLContext): Promise<Workspace | null> {
  if (workspaceId === null || !(await context.visibility.seesWorkspace(workspaceId))) return null;
  return required(await context.loaders.workspace.load(workspaceId), workspaceId, context);
}

/** The same for an object that only those see who see its workspace. */
export async function owningWorkspaceOf(workspaceId: string, context: GraphQLContext): Promise<Workspace> {
  return required(await workspaceOf(workspaceId, context), workspaceId, context);
}

/**
 * A row that existed when this request began. If it was deleted meanwhile and the caller's credential depends on it,
 * that credential is no longer valid. Otherwise the parts of the response do not match, and the request may be retried.
 */
function required<T>(row: T | null, id: string, { principal, loaders }: GraphQLContext): T {
  if (row) return row;
  const own = [principal?.credentialId, principal?.userId, principal?.workspaceId].includes(id);
  throw own ? credentialRefused() : loaders.deleted(id);
}
