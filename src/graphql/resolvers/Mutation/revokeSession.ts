import type { MutationResolvers } from '../../generated/types.ts';

export const revokeSession: NonNullable<MutationResolvers['revokeSession']> = async (_parent, { input }, context) => {
  const outcome = await context.services.sessions.revoke(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeSessionSuccess', ...outcome };
    case 'notFound':
      return { __typename: 'SessionNotFoundError', message: 'Session not found. Check `sessionId`.' };
  }
};
