import { ApiKey } from '../../../api-keys/api-key.entity.ts';
import { apiKeysMatching } from '../../../api-keys/api-key.service.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const apiKeys: NonNullable<QueryResolvers['apiKeys']> = (_parent, { filter, ...paging }, context) =>
  paginate(
    context.em(),
    { entity: ApiKey, prefix: 'key' },
    apiKeysMatching(context.caller(), filter ?? {}, context.now()),
    paging,
  );
