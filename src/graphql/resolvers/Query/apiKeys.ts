import { apiKeysMatching } from '../../../api-keys/api-key.queries.ts';
import { paginateIds } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const apiKeys: NonNullable<QueryResolvers['apiKeys']> = async (_parent, { filter, ...paging }, context) => {
  const list = apiKeysMatching(context, filter);
  return { ...(await paginateIds(list, paging)), count: list.count };
};
