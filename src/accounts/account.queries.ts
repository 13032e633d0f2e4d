import { LockMode } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { lockText } from '../database/advisory-lock.ts';
import type { List, QueryContext } from '../database/query.ts';
import type { EmailIndex } from './email.ts';
import { User } from './user.entity.ts';
import { canLogIn } from './user.sql.ts';

/** All users, or the one with this email. For administrators: it does not check what the caller may see. */
export function usersMatching(emails: EmailIndex, filter: { email?: string | null } | null | undefined): List<User> {
  const email = filter?.email;
  const where = email == null ? {} : { emailIndex: { $in: emails.indexes(email) } };
  return { entity: User, prefix: 'usr', where };
}

/** The user with this id. For administrators: it does not check what the caller may see. */
export function findUser({ em }: Pick<QueryContext, 'em'>, id: string): Promise<User | null> {
  return em().findOne(User, { id });
}

/** The user with one of these indexes of an address. If several match, the one whose index is first in the list. */
export async function findUserByEmail(em: EntityManager, indexes: readonly Buffer[]): Promise<User | null> {
  const found = await em.find(User, { emailIndex: { $in: [...indexes] } });
  return indexes.flatMap((index) => found.filter(({ emailIndex }) => index.equals(emailIndex)))[0] ?? null;
}

/** The users with these addresses, by the address as it was given. An unknown one is left out. */
export async function findUsersByEmails(
  em: EntityManager,
  emails: EmailIndex,
  addresses: readonly string[],
): Promise<Map<string, User>> {
  const indexes = new Map(addresses.map((address) => [address, emails.indexes(address)]));
  const found = await em.find(User, { emailIndex: { $in: [...indexes.values()].flat() } });
  const byIndex = new Map(found.map((user) => [user.emailIndex.toString('hex'), user]));
  return new Map(
    [...indexes].flatMap(([address, each]) => {
      const index = each.find((one) => byIndex.has(one.toString('hex')));
      return index ? [[address, byIndex.get(index.toString('hex'))!] as const] : [];
    }),
  );
}

/** Whether an account has a password of another system. */
export async function hasImportedPasswords(em: EntityManager): Promise<boolean> {
  return (await em.execute('select 1 from users where password_imported limit 1')).length > 0;
}

/** Those of these users that exist. None of them can be deleted until the commit. */
export async function keepUsers(em: EntityManager, ids: readonly string[]): Promise<Set<string>> {
  const text = `select id from users where id in (${ids.map(() => '?').join(', ')}) order by id for key share`;
  const rows = await em.execute<{ id: string }[]>(text, [...ids]);
  return new Set(rows.map(({ id }) => id));
}

/** Locked until the commit: of several concurrent changes, the later ones see the result of the first. */
export function lockUser(em: EntityManager, id: string): Promise<User | null> {
  return em.findOne(User, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
}

/** The user with this address. Until the commit, no other request can give the address to another user. */
export async function lockEmail(em: EntityManager, emails: EmailIndex, email: string): Promise<User | null> {
  // One at a time per address, because the unique index alone does not cover a row under a retired key.
  await lockText(em, `email:${emails.nameOf(email)}`);
  return findUserByEmail(em, emails.indexes(email));
}

// The constants let PostgreSQL use the index of administrators.
const OTHER_ADMINISTRATOR = `select 1 from users u where u.role = 'ADMIN' and u.id <> ? and ${canLogIn('u')}
    and u.password_hash <> '' limit 1`;

/**
 * Whether this is the only active administrator. If it is an active one, others of them can be demoted, disabled or
 * deleted only after the commit. The row of the user must be locked.
 */
export async function isLastAdministrator(em: EntityManager, user: User): Promise<boolean> {
  if (!user.isActiveAdministrator) return false;
  await lockText(em, 'administrators');
  return (await em.execute(OTHER_ADMINISTRATOR, [user.id])).length === 0;
}

/** All users in pages, oldest first. For the operator. */
export async function* allUsers(em: EntityManager, { pageSize = 500 } = {}): AsyncGenerator<User> {
  for (let last = ''; ; ) {
    const page = await em.find(User, { id: { $gt: last } }, { orderBy: { id: 'asc' }, limit: pageSize });
    yield* page;
    if (page.length < pageSize) return;
    last = page.at(-1)!.id;
    em.clear();
  }
}
