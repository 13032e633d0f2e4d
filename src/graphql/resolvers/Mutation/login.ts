import { invalidCredentials } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const login: NonNullable<MutationResolvers['login']> = async (_parent, { input }, context) => {
  await context.services.limits.checkLogin(context.em(), context.origin.ipAddress, input.email);
  const replaces = input.cookies ? context.cookies.refreshToken : null;
  const outcome = await context.services.accounts.login(context.unitOfWork(), input, replaces);
  switch (outcome.kind) {
    case 'loggedIn':
      context.visibility.admit(outcome.user.id);
      return {
        __typename: 'LoginSuccess',
        user: outcome.user,
        tokens: input.cookies ? context.cookies.keep(outcome.tokens) : outcome.tokens,
      };
    case 'invalidCredentials':
      return invalidCredentials('Invalid email or password.');
  }
};
