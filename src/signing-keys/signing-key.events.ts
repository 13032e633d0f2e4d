import { z } from 'zod';
import { type AuditEvents, idOf, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';
import { SCOPES } from '../identity/scope.ts';

/** The subject of each is the signing key. */
export const signingKeyEvents = {
  'signing-key.created': z.strictObject({
    scopes: z.array(z.enum(SCOPES)),
    permissions: z.array(z.string()),
    expiresAt: moment().nullable(),
  }),
  /** The subject has a successor, and is valid until this end. */
  'signing-key.rotated': z.strictObject({
    replacedBy: idOf('sgk'),
    overlapSeconds: z.int(),
    /** It is earlier than the overlap says if the key itself expires. */
    expiresAt: moment(),
  }),
  'signing-key.revoked': z.strictObject({ reason: z.enum(REVOCATION_REASONS) }),
} satisfies AuditEvents;
