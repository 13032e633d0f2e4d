import { accountOnly, personalOf } from '../credential-fields.ts';
import type { UserResolvers } from '../generated/types.ts';

export const User: UserResolvers = {
  apiKeyCount: async ({ id }, _arg, context) => (await accountOnly(id, context).loaders.apiKeyCount.load(id)) ?? 0,
  email: (user, _arg, context) => personalOf({ userId: user.id, field: 'User.email', value: user.email }, context),
  lastUsedAt: ({ id }, _arg, { visibility, loaders }) =>
    visibility.seesAccount(id) ? loaders.lastUsedByUser.load(id) : null,
  permissions: ({ id, permissions }, _arg, context) => accountOnly(id, context) && permissions,
  sessionCount: async ({ id }, _arg, context) => (await accountOnly(id, context).loaders.sessionCount.load(id)) ?? 0,
};
