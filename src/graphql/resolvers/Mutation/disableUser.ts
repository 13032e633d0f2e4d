import { lastAdministrator, userNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const disableUser: NonNullable<MutationResolvers['disableUser']> = async (_parent, { input }, context) => {
  const outcome = await context.services.users.disable(context.revocation(), input.userId);
  switch (outcome.kind) {
    case 'disabled':
      return { __typename: 'DisableUserSuccess', ...outcome };
    case 'userNotFound':
      return userNotFound();
    case 'lastAdministrator':
      return lastAdministrator();
  }
};
