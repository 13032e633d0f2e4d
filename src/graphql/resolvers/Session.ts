import { personalOf, statusOf, userOf } from '../credential-fields.ts';
import type { SessionResolvers } from '../generated/types.ts';

export const Session: SessionResolvers = {
  ipAddress: ({ userId, ipAddress: value }, _arg, context) =>
    personalOf({ userId, field: 'Session.ipAddress', value }, context),
  isCurrent: ({ id }, _arg, { principal }) => principal?.credentialId === id,
  // A refresh is a use, too, even if no access token was used since.
  lastUsedAt: async ({ id, refreshedAt }, _arg, { loaders }) => {
    const usedAt = await loaders.lastUsedAt.load(id);
    return usedAt && usedAt > refreshedAt ? usedAt : refreshedAt;
  },
  status: (session, _arg, context) => statusOf(session, context.now()),
  userAgent: ({ userId, userAgent: value }, _arg, context) =>
    personalOf({ userId, field: 'Session.userAgent', value }, context),
  user: ({ userId }, _arg, context) => userOf(userId, context),
};
