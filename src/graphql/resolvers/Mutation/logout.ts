import type { MutationResolvers } from './../../generated/types.ts';
import { notASession } from '../../outcomes.ts';

export const logout: NonNullable<MutationResolvers['logout']> = async (_parent, _arg, context) => {
  const outcome = await context.services.sessions.logout(context.unitOfWork(), context.cookies.refreshToken);
  switch (outcome.kind) {
    case 'loggedOut':
      context.cookies.forget();
      return { __typename: 'LogoutSuccess', ...outcome };
    case 'notASession':
      return notASession();
  }
};
