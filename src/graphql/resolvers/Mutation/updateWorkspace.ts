import { invalidInput, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const updateWorkspace: NonNullable<MutationResolvers['updateWorkspace']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.update(context.revocation(), input);
  switch (outcome.kind) {
    case 'updated':
      return { __typename: 'UpdateWorkspaceSuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
