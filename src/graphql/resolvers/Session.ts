import { statusOf, userOf } from '../credential-fields.ts';
import type { SessionResolvers } from './../generated/types.ts';

export const Session: SessionResolvers = {
  isCurrent: ({ id }, _arg, { principal }) => principal?.credentialId === id,
  lastUsedAt: ({ id }, _arg, { loaders }) => loaders.lastUsedAt.load(id),
  revocationReason: ({ endReason }) => endReason,
  revokedAt: ({ endedAt }) => endedAt,
  status: (session, _arg, context) => statusOf(session, context.now()),
  user: ({ userId }, _arg, context) => userOf(userId, context),
};
