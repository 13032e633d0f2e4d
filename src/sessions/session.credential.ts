import { isActiveUser, userStanding, usersAs } from '../accounts/user.sql.ts';
import { defineEviction } from '../credentials/cache/eviction-subscriber.ts';
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
  disabled: boolean;
  tokenRevoked: boolean;
  keyKnown: boolean;
}

const confirmStatement = (lockSession: string, lockUser: string) => `select s.scopes, u.role
  from sessions s join ${usersAs('u')} on u.id = s.user_id join jwt_keys j on j.kid = ?
  where s.id = ? and not ${isRevokedSession({ session: 's', user: 'u' })} and ${isActiveUser('u')}
    and s.expires_at > clock_timestamp() and s.idle_expires_at > clock_timestamp()
  ${lockSession} of s ${lockUser} of u for key share of j`;

// Asked when the session is locked, which entries for its tokens wait for: within one statement, what is not locked is
// seen as it was before the wait.
const CONFIRM_TOKEN = 'select from access_token_revocations where jti = ?';

/**
 * How access tokens authenticate, once their signature and claims are verified: what a token says of itself is
 * believed only together with what the database says of its session, its user and its `jti`. The answer is cached
 * and judged like an API key's, so a revoked session, user or token needs no list of its own in every replica.
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
  async load({ sid, jti, sub, exp, kid }, { sql }) {
    const [row] = await sql.query<LoadRow>(LOAD, [sid, jti, kid]);
    if (!row) throw new Error('A snapshot always has a row.');
    const tags = [sessionTag(sid), jtiTag(jti), userTag(sub), jwtKeyTag(kid)];
    const ends = [exp * 1000, row.expiresAt, row.idleExpiresAt];
    const over = ends.some((end) => end !== null && end <= row.now);
    const dead = row.revoked || row.disabled || row.tokenRevoked || !row.keyKnown || over;
    if (row.id === null || row.userId !== sub || dead) return rejected(row, tags);
    const principal = {
      kind: 'session',
      credentialId: row.id,
      proof: `${kid} ${jti}`,
      userId: row.userId,
      workspaceId: null,
      scopes: effectiveScopes(row.scopes, row.role),
      permissions: [],
      expiresAt: Math.min(exp * 1000, row.expiresAt),
    } as const;
    return accepted(row, principal, tags, ends);
  },
  async confirm(em, caller, changing) {
    const statement = confirmStatement(
      changing === caller.credentialId ? 'for update' : 'for share',
      changing === caller.userId ? 'for update' : 'for share',
    );
    const [kid, jti] = caller.proof.split(' ');
    const [row] = await em.execute<{ scopes: string[]; role: UserRole }[]>(statement, [kid, caller.credentialId]);
    if (!row || (await em.execute(CONFIRM_TOKEN, [jti])).length > 0) return false;
    const held = effectiveScopes(row.scopes, row.role);
    return caller.scopes.every((scope) => held.includes(scope));
  },
});

/** The proofs of a session are its access tokens, which nobody keeps: the invalidation log covers them. */
export const sessionEviction = defineEviction(Session, () => []);
