// Accounts that are written as rows, for tests that are not about registration: without a password hash and limits.
import { User } from '../../src/accounts/user.entity.ts';
import type { App } from '../../src/app.ts';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import type { UserRole } from '../../src/identity/scope.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { Account } from './account.ts';
import { PASSWORD_HASH } from './constants.ts';

/** The origin of the requests of a test. */
const ORIGIN = { ipAddress: '127.0.0.1', userAgent: 'node', requestId: 'seed' };

/** An account with one session, as `bootstrap` makes an administrator and `register` a member. Its password is PASSWORD. */
export async function seedAccount(app: App, { email, role }: { email: string; role: UserRole }): Promise<Account> {
  const { sessions } = app.services;
  const id = newId('usr');
  const user = User.create({
    id,
    email,
    displayName: 'Ann',
    role,
    passwordHash: PASSWORD_HASH,
    createdAt: new Date(app.replica.databaseNow()),
  });
  const unitOfWork = new UnitOfWork(app.database.fork(), null, ORIGIN, async () => true);
  const started = await unitOfWork.transaction(async () => {
    const { em } = unitOfWork;
    if (role === 'ADMIN') {
      await em.execute('insert into bootstrapped (user_id) values (?)', [id]);
      await em.execute('delete from setup_token');
    }
    em.persist(user);
    return sessions.start(unitOfWork, user);
  });
  const { accessToken, refreshToken, session } = await sessions.tokensOf(started);
  return { id, email, accessToken, refreshToken, sessionId: session.id };
}
