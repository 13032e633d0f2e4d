import { userOf } from '../credential-fields.ts';
import type { RevocationResolvers } from '../generated/types.ts';

export const Revocation: RevocationResolvers = {
  revokedBy: ({ revokedBy }, _arg, { loaders }) => (revokedBy ? loaders.user.load(revokedBy) : null),
  user: ({ userId }, _arg, context) => userOf(userId, context),
};
