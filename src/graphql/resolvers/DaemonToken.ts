import { owningWorkspaceOf, statusOf } from '../credential-fields.ts';
import type { DaemonTokenResolvers } from '../generated/types.ts';

export const DaemonToken: DaemonTokenResolvers = {
  createdBy: ({ createdBy }, _arg, { loaders }) => (createdBy ? loaders.user.load(createdBy) : null),
  expiresAt: ({ endsAt }) => endsAt,
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  status: (daemonToken, _arg, context) => statusOf(daemonToken, context.now()),
  workspace: ({ workspaceId }, _arg, context) => owningWorkspaceOf(workspaceId, context),
};
