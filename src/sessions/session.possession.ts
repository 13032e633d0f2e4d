import type { RevokedByPossession } from '../credentials/possession.ts';
import { parseSecret } from '../crypto/secret-text.ts';
import { unavailable } from '../identity/access-error.ts';
import { type AccessTokens, hasFormOfAccessToken } from './access-token.ts';
import type { RefreshService } from './refresh.service.ts';
import type { SessionService } from './session.service.ts';

/**
 * Revokes the session of a presented refresh token. A token that was used before counts as reuse, which also revokes
 * the session. The refresh service limits failures itself.
 */
export function refreshTokenPossession(refresh: Pick<RefreshService, 'logout'>): RevokedByPossession {
  return {
    isWellFormed: (text) => parseSecret(text)?.prefix === 'rkr',
    isKnown: async () => true,
    revoke: async (unitOfWork, text) => (await refresh.logout(unitOfWork, text)).receipt ?? null,
  };
}

/** Revokes one access token. Its session, and the next access tokens of it, stay valid. */
export function accessTokenPossession(
  accessTokens: Pick<AccessTokens, 'verify'>,
  sessions: Pick<SessionService, 'revokePresented'>,
): RevokedByPossession {
  // Our own keys cannot be read: that proves nothing about the token.
  const verify = (text: string) => accessTokens.verify(text).catch((error) => Promise.reject(unavailable(error)));
  return {
    isWellFormed: hasFormOfAccessToken,
    isKnown: async (_em, text) => (await verify(text)) !== null,
    async revoke(unitOfWork, text) {
      const claims = await verify(text);
      return claims && sessions.revokePresented(unitOfWork, claims);
    },
  };
}
