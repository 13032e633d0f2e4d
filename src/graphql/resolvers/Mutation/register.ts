import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const register: NonNullable<MutationResolvers['register']> = async (_parent, { input }, context) => {
  const outcome = await context.services.accounts.register(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'registered':
      context.visibility.admitSelf(outcome.user.id);
      return { __typename: 'RegisterSuccess', ...outcome };
    case 'emailTaken':
      return {
        __typename: 'EmailTakenError',
        message:
          'An account with this email address already exists. Log in instead. If you were invited, accept the invitation.',
      };
    case 'registrationClosed':
      return {
        __typename: 'RegistrationClosedError',
        message: 'Registration is closed. Ask an administrator for an account.',
      };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
