import { emailTaken, invalidInput, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const inviteUser: NonNullable<MutationResolvers['inviteUser']> = async (_parent, { input }, context) => {
  const outcome = await context.services.invitations.invite(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'invited':
      return { __typename: 'InviteUserSuccess', ...outcome };
    case 'emailTaken':
      return emailTaken();
    case 'workspaceNotFound':
      return workspaceNotFound('workspaceIds');
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
