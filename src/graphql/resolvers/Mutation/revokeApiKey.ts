import { apiKeyNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const revokeApiKey: NonNullable<MutationResolvers['revokeApiKey']> = async (_parent, { input }, context) => {
  const outcome = await context.services.apiKeys.revoke(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeApiKeySuccess', ...outcome };
    case 'notFound':
      return apiKeyNotFound();
  }
};
