/** Why a credential was revoked: the `RevocationReason` enum of the schema. */
export const REVOCATION_REASONS = [
  'SIGNED_OUT',
  'ROTATED',
  'COMPROMISED',
  'REUSED',
  'REMOVED',
  'ADMINISTRATIVE',
  'UNSPECIFIED',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];
