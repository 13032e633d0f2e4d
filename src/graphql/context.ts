import type { AccountService } from '../accounts/account.service.ts';
import type { EmailIndex } from '../accounts/email.ts';
import type { InvitationService } from '../accounts/invitation.service.ts';
import type { PasswordResetService } from '../accounts/password-reset.service.ts';
import type { UserService } from '../accounts/user.service.ts';
import type { ApiKeyService } from '../api-keys/api-key.service.ts';
import type { ApiKeyUpdateService } from '../api-keys/api-key-update.service.ts';
import type { MetadataVault } from '../api-keys/metadata.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { PersonalRead, PersonalReads } from '../audit/personal-reads.ts';
import type { CredentialPolicyService } from '../credential-policies/credential-policy.service.ts';
import type { CredentialTypes } from '../credentials/credential-types.ts';
import type { DaemonTokenService } from '../daemon-tokens/daemon-token.service.ts';
import type { QueryContext } from '../database/query.ts';
import type { Sealer } from '../database/sealer.ts';
import type { RequestOrigin, UnitOfWork } from '../database/unit-of-work.ts';
import type { ExplanationService } from '../explanations/explanation.service.ts';
import type { Principal } from '../identity/principal.ts';
import type { LiveSubscription } from '../live/live-subscription.ts';
import type { RevocationEvent } from '../revocation/revocation-event.ts';
import type { RevocationView } from '../revocation/revocation-view.ts';
import type { RefreshService } from '../sessions/refresh.service.ts';
import type { SessionService } from '../sessions/session.service.ts';
import type { SigningKeyService } from '../signing-keys/signing-key.service.ts';
import type { WorkspaceService } from '../workspaces/workspace.service.ts';
import type { Loaders } from './loaders.ts';
import type { OperationTime } from './operation-time.ts';
import type { TokenCookies } from './token-cookies.ts';
import type { Visibility } from './visibility.ts';

/** The services that resolvers may use. */
export interface Services {
  accounts: AccountService;
  users: UserService;
  invitations: InvitationService;
  passwordResets: PasswordResetService;
  emails: EmailIndex;
  sealer: Sealer;
  sessions: SessionService;
  refresh: RefreshService;
  apiKeys: ApiKeyService;
  apiKeyUpdates: ApiKeyUpdateService;
  apiKeyMetadata: MetadataVault;
  auditLog: AuditLog;
  personalReads: PersonalReads;
  credentialPolicies: CredentialPolicyService;
  workspaces: WorkspaceService;
  daemonTokens: DaemonTokenService;
  signingKeys: SigningKeyService;
  credentialTypes: CredentialTypes;
  explanations: ExplanationService;
  /** What a credential stands for now; null if it authenticates nothing. */
  introspect: (credential: string) => Promise<Principal | null>;
  /** The revocations that a view sees, after this position; null: from now on. */
  revocationsFrom: (view: RevocationView, after: number | null) => Promise<AsyncIterable<RevocationEvent>>;
}

/**
 * The context of every resolver, new for each request. Its expensive parts are created at their first call. They are
 * functions, because Yoga copies the context and would run every getter.
 */
export interface GraphQLContext extends QueryContext {
  readonly services: Services;
  /** The caller; null if no credential was presented. */
  readonly principal: Principal | null;
  readonly origin: RequestOrigin;
  readonly loaders: Loaders;
  /** The reads of personal data of other users that were recorded, for requests that share the result. */
  readonly personalReads: readonly (readonly PersonalRead[])[];
  /** Records that the caller reads personal data of other users. */
  recordReads(reads: readonly PersonalRead[]): Promise<void>;
  readonly time: OperationTime;
  /** The subscription that the operation is; null for a query or a mutation. */
  readonly subscription: LiveSubscription | null;
  /** Which users this request may read. */
  readonly visibility: Visibility;
  /** The tokens in the cookies of the browser. */
  readonly cookies: TokenCookies;
  /** A new one for every mutation field: a failed flush of one field must not fail the next one. */
  unitOfWork(): UnitOfWork;
  /** The same for every field that returns a receipt, on the connections that are reserved for revocations. */
  revocation(): UnitOfWork;
}
