import type { ApiKeyConnectionResolvers } from '../generated/types.ts';

export const ApiKeyConnection: ApiKeyConnectionResolvers = {
  totalCount: ({ count }) => count(),
};
