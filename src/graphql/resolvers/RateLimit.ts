import type { RateLimitResolvers } from '../generated/types.ts';

export const RateLimit: RateLimitResolvers = {};
