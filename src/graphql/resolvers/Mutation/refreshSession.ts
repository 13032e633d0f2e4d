import type { MutationResolvers, RefreshRejectionReason } from '../../generated/types.ts';

const MESSAGES: Record<RefreshRejectionReason, string> = {
  UNKNOWN: 'Unknown refresh token. Log in again.',
  EXPIRED: 'The session has expired. Log in again.',
  REVOKED: 'The session was revoked. Log in again.',
  REUSED: 'The refresh token was used before, so a copy of it exists. The session was revoked. Log in again.',
};

export const refreshSession: NonNullable<MutationResolvers['refreshSession']> = async (_parent, { input }, context) => {
  const transport = context.cookies.present(input);
  const outcome = await context.services.refresh.refresh(context.unitOfWork(), transport.refreshToken);
  switch (outcome.kind) {
    case 'refreshed':
      context.visibility.admitSelf(outcome.tokens.session.userId);
      return { __typename: 'RefreshSessionSuccess', tokens: transport.deliver(outcome.tokens) };
    case 'rejected':
      transport.clear();
      return { __typename: 'RefreshTokenRejectedError', message: MESSAGES[outcome.reason], reason: outcome.reason };
  }
};
