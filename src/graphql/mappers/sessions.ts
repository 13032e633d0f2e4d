import type { AccessTokenRevocation } from '../../sessions/access-token-revocation.entity.ts';
import type { Session } from '../../sessions/session.entity.ts';
import type { SessionTokens } from '../../sessions/session.service.ts';

export type SessionMapper = Session;
export type SessionTokensMapper = SessionTokens;
export type RevocationMapper = AccessTokenRevocation;
