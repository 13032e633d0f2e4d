import type { MutationResolvers } from '../../generated/types.ts';

export const renewDaemonToken: NonNullable<MutationResolvers['renewDaemonToken']> = async (_parent, _arg, context) => {
  const outcome = await context.services.daemonTokens.renew(context.unitOfWork());
  switch (outcome.kind) {
    case 'renewed':
      return { __typename: 'RenewDaemonTokenSuccess', ...outcome };
    case 'notADaemonToken':
      return {
        __typename: 'NotADaemonTokenError',
        message: 'This operation requires a daemon token. Send the token that must be renewed.',
      };
    case 'tooEarly':
      return {
        __typename: 'TooEarlyToRenewError',
        message: `The token expires at ${outcome.expiresAt.toISOString()}. Renew it from ${outcome.renewableAt.toISOString()} on.`,
        ...outcome,
      };
    case 'maximumAge':
      return {
        __typename: 'MaximumAgeReachedError',
        message: `The token has the longest lifetime that a policy allows. It expires at ${outcome.expiresAt.toISOString()}. Create a new one.`,
        ...outcome,
      };
  }
};
