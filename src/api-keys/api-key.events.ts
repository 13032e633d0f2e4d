import { z } from 'zod';
import { type AuditEvents, moment } from '../audit/event-data.ts';
import { REVOCATION_REASONS } from '../identity/revocation-reason.ts';
import { SCOPES } from '../identity/scope.ts';

const grant = {
  scopes: z.array(z.enum(SCOPES)),
  permissions: z.array(z.string()),
  expiresAt: moment().nullable(),
};

/** The names of the settings, as in the API. */
const SETTINGS = [
  ...(['name', 'description', 'metadata', 'scopes', 'permissions', 'allowedAddresses', 'expiresAt'] as const),
  ...(['rateLimit'] as const),
];

/** The subject of each is the API key, unless it says otherwise. */
export const apiKeyEvents = {
  'api-key.created': z.strictObject({ owner: z.enum(['USER', 'WORKSPACE']), ...grant }),
  /** What was changed, and what the key may do now. The values that users type are not among them. */
  'api-key.updated': z.strictObject({ changed: z.array(z.enum(SETTINGS)), isNarrowed: z.boolean(), ...grant }),
  'api-key.rotated': z.strictObject({
    /** The overlap that the caller asked for. */
    overlapSeconds: z.int(),
    /** It is earlier than the overlap says if the key itself expires. */
    previousSecretExpiresAt: moment(),
  }),
  /** Keys of another system were imported. The subject is the import. */
  'api-key.imported': z.strictObject({
    count: z.int(),
    format: z.string(),
    /** SHA-256 of the file, in hex. */
    fileSha256: z.string(),
  }),
  /** The operator exported keys with the hashes of their secrets. The subject is the export. */
  'api-key.exported': z.strictObject({ count: z.int() }),
  'api-key.overlap-ended': z.strictObject({}),
  'api-key.revoked': z.strictObject({ reason: z.enum(REVOCATION_REASONS) }),
  /** Requests with the valid secret of the key were rejected. The outcome is REFUSED, the reason says why. */
  'api-key.refused': z.strictObject({
    /** How many requests this event stands for, of a minute at most. */
    count: z.int(),
    /** The replica that counted them. */
    replica: z.string(),
  }),
} satisfies AuditEvents;
