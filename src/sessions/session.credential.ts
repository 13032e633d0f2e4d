import { isActiveUser, userBounds, userStanding, usersAs } from '../accounts/user.sql.ts';
import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
import type { RefusalReason } from '../credentials/cached-credential.ts';
import { type AccessTokenClaims, defineCredentialType } from '../credentials/credential-type.ts';
import {
  accepted,
  FROM_SNAPSHOT,
  milliseconds,
  rejected,
  SNAPSHOT_COLUMNS,
  type Snapshot,
} from '../credentials/snapshot.ts';
import type { Statement } from '../database/sql.ts';
import { effectiveScopes, type UserRole } from '../identity/scope.ts';
import { jtiTag, jwtKeyTag, sessionTag, userTag } from '../revocation/tags.ts';
import { hasFormOfAccessToken } from './access-token.ts';
import { Session } from './session.entity.ts';
import { isRevokedSession } from './session.sql.ts';

const LOAD: Statement = {
  name: 'session-load',
  text: `select ${SNAPSHOT_COLUMNS},
      s.id, s.user_id as "userId", s.scopes, ${milliseconds('s.expires_at', 'expiresAt')},
      ${milliseconds('s.idle_expires_at', 'idleExpiresAt')},
      ${isRevokedSession({ session: 's', user: 'u' })} as revoked, ${userStanding('u')},
      exists (select from access_token_revocations r where r.jti = $2) as "tokenRevoked",
      exists (select from jwt_keys j where j.kid = $3) as "keyKnown"
    ${FROM_SNAPSHOT}
    left join sessions s on s.id = $1
    left join ${usersAs('u')} on u.id = s.user_id`,
};

interface LoadRow extends Snapshot {
  id: string | null;
  userId: string;
  scopes: string[];
  expiresAt: number;
  idleExpiresAt: number;
  revoked: boolean;
  role: UserRole;
  userPermissions: string[];
  disabled: boolean;
  tokenRevoked: boolean;
  keyKnown: boolean;
}

const confirmStatement = (lockSession: string, lockUser: string) => `select s.scopes, ${userBounds('u')}
  from sessions s join ${usersAs('u')} on u.id = s.user_id join jwt_keys j on j.kid = ?
  where s.id = ? and not ${isRevokedSession({ session: 's', user: 'u' })} and ${isActiveUser('u')}
    and s.expires_at > clock_timestamp() and s.idle_expires_at > clock_timestamp()
  ${lockSession} of s ${lockUser} of u for key share of j`;

// Read after the session was locked: ledger entries for its tokens wait for that lock. In one statement with the lock,
// unlocked rows would be read as they were before the wait.
const CONFIRM_TOKEN = 'select from access_token_revocations where jti = ?';

/**
 * How access tokens authenticate after their signature and claims were verified. The claims are used only together with
 * the state of the session, the user and the `jti` in the database. The result is cached and checked like that of an
 * API key, so replicas need no separate lists of revoked sessions, users or tokens.
 */
export const sessionCredential = defineCredentialType<AccessTokenClaims>({
  kind: 'session',
  graphqlType: 'Session',
  entity: Session,
  table: 'sessions',
  beginning: 'eyJ',
  carriers: ['bearer', 'cookie'],
  isWellFormed: hasFormOfAccessToken,
  identify: (text, { accessTokens }) => accessTokens.verify(text),
  byIds: (em, ids) => em.find(Session, { id: { $in: [...ids] } }),
  async load({ sid, jti, sub, iat, exp, kid }, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [sid, jti, kid]);
    if (!row) throw new Error('A snapshot always has a row.');
    const tags = [sessionTag(sid), jtiTag(jti), userTag(sub), jwtKeyTag(kid)];
    const ends = [exp * 1000, row.expiresAt, row.idleExpiresAt];
    if (row.id === null || row.userId !== sub) return rejected(row, tags);
    const reason = refusalReasonOf(row, ends);
    if (reason !== null) return rejected(row, tags, { reason, credentialId: row.id });
    const principal = {
      kind: 'session',
      credentialId: row.id,
      proof: `${kid} ${jti}`,
      userId: row.userId,
      workspaceId: null,
      scopes: effectiveScopes(row.scopes, row.role),
      permissions: row.userPermissions,
      expiresAt: Math.min(exp * 1000, row.expiresAt),
      issuedAt: iat * 1000,
      tokenId: jti,
    } as const;
    return accepted(row, principal, tags, ends);
  },
  async confirm(em, caller, changing) {
    const statement = confirmStatement(
      changing === caller.credentialId ? 'for update' : 'for share',
      changing === caller.userId ? 'for update' : 'for share',
    );
    const [kid, jti] = caller.proof.split(' ');
    const [row] = await em.execute<Pick<LoadRow, 'scopes' | 'role' | 'userPermissions'>[]>(statement, [
      kid,
      caller.credentialId,
    ]);
    if (!row || (await em.execute(CONFIRM_TOKEN, [jti])).length > 0) return false;
    const held = effectiveScopes(row.scopes, row.role);
    return (
      caller.scopes.every((scope) => held.includes(scope)) &&
      caller.permissions.every((permission) => row.userPermissions.includes(permission))
    );
  },
});

function refusalReasonOf(row: LoadRow, ends: readonly number[]): RefusalReason | null {
  if (row.disabled) return 'USER_DISABLED';
  if (row.revoked || row.tokenRevoked) return 'REVOKED';
  if (!row.keyKnown) return 'JWT_KEY_UNKNOWN';
  return ends.some((end) => end !== null && end <= row.now) ? 'EXPIRED' : null;
}

/** The proofs of a session are its access tokens, which are not stored. The invalidation log covers them. */
export const sessionEviction = defineEviction(Session, () => []);
