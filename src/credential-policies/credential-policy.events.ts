import { z } from 'zod';
import type { AuditEvents } from '../audit/event-data.ts';

const seconds = z.int().nullable();

/** The subject is the workspace, or `*` for the installation. */
export const credentialPolicyEvents = {
  'credential-policy.set': z.strictObject({
    maximumLifetimeSeconds: seconds,
    idleSeconds: seconds,
    requiresExpiry: z.boolean(),
    /** Credentials that were active until then. */
    endedCount: z.int(),
  }),
} satisfies AuditEvents;
