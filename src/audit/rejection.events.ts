import { z } from 'zod';
import type { AuditEvents } from './event-data.ts';

const counted = {
  /** How many requests this event stands for, of a minute at most. */
  count: z.int(),
  /** The replica that counted them. */
  replica: z.string(),
};

/**
 * Requests that were rejected. The outcome is REFUSED, and the reason says why. They change nothing, so they are recorded
 * after the answer, and those of a minute are counted together; see `Refusals`.
 */
export const rejectionEvents = {
  /** The subject is the user; null if no account has the address. The address itself is recorded nowhere. */
  'account.login-rejected': z.strictObject(counted),
  /** The current password that a session presented was wrong. The subject is the user. */
  'account.password-rejected': z.strictObject(counted),
  /** The subject is the session; null if the token is not known. */
  'session.refresh-rejected': z.strictObject(counted),
  /** A credential did not authenticate a request. It is not known which one, so there is no subject. */
  'credential.rejected': z.strictObject({ ...counted, kind: z.string() }),
  /** Requests over a rate limit. The subject is the session, the credential or nothing, as the limit counts. */
  'limit.exceeded': z.strictObject({ ...counted, limit: z.string() }),
} satisfies AuditEvents;
