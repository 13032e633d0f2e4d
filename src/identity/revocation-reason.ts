/** Why a credential was ended: the `RevocationReason` enum of the schema. */
export type RevocationReason =
  | 'SIGNED_OUT'
  | 'ROTATED'
  | 'COMPROMISED'
  | 'REUSED'
  | 'REMOVED'
  | 'ADMINISTRATIVE'
  | 'UNSPECIFIED';
