import type { MutationResolvers } from '../../generated/types.ts';

export const revokeAccessToken: NonNullable<MutationResolvers['revokeAccessToken']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.sessions.revokeAccessToken(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeAccessTokenSuccess', ...outcome };
    case 'notFound':
      return {
        __typename: 'AccessTokenNotFoundError',
        message: 'Access token not found. Check `jti`.',
      };
  }
};
