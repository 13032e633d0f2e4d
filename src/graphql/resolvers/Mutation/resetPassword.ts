import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const resetPassword: NonNullable<MutationResolvers['resetPassword']> = async (_parent, { input }, context) => {
  const outcome = await context.services.passwordResets.reset(context.revocation(), input);
  switch (outcome.kind) {
    case 'reset':
      return { __typename: 'ResetPasswordSuccess', ...outcome };
    case 'rejected':
      return {
        __typename: 'ResetTokenRejectedError',
        message: 'The token is not valid. Ask an administrator for a new one.',
      };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
