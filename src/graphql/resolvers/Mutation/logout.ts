import { credentialRefused } from '../../../identity/access-error.ts';
import { notASession } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const logout: NonNullable<MutationResolvers['logout']> = async (_parent, _arg, context) => {
  const { cookies, services, visibility } = context;
  const outcome = await services.sessions.logout(context.revocation(), cookies.refreshToken);
  switch (outcome.kind) {
    case 'loggedOut':
      cookies.clear();
      visibility.admitSelf(outcome.session.userId);
      return { __typename: 'LogoutSuccess', ...outcome };
    case 'notASession':
      return notASession();
    case 'rejected':
      cookies.clear();
      throw credentialRefused();
  }
};
