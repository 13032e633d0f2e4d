import { governed, hasEnded, policyEnd, policyLock } from '../credential-policies/credential-policy.sql.ts';
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
import { parseSecret } from '../crypto/secret-text.ts';
import type { Statement } from '../database/sql.ts';
import { type RateLimitColumns, rateLimitOf } from '../identity/rate-limit.ts';
import { SCOPES, staysInWorkspace } from '../identity/scope.ts';
import { workspaceTag } from '../revocation/tags.ts';
import { KEEP_WORKSPACE, mustSignIn, workspaceExists } from '../workspaces/workspace.sql.ts';
import { Daemon, DaemonToken, subjectOf } from './daemon-token.entity.ts';

/** One daemon token. The triggers of the migration write the same. */
export const daemonTokenTag = (daemonTokenId: string) => `daemon-token:${daemonTokenId}`;
/** All tokens of a daemon in a workspace. */
export const daemonTag = (daemon: { workspaceId: string; daemonId: string }) => `daemon:${subjectOf(daemon)}`;

const LOAD: Statement = {
  name: 'daemon-token-load',
  text: `select ${SNAPSHOT_COLUMNS},
      t.id, t.workspace_id as "workspaceId", t.daemon_id as "daemonId", t.scopes, t.permissions,
      t.rate_limit_requests as "rateLimitRequests", t.rate_limit_seconds as "rateLimitSeconds",
      ${milliseconds('t.expires_at', 'expiresAt')}, ${milliseconds('t.created_at', 'issuedAt')},
      (t.revoked_at is not null or d.id is null or d.revoked_at is not null
        or not ${workspaceExists('t.workspace_id')}) as revoked,
      ${policyEnd(governed('t'))} as "policyEnd",
      ${mustSignIn('t.workspace_id')} as "mustBeSigned"
    ${FROM_SNAPSHOT}
    left join daemon_tokens t on t.secret_hash = $1
    left join daemons d on d.id = t.registration_id`,
};

interface LoadRow extends Snapshot, RateLimitColumns {
  id: string | null;
  workspaceId: string;
  daemonId: string;
  scopes: string[];
  permissions: string[];
  expiresAt: number;
  issuedAt: number;
  revoked: boolean;
  /** See `parsePolicyEnd`. */
  policyEnd: string | null;
  mustBeSigned: boolean;
}

const confirmStatement = (lockToken: string, lockDaemon: string) => `select t.scopes, t.permissions,
    ${milliseconds('t.expires_at', 'expiresAt')}, ${policyEnd(governed('t'))} as "policyEnd"
  from daemon_tokens t join daemons d on d.id = t.registration_id
  where t.id = ? and t.workspace_id = ? and t.secret_hash = ?
    and t.revoked_at is null and d.revoked_at is null and not ${hasEnded(governed('t'))}
    and ${workspaceExists('t.workspace_id')}
  ${lockToken} of t ${lockDaemon} of d`;

/** No transaction that renews a token takes longer than this, in milliseconds. */
const LONGEST_RENEWAL_MS = 60_000;

/** How daemon tokens authenticate. The proof is the SHA-256 of the secret, base64url. */
export const daemonTokenCredential = defineCredentialType<string>({
  kind: 'daemonToken',
  graphqlType: 'DaemonToken',
  entity: DaemonToken,
  table: 'daemon_tokens',
  beginning: 'rkd_',
  governed: {
    isUnrevoked: (row) => `(${row}.revoked_at is null
      and exists (select from daemons d where d.id = ${row}.registration_id and d.revoked_at is null))`,
  },
  carriers: ['bearer', 'apiKeyHeader'],
  isWellFormed: (text) => parseSecret(text)?.prefix === 'rkd',
  identify: (text) => sha256Base64url(text),
  byIds: (em, ids) => em.find(DaemonToken, { id: { $in: [...ids] } }),
  async load(secretHash, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [secretHash]);
    if (!row) throw new Error('A snapshot always has a row.');
    if (row.id === null) return rejected(row);
    const tags = [daemonTokenTag(row.id), daemonTag(row), workspaceTag(row.workspaceId)];
    if (row.revoked) return rejected(row, tags);
    if (row.expiresAt <= row.now) return expired(row, tags);
    const { fixedEnd, idleEnd } = endsOf([row.expiresAt], row.policyEnd);
    const end = earliest([fixedEnd, idleEnd]);
    if (end !== null && end <= row.now) return rejected(row, tags);
    const rateLimit = rateLimitOf(row);
    const principal = {
      kind: 'daemonToken',
      credentialId: row.id,
      proof: secretHash,
      userId: null,
      workspaceId: row.workspaceId,
      scopes: scopesOf(row),
      permissions: row.permissions,
      expiresAt: fixedEnd,
      issuedAt: row.issuedAt,
      ...(idleEnd === null ? {} : { idleExpiresAt: idleEnd }),
      ...(row.mustBeSigned ? { mustBeSigned: true } : {}),
      ...(rateLimit === null ? {} : { rateLimit }),
    } as const;
    return accepted(row, principal, tags, [end]);
  },
  async confirm(em, caller, changing) {
    const [workspace] = await em.execute<{ mustBeSigned: boolean }[]>(KEEP_WORKSPACE, [caller.workspaceId]);
    if (!workspace || (workspace.mustBeSigned && !caller.signedBy)) return false;
    // After the workspace and before the token, as a change of a policy. It waits for the tokens that it governs.
    await em.execute(policyLock(changing, caller.workspaceId), [caller.workspaceId]);
    const statement = confirmStatement(
      changing === caller.credentialId ? 'for update' : 'for share',
      // A change of a daemon of this workspace may be a change of the caller's own.
      changing?.startsWith(`${caller.workspaceId}:`) ? 'for update' : 'for share',
    );
    const [row] = await em.execute<Pick<LoadRow, 'scopes' | 'permissions' | 'expiresAt' | 'policyEnd'>[]>(statement, [
      ...[caller.credentialId, caller.workspaceId, caller.proof],
    ]);
    if (!row) return false;
    // What it creates must not outlive it. If it changes itself, it creates nothing that does.
    const { fixedEnd } = endsOf([row.expiresAt], row.policyEnd);
    const endsEarlier = (fixedEnd ?? Number.POSITIVE_INFINITY) < (caller.expiresAt ?? Number.POSITIVE_INFINITY);
    if (endsEarlier && changing !== caller.credentialId) return false;
    const held = scopesOf(row);
    return (
      caller.scopes.every((scope) => held.includes(scope)) &&
      caller.permissions.every((permission) => row.permissions.includes(permission))
    );
  },
});

/**
 * A renewal that began before the end may commit after it, without a row in the log. So a token that ended lately is
 * read again for each request.
 */
function expired(row: LoadRow, tags: readonly string[]): CachedCredential {
  const isFinal = row.expiresAt + LONGEST_RENEWAL_MS <= row.now;
  return isFinal ? rejected(row, tags) : { ...rejected(row, tags), until: row.now };
}

/** The scopes of a token. Plain SQL can write scopes that no mutation accepts. */
function scopesOf({ scopes }: { scopes: string[] }) {
  return SCOPES.filter((scope) => scopes.includes(scope) && staysInWorkspace(scope));
}

/** The cached proofs that a change of a daemon token affects. */
export const daemonTokenEviction = defineEviction(DaemonToken, (row) => [row.secretHash]);
/** A daemon does not know the secrets of its tokens: the invalidation log covers them. */
export const daemonEviction = defineEviction(Daemon, () => []);
