import { invalidCredentials } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const login: NonNullable<MutationResolvers['login']> = async (_parent, { input }, context) => {
  const transport = context.cookies.forLogin(input);
  const outcome = await context.services.accounts.login(context.unitOfWork(), input, transport.refreshToken);
  switch (outcome.kind) {
    case 'loggedIn':
      context.visibility.admitSelf(outcome.user.id);
      return { __typename: 'LoginSuccess', user: outcome.user, tokens: transport.deliver(outcome.tokens) };
    case 'invalidCredentials':
      return invalidCredentials('Invalid email or password.');
  }
};
