import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const updateProfile: NonNullable<MutationResolvers['updateProfile']> = async (_parent, { input }, context) => {
  const outcome = await context.services.users.updateProfile(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'updated':
      return { __typename: 'UpdateProfileSuccess', ...outcome };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
