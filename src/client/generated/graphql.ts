/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Input of `acceptInvitation`. */
export type AcceptInvitationInput = {
  /** The token that `inviteUser` returned. */
  invitationToken: string;
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: string;
};

/** Input of `addWorkspaceMember`. */
export type AddWorkspaceMemberInput = {
  /** The email address of the user. Case-insensitive. */
  email: string;
  /** The role of the new member. */
  role?: WorkspaceRole;
  /** The id of the workspace. */
  workspaceId: string;
};

/** Selects the API keys to list. */
export type ApiKeyFilter = {
  /** Only the keys that expire before this time, or have expired. Credential policies count. */
  expiresBefore?: string | null | undefined;
  /** True: only the keys that never expire. False: only the keys that expire. Credential policies count. */
  neverExpires?: boolean | null | undefined;
  /** True: only the keys that were never used. False: only the keys that were used. */
  neverUsed?: boolean | null | undefined;
  /** Only the keys that belong to a user, or only those that belong to a workspace. */
  owner?: ApiKeyOwner | null | undefined;
  /**
   * Only the keys with this text in the name, the description or the hint, in upper or lower case. Every character stands for
   * itself, `%` and `_` too.
   */
  search?: string | null | undefined;
  /** Only the keys with this status. */
  status?: CredentialStatus | null | undefined;
  /** Only the keys that were last used before this time, or never. Uses of the last two minutes may be missing. */
  unusedSince?: string | null | undefined;
  /** Only the keys of this user. Defaults to all keys that the caller can see. */
  userId?: string | null | undefined;
  /** Only the keys that are bound to this workspace, or belong to it. */
  workspaceId?: string | null | undefined;
};

/** Who an API key belongs to. */
export type ApiKeyOwner =
  /** The user that the key acts for. The key ends with the user. */
  | 'USER'
  /** A workspace. The key acts for no user, survives the user who created it, and ends with the workspace. */
  | 'WORKSPACE';

/** Which audit events to list. An event must match all given fields. */
export type AuditEventFilter = {
  /** Only the events that the user or the credential with this id caused. */
  actorId?: string | null | undefined;
  /** Only the events at this time or later. */
  from?: string | null | undefined;
  /** Only the events with this outcome. */
  outcome?: AuditOutcome | null | undefined;
  /** Only the events of this request. */
  requestId?: string | null | undefined;
  /** Only the events about the object with this id. */
  subjectId?: string | null | undefined;
  /** Only the events of this type, such as `session.revoked`. */
  type?: string | null | undefined;
  /** Only the events before this time. */
  until?: string | null | undefined;
  /** Only the events of this workspace. */
  workspaceId?: string | null | undefined;
};

/** Whether the action of an event took effect. */
export type AuditOutcome =
  /** The action was rejected. The field `reason` says why. */
  | 'REFUSED'
  /** The action took effect. */
  | 'SUCCEEDED';

/** Input of `bootstrap`. */
export type BootstrapInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: string;
  /** The email address to log in with. */
  email: string;
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: string;
  /** The setup token that the server prints at its first start, or the value of `REKEY_SETUP_TOKEN`. */
  setupToken: string;
};

/** Input of `changePassword`. */
export type ChangePasswordInput = {
  /** The current password of the caller. */
  currentPassword: string;
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  newPassword: string;
};

/** Input of `createApiKey`. */
export type CreateApiKeyInput = {
  /**
   * The IP addresses and networks (CIDR) from which the key is accepted; empty: from all. If the calling credential is limited
   * to addresses itself, it can only grant these, which are the default then.
   */
  allowedAddresses?: Array<string>;
  /** A label in plain text, 1 to 500 visible characters. `apiKeys` searches it, so it must not hold personal data or secrets. */
  description?: string | null | undefined;
  /**
   * When the key expires. Must be in the future. Must not be later than the expiry of the calling credential, unless that
   * is a session, nor later than credential policies allow. Defaults to the latest expiry that is allowed, which may be none.
   * Must be set if a policy requires an expiry.
   */
  expiresAt?: string | null | undefined;
  /**
   * Makes the call safe to repeat: within 24 hours, the same credential gets the same key and secret for the same input, as
   * long as it may manage the key and holds what the key holds. 1 to 255 visible ASCII characters. A call that failed does not
   * use it up.
   */
  idempotencyKey?: string | null | undefined;
  /** Your own data, at most 20 entries with different keys. Introspection returns it. */
  metadata?: Array<MetadataEntryInput>;
  /** A name that tells what the key is for. Must not be empty and must have only visible characters. */
  name: string;
  /**
   * The owner of the key. Only an owner of the workspace, an administrator and a key of the workspace can create a key
   * that belongs to it. Another member gets `FORBIDDEN`. A key that belongs to a workspace creates only keys that belong
   * to it, and this field is ignored.
   */
  owner?: ApiKeyOwner;
  /**
   * Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. The calling
   * credential must hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the
   * characters `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters,
   * including one separator between two permissions.
   */
  permissions?: Array<string>;
  /** How often the key may be used. Left out: there is no limit. */
  rateLimit?: RateLimitInput | null | undefined;
  /**
   * What the key can do in Rekey. The calling credential must hold each scope. A key that is bound to a workspace cannot
   * hold `ADMIN`, `INTROSPECT` or `SESSIONS_WRITE`, and a key that belongs to one cannot hold `SESSIONS_READ` either. A key
   * that other services verify needs no scope.
   */
  scopes?: Array<Scope>;
  /**
   * The workspace that the key is bound to, or belongs to. Must be set if the key belongs to a workspace. The user of a key
   * that is bound to a workspace must be a member. Defaults to the workspace that the calling credential is bound to.
   */
  workspaceId?: string | null | undefined;
};

/** Input of `createDaemonToken`. */
export type CreateDaemonTokenInput = {
  /**
   * The daemon that the token is for. You define this text, e.g. the name of a host. All tokens with the same text in the
   * workspace belong to one daemon. Must not be empty and must have only visible characters. White space at both ends is
   * removed. Lower case and upper case differ.
   */
  daemonId: string;
  /**
   * When the token expires. Must be in the future, and at most ten years from now. Must not be later than the expiry of
   * the calling credential, unless that is a session, nor later than credential policies allow. A daemon can renew its token
   * before that.
   */
  expiresAt: string;
  /**
   * Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. The calling
   * credential must hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the
   * characters `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters,
   * including one separator between two permissions.
   */
  permissions?: Array<string>;
  /** How often the token may be used. Left out: there is no limit. */
  rateLimit?: RateLimitInput | null | undefined;
  /**
   * What the token can do in Rekey. The calling credential must hold each scope. A daemon token cannot hold `ADMIN`,
   * `INTROSPECT` or `SESSIONS_WRITE`. A token that other services verify needs no scope.
   */
  scopes?: Array<Scope>;
  /**
   * The workspace that the token belongs to. The caller must be a member or an administrator. A credential that is bound
   * to a workspace can create tokens only for that workspace.
   */
  workspaceId: string;
};

/** Input of `createPasswordReset`. */
export type CreatePasswordResetInput = {
  /** The id of the user. */
  userId: string;
};

/** Input of `createSigningKey`. */
export type CreateSigningKeyInput = {
  /** Your own note about the key. Must have only visible characters. White space at both ends is removed. */
  description?: string;
  /**
   * When the key expires. Must be in the future. Must not be later than the expiry of the calling credential, unless that is
   * a session, nor later than credential policies allow. Defaults to the latest expiry that is allowed, which may be none.
   * Must be set if a policy requires an expiry.
   */
  expiresAt?: string | null | undefined;
  /**
   * Custom permissions that you define. Returned by `/v1/verify`, not interpreted by Rekey. The calling credential must
   * hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the characters
   * `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters, including one
   * separator between two permissions.
   */
  permissions?: Array<string>;
  /**
   * What a request that the key has signed can do in Rekey. The calling credential must hold each scope. A signing key
   * cannot hold `ADMIN`, `INTROSPECT` or `SESSIONS_WRITE`. A key that signs requests to your own services
   * needs no scope.
   */
  scopes?: Array<Scope>;
  /**
   * The workspace that the key belongs to. The caller must be a member or an administrator. A credential that is bound to a
   * workspace can create keys only for that workspace.
   */
  workspaceId: string;
};

/** Input of `createWorkspace`. */
export type CreateWorkspaceInput = {
  /** The name of the workspace. Must not be empty and must have only visible characters. */
  name: string;
};

/** The status of a credential. */
export type CredentialStatus =
  /** Not revoked, not expired. Still rejected while its user is disabled. */
  | 'ACTIVE'
  /** The credential has expired. */
  | 'EXPIRED'
  /** The credential was revoked. This is final. */
  | 'REVOKED';

/** The layer that decided about a request. */
export type DecisionSource =
  /** PostgreSQL. */
  | 'DATABASE'
  /** PostgreSQL, read for this request alone, because the replica had no lease on its caches. */
  | 'DATABASE_WITHOUT_LEASE'
  /** The memory of the replica, or the form of the credential alone. No I/O. */
  | 'MEMORY'
  /** The shared cache in Redis. */
  | 'SHARED_CACHE';

/** Input of `deleteUser`. */
export type DeleteUserInput = {
  /** The id of the user. */
  userId: string;
};

/** Input of `deleteWorkspace`. */
export type DeleteWorkspaceInput = {
  /** The id of the workspace. */
  workspaceId: string;
};

/** Input of `disableUser`. */
export type DisableUserInput = {
  /** The id of the user. */
  userId: string;
};

/** Input of `enableUser`. */
export type EnableUserInput = {
  /** The id of the user. */
  userId: string;
};

/** Input of `endApiKeyOverlap`. */
export type EndApiKeyOverlapInput = {
  /** The id of the key. */
  apiKeyId: string;
};

/** What was decided about a request. */
export type ExplanationOutcome =
  /** The credential is valid and holds what was required. */
  | 'ACCEPTED'
  /** The credential is missing or not valid, does not hold what was required, or is over a limit. */
  | 'REJECTED'
  /** The replica could not know whether the credential is valid, and returned 503. */
  | 'UNAVAILABLE';

/** Input of `inviteUser`. */
export type InviteUserInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: string;
  /** The email address to log in with. */
  email: string;
  /**
   * The permissions of the user. Each has 1 to 100 of the characters `A-Z a-z 0-9 . _ : / * -`. All together have at most 2048
   * characters, including one separator between two permissions.
   */
  permissions?: Array<string>;
  /** The role of the user. */
  role?: UserRole;
  /** The workspaces that the user joins as a member when the invitation is accepted. */
  workspaceIds?: Array<string>;
};

/** Input of `login`. */
export type LoginInput = {
  /**
   * For browsers: stores the tokens in `__Host-` cookies that scripts cannot read. The response then holds no tokens. A
   * request that uses the cookies must send the header `X-Rekey-CSRF: 1`. A login that sends this header also revokes the
   * session whose refresh token is in the cookies.
   */
  cookies?: boolean;
  /** The email address of the account. Case-insensitive. */
  email: string;
  /** The password of the account. */
  password: string;
};

/** One entry of the metadata of an API key. */
export type MetadataEntryInput = {
  /** The name of the entry: 1 to 64 visible characters, without white space at its ends. */
  key: string;
  /** The value of the entry: at most 500 characters. */
  value: string;
};

/** A rate limit for a credential. See `RateLimit` for what counts. */
export type RateLimitInput = {
  /** The number of requests in one window, 1 to 1000000. */
  requests: number;
  /** The length of the window in seconds, 1 to 86400. */
  windowSeconds: number;
};

/** Why a refresh token was rejected. */
export type RefreshRejectionReason =
  /** The session has expired. Log in again. */
  | 'EXPIRED'
  /** The token was used before, so a copy of it exists. The session was revoked. Log in again. */
  | 'REUSED'
  /** The session was revoked. Log in again. */
  | 'REVOKED'
  /** Unknown refresh token. Log in again. */
  | 'UNKNOWN';

/** Input of `refreshSession`. */
export type RefreshSessionInput = {
  /** The refresh token. An empty text selects the token in the cookie. */
  refreshToken: string;
};

/** Input of `register`. */
export type RegisterInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: string;
  /** The email address to log in with. */
  email: string;
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: string;
};

/** Input of `removeWorkspaceMember`. */
export type RemoveWorkspaceMemberInput = {
  /** The id of the member. */
  userId: string;
  /** The id of the workspace. */
  workspaceId: string;
};

/** Input of `resetPassword`. */
export type ResetPasswordInput = {
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  newPassword: string;
  /** The token that `createPasswordReset` returned. */
  resetToken: string;
};

/** The effect of a revocation on its subject. */
export type RevocationEffect =
  /** It is not valid any more. */
  | 'ENDED'
  /** It is valid, with less: fewer scopes, permissions or addresses, another secret, an earlier expiry, or a stricter rate limit. */
  | 'NARROWED';

/** Selects the revocations to list. */
export type RevocationFilter = {
  /** Only the revoked tokens of this user. Defaults to all revocations that the caller can see. */
  userId?: string | null | undefined;
};

/** How the propagation of a revocation was proved. */
export type RevocationPropagation =
  /** Every registered replica confirmed that it applied the revocation, or deregistered. */
  | 'ACKNOWLEDGED'
  /**
   * A replica did not respond, or the database server is new. Every lease that such a replica could hold has expired, so
   * it cannot use an older cache.
   */
  | 'LEASE_EXPIRED';

/** Why a credential was revoked. */
export type RevocationReason =
  /** An administrator revoked the credential. */
  | 'ADMINISTRATIVE'
  /** The credential leaked, or may have leaked. */
  | 'COMPROMISED'
  /** The user was removed from the workspace that the credential is bound to. */
  | 'REMOVED'
  /** A refresh token was used twice, so a copy of it exists. */
  | 'REUSED'
  /** A new secret replaced the credential. Reserved; not enforced yet. */
  | 'ROTATED'
  /** The user logged out, or the session was revoked and no other reason was given. */
  | 'SIGNED_OUT'
  /** No reason given. */
  | 'UNSPECIFIED';

/** The subject of a revocation. */
export type RevocationSubject =
  /** One access token. */
  | 'ACCESS_TOKEN'
  /** Any credential: forget everything that you have cached. */
  | 'ALL'
  /** One API key. */
  | 'API_KEY'
  /** All tokens of one daemon in one workspace. */
  | 'DAEMON'
  /** One daemon token. */
  | 'DAEMON_TOKEN'
  /** One session, with its refresh tokens and access tokens. */
  | 'SESSION'
  /** One signing key. */
  | 'SIGNING_KEY'
  /** All credentials of one user. */
  | 'USER'
  /** All credentials of one workspace. */
  | 'WORKSPACE'
  /** All credentials of one user that are bound to one workspace. */
  | 'WORKSPACE_MEMBER';

/** Input of `revokeAccessToken`. */
export type RevokeAccessTokenInput = {
  /** The claim `jti` of the token. */
  jti: string;
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
};

/** Input of `revokeAllSessions`. */
export type RevokeAllSessionsInput = {
  /** Keeps the session of this request. */
  exceptCurrent?: boolean;
  /** The id of the user. Defaults to the caller. Only an administrator can name another user. */
  userId?: string | null | undefined;
};

/** Input of `revokeApiKey`. */
export type RevokeApiKeyInput = {
  /** The id of the key. */
  apiKeyId: string;
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
};

/** Input of `revokeDaemon`. */
export type RevokeDaemonInput = {
  /** The `daemonId` of its tokens. */
  daemonId: string;
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
  /** The id of the workspace. */
  workspaceId: string;
};

/** Input of `revokeDaemonToken`. */
export type RevokeDaemonTokenInput = {
  /** The id of the token. */
  daemonTokenId: string;
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
};

/** Input of `revokeSession`. */
export type RevokeSessionInput = {
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
  /** The id of the session. */
  sessionId: string;
};

/** Input of `revokeSigningKey`. */
export type RevokeSigningKeyInput = {
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
  /** The id of the key. */
  signingKeyId: string;
};

/** Input of `rotateApiKey`. */
export type RotateApiKeyInput = {
  /** The id of the key. */
  apiKeyId: string;
  /**
   * How long the old secret stays valid, in seconds: 0 to 2592000 (30 days). It expires with the key at the latest. The
   * secret from before an earlier rotation is rejected at once.
   */
  overlapSeconds?: number;
};

/** Input of `rotateSigningKey`. */
export type RotateSigningKeyInput = {
  /** How long the key stays valid beside its successor: 0 to 86400 seconds (one day). */
  overlapSeconds?: number;
  /** The id of the key. */
  signingKeyId: string;
};

/** What a credential can do in Rekey. For other services, use `permissions`. */
export type Scope =
  /** Read and change the objects of all users. Only administrators and their API keys can hold this scope. */
  | 'ADMIN'
  /** Read API keys. */
  | 'API_KEYS_READ'
  /** Create, rotate and revoke API keys. */
  | 'API_KEYS_WRITE'
  /** Read the audit log. An administrator reads all events, other users read the events of their workspaces. */
  | 'AUDIT_READ'
  /** Read daemon tokens. */
  | 'DAEMON_TOKENS_READ'
  /** Create and revoke daemon tokens. A daemon token needs no scope to renew itself. */
  | 'DAEMON_TOKENS_WRITE'
  /** Introspect all credentials and read all users. Only administrators and their API keys can hold this scope. */
  | 'INTROSPECT'
  /**
   * Read sessions and the revocations of access tokens, and follow revocations. With a credential that is bound to a
   * workspace: only follow the revocations of that workspace.
   */
  | 'SESSIONS_READ'
  /** Revoke sessions and access tokens. */
  | 'SESSIONS_WRITE'
  /** Read signing keys. */
  | 'SIGNING_KEYS_READ'
  /** Create, rotate and revoke signing keys. */
  | 'SIGNING_KEYS_WRITE'
  /** Read workspaces and their members. */
  | 'WORKSPACES_READ'
  /** Create, change and delete workspaces, and manage their members. */
  | 'WORKSPACES_WRITE';

/** Selects the sessions to list. */
export type SessionFilter = {
  /** Only the sessions with this status. */
  status?: CredentialStatus | null | undefined;
  /** Only the sessions of this user. Defaults to all sessions that the caller can see. */
  userId?: string | null | undefined;
};

/** Input of `setCredentialPolicy`. A bound that is left out does not exist. */
export type SetCredentialPolicyInput = {
  /** Changes nothing, and returns what would be revoked. */
  dryRun?: boolean;
  /**
   * For how long a credential may be unused, in seconds: 1 to 315360000 (ten years). Uses are recorded with a delay, so a
   * credential may stay valid for up to `REKEY_LAST_USED_SECONDS` and two seconds longer, and is never rejected earlier.
   */
  idleSeconds?: number | null | undefined;
  /** The longest lifetime of a credential, in seconds: 1 to 315360000 (ten years). */
  maximumLifetimeSeconds?: number | null | undefined;
  /** Whether every credential must have an expiry of its own. Revokes every credential that has none. */
  requiresExpiry?: boolean;
  /** The id of the workspace. Left out: the installation. */
  workspaceId?: string | null | undefined;
};

/** Input of `setWorkspaceMemberRole`. */
export type SetWorkspaceMemberRoleInput = {
  /** The new role. */
  role: WorkspaceRole;
  /** The id of the member. */
  userId: string;
  /** The id of the workspace. */
  workspaceId: string;
};

/** Input of `updateApiKey`. What is left out stays as it is. Only `description`, `expiresAt` and `rateLimit` may be null. */
export type UpdateApiKeyInput = {
  /** The new addresses and networks; empty: all. What is added must be within the addresses of the calling credential. */
  allowedAddresses?: Array<string> | null | undefined;
  /** The id of the key. */
  apiKeyId: string;
  /** The new description, 1 to 500 visible characters. Null removes it. */
  description?: string | null | undefined;
  /**
   * The new expiry. Must be in the future. A later one than before must not be later than the expiry of the calling
   * credential, unless that is a session, nor later than credential policies allow. Null means the latest one that is allowed,
   * which may be none.
   */
  expiresAt?: string | null | undefined;
  /** The new metadata, which replaces all entries. */
  metadata?: Array<MetadataEntryInput> | null | undefined;
  /** The new name. Must not be empty and must have only visible characters. */
  name?: string | null | undefined;
  /**
   * The new permissions. The calling credential must hold each permission that is added, unless it holds the scope `ADMIN`. So
   * must the user of the key, unless that is an administrator.
   */
  permissions?: Array<string> | null | undefined;
  /**
   * How often the key may be used. Null removes the limit. A stricter limit narrows the key: every replica obeys it before the
   * response. What the key has used of its current window counts. To loosen or remove the limit, the caller must hold the
   * scopes and permissions of the key, and a key does not loosen its own.
   */
  rateLimit?: RateLimitInput | null | undefined;
  /** The new scopes. The calling credential must hold each scope that is added, and the role of the user of the key must allow it. */
  scopes?: Array<Scope> | null | undefined;
};

/** Input of `updateProfile`. */
export type UpdateProfileInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: string;
};

/** Input of `updateUser`. */
export type UpdateUserInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName?: string | null | undefined;
  /** The email address to log in with. */
  email?: string | null | undefined;
  /**
   * All permissions of the user. Each has 1 to 100 of the characters `A-Z a-z 0-9 . _ : / * -`. All together have at most 2048
   * characters, including one separator between two permissions.
   */
  permissions?: Array<string> | null | undefined;
  /** The role of the user. */
  role?: UserRole | null | undefined;
  /** The id of the user. */
  userId: string;
};

/** Input of `updateWorkspace`. What is left out stays as it is. */
export type UpdateWorkspaceInput = {
  /** The new name. Must not be null or empty and must have only visible characters. */
  name?: string | null | undefined;
  /**
   * Whether requests with an API key or a daemon token that is bound to this workspace must be signed. With `true`, every
   * replica rejects unsigned ones before the response. Must not be null.
   */
  requiresSignedRequests?: boolean | null | undefined;
  /** The id of the workspace. */
  workspaceId: string;
};

/** Selects the users to list. */
export type UserFilter = {
  /** Exact match, case-insensitive. */
  email?: string | null | undefined;
};

/** The role of a user in this installation. It limits the scopes that the credentials of the user can hold. */
export type UserRole =
  /** Manages everything in this installation. */
  | 'ADMIN'
  /** Manages their own sessions, API keys and workspaces. */
  | 'MEMBER';

/** The role of a member in a workspace. */
export type WorkspaceRole =
  /** Reads the workspace and its members, and creates credentials for it. */
  | 'MEMBER'
  /** The same, and changes and deletes the workspace and manages its members. */
  | 'OWNER';

export type UserFieldsFragment = { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null };

export type AccountFieldsFragment = { invitedAt: string | null, lastUsedAt: string | null, sessionCount: number, apiKeyCount: number, permissions: Array<string>, id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null };

export type BootstrapMutationVariables = Exact<{
  input: BootstrapInput;
}>;


export type BootstrapMutation = { bootstrap:
    | { __typename: 'AlreadyBootstrappedError', message: string }
    | { __typename: 'BootstrapSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'SetupTokenRejectedError', message: string }
   };

export type RegisterMutationVariables = Exact<{
  input: RegisterInput;
}>;


export type RegisterMutation = { register:
    | { __typename: 'EmailTakenError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'RegisterSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } } }
    | { __typename: 'RegistrationClosedError', message: string }
   };

export type LoginMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LoginMutation = { login:
    | { __typename: 'InvalidCredentialsError', message: string }
    | { __typename: 'LoginSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } } }
   };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword:
    | { __typename: 'ChangePasswordSuccess', revokedCount: number, user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'InvalidCredentialsError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'NotASessionError', message: string }
   };

export type InviteUserMutationVariables = Exact<{
  input: InviteUserInput;
}>;


export type InviteUserMutation = { inviteUser:
    | { __typename: 'EmailTakenError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'InviteUserSuccess', invitationToken: string, expiresAt: string, user: { invitedAt: string | null, lastUsedAt: string | null, sessionCount: number, apiKeyCount: number, permissions: Array<string>, id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null } }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type AcceptInvitationMutationVariables = Exact<{
  input: AcceptInvitationInput;
}>;


export type AcceptInvitationMutation = { acceptInvitation:
    | { __typename: 'AcceptInvitationSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'InvitationRejectedError', message: string }
   };

export type UpdateUserMutationVariables = Exact<{
  input: UpdateUserInput;
}>;


export type UpdateUserMutation = { updateUser:
    | { __typename: 'EmailTakenError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'LastAdministratorError', message: string }
    | { __typename: 'UpdateUserSuccess', user: { invitedAt: string | null, lastUsedAt: string | null, sessionCount: number, apiKeyCount: number, permissions: Array<string>, id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } | null }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { updateProfile:
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'UpdateProfileSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null } }
   };

export type CreatePasswordResetMutationVariables = Exact<{
  input: CreatePasswordResetInput;
}>;


export type CreatePasswordResetMutation = { createPasswordReset:
    | { __typename: 'CreatePasswordResetSuccess', resetToken: string, expiresAt: string, user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null } }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { resetPassword:
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ResetPasswordSuccess', revokedCount: number, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'ResetTokenRejectedError', message: string }
   };

export type DeleteUserMutationVariables = Exact<{
  input: DeleteUserInput;
}>;


export type DeleteUserMutation = { deleteUser:
    | { __typename: 'DeleteUserSuccess', userId: string, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'LastAdministratorError', message: string }
    | { __typename: 'LastOwnerError', message: string, workspaces: Array<{ id: string, name: string }> }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type DisableUserMutationVariables = Exact<{
  input: DisableUserInput;
}>;


export type DisableUserMutation = { disableUser:
    | { __typename: 'DisableUserSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'LastAdministratorError', message: string }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type EnableUserMutationVariables = Exact<{
  input: EnableUserInput;
}>;


export type EnableUserMutation = { enableUser:
    | { __typename: 'EnableUserSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null } }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type UsersQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: UserFilter | null | undefined;
}>;


export type UsersQuery = { users: { nodes: Array<{ invitedAt: string | null, lastUsedAt: string | null, sessionCount: number, apiKeyCount: number, permissions: Array<string>, id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type UserQueryVariables = Exact<{
  id: string;
}>;


export type UserQuery = { user: { invitedAt: string | null, lastUsedAt: string | null, sessionCount: number, apiKeyCount: number, permissions: Array<string>, id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null } | null };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { scopes: Array<Scope>, permissions: Array<string>, credential:
      | { __typename: 'ApiKey', id: string, status: CredentialStatus, expiresAt: string | null }
      | { __typename: 'DaemonToken', id: string, status: CredentialStatus, expiresAt: string | null }
      | { __typename: 'Session', id: string, status: CredentialStatus, expiresAt: string | null }
      | { __typename: 'SigningKey', id: string, status: CredentialStatus, expiresAt: string | null }
    , user: { id: string, displayName: string } | null, workspace: { id: string, name: string } | null } };

export type IntrospectQueryVariables = Exact<{
  token: string;
}>;


export type IntrospectQuery = { introspect: { active: boolean, scopes: Array<Scope>, permissions: Array<string>, expiresAt: string | null, credential:
      | { __typename: 'ApiKey', id: string, status: CredentialStatus }
      | { __typename: 'DaemonToken', id: string, status: CredentialStatus }
      | { __typename: 'Session', id: string, status: CredentialStatus }
      | { __typename: 'SigningKey', id: string, status: CredentialStatus }
     | null, user: { id: string, displayName: string } | null, workspace: { id: string, name: string } | null } };

export type ApiKeyFieldsFragment = { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null };

export type ReceiptFieldsFragment = { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number };

export type ApiKeyQueryVariables = Exact<{
  id: string;
}>;


export type ApiKeyQuery = { apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, user: { id: string } | null, workspace: { id: string } | null, createdBy: { id: string } | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null } | null };

export type ApiKeysQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: ApiKeyFilter | null | undefined;
}>;


export type ApiKeysQuery = { apiKeys: { nodes: Array<{ id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ApiKeyCountQueryVariables = Exact<{
  filter?: ApiKeyFilter | null | undefined;
}>;


export type ApiKeyCountQuery = { apiKeys: { totalCount: number } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey:
    | { __typename: 'ApiKeyQuotaError', message: string, limit: number }
    | { __typename: 'CreateApiKeySuccess', secret: string, apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null } }
    | { __typename: 'IdempotencyKeyReusedError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RotateApiKeyMutationVariables = Exact<{
  input: RotateApiKeyInput;
}>;


export type RotateApiKeyMutation = { rotateApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'ApiKeyRevokedError', message: string, revokedAt: string }
    | { __typename: 'ConflictError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'RotateApiKeySuccess', secret: string, previousSecretExpiresAt: string, apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
   };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { revokeApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'RevokeApiKeySuccess', apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type UpdateApiKeyMutationVariables = Exact<{
  input: UpdateApiKeyInput;
}>;


export type UpdateApiKeyMutation = { updateApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'ApiKeyRevokedError', message: string, revokedAt: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
    | { __typename: 'UpdateApiKeySuccess', apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } | null }
   };

export type EndApiKeyOverlapMutationVariables = Exact<{
  input: EndApiKeyOverlapInput;
}>;


export type EndApiKeyOverlapMutation = { endApiKeyOverlap:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'EndApiKeyOverlapSuccess', apiKey: { id: string, name: string, description: string | null, hint: string, scopes: Array<Scope>, permissions: Array<string>, allowedAddresses: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, lastUsedFromIp: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, metadata: Array<{ key: string, value: string }>, rateLimit: { requests: number, windowSeconds: number } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type AuditEventsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: AuditEventFilter | null | undefined;
}>;


export type AuditEventsQuery = { auditEvents: { nodes: Array<{ id: string, type: string, occurredAt: string, actorId: string | null, actorCredentialId: string | null, subjectId: string | null, workspaceId: string | null, ipAddress: string | null, userAgent: string | null, outcome: AuditOutcome, reason: string | null, requestId: string | null, sequence: number, hash: string, previousHash: string, actor: { id: string } | null, workspace: { id: string } | null, details: Array<{ key: string, value: string }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CredentialPolicyFieldsFragment = { maximumLifetimeSeconds: number | null, idleSeconds: number | null, requiresExpiry: boolean };

export type CredentialPolicyQueryVariables = Exact<{ [key: string]: never; }>;


export type CredentialPolicyQuery = { credentialPolicy: { maximumLifetimeSeconds: number | null, idleSeconds: number | null, requiresExpiry: boolean } };

export type WorkspaceCredentialPolicyQueryVariables = Exact<{
  id: string;
}>;


export type WorkspaceCredentialPolicyQuery = { workspace: { credentialPolicy: { maximumLifetimeSeconds: number | null, idleSeconds: number | null, requiresExpiry: boolean } } | null };

export type SetCredentialPolicyMutationVariables = Exact<{
  input: SetCredentialPolicyInput;
}>;


export type SetCredentialPolicyMutation = { setCredentialPolicy:
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'SetCredentialPolicySuccess', endedCount: number, policy: { maximumLifetimeSeconds: number | null, idleSeconds: number | null, requiresExpiry: boolean }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } | null }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type DaemonTokenFieldsFragment = { id: string, daemonId: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, renewedAt: string | null, lastUsedAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, rateLimit: { requests: number, windowSeconds: number } | null };

export type DaemonTokensQueryVariables = Exact<{
  workspaceId: string;
  first?: number;
  after?: string | null | undefined;
}>;


export type DaemonTokensQuery = { daemonTokens: { nodes: Array<{ id: string, daemonId: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, renewedAt: string | null, lastUsedAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, createdBy: { id: string } | null, rateLimit: { requests: number, windowSeconds: number } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateDaemonTokenMutationVariables = Exact<{
  input: CreateDaemonTokenInput;
}>;


export type CreateDaemonTokenMutation = { createDaemonToken:
    | { __typename: 'CreateDaemonTokenSuccess', secret: string, daemonToken: { id: string, daemonId: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, renewedAt: string | null, lastUsedAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, workspace: { id: string }, rateLimit: { requests: number, windowSeconds: number } | null } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RevokeDaemonTokenMutationVariables = Exact<{
  input: RevokeDaemonTokenInput;
}>;


export type RevokeDaemonTokenMutation = { revokeDaemonToken:
    | { __typename: 'DaemonTokenNotFoundError', message: string }
    | { __typename: 'RevokeDaemonTokenSuccess', daemonToken: { id: string, daemonId: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, renewedAt: string | null, lastUsedAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, rateLimit: { requests: number, windowSeconds: number } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type RevokeDaemonMutationVariables = Exact<{
  input: RevokeDaemonInput;
}>;


export type RevokeDaemonMutation = { revokeDaemon:
    | { __typename: 'RevokeDaemonSuccess', revokedCount: number, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RenewDaemonTokenMutationVariables = Exact<{ [key: string]: never; }>;


export type RenewDaemonTokenMutation = { renewDaemonToken:
    | { __typename: 'MaximumAgeReachedError', message: string, expiresAt: string }
    | { __typename: 'NotADaemonTokenError', message: string }
    | { __typename: 'RenewDaemonTokenSuccess', daemonToken: { id: string, daemonId: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, renewedAt: string | null, lastUsedAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, rateLimit: { requests: number, windowSeconds: number } | null } }
    | { __typename: 'TooEarlyToRenewError', message: string, renewableAt: string, expiresAt: string }
   };

export type ExplainQueryVariables = Exact<{
  requestId: string;
}>;


export type ExplainQuery = { explain: { requestId: string, at: string, endpoint: string, outcome: ExplanationOutcome, reason: string, credentialId: string | null, kind: string | null, decidedBy: DecisionSource, entrySequence: string | null, logSequence: string, entryAgeMilliseconds: number | null, leaseRemainingMilliseconds: number, replica: string } | null };

export type RevocationEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type RevocationEventsSubscription = { revocations: { sequence: string, credentialId: string, kind: RevocationSubject, effect: RevocationEffect, reason: RevocationReason, committedAt: string, userId: string | null, workspaceId: string | null, daemonId: string | null } };

export type NodeQueryVariables = Exact<{
  id: string;
}>;


export type NodeQuery = { node:
    | { __typename: 'ApiKey', id: string }
    | { __typename: 'AuditEvent', id: string }
    | { __typename: 'DaemonToken', id: string }
    | { __typename: 'Revocation', id: string }
    | { __typename: 'Session', id: string }
    | { __typename: 'SigningKey', id: string }
    | { __typename: 'User', id: string }
    | { __typename: 'Workspace', id: string }
   | null };

export type SessionFieldsFragment = { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null };

export type TokenFieldsFragment = { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } };

export type RevocationFieldsFragment = { id: string, jti: string, reason: RevocationReason, revokedAt: string, expiresAt: string, user: { id: string }, revokedBy: { id: string } | null };

export type SessionQueryVariables = Exact<{
  id: string;
}>;


export type SessionQuery = { session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null, user: { id: string } } | null };

export type SessionsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: SessionFilter | null | undefined;
}>;


export type SessionsQuery = { sessions: { nodes: Array<{ id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type RevocationsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: RevocationFilter | null | undefined;
}>;


export type RevocationsQuery = { revocations: { nodes: Array<{ id: string, jti: string, reason: RevocationReason, revokedAt: string, expiresAt: string, user: { id: string }, revokedBy: { id: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession:
    | { __typename: 'RefreshSessionSuccess', tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } } }
    | { __typename: 'RefreshTokenRejectedError', message: string, reason: RefreshRejectionReason }
   };

export type LogoutMutationVariables = Exact<{ [key: string]: never; }>;


export type LogoutMutation = { logout:
    | { __typename: 'LogoutSuccess', session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'NotASessionError', message: string }
   };

export type RevokeSessionMutationVariables = Exact<{
  input: RevokeSessionInput;
}>;


export type RevokeSessionMutation = { revokeSession:
    | { __typename: 'RevokeSessionSuccess', session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'SessionNotFoundError', message: string }
   };

export type RevokeAllSessionsMutationVariables = Exact<{
  input: RevokeAllSessionsInput;
}>;


export type RevokeAllSessionsMutation = { revokeAllSessions:
    | { __typename: 'RevokeAllSessionsSuccess', revokedCount: number, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'UserNotFoundError', message: string }
   };

export type RevokeAccessTokenMutationVariables = Exact<{
  input: RevokeAccessTokenInput;
}>;


export type RevokeAccessTokenMutation = { revokeAccessToken:
    | { __typename: 'AccessTokenNotFoundError', message: string }
    | { __typename: 'RevokeAccessTokenSuccess', revocation: { id: string, jti: string, reason: RevocationReason, revokedAt: string, expiresAt: string, user: { id: string }, revokedBy: { id: string } | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type SigningKeyFieldsFragment = { id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null };

export type SigningKeysQueryVariables = Exact<{
  workspaceId: string;
  first?: number;
  after?: string | null | undefined;
}>;


export type SigningKeysQuery = { signingKeys: { nodes: Array<{ id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, createdBy: { id: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateSigningKeyMutationVariables = Exact<{
  input: CreateSigningKeyInput;
}>;


export type CreateSigningKeyMutation = { createSigningKey:
    | { __typename: 'CreateSigningKeySuccess', secret: string, signingKey: { id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, workspace: { id: string } } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RotateSigningKeyMutationVariables = Exact<{
  input: RotateSigningKeyInput;
}>;


export type RotateSigningKeyMutation = { rotateSigningKey:
    | { __typename: 'ConflictError', message: string }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'RotateSigningKeySuccess', secret: string, signingKey: { id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }, previous: { id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
    | { __typename: 'SigningKeyNotFoundError', message: string }
    | { __typename: 'SigningKeyRevokedError', message: string, revokedAt: string }
   };

export type RevokeSigningKeyMutationVariables = Exact<{
  input: RevokeSigningKeyInput;
}>;


export type RevokeSigningKeyMutation = { revokeSigningKey:
    | { __typename: 'RevokeSigningKeySuccess', signingKey: { id: string, description: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, replaces: string | null, replacedBy: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'SigningKeyNotFoundError', message: string }
   };

export type WorkspaceFieldsFragment = { id: string, name: string, requiresSignedRequests: boolean, createdAt: string };

export type WorkspaceQueryVariables = Exact<{
  id: string;
}>;


export type WorkspaceQuery = { workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string } | null };

export type WorkspacesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type WorkspacesQuery = { workspaces: { nodes: Array<{ id: string, name: string, requiresSignedRequests: boolean, createdAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateWorkspaceMutationVariables = Exact<{
  input: CreateWorkspaceInput;
}>;


export type CreateWorkspaceMutation = { createWorkspace:
    | { __typename: 'CreateWorkspaceSuccess', workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
   };

export type WorkspaceMembersQueryVariables = Exact<{
  id: string;
  first?: number;
  after?: string | null | undefined;
}>;


export type WorkspaceMembersQuery = { workspace: { members: { edges: Array<{ cursor: string }>, nodes: Array<{ role: WorkspaceRole, joinedAt: string, user: { id: string, email: string, displayName: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type UpdateWorkspaceMutationVariables = Exact<{
  input: UpdateWorkspaceInput;
}>;


export type UpdateWorkspaceMutation = { updateWorkspace:
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'UpdateWorkspaceSuccess', workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } | null }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type AddWorkspaceMemberMutationVariables = Exact<{
  input: AddWorkspaceMemberInput;
}>;


export type AddWorkspaceMemberMutation = { addWorkspaceMember:
    | { __typename: 'AddWorkspaceMemberSuccess', role: WorkspaceRole, workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string }, user: { id: string } }
    | { __typename: 'UserNotFoundError', message: string }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RemoveWorkspaceMemberMutationVariables = Exact<{
  input: RemoveWorkspaceMemberInput;
}>;


export type RemoveWorkspaceMemberMutation = { removeWorkspaceMember:
    | { __typename: 'LastOwnerError', message: string, workspaces: Array<{ id: string, name: string, requiresSignedRequests: boolean, createdAt: string }> }
    | { __typename: 'RemoveWorkspaceMemberSuccess', workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'UserNotFoundError', message: string }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type SetWorkspaceMemberRoleMutationVariables = Exact<{
  input: SetWorkspaceMemberRoleInput;
}>;


export type SetWorkspaceMemberRoleMutation = { setWorkspaceMemberRole:
    | { __typename: 'LastOwnerError', message: string, workspaces: Array<{ id: string, name: string, requiresSignedRequests: boolean, createdAt: string }> }
    | { __typename: 'SetWorkspaceMemberRoleSuccess', role: WorkspaceRole, workspace: { id: string, name: string, requiresSignedRequests: boolean, createdAt: string }, user: { id: string }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } | null }
    | { __typename: 'UserNotFoundError', message: string }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type DeleteWorkspaceMutationVariables = Exact<{
  input: DeleteWorkspaceInput;
}>;


export type DeleteWorkspaceMutation = { deleteWorkspace:
    | { __typename: 'DeleteWorkspaceSuccess', workspaceId: string, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const UserFieldsFragmentDoc = new TypedDocumentString(`
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
    `, {"fragmentName":"UserFields"}) as unknown as TypedDocumentString<UserFieldsFragment, unknown>;
export const AccountFieldsFragmentDoc = new TypedDocumentString(`
    fragment AccountFields on User {
  ...UserFields
  invitedAt
  lastUsedAt
  sessionCount
  apiKeyCount
  permissions
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}`, {"fragmentName":"AccountFields"}) as unknown as TypedDocumentString<AccountFieldsFragment, unknown>;
export const ApiKeyFieldsFragmentDoc = new TypedDocumentString(`
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}
    `, {"fragmentName":"ApiKeyFields"}) as unknown as TypedDocumentString<ApiKeyFieldsFragment, unknown>;
export const ReceiptFieldsFragmentDoc = new TypedDocumentString(`
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
    `, {"fragmentName":"ReceiptFields"}) as unknown as TypedDocumentString<ReceiptFieldsFragment, unknown>;
export const CredentialPolicyFieldsFragmentDoc = new TypedDocumentString(`
    fragment CredentialPolicyFields on CredentialPolicy {
  maximumLifetimeSeconds
  idleSeconds
  requiresExpiry
}
    `, {"fragmentName":"CredentialPolicyFields"}) as unknown as TypedDocumentString<CredentialPolicyFieldsFragment, unknown>;
export const DaemonTokenFieldsFragmentDoc = new TypedDocumentString(`
    fragment DaemonTokenFields on DaemonToken {
  id
  daemonId
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  renewedAt
  rateLimit {
    requests
    windowSeconds
  }
  lastUsedAt
  revokedAt
  revocationReason
}
    `, {"fragmentName":"DaemonTokenFields"}) as unknown as TypedDocumentString<DaemonTokenFieldsFragment, unknown>;
export const SessionFieldsFragmentDoc = new TypedDocumentString(`
    fragment SessionFields on Session {
  id
  status
  isCurrent
  ipAddress
  userAgent
  createdAt
  lastUsedAt
  expiresAt
  idleExpiresAt
  revokedAt
  revocationReason
}
    `, {"fragmentName":"SessionFields"}) as unknown as TypedDocumentString<SessionFieldsFragment, unknown>;
export const TokenFieldsFragmentDoc = new TypedDocumentString(`
    fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}
    `, {"fragmentName":"TokenFields"}) as unknown as TypedDocumentString<TokenFieldsFragment, unknown>;
export const RevocationFieldsFragmentDoc = new TypedDocumentString(`
    fragment RevocationFields on Revocation {
  id
  jti
  reason
  revokedAt
  expiresAt
  user {
    id
  }
  revokedBy {
    id
  }
}
    `, {"fragmentName":"RevocationFields"}) as unknown as TypedDocumentString<RevocationFieldsFragment, unknown>;
export const SigningKeyFieldsFragmentDoc = new TypedDocumentString(`
    fragment SigningKeyFields on SigningKey {
  id
  description
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  replaces
  replacedBy
  revokedAt
  revocationReason
}
    `, {"fragmentName":"SigningKeyFields"}) as unknown as TypedDocumentString<SigningKeyFieldsFragment, unknown>;
export const WorkspaceFieldsFragmentDoc = new TypedDocumentString(`
    fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}
    `, {"fragmentName":"WorkspaceFields"}) as unknown as TypedDocumentString<WorkspaceFieldsFragment, unknown>;
export const BootstrapDocument = new TypedDocumentString(`
    mutation Bootstrap($input: BootstrapInput!) {
  bootstrap(input: $input) {
    __typename
    ... on BootstrapSuccess {
      user {
        ...UserFields
      }
      tokens {
        ...TokenFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}`, {"hash":"sha256:31e818cc3c72979f9cd9cae4f90817d398e1fbac87888f0d5f5644c9670071a9"}) as unknown as TypedDocumentString<BootstrapMutation, BootstrapMutationVariables>;
export const RegisterDocument = new TypedDocumentString(`
    mutation Register($input: RegisterInput!) {
  register(input: $input) {
    __typename
    ... on RegisterSuccess {
      user {
        ...UserFields
      }
      tokens {
        ...TokenFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}`, {"hash":"sha256:f96842ce53889ec272b99cf60044476dedc4195daca84ff3267a210499a8b11d"}) as unknown as TypedDocumentString<RegisterMutation, RegisterMutationVariables>;
export const LoginDocument = new TypedDocumentString(`
    mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on LoginSuccess {
      user {
        ...UserFields
      }
      tokens {
        ...TokenFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}`, {"hash":"sha256:e788c85e9ceabb63c41d8866f30189cd264cae016b75cb5a19ce1ee4533e6ce3"}) as unknown as TypedDocumentString<LoginMutation, LoginMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    __typename
    ... on ChangePasswordSuccess {
      user {
        ...UserFields
      }
      revokedCount
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:2add43c87641ce15960285ba384a29a241de0331e8032b0f0fe44436a3927292"}) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const InviteUserDocument = new TypedDocumentString(`
    mutation InviteUser($input: InviteUserInput!) {
  inviteUser(input: $input) {
    __typename
    ... on InviteUserSuccess {
      user {
        ...AccountFields
      }
      invitationToken
      expiresAt
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment AccountFields on User {
  ...UserFields
  invitedAt
  lastUsedAt
  sessionCount
  apiKeyCount
  permissions
}`, {"hash":"sha256:6e0aa6354c920fe6dccc60a608ac32752994e2e568edf223eee459ce5022555e"}) as unknown as TypedDocumentString<InviteUserMutation, InviteUserMutationVariables>;
export const AcceptInvitationDocument = new TypedDocumentString(`
    mutation AcceptInvitation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) {
    __typename
    ... on AcceptInvitationSuccess {
      user {
        ...UserFields
      }
      tokens {
        ...TokenFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}`, {"hash":"sha256:82171f7e0d4e73d5ed87978e06df0063ca099ad277842aa32549b457ca0ddd3b"}) as unknown as TypedDocumentString<AcceptInvitationMutation, AcceptInvitationMutationVariables>;
export const UpdateUserDocument = new TypedDocumentString(`
    mutation UpdateUser($input: UpdateUserInput!) {
  updateUser(input: $input) {
    __typename
    ... on UpdateUserSuccess {
      user {
        ...AccountFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment AccountFields on User {
  ...UserFields
  invitedAt
  lastUsedAt
  sessionCount
  apiKeyCount
  permissions
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:bf3dfc57598a46185a658a10cc0d5a6af85981e13e25253175964ae6ae2f7fad"}) as unknown as TypedDocumentString<UpdateUserMutation, UpdateUserMutationVariables>;
export const UpdateProfileDocument = new TypedDocumentString(`
    mutation UpdateProfile($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    __typename
    ... on UpdateProfileSuccess {
      user {
        ...UserFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}`, {"hash":"sha256:c31f5d7bcef88f8e93fb841f4871839dc88a74ab0816cea023711ca925ccafd0"}) as unknown as TypedDocumentString<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const CreatePasswordResetDocument = new TypedDocumentString(`
    mutation CreatePasswordReset($input: CreatePasswordResetInput!) {
  createPasswordReset(input: $input) {
    __typename
    ... on CreatePasswordResetSuccess {
      user {
        ...UserFields
      }
      resetToken
      expiresAt
    }
    ... on UserError {
      message
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}`, {"hash":"sha256:0e12e2892af54ba277506bc22fb0c27c5c86caf723e5693e4760164a3bfc1e6a"}) as unknown as TypedDocumentString<CreatePasswordResetMutation, CreatePasswordResetMutationVariables>;
export const ResetPasswordDocument = new TypedDocumentString(`
    mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input) {
    __typename
    ... on ResetPasswordSuccess {
      revokedCount
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:412768c90dfb5b3b08d99b3a8cad648e4482e2df663c65fa121fe5f568f6abe9"}) as unknown as TypedDocumentString<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const DeleteUserDocument = new TypedDocumentString(`
    mutation DeleteUser($input: DeleteUserInput!) {
  deleteUser(input: $input) {
    __typename
    ... on DeleteUserSuccess {
      userId
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on LastOwnerError {
      workspaces {
        id
        name
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:432b75b1c6365349c17ab0d991ccb0677caadfe0f67fac0293700bf271498613"}) as unknown as TypedDocumentString<DeleteUserMutation, DeleteUserMutationVariables>;
export const DisableUserDocument = new TypedDocumentString(`
    mutation DisableUser($input: DisableUserInput!) {
  disableUser(input: $input) {
    __typename
    ... on DisableUserSuccess {
      user {
        ...UserFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:2d33a50503097e4988781480a51b9b4aca145df9c0dc904b607c48fcf7d694c4"}) as unknown as TypedDocumentString<DisableUserMutation, DisableUserMutationVariables>;
export const EnableUserDocument = new TypedDocumentString(`
    mutation EnableUser($input: EnableUserInput!) {
  enableUser(input: $input) {
    __typename
    ... on EnableUserSuccess {
      user {
        ...UserFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}`, {"hash":"sha256:ad3208d4c9605f8857e4b03c85b36eb3be87372b23159ed8e5b725a29f351ac3"}) as unknown as TypedDocumentString<EnableUserMutation, EnableUserMutationVariables>;
export const UsersDocument = new TypedDocumentString(`
    query Users($first: Int! = 20, $after: String, $filter: UserFilter) {
  users(first: $first, after: $after, filter: $filter) {
    nodes {
      ...AccountFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment AccountFields on User {
  ...UserFields
  invitedAt
  lastUsedAt
  sessionCount
  apiKeyCount
  permissions
}`, {"hash":"sha256:bb77724371be72336a417b724f6e4ec954ccdd0688bc7c3c4fb19eb8afcf30c5"}) as unknown as TypedDocumentString<UsersQuery, UsersQueryVariables>;
export const UserDocument = new TypedDocumentString(`
    query User($id: ID!) {
  user(id: $id) {
    ...AccountFields
  }
}
    fragment UserFields on User {
  id
  email
  displayName
  role
  createdAt
  disabledAt
}
fragment AccountFields on User {
  ...UserFields
  invitedAt
  lastUsedAt
  sessionCount
  apiKeyCount
  permissions
}`, {"hash":"sha256:f3cb828efc6294339f17c69546652339926eba94e1b622ccce6f6d2e924dd363"}) as unknown as TypedDocumentString<UserQuery, UserQueryVariables>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    credential {
      __typename
      id
      status
      expiresAt
    }
    user {
      id
      displayName
    }
    workspace {
      id
      name
    }
    scopes
    permissions
  }
}
    `, {"hash":"sha256:855dab7054404b7cb84608e7648b5492bdb955ded08aa34991a30f9a43a28e5f"}) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const IntrospectDocument = new TypedDocumentString(`
    query Introspect($token: String!) {
  introspect(token: $token) {
    active
    credential {
      __typename
      id
      status
    }
    user {
      id
      displayName
    }
    workspace {
      id
      name
    }
    scopes
    permissions
    expiresAt
  }
}
    `, {"hash":"sha256:c179b5f37dac44c0c2c9dd75a62cb295d24279066b6474e51c4447b4ebbfd2f7"}) as unknown as TypedDocumentString<IntrospectQuery, IntrospectQueryVariables>;
export const ApiKeyDocument = new TypedDocumentString(`
    query ApiKey($id: ID!) {
  apiKey(id: $id) {
    ...ApiKeyFields
    user {
      id
    }
    workspace {
      id
    }
    createdBy {
      id
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:e7f528f28951e0eab451138f48e59a205d58fa6b57312d4e0f9c2cc6eecdd25d"}) as unknown as TypedDocumentString<ApiKeyQuery, ApiKeyQueryVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys($first: Int! = 20, $after: String, $filter: ApiKeyFilter) {
  apiKeys(first: $first, after: $after, filter: $filter) {
    nodes {
      ...ApiKeyFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:9d59ad153cb4aa0a5a84ae4c81fe14148d1f5137a32dac6eb95e2783d0d59708"}) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const ApiKeyCountDocument = new TypedDocumentString(`
    query ApiKeyCount($filter: ApiKeyFilter) {
  apiKeys(first: 1, filter: $filter) {
    totalCount
  }
}
    `, {"hash":"sha256:dbd56ea8b6fef0ab10a63f8c4372a43a6e1363bdc14866600e70060da99ccdb5"}) as unknown as TypedDocumentString<ApiKeyCountQuery, ApiKeyCountQueryVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeySuccess {
      secret
      apiKey {
        ...ApiKeyFields
      }
    }
    ... on UserError {
      message
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on ApiKeyQuotaError {
      limit
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:a99680bb6da732ed8ee48d538e781fe8d5ae14a1d19624495d25ad77c7d7143d"}) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RotateApiKeyDocument = new TypedDocumentString(`
    mutation RotateApiKey($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) {
    __typename
    ... on RotateApiKeySuccess {
      secret
      previousSecretExpiresAt
      apiKey {
        ...ApiKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on ApiKeyRevokedError {
      revokedAt
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:2363fc9c3ef5d4109f3cc220ac5ebac26e49b3c51724506add0b15f701f11fb5"}) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) {
    __typename
    ... on RevokeApiKeySuccess {
      apiKey {
        ...ApiKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:0d154300df1aeba15bfc01963b97ce2e152aea27f4f2965d43b204a297f0185b"}) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const UpdateApiKeyDocument = new TypedDocumentString(`
    mutation UpdateApiKey($input: UpdateApiKeyInput!) {
  updateApiKey(input: $input) {
    __typename
    ... on UpdateApiKeySuccess {
      apiKey {
        ...ApiKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on ApiKeyRevokedError {
      revokedAt
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:c979247c44a7d8840e9726d3e99294e25dceaa75412d8fa2e6e2a5796ad09718"}) as unknown as TypedDocumentString<UpdateApiKeyMutation, UpdateApiKeyMutationVariables>;
export const EndApiKeyOverlapDocument = new TypedDocumentString(`
    mutation EndApiKeyOverlap($input: EndApiKeyOverlapInput!) {
  endApiKeyOverlap(input: $input) {
    __typename
    ... on EndApiKeyOverlapSuccess {
      apiKey {
        ...ApiKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  description
  metadata {
    key
    value
  }
  hint
  scopes
  permissions
  allowedAddresses
  rateLimit {
    requests
    windowSeconds
  }
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  lastUsedFromIp
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:d2becb208666c9bd6600e81f3e7a0fbeef9f5ec46ed175fe5dfdd012133453fe"}) as unknown as TypedDocumentString<EndApiKeyOverlapMutation, EndApiKeyOverlapMutationVariables>;
export const AuditEventsDocument = new TypedDocumentString(`
    query AuditEvents($first: Int! = 20, $after: String, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    nodes {
      id
      type
      occurredAt
      actor {
        id
      }
      actorId
      actorCredentialId
      subjectId
      workspace {
        id
      }
      workspaceId
      ipAddress
      userAgent
      outcome
      reason
      details {
        key
        value
      }
      requestId
      sequence
      hash
      previousHash
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"hash":"sha256:a2ac35f2e75a959a04a77397f2d6539bc8c05ee23c7b0d484c17f8024837eb86"}) as unknown as TypedDocumentString<AuditEventsQuery, AuditEventsQueryVariables>;
export const CredentialPolicyDocument = new TypedDocumentString(`
    query CredentialPolicy {
  credentialPolicy {
    ...CredentialPolicyFields
  }
}
    fragment CredentialPolicyFields on CredentialPolicy {
  maximumLifetimeSeconds
  idleSeconds
  requiresExpiry
}`, {"hash":"sha256:08f224be1b0ad61e3e7480c0dcf1a1c54fb0c53ebd1dc748d4afc23c2e403981"}) as unknown as TypedDocumentString<CredentialPolicyQuery, CredentialPolicyQueryVariables>;
export const WorkspaceCredentialPolicyDocument = new TypedDocumentString(`
    query WorkspaceCredentialPolicy($id: ID!) {
  workspace(id: $id) {
    credentialPolicy {
      ...CredentialPolicyFields
    }
  }
}
    fragment CredentialPolicyFields on CredentialPolicy {
  maximumLifetimeSeconds
  idleSeconds
  requiresExpiry
}`, {"hash":"sha256:7e49639e84bfac4c6ced3f0603271f45f9dbcd92fe22d028685e0ec3c8e08c2a"}) as unknown as TypedDocumentString<WorkspaceCredentialPolicyQuery, WorkspaceCredentialPolicyQueryVariables>;
export const SetCredentialPolicyDocument = new TypedDocumentString(`
    mutation SetCredentialPolicy($input: SetCredentialPolicyInput!) {
  setCredentialPolicy(input: $input) {
    __typename
    ... on SetCredentialPolicySuccess {
      policy {
        ...CredentialPolicyFields
      }
      endedCount
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment CredentialPolicyFields on CredentialPolicy {
  maximumLifetimeSeconds
  idleSeconds
  requiresExpiry
}`, {"hash":"sha256:1ea50fb9039f2d8070f52d3d062965f16154ba68abae365ccbfd597f98f1e140"}) as unknown as TypedDocumentString<SetCredentialPolicyMutation, SetCredentialPolicyMutationVariables>;
export const DaemonTokensDocument = new TypedDocumentString(`
    query DaemonTokens($workspaceId: ID!, $first: Int! = 20, $after: String) {
  daemonTokens(workspaceId: $workspaceId, first: $first, after: $after) {
    nodes {
      ...DaemonTokenFields
      createdBy {
        id
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment DaemonTokenFields on DaemonToken {
  id
  daemonId
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  renewedAt
  rateLimit {
    requests
    windowSeconds
  }
  lastUsedAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:7cb70f7af901a12ecd4a47b8cedc35c239dabbe830a9f88af6efa8f3274a2fb5"}) as unknown as TypedDocumentString<DaemonTokensQuery, DaemonTokensQueryVariables>;
export const CreateDaemonTokenDocument = new TypedDocumentString(`
    mutation CreateDaemonToken($input: CreateDaemonTokenInput!) {
  createDaemonToken(input: $input) {
    __typename
    ... on CreateDaemonTokenSuccess {
      secret
      daemonToken {
        ...DaemonTokenFields
        workspace {
          id
        }
      }
    }
    ... on UserError {
      message
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment DaemonTokenFields on DaemonToken {
  id
  daemonId
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  renewedAt
  rateLimit {
    requests
    windowSeconds
  }
  lastUsedAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:82474a13302902cd128339e058a20201aa8b5abf0900855031cfab200cd75f49"}) as unknown as TypedDocumentString<CreateDaemonTokenMutation, CreateDaemonTokenMutationVariables>;
export const RevokeDaemonTokenDocument = new TypedDocumentString(`
    mutation RevokeDaemonToken($input: RevokeDaemonTokenInput!) {
  revokeDaemonToken(input: $input) {
    __typename
    ... on RevokeDaemonTokenSuccess {
      daemonToken {
        ...DaemonTokenFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment DaemonTokenFields on DaemonToken {
  id
  daemonId
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  renewedAt
  rateLimit {
    requests
    windowSeconds
  }
  lastUsedAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:3e7c93346867592d6604d05cb2261e4bb536eaa27f99147a968166b04ac76718"}) as unknown as TypedDocumentString<RevokeDaemonTokenMutation, RevokeDaemonTokenMutationVariables>;
export const RevokeDaemonDocument = new TypedDocumentString(`
    mutation RevokeDaemon($input: RevokeDaemonInput!) {
  revokeDaemon(input: $input) {
    __typename
    ... on RevokeDaemonSuccess {
      revokedCount
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:5d80da8048bfa481355d62279f79cb28db40f0c18316de640a6459cd73072e5f"}) as unknown as TypedDocumentString<RevokeDaemonMutation, RevokeDaemonMutationVariables>;
export const RenewDaemonTokenDocument = new TypedDocumentString(`
    mutation RenewDaemonToken {
  renewDaemonToken {
    __typename
    ... on RenewDaemonTokenSuccess {
      daemonToken {
        ...DaemonTokenFields
      }
    }
    ... on UserError {
      message
    }
    ... on TooEarlyToRenewError {
      renewableAt
      expiresAt
    }
    ... on MaximumAgeReachedError {
      expiresAt
    }
  }
}
    fragment DaemonTokenFields on DaemonToken {
  id
  daemonId
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  renewedAt
  rateLimit {
    requests
    windowSeconds
  }
  lastUsedAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:de74217926441b0d276cd733240f4c1393cf036f5693a475219360f3c3470287"}) as unknown as TypedDocumentString<RenewDaemonTokenMutation, RenewDaemonTokenMutationVariables>;
export const ExplainDocument = new TypedDocumentString(`
    query Explain($requestId: ID!) {
  explain(requestId: $requestId) {
    requestId
    at
    endpoint
    outcome
    reason
    credentialId
    kind
    decidedBy
    entrySequence
    logSequence
    entryAgeMilliseconds
    leaseRemainingMilliseconds
    replica
  }
}
    `, {"hash":"sha256:66f5d5ab906816717d81f7de2a921268892690a44a8630f455131163b9feddfa"}) as unknown as TypedDocumentString<ExplainQuery, ExplainQueryVariables>;
export const RevocationEventsDocument = new TypedDocumentString(`
    subscription RevocationEvents($after: String) {
  revocations(after: $after) {
    sequence
    credentialId
    kind
    effect
    reason
    committedAt
    userId
    workspaceId
    daemonId
  }
}
    `, {"hash":"sha256:e47842b3f59c5f25fe3727923f22f4485ec714bd6172da7996b1ef05ca089cd0"}) as unknown as TypedDocumentString<RevocationEventsSubscription, RevocationEventsSubscriptionVariables>;
export const NodeDocument = new TypedDocumentString(`
    query Node($id: ID!) {
  node(id: $id) {
    __typename
    id
  }
}
    `, {"hash":"sha256:674a4e60b765ab762155deb5480b435445a7ecf217bd9a818ee68fa139bfb45a"}) as unknown as TypedDocumentString<NodeQuery, NodeQueryVariables>;
export const SessionDocument = new TypedDocumentString(`
    query Session($id: ID!) {
  session(id: $id) {
    ...SessionFields
    user {
      id
    }
  }
}
    fragment SessionFields on Session {
  id
  status
  isCurrent
  ipAddress
  userAgent
  createdAt
  lastUsedAt
  expiresAt
  idleExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:2b98da61f74ca91208d5cbbb5fa3e0c03a4663ba37ea3b52fd6face571966210"}) as unknown as TypedDocumentString<SessionQuery, SessionQueryVariables>;
export const SessionsDocument = new TypedDocumentString(`
    query Sessions($first: Int! = 20, $after: String, $filter: SessionFilter) {
  sessions(first: $first, after: $after, filter: $filter) {
    nodes {
      ...SessionFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SessionFields on Session {
  id
  status
  isCurrent
  ipAddress
  userAgent
  createdAt
  lastUsedAt
  expiresAt
  idleExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:85a8cb612aa99287aa378583742ba69d5d94bf513732354df32d0356f5e5cf28"}) as unknown as TypedDocumentString<SessionsQuery, SessionsQueryVariables>;
export const RevocationsDocument = new TypedDocumentString(`
    query Revocations($first: Int! = 20, $after: String, $filter: RevocationFilter) {
  revocations(first: $first, after: $after, filter: $filter) {
    nodes {
      ...RevocationFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment RevocationFields on Revocation {
  id
  jti
  reason
  revokedAt
  expiresAt
  user {
    id
  }
  revokedBy {
    id
  }
}`, {"hash":"sha256:1ee8f29747a4ca690da7c95be023e640157ff562798b4e899dd117a97a6d6f37"}) as unknown as TypedDocumentString<RevocationsQuery, RevocationsQueryVariables>;
export const RefreshSessionDocument = new TypedDocumentString(`
    mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on RefreshSessionSuccess {
      tokens {
        ...TokenFields
      }
    }
    ... on RefreshTokenRejectedError {
      message
      reason
    }
  }
}
    fragment TokenFields on SessionTokens {
  accessToken
  accessTokenExpiresAt
  refreshToken
  refreshTokenExpiresAt
  session {
    id
    status
    isCurrent
    ipAddress
    userAgent
    createdAt
    expiresAt
    idleExpiresAt
  }
}`, {"hash":"sha256:2db491014dc386e21513e71ba4ff5b267fc501193cf565b3de82b5d87d7f52c6"}) as unknown as TypedDocumentString<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const LogoutDocument = new TypedDocumentString(`
    mutation Logout {
  logout {
    __typename
    ... on LogoutSuccess {
      session {
        ...SessionFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment SessionFields on Session {
  id
  status
  isCurrent
  ipAddress
  userAgent
  createdAt
  lastUsedAt
  expiresAt
  idleExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:f311883d52150abe25d113475f23bba6aa6a0298db0ac45d91ee28ebb2cfa950"}) as unknown as TypedDocumentString<LogoutMutation, LogoutMutationVariables>;
export const RevokeSessionDocument = new TypedDocumentString(`
    mutation RevokeSession($input: RevokeSessionInput!) {
  revokeSession(input: $input) {
    __typename
    ... on RevokeSessionSuccess {
      session {
        ...SessionFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment SessionFields on Session {
  id
  status
  isCurrent
  ipAddress
  userAgent
  createdAt
  lastUsedAt
  expiresAt
  idleExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:443921d44ca6f40464a0cd829093d214217fb9869028b1f335fbb8c1722605a1"}) as unknown as TypedDocumentString<RevokeSessionMutation, RevokeSessionMutationVariables>;
export const RevokeAllSessionsDocument = new TypedDocumentString(`
    mutation RevokeAllSessions($input: RevokeAllSessionsInput!) {
  revokeAllSessions(input: $input) {
    __typename
    ... on RevokeAllSessionsSuccess {
      revokedCount
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:57d54b33676a4eac597cb80bcfac1538b9a7d51499d80fd42e0bb198dfd5c745"}) as unknown as TypedDocumentString<RevokeAllSessionsMutation, RevokeAllSessionsMutationVariables>;
export const RevokeAccessTokenDocument = new TypedDocumentString(`
    mutation RevokeAccessToken($input: RevokeAccessTokenInput!) {
  revokeAccessToken(input: $input) {
    __typename
    ... on RevokeAccessTokenSuccess {
      revocation {
        ...RevocationFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment RevocationFields on Revocation {
  id
  jti
  reason
  revokedAt
  expiresAt
  user {
    id
  }
  revokedBy {
    id
  }
}`, {"hash":"sha256:88f3547794138bf1309e76ba03ac1fe081ce2f2b8d43b0f57dc950850fdca7a7"}) as unknown as TypedDocumentString<RevokeAccessTokenMutation, RevokeAccessTokenMutationVariables>;
export const SigningKeysDocument = new TypedDocumentString(`
    query SigningKeys($workspaceId: ID!, $first: Int! = 20, $after: String) {
  signingKeys(workspaceId: $workspaceId, first: $first, after: $after) {
    nodes {
      ...SigningKeyFields
      createdBy {
        id
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment SigningKeyFields on SigningKey {
  id
  description
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  replaces
  replacedBy
  revokedAt
  revocationReason
}`, {"hash":"sha256:9cdb9e75b38f9005c7d4229da7c15d6bcc2097c53d0bc1fac3cbfc14626a47ed"}) as unknown as TypedDocumentString<SigningKeysQuery, SigningKeysQueryVariables>;
export const CreateSigningKeyDocument = new TypedDocumentString(`
    mutation CreateSigningKey($input: CreateSigningKeyInput!) {
  createSigningKey(input: $input) {
    __typename
    ... on CreateSigningKeySuccess {
      secret
      signingKey {
        ...SigningKeyFields
        workspace {
          id
        }
      }
    }
    ... on UserError {
      message
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment SigningKeyFields on SigningKey {
  id
  description
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  replaces
  replacedBy
  revokedAt
  revocationReason
}`, {"hash":"sha256:f0321a20b99550c2876e5e732cab07f2de8b16d84d7230e3d70346752d29e684"}) as unknown as TypedDocumentString<CreateSigningKeyMutation, CreateSigningKeyMutationVariables>;
export const RotateSigningKeyDocument = new TypedDocumentString(`
    mutation RotateSigningKey($input: RotateSigningKeyInput!) {
  rotateSigningKey(input: $input) {
    __typename
    ... on RotateSigningKeySuccess {
      secret
      signingKey {
        ...SigningKeyFields
      }
      previous {
        ...SigningKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on SigningKeyRevokedError {
      revokedAt
    }
    ... on ScopeNotHeldError {
      scopes
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment SigningKeyFields on SigningKey {
  id
  description
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  replaces
  replacedBy
  revokedAt
  revocationReason
}`, {"hash":"sha256:38f56f45585757439494126f50c0d504e967f4d27d73cd0dd3ccba2987f791ba"}) as unknown as TypedDocumentString<RotateSigningKeyMutation, RotateSigningKeyMutationVariables>;
export const RevokeSigningKeyDocument = new TypedDocumentString(`
    mutation RevokeSigningKey($input: RevokeSigningKeyInput!) {
  revokeSigningKey(input: $input) {
    __typename
    ... on RevokeSigningKeySuccess {
      signingKey {
        ...SigningKeyFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment SigningKeyFields on SigningKey {
  id
  description
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  replaces
  replacedBy
  revokedAt
  revocationReason
}`, {"hash":"sha256:23d43eb94653bc61696d95f9f81415c3c68c607a20219a12a059ef06c651dd84"}) as unknown as TypedDocumentString<RevokeSigningKeyMutation, RevokeSigningKeyMutationVariables>;
export const WorkspaceDocument = new TypedDocumentString(`
    query Workspace($id: ID!) {
  workspace(id: $id) {
    ...WorkspaceFields
  }
}
    fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:229ba19ff9bbd969ddadb7a8869fea40f9315feeb605cab38a0f97ace21e9abf"}) as unknown as TypedDocumentString<WorkspaceQuery, WorkspaceQueryVariables>;
export const WorkspacesDocument = new TypedDocumentString(`
    query Workspaces($first: Int! = 20, $after: String) {
  workspaces(first: $first, after: $after) {
    nodes {
      ...WorkspaceFields
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:44026f3695acd75c9cc1dd69dedc931e73984b14dea2ef2aee92e00817934294"}) as unknown as TypedDocumentString<WorkspacesQuery, WorkspacesQueryVariables>;
export const CreateWorkspaceDocument = new TypedDocumentString(`
    mutation CreateWorkspace($input: CreateWorkspaceInput!) {
  createWorkspace(input: $input) {
    __typename
    ... on CreateWorkspaceSuccess {
      workspace {
        ...WorkspaceFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:2613cd63ad72c8d282fbd7b77dfd96f83487e9377534c0b6153f90c4ecbf7fe6"}) as unknown as TypedDocumentString<CreateWorkspaceMutation, CreateWorkspaceMutationVariables>;
export const WorkspaceMembersDocument = new TypedDocumentString(`
    query WorkspaceMembers($id: ID!, $first: Int! = 20, $after: String) {
  workspace(id: $id) {
    members(first: $first, after: $after) {
      edges {
        cursor
      }
      nodes {
        user {
          id
          email
          displayName
        }
        role
        joinedAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    `, {"hash":"sha256:9dff32582c489d9a044f7546620be4bc59ed07f95605271008c23b3b08d45c4d"}) as unknown as TypedDocumentString<WorkspaceMembersQuery, WorkspaceMembersQueryVariables>;
export const UpdateWorkspaceDocument = new TypedDocumentString(`
    mutation UpdateWorkspace($input: UpdateWorkspaceInput!) {
  updateWorkspace(input: $input) {
    __typename
    ... on UpdateWorkspaceSuccess {
      workspace {
        ...WorkspaceFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on InvalidInputError {
      fields {
        path
        message
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:f3e2e640a1b6d603007f5b1a9fe5dff22abd8fd72460f3e0dcaeef3cbf746f8c"}) as unknown as TypedDocumentString<UpdateWorkspaceMutation, UpdateWorkspaceMutationVariables>;
export const AddWorkspaceMemberDocument = new TypedDocumentString(`
    mutation AddWorkspaceMember($input: AddWorkspaceMemberInput!) {
  addWorkspaceMember(input: $input) {
    __typename
    ... on AddWorkspaceMemberSuccess {
      workspace {
        ...WorkspaceFields
      }
      user {
        id
      }
      role
    }
    ... on UserError {
      message
    }
  }
}
    fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:70662f877e177123321c261003e4842844b0e04e5a5e523013faa42021b4214e"}) as unknown as TypedDocumentString<AddWorkspaceMemberMutation, AddWorkspaceMemberMutationVariables>;
export const RemoveWorkspaceMemberDocument = new TypedDocumentString(`
    mutation RemoveWorkspaceMember($input: RemoveWorkspaceMemberInput!) {
  removeWorkspaceMember(input: $input) {
    __typename
    ... on RemoveWorkspaceMemberSuccess {
      workspace {
        ...WorkspaceFields
      }
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on LastOwnerError {
      workspaces {
        ...WorkspaceFields
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:22d0ea1e45f77d41f51a81c7a4ac49d57743e4fd5844920f1d49ce1f8c2a3986"}) as unknown as TypedDocumentString<RemoveWorkspaceMemberMutation, RemoveWorkspaceMemberMutationVariables>;
export const SetWorkspaceMemberRoleDocument = new TypedDocumentString(`
    mutation SetWorkspaceMemberRole($input: SetWorkspaceMemberRoleInput!) {
  setWorkspaceMemberRole(input: $input) {
    __typename
    ... on SetWorkspaceMemberRoleSuccess {
      workspace {
        ...WorkspaceFields
      }
      user {
        id
      }
      role
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
    ... on LastOwnerError {
      workspaces {
        ...WorkspaceFields
      }
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}
fragment WorkspaceFields on Workspace {
  id
  name
  requiresSignedRequests
  createdAt
}`, {"hash":"sha256:441d23151e4dbc55cae8d8ad19a8ef2496c987ae965339383dc084dad22114c7"}) as unknown as TypedDocumentString<SetWorkspaceMemberRoleMutation, SetWorkspaceMemberRoleMutationVariables>;
export const DeleteWorkspaceDocument = new TypedDocumentString(`
    mutation DeleteWorkspace($input: DeleteWorkspaceInput!) {
  deleteWorkspace(input: $input) {
    __typename
    ... on DeleteWorkspaceSuccess {
      workspaceId
      receipt {
        ...ReceiptFields
      }
    }
    ... on UserError {
      message
    }
  }
}
    fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:12203b65defb496af8a8af63314c49506c203dbc0ea974e05269e1ed48a4c016"}) as unknown as TypedDocumentString<DeleteWorkspaceMutation, DeleteWorkspaceMutationVariables>;