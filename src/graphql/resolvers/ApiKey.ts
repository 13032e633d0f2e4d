import { statusOf, userOf, workspaceOf } from '../credential-fields.ts';
import type { ApiKeyResolvers } from '../generated/types.ts';

export const ApiKey: ApiKeyResolvers = {
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  status: (apiKey, _arg, context) => statusOf(apiKey, context.now()),
  user: ({ userId }, _arg, context) => userOf(userId, context),
  workspace: ({ workspaceId }, _arg, context) => workspaceOf(workspaceId, context),
};
