import { User } from '../../../accounts/user.entity.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const users: NonNullable<QueryResolvers['users']> = (_parent, { filter, ...paging }, { em, services }) => {
  const email = filter?.email;
  return paginate(
    em(),
    { entity: User, prefix: 'usr' },
    email == null ? {} : { emailIndex: { $in: services.emails.indexes(email) } },
    paging,
  );
};
