import type { IssuedSession, SessionTokens } from '../../credentials/session-issuer.ts';
import type { AccessTokenRevocation } from '../../sessions/access-token-revocation.entity.ts';

export type SessionMapper = IssuedSession;
export type SessionTokensMapper = SessionTokens;
export type RevocationMapper = AccessTokenRevocation;
