import { emailTaken, invalidInput, lastAdministrator, userNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const updateUser: NonNullable<MutationResolvers['updateUser']> = async (_parent, { input }, context) => {
  const outcome = await context.services.users.update(context.revocation(), input);
  switch (outcome.kind) {
    case 'updated':
      return { __typename: 'UpdateUserSuccess', ...outcome };
    case 'userNotFound':
      return userNotFound();
    case 'emailTaken':
      return emailTaken();
    case 'lastAdministrator':
      return lastAdministrator();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
