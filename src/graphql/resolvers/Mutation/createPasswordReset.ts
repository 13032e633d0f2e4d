import type { MutationResolvers } from '../../generated/types.ts';

export const createPasswordReset: NonNullable<MutationResolvers['createPasswordReset']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.passwordResets.create(context.unitOfWork(), input.userId);
  switch (outcome.kind) {
    case 'created':
      return { __typename: 'CreatePasswordResetSuccess', ...outcome };
    case 'userNotFound':
      return {
        __typename: 'UserNotFoundError',
        message:
          'No user with a password has this id. Check `userId`. If the user has not accepted the invitation, call `inviteUser` again.',
      };
  }
};
