import { isActiveUser, userBounds, userStanding, usersAs } from '../accounts/user.sql.ts';
import { governed, hasEnded, policyEnd, policyLock } from '../credential-policies/credential-policy.sql.ts';
import { areWithin } from '../credentials/allowed-addresses.ts';
import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import type { CachedCredential } from '../credentials/cached-credential.ts';
import { defineCredentialType } from '../credentials/credential-type.ts';
import {
  accepted,
  earliest,
  endsOf,
  FROM_SNAPSHOT,
  milliseconds,
  rejected,
  SNAPSHOT_COLUMNS,
  type Snapshot,
} from '../credentials/snapshot.ts';
import { sha256Base64url } from '../crypto/hash.ts';
import { parseSecret, resemblesSecret } from '../crypto/secret-text.ts';
import type { Sql, Statement } from '../database/sql.ts';
import { effectivePermissions } from '../identity/permission.ts';
import type { Principal } from '../identity/principal.ts';
import { type RateLimitColumns, rateLimitOf } from '../identity/rate-limit.ts';
import { belongsToWorkspace, effectiveScopes, SCOPES, staysInWorkspace, type UserRole } from '../identity/scope.ts';
import { apiKeyTag, IMPORTED_KEYS_TAG, memberTag, userTag, workspaceTag } from '../revocation/tags.ts';
import {
  isMemberOf,
  joinMember,
  KEEP_WORKSPACE,
  LOCK_WORKSPACE,
  mustSignIn,
  workspaceExists,
} from '../workspaces/workspace.sql.ts';
import { ApiKey } from './api-key.entity.ts';

/** The texts that may be imported as a secret: visible ASCII, as in a header. */
export const IMPORTABLE = /^[\x21-\x7e]{1,1024}$/;
/** How long a rejection of a text without our form is remembered. */
const IMPORTED_REFUSAL_MS = 1000;

/** A user's key that is bound to a workspace is valid only as long as the user is a member of it. */
const BOUND = { workspaceId: 'k.workspace_id', userId: 'k.user_id' };

// Two index lookups by hash, one for each of the two secrets of a key. The position in the log comes from the same
// snapshot, also if there is no such key.
const LOAD: Statement = {
  name: 'api-key-load',
  text: `select ${SNAPSHOT_COLUMNS},
      k.id, k.user_id as "userId", k.workspace_id as "workspaceId", k.scopes, k.permissions, k.current,
      k.allowed_addresses as "allowedAddresses", k.metadata_sealed is not null as "hasMetadata",
      k.rate_limit_requests as "rateLimitRequests", k.rate_limit_seconds as "rateLimitSeconds",
      ${milliseconds('k.expires_at', 'expiresAt')}, ${milliseconds('k.previous_secret_expires_at', 'previousExpiresAt')},
      ${milliseconds('coalesce(case when k.current then k.rotated_at end, k.created_at)', 'issuedAt')},
      k.revoked_at is not null as revoked, ${userStanding('u')},
      k.workspace_id is null or ${isMemberOf(BOUND)}
        or (k.user_id is null and ${workspaceExists('k.workspace_id')}) as "mayUseWorkspace",
      ${policyEnd(governed('k'))} as "policyEnd",
      ${mustSignIn('k.workspace_id')} as "mustBeSigned"
    ${FROM_SNAPSHOT}
    left join lateral (
      select true as current, a.* from api_keys a where a.secret_hash = $1
      union all
      select false as current, b.* from api_keys b where b.previous_secret_hash = $1
    ) k on true
    left join ${usersAs('u')} on u.id = k.user_id`,
};

/** What decides what a key may do. */
interface Grant {
  /** Null for a key that belongs to a workspace. */
  userId: string | null;
  workspaceId: string | null;
  scopes: string[];
  permissions: string[];
  /** What bounds it; null for a key that belongs to a workspace. */
  role: UserRole | null;
  userPermissions: string[] | null;
}

/** What decides when a presented secret ends. */
interface Lifetime {
  current: boolean;
  expiresAt: number | null;
  previousExpiresAt: number | null;
  /** See `parsePolicyEnd`. */
  policyEnd: string | null;
}

interface LoadRow extends Snapshot, Grant, Lifetime, RateLimitColumns {
  id: string | null;
  issuedAt: number;
  allowedAddresses: string[];
  hasMetadata: boolean;
  revoked: boolean;
  disabled: boolean;
  mayUseWorkspace: boolean;
  mustBeSigned: boolean;
}

// The membership is locked before the key, as the end of a membership locks them. A key of a workspace has no user and no
// membership: its workspace is checked.
type ConfirmLocks = { caller: Principal; lockKey: string; lockUser: string };
function confirmStatement({ caller, lockKey, lockUser }: ConfirmLocks): string {
  const isOfUser = caller.userId !== null;
  const isBoundUser = isOfUser && caller.workspaceId !== null;
  return `select k.user_id as "userId", k.workspace_id as "workspaceId", k.scopes, k.permissions,
      k.allowed_addresses as "allowedAddresses", ${isOfUser ? userBounds('u') : 'null as role, null as "userPermissions"'}, k.secret_hash = ? as current,
      ${milliseconds('k.expires_at', 'expiresAt')}, ${milliseconds('k.previous_secret_expires_at', 'previousExpiresAt')},
      ${policyEnd(governed('k'))} as "policyEnd"
    from api_keys k ${isOfUser ? `join ${usersAs('u')} on u.id = k.user_id` : ''}
      ${isBoundUser ? joinMember('m', BOUND) : ''}
    where k.id = ? and k.user_id is not distinct from ? and k.workspace_id is not distinct from ?
      and k.revoked_at is null and not ${hasEnded(governed('k'))}
      and (k.secret_hash = ? or (k.previous_secret_hash = ? and k.previous_secret_expires_at > clock_timestamp()))
      and ${isOfUser ? isActiveUser('u') : workspaceExists('k.workspace_id')}
    ${isBoundUser ? 'for share of m' : ''} ${lockKey} of k ${isOfUser ? `${lockUser} of u` : ''}`;
}

/** How API keys authenticate. The proof is the SHA-256 of the secret, base64url. */
export const apiKeyCredential = defineCredentialType<string>({
  kind: 'apiKey',
  graphqlType: 'ApiKey',
  entity: ApiKey,
  table: 'api_keys',
  beginning: 'rka_',
  recordsAddress: true,
  governed: { isUnrevoked: (row) => `${row}.revoked_at is null` },
  carriers: ['bearer', 'apiKeyHeader'],
  isWellFormed: (text) => parseSecret(text)?.prefix === 'rka',
  identify: (text) => sha256Base64url(text),
  byIds: (em, ids) => em.find(ApiKey, { id: { $in: [...ids] } }),
  load: async (secretHash, { sql }) => stateOf(await readKey(sql, secretHash), secretHash),
  imported: {
    isPossible: (text) => IMPORTABLE.test(text) && !resemblesSecret(text),
    async load(secretHash, { sql }) {
      const row = await readKey(sql, secretHash);
      const state = stateOf(row, secretHash);
      return state.principal ? state : { ...state, until: row.now + IMPORTED_REFUSAL_MS };
    },
  },
  async confirm(em, caller, changing) {
    const { workspaceId, userId } = caller;
    if (workspaceId !== null) {
      const lock = changing === workspaceId ? LOCK_WORKSPACE : KEEP_WORKSPACE;
      const [workspace] = await em.execute<{ mustBeSigned: boolean }[]>(lock, [workspaceId]);
      if (!workspace || (workspace.mustBeSigned && !caller.signedBy)) return false;
    }
    // After the workspace and before the key, as a change of a policy. It waits for the keys that it governs.
    await em.execute(policyLock(changing, workspaceId), [workspaceId]);
    const statement = confirmStatement({
      caller,
      lockKey: changing === caller.credentialId ? 'for update' : 'for share',
      lockUser: changing === userId ? 'for update' : 'for share',
    });
    const { proof, credentialId } = caller;
    const values = [proof, credentialId, userId, workspaceId, proof, proof];
    const [row] = await em.execute<(Grant & Lifetime & Pick<LoadRow, 'allowedAddresses'>)[]>(statement, values);
    if (!row) return false;
    const permissions = permissionsOf(row);
    // A credential that it creates must not outlive it. A key that changes itself grants nothing for longer.
    const endsEarlier =
      (endsOfSecret(row).fixedEnd ?? Number.POSITIVE_INFINITY) < (caller.expiresAt ?? Number.POSITIVE_INFINITY);
    if (endsEarlier && changing !== credentialId) return false;
    const held = scopesOf(row);
    return (
      caller.scopes.every((scope) => held.includes(scope)) &&
      caller.permissions.every((permission) => permissions.includes(permission)) &&
      isAsOpen(row.allowedAddresses, caller.allowedAddresses ?? [])
    );
  },
});

async function readKey(sql: Sql, secretHash: string): Promise<LoadRow> {
  const [row] = await sql.query<LoadRow>(LOAD, [secretHash]);
  if (!row) throw new Error('A snapshot always has a row.');
  return row;
}

/** What a secret authenticates, by the row of its key. */
function stateOf(row: LoadRow, secretHash: string): CachedCredential {
  if (row.id === null) return rejected(row, [IMPORTED_KEYS_TAG]);
  const tags = tagsOf(row.id, row);
  const { fixedEnd, idleEnd } = endsOfSecret(row);
  const end = earliest([fixedEnd, idleEnd]);
  const rateLimit = rateLimitOf(row);
  const isDisabled = row.userId !== null && row.disabled;
  if (row.revoked || isDisabled || !row.mayUseWorkspace || (end !== null && end <= row.now)) return rejected(row, tags);
  const principal = {
    kind: 'apiKey',
    credentialId: row.id,
    proof: secretHash,
    userId: row.userId,
    workspaceId: row.workspaceId,
    scopes: scopesOf(row),
    permissions: permissionsOf(row),
    expiresAt: fixedEnd,
    issuedAt: row.issuedAt,
    ...(idleEnd === null ? {} : { idleExpiresAt: idleEnd }),
    ...(row.allowedAddresses.length > 0 ? { allowedAddresses: row.allowedAddresses } : {}),
    ...(row.hasMetadata ? { hasMetadata: true } : {}),
    ...(rateLimit === null ? {} : { rateLimit }),
    ...(row.mustBeSigned ? { mustBeSigned: true } : {}),
  } as const;
  return accepted(row, principal, tags, [end]);
}

function tagsOf(id: string, { userId, workspaceId }: Grant): string[] {
  const tags = [apiKeyTag(id)];
  if (userId !== null) tags.push(userTag(userId));
  if (workspaceId !== null) tags.push(workspaceTag(workspaceId));
  if (userId !== null && workspaceId !== null) tags.push(memberTag(workspaceId, userId));
  return tags;
}

/** When the presented secret ends. */
function endsOfSecret({ expiresAt, current, previousExpiresAt, policyEnd: end }: Lifetime) {
  return endsOf([expiresAt, current ? null : previousExpiresAt], end);
}

/**
 * The effective scopes of a key. A key that is bound to a workspace has no scopes beyond it, whatever it was given, and a
 * key that belongs to one has even fewer.
 */
function scopesOf({ scopes, role, userId, workspaceId }: Grant) {
  if (userId === null || role === null)
    return SCOPES.filter((scope) => scopes.includes(scope) && belongsToWorkspace(scope));
  const effective = effectiveScopes(scopes, role);
  return workspaceId !== null ? effective.filter(staysInWorkspace) : effective;
}

/**
 * Whether a key may still be used from everywhere where it could be used when the request was authenticated. The address
 * of the request is one of these.
 */
function isAsOpen(now: readonly string[], before: readonly string[]): boolean {
  return now.length === 0 || (before.length > 0 && areWithin(before, now));
}

/**
 * The effective permissions of a key: at most those of its user, unless the user is an administrator. Nothing bounds a key
 * that belongs to a workspace.
 */
function permissionsOf({ permissions, role, userPermissions }: Grant): string[] {
  if (role === null || userPermissions === null) return permissions;
  return effectivePermissions(permissions, { role, permissions: userPermissions });
}

/** The cached proofs that a change of an API key affects. */
export const apiKeyEviction = defineEviction(ApiKey, (row) => [row.secretHash, row.previousSecretHash]);
