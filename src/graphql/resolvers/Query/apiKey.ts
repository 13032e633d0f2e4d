import { findApiKey } from '../../../api-keys/api-key.queries.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const apiKey: NonNullable<QueryResolvers['apiKey']> = (_parent, { id }, context) => findApiKey(context, id);
