import { z } from 'zod';
import { type AuditEvents, idOf, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';
import { SCOPES } from '../identity/scope.ts';

const reason = z.enum(REVOCATION_REASONS);
/** RFC 7638 thumbprint of a public key: the name of a JWT key, not a hash of a secret. */
const kid = z.string();

/**
 * The subject of an event of a session is the session; of an access token, the entry in `access_token_revocations`; of
 * a JWT key, its `kid`. Events of JWT keys have no user and no request, because a command of the operator or the
 * service itself changes these keys.
 */
export const sessionEvents = {
  'session.started': z.strictObject({
    scopes: z.array(z.enum(SCOPES)),
    expiresAt: moment(),
    /** The session that was revoked because this one started. */
    replacedSessionId: idOf('ses').nullable(),
  }),
  'session.revoked': z.strictObject({ reason }),
  /** A refresh token was presented after its use at this moment. `session.revoked` follows. */
  'session.reuse-detected': z.strictObject({ refreshTokenId: idOf('rft'), usedAt: moment() }),
  'access-token.revoked': z.strictObject({ jti: z.string(), sessionId: idOf('ses'), reason }),
  /** The subject signs from now on, the retired key verifies what it has signed, and the next key is published. */
  'jwt-key.rotated': z.strictObject({
    retiredKid: kid,
    nextKid: kid,
    how: z.enum(['command', 'schedule']),
  }),
  /**
   * No key signed, so the subject signs from now on: because a command has revoked the key that signed (`command`), at the
   * first start, or after that key was deleted by other means (`repair`).
   */
  'jwt-key.activated': z.strictObject({ nextKid: kid, how: z.enum(['command', 'repair']) }),
  /** What the subject has signed is rejected from now on. */
  'jwt-key.revoked': z.strictObject({ state: z.enum(['NEXT', 'CURRENT', 'RETIRED']), how: z.literal('command') }),
  /** The last token of a retired key has expired, and the key is deleted. */
  'jwt-key.removed': z.strictObject({ how: z.literal('schedule') }),
} satisfies AuditEvents;
