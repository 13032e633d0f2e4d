import { invalidInput, scopeNotHeld, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const createApiKey: NonNullable<MutationResolvers['createApiKey']> = async (_parent, { input }, context) => {
  const { expiresAt = null, workspaceId = null, ...given } = input;
  const outcome = await context.services.apiKeys.create(context.unitOfWork(), { ...given, expiresAt, workspaceId });
  switch (outcome.kind) {
    case 'created':
      return { __typename: 'CreateApiKeySuccess', ...outcome };
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'quotaReached':
      return {
        __typename: 'ApiKeyQuotaError',
        message: `A user can have at most ${outcome.limit} active API keys. Revoke one first.`,
        limit: outcome.limit,
      };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
