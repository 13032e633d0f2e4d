import { z } from 'zod';
import { type AuditEvents, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';
import { SCOPES } from '../identity/scope.ts';

/** The subject of each is the daemon token, or the daemon id of the operator. */
export const daemonTokenEvents = {
  'daemon-token.created': z.strictObject({
    daemonId: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    permissions: z.array(z.string()),
    expiresAt: moment(),
  }),
  'daemon-token.renewed': z.strictObject({ previousExpiresAt: moment(), expiresAt: moment() }),
  'daemon-token.revoked': z.strictObject({ reason: z.enum(REVOCATION_REASONS) }),
  /** All tokens of the daemon in the workspace of the event were revoked. */
  'daemon.revoked': z.strictObject({
    reason: z.enum(REVOCATION_REASONS),
    /** Tokens that were active until then. */
    revokedCount: z.int(),
  }),
} satisfies AuditEvents;
