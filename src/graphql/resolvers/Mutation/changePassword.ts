import { invalidCredentials, invalidInput, notASession } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const changePassword: NonNullable<MutationResolvers['changePassword']> = async (_parent, { input }, context) => {
  const outcome = await context.services.accounts.changePassword(context.revocation(), input);
  switch (outcome.kind) {
    case 'changed':
      return { __typename: 'ChangePasswordSuccess', ...outcome };
    case 'invalidCredentials':
      return invalidCredentials('The current password is wrong.');
    case 'notASession':
      return notASession();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
