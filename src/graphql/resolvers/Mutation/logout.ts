import type { MutationResolvers } from './../../generated/types.ts';

export const logout: NonNullable<MutationResolvers['logout']> = async (_parent, _arg, context) => {
  const outcome = await context.services.sessions.logout(context.unitOfWork());
  switch (outcome.kind) {
    case 'loggedOut':
      return { __typename: 'LogoutSuccess', ...outcome };
    case 'notASession':
      return {
        __typename: 'NotASessionError',
        message: 'This request was authenticated by something else than a session.',
      };
  }
};
