import { credentialRefused } from '../../../identity/access-error.ts';
import { notASession } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const logout: NonNullable<MutationResolvers['logout']> = async (_parent, _arg, context) => {
  const { cookies, principal, services } = context;
  // The access token in a browser's jar is gone after minutes, and whoever logs out then must not stay logged in.
  const inJar = principal ? null : cookies.refreshToken;
  const outcome = inJar
    ? await services.refresh.logout(context.revocation(), inJar)
    : await services.sessions.logout(context.revocation());
  if (outcome.kind !== 'notASession') cookies.forget();
  switch (outcome.kind) {
    case 'loggedOut':
      context.visibility.admit(outcome.session.userId);
      return { __typename: 'LogoutSuccess', ...outcome };
    case 'notASession':
      return notASession();
    case 'rejected':
      throw credentialRefused();
  }
};
