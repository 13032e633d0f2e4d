import { revocationsMatching } from '../../../sessions/session.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const revocations: NonNullable<QueryResolvers['revocations']> = (_parent, { filter, ...paging }, context) =>
  paginate(context, revocationsMatching(context, filter), paging);
