import type { Principal } from '../access/principal.ts';
import type { User } from '../accounts/user.entity.ts';
import type { ApiKey } from '../api-keys/api-key.entity.ts';
import type { Session } from '../sessions/session.entity.ts';
import type { Workspace } from '../workspaces/workspace.entity.ts';
import type { GraphQLContext } from './context.ts';
import type { CredentialStatus } from './generated/types.ts';

/** Where a credential is in its life. */
export function statusOf(
  credential: { endedAt: Date | null; isExpired(now: Date): boolean },
  now: Date,
): CredentialStatus {
  if (credential.endedAt) return 'REVOKED';
  return credential.isExpired(now) ? 'EXPIRED' : 'ACTIVE';
}

/** The row behind a principal. */
export async function credentialOf(principal: Principal, { loaders }: GraphQLContext): Promise<ApiKey | Session> {
  const credential = await loaders[principal.kind].load(principal.credentialId);
  return required(credential, principal.credentialId);
}

export async function userOf(userId: string, { loaders }: GraphQLContext): Promise<User> {
  return required(await loaders.user.load(userId), userId);
}

export async function workspaceOf(workspaceId: string | null, { loaders }: GraphQLContext): Promise<Workspace | null> {
  return workspaceId ? required(await loaders.workspace.load(workspaceId), workspaceId) : null;
}

/** Something that a foreign key promises. */
function required<T>(row: T | null, id: string): T {
  if (!row) throw new Error(`${id} is gone.`);
  return row;
}
