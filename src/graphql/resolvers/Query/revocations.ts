import { AccessTokenRevocation } from '../../../sessions/access-token-revocation.entity.ts';
import { revocationsMatching } from '../../../sessions/session.service.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const revocations: NonNullable<QueryResolvers['revocations']> = (_parent, { filter, ...paging }, context) =>
  paginate(
    context.em(),
    { entity: AccessTokenRevocation, prefix: 'rev' },
    revocationsMatching(context.caller(), filter ?? {}, context.now()),
    paging,
  );
