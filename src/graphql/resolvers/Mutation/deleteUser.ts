import { lastAdministrator, lastOwner, userNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const deleteUser: NonNullable<MutationResolvers['deleteUser']> = async (_parent, { input }, context) => {
  const outcome = await context.services.users.delete(context.revocation(), input.userId);
  switch (outcome.kind) {
    case 'deleted':
      return { __typename: 'DeleteUserSuccess', ...outcome };
    case 'userNotFound':
      return userNotFound();
    case 'lastAdministrator':
      return lastAdministrator();
    case 'lastOwner': {
      const workspaces = await Promise.all(outcome.workspaceIds.map((id) => context.loaders.workspace.load(id)));
      return lastOwner({ workspaces: workspaces.filter((workspace) => workspace !== null) });
    }
  }
};
