import type { AccountService } from '../accounts/account.service.ts';
import type { EmailVault } from '../accounts/email.ts';
import type { ApiKeyService } from '../api-keys/api-key.service.ts';
import type { CredentialTypes } from '../credentials/credential-types.ts';
import type { QueryContext } from '../database/query.ts';
import type { RequestOrigin, UnitOfWork } from '../database/unit-of-work.ts';
import type { Principal } from '../identity/principal.ts';
import type { RefreshService } from '../sessions/refresh.service.ts';
import type { SessionService } from '../sessions/session.service.ts';
import type { WorkspaceService } from '../workspaces/workspace.service.ts';
import type { Loaders } from './loaders.ts';
import type { TokenCookies } from './token-cookies.ts';
import type { Visibility } from './visibility.ts';

/** What resolvers may use of the service. */
export interface Services {
  accounts: AccountService;
  emails: EmailVault;
  sessions: SessionService;
  refresh: RefreshService;
  apiKeys: ApiKeyService;
  workspaces: WorkspaceService;
  credentialTypes: CredentialTypes;
  /** What a credential stands for right now; null where it would authenticate nobody. */
  introspect: (credential: string) => Promise<Principal | null>;
}

/**
 * What every resolver gets. Made afresh for each request; what costs something is made when it is first asked for, by a
 * function, since Yoga copies the context and would run every getter.
 */
export interface GraphQLContext extends QueryContext {
  readonly services: Services;
  /** Who is asking; null where no credential was presented. */
  readonly principal: Principal | null;
  readonly origin: RequestOrigin;
  readonly loaders: Loaders;
  /** Which people this request may read. */
  readonly visibility: Visibility;
  /** The tokens that the browser keeps. */
  readonly cookies: TokenCookies;
  /** A fresh one for every mutation field: after one field's failed flush, the next must not fail with it. */
  unitOfWork(): UnitOfWork;
  /** The same for every field that answers with a receipt, on the connections that are reserved for revocations. */
  revocation(): UnitOfWork;
}
