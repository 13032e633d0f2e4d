import { apiKeysMatching } from '../../../api-keys/api-key.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const apiKeys: NonNullable<QueryResolvers['apiKeys']> = (_parent, { filter, ...paging }, context) =>
  paginate(context, apiKeysMatching(context, filter), paging);
