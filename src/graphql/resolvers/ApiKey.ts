import { statusOf, userOf, workspaceOf } from '../credential-fields.ts';
import type { ApiKeyResolvers } from '../generated/types.ts';

export const ApiKey: ApiKeyResolvers = {
  createdBy: ({ createdBy }, _arg, { loaders }) => (createdBy ? loaders.user.load(createdBy) : null),
  expiresAt: ({ endsAt }) => endsAt,
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  lastUsedFromIp: async ({ id }, _arg, { loaders }) => (await loaders.lastUse.load(id))?.from ?? null,
  metadata: (apiKey, _arg, { services }) => [...services.apiKeyMetadata.open(apiKey)],
  status: (apiKey, _arg, context) => statusOf(apiKey, context.now()),
  user: ({ userId }, _arg, context) => (userId ? userOf(userId, context) : null),
  workspace: ({ workspaceId }, _arg, context) => workspaceOf(workspaceId, context),
};
