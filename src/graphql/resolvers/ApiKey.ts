import { statusOf, userOf, workspaceOf } from '../credential-fields.ts';
import type { ApiKeyResolvers } from '../generated/types.ts';
import { createdFrom, lastUsedFrom, metadataOf } from '../sealed-fields.ts';

export const ApiKey: ApiKeyResolvers = {
  createdBy: ({ createdBy }, _arg, { loaders }) => (createdBy ? loaders.user.load(createdBy) : null),
  createdFromIp: (apiKey, _arg, context) => createdFrom(apiKey, context),
  expiresAt: ({ endsAt }) => endsAt,
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  lastUsedFromIp: ({ id }, _arg, context) => lastUsedFrom(id, context),
  metadata: async (apiKey, _arg, context) => [...(await metadataOf(apiKey, context))],
  status: (apiKey, _arg, context) => statusOf(apiKey, context.now()),
  user: ({ userId }, _arg, context) => (userId ? userOf(userId, context) : null),
  workspace: ({ workspaceId }, _arg, context) => workspaceOf(workspaceId, context),
};
