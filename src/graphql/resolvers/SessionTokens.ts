import type { SessionTokensResolvers } from '../generated/types.ts';

export const SessionTokens: SessionTokensResolvers = {};
