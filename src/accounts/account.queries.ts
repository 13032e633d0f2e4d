import type { EntityManager } from '@mikro-orm/sql';
import type { List } from '../database/query.ts';
import type { EmailVault } from './email.ts';
import { User } from './user.entity.ts';

/** All users, or the one with this email. For administrators: it does not check what the caller may see. */
export function usersMatching(emails: EmailVault, filter: { email?: string | null } | null | undefined): List<User> {
  const email = filter?.email;
  const where = email == null ? {} : { emailIndex: { $in: emails.indexes(email) } };
  return { entity: User, prefix: 'usr', where };
}

/** The user with one of these indexes of an address. If several match, the one whose index is first in the list. */
export async function findUserByEmail(em: EntityManager, indexes: readonly Buffer[]): Promise<User | null> {
  const found = await em.find(User, { emailIndex: { $in: [...indexes] } });
  return indexes.flatMap((index) => found.filter(({ emailIndex }) => index.equals(emailIndex)))[0] ?? null;
}
