import { z } from 'zod';
import type { AuditEvents } from './event-data.ts';

const counted = {
  /** The number of requests. They were made within about one minute. */
  count: z.int(),
  /** The replica that counted them. */
  replica: z.string(),
};

/**
 * Rejected requests. The outcome is REFUSED, and the reason says why. Such a request changes nothing, so its event is
 * recorded after the response. Equal requests within a minute share one event; see `Refusals`.
 */
export const rejectionEvents = {
  /** The subject is the user; null if no account has the address. The address itself is recorded nowhere. */
  'account.login-rejected': z.strictObject(counted),
  /** The current password that a session presented was wrong. The subject is the user. */
  'account.password-rejected': z.strictObject(counted),
  /** The subject is the session; null if the token is not known. */
  'session.refresh-rejected': z.strictObject(counted),
  /** A credential did not authenticate a request. Its id is not known, so there is no subject. */
  'credential.rejected': z.strictObject({ ...counted, kind: z.string() }),
  /** Requests over a rate limit. The subject is what the limit applies to: a session or a credential; else null. */
  'limit.exceeded': z.strictObject({ ...counted, limit: z.string() }),
} satisfies AuditEvents;
