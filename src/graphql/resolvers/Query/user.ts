import { findUser } from '../../../accounts/account.queries.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const user: NonNullable<QueryResolvers['user']> = (_parent, { id }, context) => findUser(context, id);
