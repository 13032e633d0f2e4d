import type { MutationResolvers, RefreshRejectionReason } from '../../generated/types.ts';

const MESSAGES: Record<RefreshRejectionReason, string> = {
  UNKNOWN: 'Unknown refresh token. Log in again.',
  EXPIRED: 'The session has expired. Log in again.',
  REVOKED: 'The session was revoked. Log in again.',
  REUSED: 'The refresh token was used before, so a copy of it exists. The session was revoked. Log in again.',
};

export const refreshSession: NonNullable<MutationResolvers['refreshSession']> = async (_parent, { input }, context) => {
  const { cookies, services } = context;
  const fromCookie = input.refreshToken === '';
  const presented = fromCookie ? (cookies.refreshToken ?? '') : input.refreshToken;
  const outcome = await services.refresh.refresh(context.unitOfWork(), presented);
  switch (outcome.kind) {
    case 'refreshed':
      context.visibility.admit(outcome.tokens.session.userId);
      return {
        __typename: 'RefreshSessionSuccess',
        tokens: fromCookie ? cookies.keep(outcome.tokens) : outcome.tokens,
      };
    case 'rejected':
      if (fromCookie) cookies.forget();
      return { __typename: 'RefreshTokenRejectedError', message: MESSAGES[outcome.reason], reason: outcome.reason };
  }
};
