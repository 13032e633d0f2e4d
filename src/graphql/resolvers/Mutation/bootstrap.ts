import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const bootstrap: NonNullable<MutationResolvers['bootstrap']> = async (_parent, { input }, context) => {
  const outcome = await context.services.accounts.bootstrap(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'bootstrapped':
      context.visibility.admit(outcome.user.id);
      return { __typename: 'BootstrapSuccess', ...outcome };
    case 'setupTokenRejected':
      return { __typename: 'SetupTokenRejectedError', message: 'This is not the setup token.' };
    case 'alreadyBootstrapped':
      return { __typename: 'AlreadyBootstrappedError', message: 'There is an administrator already.' };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
