import { userOf } from '../../credential-fields.ts';
import { lastOwner, userNotFound, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const setWorkspaceMemberRole: NonNullable<MutationResolvers['setWorkspaceMemberRole']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.setMemberRole(context.revocation(), input);
  switch (outcome.kind) {
    case 'set':
      context.visibility.admit(outcome.userId);
      return { __typename: 'SetWorkspaceMemberRoleSuccess', ...outcome, user: await userOf(outcome.userId, context) };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'userNotFound':
      return userNotFound();
    case 'lastOwner':
      return lastOwner(outcome);
  }
};
