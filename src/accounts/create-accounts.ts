import type { EntityManager } from '@mikro-orm/sql';
import { Audit } from '../audit/audit.ts';
import type { SessionIssuer } from '../credentials/session-issuer.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Limits } from '../limits/limits.ts';
import type { Platform } from '../platform.ts';
import { accountEvents } from './account.events.ts';
import { AccountService } from './account.service.ts';
import type { accountVariables } from './account.variables.ts';
import type { EmailVault } from './email.ts';
import { Passwords } from './password.ts';
import { SetupToken } from './setup-token.ts';
import { User } from './user.entity.ts';

export interface AccountNeeds {
  emails: EmailVault;
  sessions: SessionIssuer;
  limits: Limits;
}

/** Users and their passwords. */
export function createAccounts(
  { barrier, databaseClock: clock }: Platform,
  config: ValuesOf<typeof accountVariables>,
  { emails, sessions, limits }: AccountNeeds,
) {
  const setupToken = new SetupToken(config.setupToken);
  const service = new AccountService({
    sessions,
    passwords: new Passwords(config.passwordMinLength),
    limits,
    emails,
    setupToken,
    audit: new Audit(accountEvents, clock),
    barrier,
    clock,
    registration: config.registration,
  });
  return {
    service,
    setupToken,
    /** Persists a user without a way to log in, in a domain that does not exist (RFC 2606), e.g. the owner of a canary. */
    persistUnreachable(
      em: EntityManager,
      { id, name, createdAt }: { id: string; name: string; createdAt: Date },
    ): void {
      const email = emails.seal(id, `${id}@${name}.invalid`);
      em.persist(User.create({ id, ...email, displayName: name, role: 'MEMBER', passwordHash: '', createdAt }));
    },
  };
}
