import type { ExplanationResolvers } from '../generated/types.ts';

export const Explanation: ExplanationResolvers = {};
