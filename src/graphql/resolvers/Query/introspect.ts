import type { QueryResolvers } from '../../generated/types.ts';

export const introspect: NonNullable<QueryResolvers['introspect']> = async (_parent, { token }, { services }) => ({
  principal: await services.introspect(token),
});
