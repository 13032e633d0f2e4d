import { userNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const enableUser: NonNullable<MutationResolvers['enableUser']> = async (_parent, { input }, context) => {
  const outcome = await context.services.users.enable(context.unitOfWork(), input.userId);
  switch (outcome.kind) {
    case 'enabled':
      return { __typename: 'EnableUserSuccess', ...outcome };
    case 'userNotFound':
      return userNotFound();
  }
};
