import { workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const revokeDaemon: NonNullable<MutationResolvers['revokeDaemon']> = async (_parent, { input }, context) => {
  const outcome = await context.services.daemonTokens.revokeDaemon(context.revocation(), input);
  switch (outcome.kind) {
    case 'revoked':
      return { __typename: 'RevokeDaemonSuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
  }
};
