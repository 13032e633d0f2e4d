import { hasEnded, policyEnd, policyLock } from '../credential-policies/credential-policy.sql.ts';
import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
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
import { wrappedKeyOf } from '../database/data-keys.sql.ts';
import type { Statement } from '../database/sql.ts';
import type { Principal } from '../identity/principal.ts';
import { SCOPES, staysInWorkspace } from '../identity/scope.ts';
import { isId } from '../kernel/ids.ts';
import { workspaceTag } from '../revocation/tags.ts';
import { KEEP_WORKSPACE, workspaceExists } from '../workspaces/workspace.sql.ts';
import { SigningKey } from './signing-key.entity.ts';
import { governedKey, lifetimeFrom } from './signing-key.sql.ts';
import type { SealedSecret } from './signing-secrets.ts';

/** One signing key. The triggers of the migration write the same. */
export const signingKeyTag = (signingKeyId: string) => `signing-key:${signingKeyId}`;

const LOAD: Statement = {
  name: 'signing-key-load',
  text: `select ${SNAPSHOT_COLUMNS},
      k.id, k.workspace_id as "workspaceId", k.secret_sealed as "secretSealed", k.scopes, k.permissions,
      ${wrappedKeyOf('k.workspace_id', 'k.secret_sealed')} as "wrappedKey",
      ${milliseconds('k.expires_at', 'expiresAt')},
      (k.revoked_at is not null or not ${workspaceExists('k.workspace_id')}) as revoked,
      ${policyEnd(governedKey('k'))} as "policyEnd"
    ${FROM_SNAPSHOT}
    left join signing_keys k on k.id = $1`,
};

interface LoadRow extends Snapshot {
  id: string | null;
  workspaceId: string;
  secretSealed: string;
  /** Null if the data key was deleted. */
  wrappedKey: string | null;
  scopes: string[];
  permissions: string[];
  expiresAt: number | null;
  revoked: boolean;
  /** See `parsePolicyEnd`. */
  policyEnd: string | null;
}

// A text of another data key is the same secret, sealed again: the secret of a key never changes.
const confirmStatement = (
  lockKey: string,
) => `select k.scopes, k.permissions, ${milliseconds('k.expires_at', 'expiresAt')},
    ${policyEnd(governedKey('k'))} as "policyEnd"
  from signing_keys k
  where k.id = ? and k.workspace_id = ?
    and (k.secret_sealed = ? or split_part(k.secret_sealed, '.', 2) <> split_part(?, '.', 2))
    and k.revoked_at is null and not ${hasEnded(governedKey('k'))}
  ${lockKey} of k`;

/**
 * How signing keys authenticate. A request names the key by its id, which is no secret, and proves the possession of the
 * secret by its signature. The proof of the principal is the sealed secret, which verifies the signature of each request.
 */
export const signingKeyCredential = defineCredentialType<string>({
  kind: 'signingKey',
  graphqlType: 'SigningKey',
  entity: SigningKey,
  table: 'signing_keys',
  beginning: 'sgk_',
  governed: { isUnrevoked: (row) => `${row}.revoked_at is null`, lifetimeFrom },
  carriers: ['signature'],
  signatureOf: (rawHeaders, { signatures }) => signatures.read(rawHeaders),
  isWellFormed: (text) => isId(text, 'sgk'),
  identify: (text) => text,
  byIds: (em, ids) => em.find(SigningKey, { id: { $in: [...ids] } }),
  async load(id, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [id]);
    if (!row) throw new Error('A snapshot always has a row.');
    if (row.id === null) return rejected(row);
    const tags = [signingKeyTag(row.id), workspaceTag(row.workspaceId)];
    const { fixedEnd, idleEnd } = endsOf([row.expiresAt], row.policyEnd);
    const end = earliest([fixedEnd, idleEnd]);
    if (row.revoked) return rejected(row, tags, { reason: 'REVOKED', credentialId: row.id });
    if (end !== null && end <= row.now) return rejected(row, tags, { reason: 'EXPIRED', credentialId: row.id });
    const principal = {
      kind: 'signingKey',
      credentialId: row.id,
      proof: `${row.secretSealed} ${row.wrappedKey ?? ''}`,
      userId: null,
      workspaceId: row.workspaceId,
      scopes: scopesOf(row),
      permissions: row.permissions,
      expiresAt: fixedEnd,
      ...(idleEnd === null ? {} : { idleExpiresAt: idleEnd }),
    } as const;
    return accepted(row, principal, tags, [end]);
  },
  async confirm(em, caller, changing) {
    // Before the key, as the end of a workspace locks them.
    if ((await em.execute(KEEP_WORKSPACE, [caller.workspaceId])).length === 0) return false;
    // After the workspace, as a change of a policy. It waits for the keys that it governs.
    await em.execute(policyLock(changing, caller.workspaceId), [caller.workspaceId]);
    const { sealed } = secretOf(caller);
    const statement = confirmStatement(changing === caller.credentialId ? 'for update' : 'for share');
    const [row] = await em.execute<Pick<LoadRow, 'scopes' | 'permissions' | 'expiresAt' | 'policyEnd'>[]>(statement, [
      ...[caller.credentialId, caller.workspaceId, sealed, sealed],
    ]);
    if (!row) return false;
    // What it creates must not outlive it. If it changes itself, its successor ends when it would have ended.
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

/** The secret of a principal, from its proof. */
export function secretOf({ credentialId: id, workspaceId, proof }: Principal): SealedSecret {
  const [sealed = '', wrapped = ''] = proof.split(' ');
  return { id, workspaceId: workspaceId ?? '', sealed, wrapped };
}

/** The scopes of a key. Plain SQL can write scopes that no mutation accepts. */
function scopesOf({ scopes }: { scopes: string[] }) {
  return SCOPES.filter((scope) => scopes.includes(scope) && staysInWorkspace(scope));
}

/** The cached proofs that a change of a signing key affects. */
export const signingKeyEviction = defineEviction(SigningKey, ({ id }) => [
  id === undefined ? null : sha256Base64url(id),
]);
