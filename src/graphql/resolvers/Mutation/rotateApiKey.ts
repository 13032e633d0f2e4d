import { apiKeyNotFound, apiKeyRevoked, conflict, invalidInput, scopeNotHeld } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const rotateApiKey: NonNullable<MutationResolvers['rotateApiKey']> = async (_parent, { input }, context) => {
  const outcome = await context.services.apiKeys.rotate(context.revocation(), input);
  switch (outcome.kind) {
    case 'rotated':
      return { __typename: 'RotateApiKeySuccess', ...outcome };
    case 'notFound':
      return apiKeyNotFound();
    case 'revoked':
      return apiKeyRevoked(outcome, 'rotated');
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'conflict':
      return conflict();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
