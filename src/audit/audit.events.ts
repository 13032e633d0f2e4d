import { z } from 'zod';
import type { AuditEvents } from './event-data.ts';

/** Events of the audit log itself. */
export const auditLogEvents = {
  /** The operator has exported the log: the chain of the subject, or all chains. */
  'audit.exported': z.strictObject({ personal: z.boolean() }),
  /** The retention has removed the oldest events of a chain. The subject is the workspace; null for the installation. */
  'audit.removed': z.strictObject({
    firstSequence: z.int(),
    lastSequence: z.int(),
    lastHash: z.string(),
  }),
  /**
   * A credential has read personal data of other users. The subject is the user; null if there are several. In a chain of a
   * workspace if the credential is bound to it.
   */
  'personal-data.read': z.strictObject({
    /** The fields, such as `User.email`. */
    fields: z.array(z.string()),
    /** The users, a hundred at most. */
    userIds: z.array(z.string()),
    userCount: z.int(),
    /** How many requests this event stands for, of a minute at most. */
    count: z.int(),
    replica: z.string(),
  }),
} satisfies AuditEvents;
