import { ApiKey } from '../../../api-keys/api-key.entity.ts';
import { apiKeysVisibleTo } from '../../../api-keys/api-key.service.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const apiKey: NonNullable<QueryResolvers['apiKey']> = (_parent, { id }, { em, caller }) =>
  em().findOne(ApiKey, { id, ...apiKeysVisibleTo(caller()) });
