import { Revocation } from '../../../sessions/revocation.entity.ts';
import { revocationsMatching } from '../../../sessions/session.service.ts';
import { page } from '../../connection.ts';
import type { QueryResolvers } from './../../generated/types.ts';

export const revocations: NonNullable<QueryResolvers['revocations']> = (_parent, { filter, ...paging }, context) =>
  page(context.em(), Revocation, revocationsMatching(context.caller(), filter ?? {}, context.now()), paging);
