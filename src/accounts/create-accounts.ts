import type { EntityManager } from '@mikro-orm/sql';
import { Audit } from '../audit/audit.ts';
import type { Rejections } from '../audit/rejections.ts';
import type { SessionIssuer } from '../credentials/session-issuer.ts';
import type { ValuesOf } from '../kernel/variable.ts';
import type { Limits } from '../limits/limits.ts';
import type { Platform } from '../platform.ts';
import { accountEvents } from './account.events.ts';
import { AccountService } from './account.service.ts';
import type { accountVariables } from './account.variables.ts';
import { AccountTokens } from './account-tokens.ts';
import type { EmailIndex } from './email.ts';
import { InvitationService, type JoinedWorkspaces } from './invitation.service.ts';
import { LoginTime } from './login-time.ts';
import { LoginMetrics } from './metrics.ts';
import { Passwords } from './password.ts';
import { PasswordResetService } from './password-reset.service.ts';
import { SetupToken } from './setup-token.ts';
import { User } from './user.entity.ts';
import { type Holdings, UserService } from './user.service.ts';
import { UserImportService } from './user-import.service.ts';
import { UserSessions } from './user-sessions.ts';

export interface AccountNeeds {
  emails: EmailIndex;
  sessions: SessionIssuer;
  workspaces: JoinedWorkspaces;
  holdings: Holdings;
  limits: Limits;
  rejections: Pick<Rejections, 'note'>;
}

/** Users, their passwords, and how they are invited. */
export function createAccounts(
  { barrier, registry, clock: monotonic, databaseClock: clock }: Platform,
  config: ValuesOf<typeof accountVariables>,
  { emails, sessions, workspaces, holdings, limits, rejections }: AccountNeeds,
) {
  const setupToken = new SetupToken(config.setupToken);
  const passwords = new Passwords(config.passwordMinLength);
  const audit = new Audit(accountEvents, clock);
  const userSessions = new UserSessions({ sessions, audit, barrier, clock });
  const resetTokens = new AccountTokens('PASSWORD_RESET', { limits, clock });
  const tokens = new AccountTokens('INVITATION', { limits, clock });
  const common = { audit, clock };
  return {
    service: new AccountService({
      ...common,
      ...{ emails, sessions, userSessions, resetTokens, passwords, limits, rejections, setupToken },
      loginTime: new LoginTime(monotonic),
      logins: new LoginMetrics(registry),
      registration: config.registration,
    }),
    imports: new UserImportService({ ...common, emails }),
    users: new UserService({ ...common, emails, holdings, barrier }),
    invitations: new InvitationService({ ...common, emails, tokens, workspaces, sessions, passwords }),
    passwordResets: new PasswordResetService({ ...common, tokens: resetTokens, sessions: userSessions, passwords }),
    setupToken,
    /** Persists a user without a way to log in, in a domain that does not exist (RFC 2606), e.g. the owner of a canary. */
    persistUnreachable(
      em: EntityManager,
      { id, name, createdAt }: { id: string; name: string; createdAt: Date },
    ): void {
      const email = `${id}@${name}.invalid`;
      em.persist(User.create({ id, email, displayName: name, role: 'MEMBER', passwordHash: '', createdAt }));
    },
  };
}
