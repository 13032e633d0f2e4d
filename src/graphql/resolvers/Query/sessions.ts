import { sessionsMatching } from '../../../sessions/session.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const sessions: NonNullable<QueryResolvers['sessions']> = (_parent, { filter, ...paging }, context) =>
  paginate(context, sessionsMatching(context, filter), paging);
