import { userOf } from '../credential-fields.ts';
import type { WorkspaceMemberResolvers } from '../generated/types.ts';

export const WorkspaceMember: WorkspaceMemberResolvers = {
  joinedAt: ({ createdAt }) => createdAt,
  user: ({ userId }, _arg, context) => userOf(userId, context),
};
