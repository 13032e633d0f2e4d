import { Revocation } from '../../../sessions/revocation.entity.ts';
import { revocationsMatching } from '../../../sessions/session.service.ts';
import { page } from '../../connection.ts';
import type { QueryResolvers } from './../../generated/types.ts';

export const revocations: NonNullable<QueryResolvers['revocations']> = (_parent, { filter, ...paging }, context) =>
  page(
    context.em(),
    { entity: Revocation, prefix: 'rev' },
    revocationsMatching(context.caller(), filter ?? {}, context.now()),
    paging,
  );
