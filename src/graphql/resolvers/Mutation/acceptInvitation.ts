import { invalidInput } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const acceptInvitation: NonNullable<MutationResolvers['acceptInvitation']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.invitations.accept(context.unitOfWork(), input);
  switch (outcome.kind) {
    case 'accepted':
      context.visibility.admitSelf(outcome.user.id);
      return { __typename: 'AcceptInvitationSuccess', ...outcome };
    case 'rejected':
      return {
        __typename: 'InvitationRejectedError',
        message: 'The invitation is not valid. Ask an administrator to invite you again.',
      };
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
