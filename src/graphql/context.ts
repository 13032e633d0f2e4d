import type { EntityManager } from '@mikro-orm/sql';
import type { AccountService } from '../accounts/account.service.ts';
import type { EmailVault } from '../accounts/email.ts';
import type { ApiKeyService } from '../api-keys/api-key.service.ts';
import type { CredentialTypes } from '../credentials/credential-types.ts';
import type { RequestOrigin, UnitOfWork } from '../database/unit-of-work.ts';
import type { Principal } from '../identity/principal.ts';
import type { Limits } from '../limits/limits.ts';
import type { RefreshService } from '../sessions/refresh.service.ts';
import type { SessionService, SessionTokens, StartedSession } from '../sessions/session.service.ts';
import type { WorkspaceService } from '../workspaces/workspace.service.ts';
import type { Loaders } from './loaders.ts';
import type { Visibility } from './visibility.ts';

/** What resolvers may use of the service. */
export interface Services {
  accounts: AccountService<StartedSession, SessionTokens>;
  emails: EmailVault;
  sessions: SessionService;
  refresh: RefreshService;
  apiKeys: ApiKeyService;
  workspaces: WorkspaceService;
  credentialTypes: CredentialTypes;
  limits: Limits;
  /** What a credential stands for right now; null where it would authenticate nobody. */
  introspect: (credential: string) => Promise<Principal | null>;
}

/** The tokens that a browser keeps out of reach of scripts, for those who asked for it. */
export interface CookieJar {
  /** The refresh token that the browser holds; null where it sent none, or no CSRF header with it. */
  readonly refreshToken: string | null;
  /** Puts the tokens into the answer's cookies, and takes them out of its body. */
  keep(tokens: SessionTokens): SessionTokens;
  /** Empties the browser's jar, where the request came with one. */
  forget(): void;
}

/**
 * What every resolver gets. Made afresh for each request; what costs something is made when it is first asked for, by a
 * function, since Yoga copies the context and would run every getter.
 */
export interface GraphQLContext {
  readonly services: Services;
  /** Who is asking; null where no credential was presented. */
  readonly principal: Principal | null;
  readonly origin: RequestOrigin;
  readonly loaders: Loaders;
  /** Which people this request may read. */
  readonly visibility: Visibility;
  readonly cookies: CookieJar;
  /** The principal of a field that only authenticated requests reach. */
  caller(): Principal;
  /** For reads: one for the whole request. */
  em(): EntityManager;
  /** A fresh one for every mutation field: after one field's failed flush, the next must not fail with it. */
  unitOfWork(): UnitOfWork;
  /** The same for every field that answers with a receipt, on the connections that are reserved for revocations. */
  revocation(): UnitOfWork;
  /** Database time. */
  now(): Date;
}
