import { findUserByEmail, findUsersByEmails, keepUsers } from './accounts/account.queries.ts';
import { createAccounts } from './accounts/create-accounts.ts';
import { EMAIL, EmailIndex } from './accounts/email.ts';
import { eraseApiKeyAddresses, lockApiKeysOf } from './api-keys/api-key.queries.ts';
import { createApiKeys } from './api-keys/create-api-keys.ts';
import { createAudit } from './audit/create-audit.ts';
import { type Config, valuesOf } from './config.ts';
import { createCredentialPolicies } from './credential-policies/create-credential-policies.ts';
import { keepBounds } from './credential-policies/credential-policy.queries.ts';
import type { CredentialTypes } from './credentials/credential-types.ts';
import { createDaemonTokens } from './daemon-tokens/create-daemon-tokens.ts';
import { createLimits } from './limits/create-limits.ts';
import type { Platform } from './platform.ts';
import { createSessions } from './sessions/create-sessions.ts';
import { lockSessionsOf } from './sessions/session.queries.ts';
import { createSigningKeys } from './signing-keys/create-signing-keys.ts';
import { createWorkspaces } from './workspaces/create-workspaces.ts';
import { lockAccess, lockMembership, lockRole } from './workspaces/workspace.queries.ts';

/** The features of one replica, each with the values of its own variables, connected with each other. */
export type Features = ReturnType<typeof createFeatures>;

/** @param types the kinds of credentials */
export function createFeatures(platform: Platform, config: Config, types: CredentialTypes) {
  const { sealer } = platform;
  const audit = createAudit(platform, valuesOf('audit', config), { keepUsers });
  const emails = new EmailIndex((canonical) => sealer.index(EMAIL, canonical));
  const { rejections } = audit;
  const limits = createLimits(platform, valuesOf('limits', config), {
    accountOf: (email) => emails.nameOf(email),
    exceeded: ({ limit, subjectId, userId: actorUserId, address: ipAddress }) =>
      rejections.note({
        ...{ type: 'limit.exceeded', reason: 'RATE_LIMITED', data: { limit } },
        ...{ subjectId, actorUserId, ipAddress },
      }),
  });
  const workspaces = createWorkspaces(platform, {
    findUserByEmail: (em, email) => findUserByEmail(em, emails.indexes(email)),
  });
  const sessions = createSessions(platform, valuesOf('sessions', config), { limits: limits.limits, rejections });
  const accounts = createAccounts(platform, valuesOf('accounts', config), {
    emails,
    sessions: sessions.service,
    workspaces: workspaces.memberships,
    holdings: {
      async lock(em, userId) {
        await workspaces.memberships.lockWorkspacesOf(em, userId);
        await lockApiKeysOf(em, userId);
        await lockSessionsOf(em, userId);
      },
      leaveWorkspaces: (scope, userId) => workspaces.memberships.leaveAll(scope, userId),
      eraseAddresses: eraseApiKeyAddresses,
    },
    limits: limits.limits,
    rejections,
  });
  const policies = createCredentialPolicies(platform, {
    types,
    lastUsedSeconds: config.lastUsedSeconds,
    lockManaged: (unitOfWork, workspaceId) => workspaces.service.lockForChange(unitOfWork, workspaceId),
  });
  const apiKeys = createApiKeys(platform, valuesOf('api-keys', config), {
    ...{ lockMembership, lockRole, keepBounds },
    findOwners: (em, addresses) => findUsersByEmails(em, emails, addresses),
  });
  const daemonTokens = createDaemonTokens(platform, { lockAccess, keepBounds });
  const signingKeys = createSigningKeys(platform, valuesOf('signing-keys', config), { lockAccess, keepBounds });
  return { audit, emails, limits, workspaces, sessions, accounts, policies, apiKeys, daemonTokens, signingKeys };
}
