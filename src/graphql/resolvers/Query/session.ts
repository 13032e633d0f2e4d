import { findSession } from '../../../sessions/session.queries.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const session: NonNullable<QueryResolvers['session']> = (_parent, { id }, context) => findSession(context, id);
