import { usersMatching } from '../../../accounts/account.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const users: NonNullable<QueryResolvers['users']> = (_parent, { filter, ...paging }, context) =>
  paginate(context, usersMatching(context.services.emails, filter), paging);
