import { Session } from '../../../sessions/session.entity.ts';
import { sessionsMatching } from '../../../sessions/session.service.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const sessions: NonNullable<QueryResolvers['sessions']> = (_parent, { filter, ...paging }, context) =>
  paginate(
    context.em(),
    { entity: Session, prefix: 'ses' },
    sessionsMatching(context.caller(), filter ?? {}, context.now()),
    paging,
  );
