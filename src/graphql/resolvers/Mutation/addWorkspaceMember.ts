import { userOf } from '../../credential-fields.ts';
import { userNotFound, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const addWorkspaceMember: NonNullable<MutationResolvers['addWorkspaceMember']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.workspaces.addMember(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'added':
      context.visibility.admit(outcome.userId);
      return { __typename: 'AddWorkspaceMemberSuccess', ...outcome, user: await userOf(outcome.userId, context) };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'userNotFound':
      return userNotFound('email');
  }
};
