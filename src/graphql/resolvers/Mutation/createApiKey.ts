import { invalidInput, scopeNotHeld, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const createApiKey: NonNullable<MutationResolvers['createApiKey']> = async (_parent, { input }, context) => {
  const { expiresAt = null, workspaceId = null, description = null, rateLimit = null, ...given } = input;
  const { idempotencyKey = null, ...fields } = given;
  const optional = { expiresAt, workspaceId, description, rateLimit, idempotencyKey };
  const outcome = await context.services.apiKeys.create(context.unitOfWork(), { ...fields, ...optional });
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
    case 'idempotencyKeyReused':
      return {
        __typename: 'IdempotencyKeyReusedError',
        message:
          'This idempotency key was used with other input, or its secret was rotated away. No key was created. Use another idempotency key.',
      };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
