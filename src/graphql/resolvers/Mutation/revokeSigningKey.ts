import { signingKeyNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const revokeSigningKey: NonNullable<MutationResolvers['revokeSigningKey']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.signingKeys.revoke(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeSigningKeySuccess', ...outcome };
    case 'notFound':
      return signingKeyNotFound();
  }
};
