import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const bootstrap: NonNullable<MutationResolvers['bootstrap']> = async (_parent, { input }, context) => {
  const outcome = await context.services.accounts.bootstrap(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'bootstrapped':
      context.visibility.admitSelf(outcome.user.id);
      return { __typename: 'BootstrapSuccess', ...outcome };
    case 'setupTokenRejected':
      return {
        __typename: 'SetupTokenRejectedError',
        message: 'Wrong setup token. The server prints the token at its first start, unless REKEY_SETUP_TOKEN is set.',
      };
    case 'alreadyBootstrapped':
      return { __typename: 'AlreadyBootstrappedError', message: 'An administrator already exists. Log in instead.' };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
