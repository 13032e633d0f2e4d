import { workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const deleteWorkspace: NonNullable<MutationResolvers['deleteWorkspace']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.delete(context.revocation(), input.workspaceId);
  switch (outcome.kind) {
    case 'deleted':
      return { __typename: 'DeleteWorkspaceSuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
  }
};
