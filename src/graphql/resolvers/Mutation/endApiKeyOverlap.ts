import { apiKeyNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const endApiKeyOverlap: NonNullable<MutationResolvers['endApiKeyOverlap']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.apiKeyUpdates.endOverlap(context.revocation(), input);
  switch (outcome.kind) {
    case 'ended':
      return { __typename: 'EndApiKeyOverlapSuccess', ...outcome };
    case 'notFound':
      return apiKeyNotFound();
  }
};
