import { lastOwner, userNotFound, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const removeWorkspaceMember: NonNullable<MutationResolvers['removeWorkspaceMember']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.removeMember(context.revocation(), input);
  switch (outcome.kind) {
    case 'removed':
      return { __typename: 'RemoveWorkspaceMemberSuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'userNotFound':
      return userNotFound();
    case 'lastOwner':
      return lastOwner(outcome);
  }
};
