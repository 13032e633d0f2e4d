import type { QueryResolvers } from '../../generated/types.ts';

export const explain: NonNullable<QueryResolvers['explain']> = (_parent, { requestId }, { services }) =>
  services.explanations.explain(requestId);
