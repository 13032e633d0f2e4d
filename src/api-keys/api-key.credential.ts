import { isActiveUser, userBounds, userStanding, usersAs } from '../accounts/user.sql.ts';
import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import { defineCredentialType } from '../credentials/credential-type.ts';
import {
  accepted,
  earliest,
  FROM_SNAPSHOT,
  milliseconds,
  rejected,
  SNAPSHOT_COLUMNS,
  type Snapshot,
} from '../credentials/snapshot.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import type { Statement } from '../database/sql.ts';
import { effectivePermissions } from '../identity/permission.ts';
import { effectiveScopes, staysInWorkspace, type UserRole } from '../identity/scope.ts';
import { apiKeyTag, memberTag, userTag, workspaceTag } from '../revocation/tags.ts';
import { isMemberOf, joinMember, KEEP_WORKSPACE, LOCK_WORKSPACE, mustSignIn } from '../workspaces/workspace.sql.ts';
import { ApiKey } from './api-key.entity.ts';

/** A key that is bound to a workspace is valid only as long as its user is a member of it. */
const BOUND = { workspaceId: 'k.workspace_id', userId: 'k.user_id' };

// Two index lookups by hash, one for each of the two secrets of a key. The position in the log comes from the same
// snapshot, also if there is no such key.
const LOAD: Statement = {
  name: 'api-key-load',
  text: `select ${SNAPSHOT_COLUMNS},
      k.id, k.user_id as "userId", k.workspace_id as "workspaceId", k.scopes, k.permissions, k.current,
      ${milliseconds('k.expires_at', 'expiresAt')}, ${milliseconds('k.previous_secret_expires_at', 'previousExpiresAt')},
      k.revoked_at is not null as revoked, ${userStanding('u')},
      k.workspace_id is null or ${isMemberOf(BOUND)} as "mayUseWorkspace",
      ${mustSignIn('k.workspace_id')} as "mustBeSigned"
    ${FROM_SNAPSHOT}
    left join lateral (
      select true as current, a.* from api_keys a where a.secret_hash = $1
      union all
      select false as current, b.* from api_keys b where b.previous_secret_hash = $1
    ) k on true
    left join ${usersAs('u')} on u.id = k.user_id`,
};

interface LoadRow extends Snapshot {
  id: string | null;
  userId: string;
  workspaceId: string | null;
  scopes: string[];
  permissions: string[];
  current: boolean;
  expiresAt: number | null;
  previousExpiresAt: number | null;
  revoked: boolean;
  role: UserRole;
  userPermissions: string[];
  disabled: boolean;
  mayUseWorkspace: boolean;
  mustBeSigned: boolean;
}

// The membership is locked before the key, as the end of a membership locks them.
type ConfirmLocks = { bound: boolean; lockKey: string; lockUser: string };
const confirmStatement = ({
  bound,
  lockKey,
  lockUser,
}: ConfirmLocks) => `select k.scopes, k.permissions, ${userBounds('u')},
    k.secret_hash = ? as current, ${milliseconds('k.expires_at', 'expiresAt')},
    ${milliseconds('k.previous_secret_expires_at', 'previousExpiresAt')}
  from api_keys k join ${usersAs('u')} on u.id = k.user_id ${bound ? joinMember('m', BOUND) : ''}
  where k.id = ? and k.user_id = ? and k.workspace_id is not distinct from ?
    and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
    and (k.secret_hash = ? or (k.previous_secret_hash = ? and k.previous_secret_expires_at > clock_timestamp()))
    and ${isActiveUser('u')}
  ${bound ? 'for share of m' : ''} ${lockKey} of k ${lockUser} of u`;

/** How API keys authenticate. The proof is the SHA-256 of the secret, base64url. */
export const apiKeyCredential = defineCredentialType<string>({
  kind: 'apiKey',
  graphqlType: 'ApiKey',
  entity: ApiKey,
  table: 'api_keys',
  beginning: 'rka_',
  carriers: ['bearer', 'apiKeyHeader'],
  isWellFormed: (text) => parseSecret(text)?.prefix === 'rka',
  identify: (text) => sha256Base64url(text),
  byIds: (em, ids) => em.find(ApiKey, { id: { $in: [...ids] } }),
  async load(secretHash, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [secretHash]);
    if (!row) throw new Error('A snapshot always has a row.');
    if (row.id === null) return rejected(row);
    const tags = [apiKeyTag(row.id), userTag(row.userId)];
    if (row.workspaceId) tags.push(workspaceTag(row.workspaceId), memberTag(row.workspaceId, row.userId));
    const end = endOf(row);
    const expired = end !== null && end <= row.now;
    if (row.revoked || row.disabled || !row.mayUseWorkspace || expired) return rejected(row, tags);
    const principal = {
      kind: 'apiKey',
      credentialId: row.id,
      proof: secretHash,
      userId: row.userId,
      workspaceId: row.workspaceId,
      scopes: scopesOf(row, row),
      permissions: permissionsOf(row),
      expiresAt: end,
      ...(row.mustBeSigned ? { mustBeSigned: true } : {}),
    } as const;
    return accepted(row, principal, tags, [end]);
  },
  async confirm(em, caller, changing) {
    const { workspaceId } = caller;
    if (workspaceId !== null) {
      const lock = changing === workspaceId ? LOCK_WORKSPACE : KEEP_WORKSPACE;
      const [workspace] = await em.execute<{ mustBeSigned: boolean }[]>(lock, [workspaceId]);
      if (!workspace || (workspace.mustBeSigned && !caller.signedBy)) return false;
    }
    const statement = confirmStatement({
      bound: workspaceId !== null,
      lockKey: changing === caller.credentialId ? 'for update' : 'for share',
      lockUser: changing === caller.userId ? 'for update' : 'for share',
    });
    const [row] = await em.execute<Omit<LoadRow, 'id'>[]>(statement, [
      ...[caller.proof, caller.credentialId, caller.userId, caller.workspaceId],
      ...[caller.proof, caller.proof],
    ]);
    if (!row) return false;
    const held = scopesOf(row, caller);
    const permissions = permissionsOf(row);
    // A credential that it creates must not outlive it. A key that changes itself grants nothing for longer.
    const endsEarlier = (endOf(row) ?? Number.POSITIVE_INFINITY) < (caller.expiresAt ?? Number.POSITIVE_INFINITY);
    if (endsEarlier && changing !== caller.credentialId) return false;
    return (
      caller.scopes.every((scope) => held.includes(scope)) &&
      caller.permissions.every((permission) => permissions.includes(permission))
    );
  },
});

/** When the presented secret expires; null: never. */
function endOf({
  expiresAt,
  current,
  previousExpiresAt,
}: Pick<LoadRow, 'expiresAt' | 'current' | 'previousExpiresAt'>) {
  return earliest([expiresAt, current ? null : previousExpiresAt]);
}

/** The effective scopes of a key. A key that is bound to a workspace has no scopes beyond it, whatever it was given. */
function scopesOf({ scopes, role }: { scopes: string[]; role: UserRole }, bound: { workspaceId: string | null }) {
  const effective = effectiveScopes(scopes, role);
  return bound.workspaceId ? effective.filter(staysInWorkspace) : effective;
}

/** The effective permissions of a key: at most those of its user, unless the user is an administrator. */
function permissionsOf({ permissions, role, userPermissions }: Omit<LoadRow, 'id'>): string[] {
  return effectivePermissions(permissions, { role, permissions: userPermissions });
}

/** The cached proofs that a change of an API key affects. */
export const apiKeyEviction = defineEviction(ApiKey, (row) => [row.secretHash, row.previousSecretHash]);
