import { z } from 'zod';
import type { AuditEvents } from './event-data.ts';

/** Events of the audit log itself. */
export const auditLogEvents = {
  /** The operator has exported the log. The subject is the workspace whose chain it is; null for all chains. */
  'audit.exported': z.strictObject({ personal: z.boolean() }),
  /**
   * The retention has removed the oldest events of a chain. The subject is its workspace; null for the installation.
   */
  'audit.removed': z.strictObject({
    firstSequence: z.int(),
    lastSequence: z.int(),
    lastHash: z.string(),
  }),
  /**
   * A credential has read personal data of other users. The subject is the user; null if there are several. If the
   * credential is bound to a workspace, the event is in the chain of that workspace.
   */
  'personal-data.read': z.strictObject({
    /** The fields, such as `User.email`. */
    fields: z.array(z.string()),
    /** The ids of at most 100 users. */
    userIds: z.array(z.string()),
    userCount: z.int(),
    /** The number of requests. They were made within about one minute. */
    count: z.int(),
    replica: z.string(),
  }),
} satisfies AuditEvents;
