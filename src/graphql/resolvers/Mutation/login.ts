import type { MutationResolvers } from './../../generated/types.ts';

export const login: NonNullable<MutationResolvers['login']> = async (_parent, { input }, context) => {
  await context.services.limits.login(context.origin.ipAddress, input.email);
  const outcome = await context.services.accounts.login(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'loggedIn':
      return { __typename: 'LoginSuccess', ...outcome };
    case 'invalidCredentials':
      return { __typename: 'InvalidCredentialsError', message: 'Email and password do not go together.' };
  }
};
