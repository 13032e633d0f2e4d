import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const createWorkspace: NonNullable<MutationResolvers['createWorkspace']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.create(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'created':
      return { __typename: 'CreateWorkspaceSuccess', ...outcome };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
