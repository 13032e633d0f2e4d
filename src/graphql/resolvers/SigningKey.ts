import { owningWorkspaceOf, statusOf } from '../credential-fields.ts';
import type { SigningKeyResolvers } from '../generated/types.ts';

export const SigningKey: SigningKeyResolvers = {
  createdBy: ({ createdBy }, _arg, { loaders }) => (createdBy ? loaders.user.load(createdBy) : null),
  expiresAt: ({ endsAt }) => endsAt,
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  status: (signingKey, _arg, context) => statusOf(signingKey, context.now()),
  workspace: ({ workspaceId }, _arg, context) => owningWorkspaceOf(workspaceId, context),
};
