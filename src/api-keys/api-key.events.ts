import { z } from 'zod';
import { type AuditEvents, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';
import { SCOPES } from '../identity/scope.ts';

/** The subject of each is the API key. */
export const apiKeyEvents = {
  'api-key.created': z.strictObject({
    scopes: z.array(z.enum(SCOPES)),
    permissions: z.array(z.string()),
    expiresAt: moment().nullable(),
  }),
  'api-key.rotated': z.strictObject({
    /** The overlap that the caller asked for. */
    overlapSeconds: z.int(),
    /** It is earlier than the overlap says if the key itself expires. */
    previousSecretExpiresAt: moment(),
  }),
  'api-key.revoked': z.strictObject({ reason: z.enum(REVOCATION_REASONS) }),
} satisfies AuditEvents;
