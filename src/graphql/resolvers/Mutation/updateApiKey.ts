import { apiKeyNotFound, apiKeyRevoked, invalidInput, scopeNotHeld } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const updateApiKey: NonNullable<MutationResolvers['updateApiKey']> = async (_parent, { input }, context) => {
  const outcome = await context.services.apiKeyUpdates.update(context.revocation(), input);
  switch (outcome.kind) {
    case 'updated':
      return { __typename: 'UpdateApiKeySuccess', ...outcome };
    case 'notFound':
      return apiKeyNotFound();
    case 'revoked':
      return apiKeyRevoked(outcome, 'changed');
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
