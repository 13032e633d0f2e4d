import { z } from 'zod';
import { type AuditEvents, idOf } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';

const role = z.enum(['MEMBER', 'ADMIN']);
const reason = z.enum(REVOCATION_REASONS);

/** The subject of each is the user. */
export const accountEvents = {
  /** The first administrator was created. */
  'account.bootstrapped': z.strictObject({ role }),
  'account.registered': z.strictObject({ role }),
  /** The sessions of the user were revoked for this reason. */
  'account.disabled': z.strictObject({ reason }),
  'account.enabled': z.strictObject({}),
  'account.password-changed': z.strictObject({}),
  'account.sessions-revoked': z.strictObject({
    reason,
    /** The session that was kept. */
    exceptSessionId: idOf('ses').nullable(),
    /** How many were active. */
    revokedCount: z.int(),
  }),
} satisfies AuditEvents;
