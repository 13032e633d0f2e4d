import { userNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const revokeAllSessions: NonNullable<MutationResolvers['revokeAllSessions']> = async (
  _parent,
  { input: { userId = null, exceptCurrent } },
  context,
) => {
  const outcome = await context.services.accounts.revokeSessions(context.revocation(), { userId, exceptCurrent });
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeAllSessionsSuccess', ...outcome };
    case 'userNotFound':
      return userNotFound();
  }
};
