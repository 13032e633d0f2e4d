import type { MutationResolvers } from '../../generated/types.ts';

export const revokeDaemonToken: NonNullable<MutationResolvers['revokeDaemonToken']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.daemonTokens.revoke(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeDaemonTokenSuccess', ...outcome };
    case 'notFound':
      return {
        __typename: 'DaemonTokenNotFoundError',
        message: 'Daemon token not found. Check `daemonTokenId`.',
      };
  }
};
