import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ApiKeyMapper, ApiKeyConnectionMapper } from './../mappers/api-keys.ts';
import type { AuditEventMapper } from './../mappers/audit.ts';
import type { CredentialMapper, IntrospectionMapper, NodeMapper, ViewerMapper } from './../mappers/root.ts';
import type { CredentialPolicyMapper } from './../mappers/credential-policies.ts';
import type { DaemonTokenMapper } from './../mappers/daemon-tokens.ts';
import type { RevocationMapper, SessionMapper, SessionTokensMapper } from './../mappers/sessions.ts';
import type { RevocationEventMapper } from './../mappers/live.ts';
import type { SigningKeyMapper } from './../mappers/signing-keys.ts';
import type { UserMapper } from './../mappers/accounts.ts';
import type { WorkspaceMapper, WorkspaceMemberMapper } from './../mappers/workspaces.ts';
import type { GraphQLContext } from '../context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type EnumResolverSignature<T, AllowedValues = any> = { [key in keyof T]?: AllowedValues };
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A point in time: RFC 3339 with millisecond precision. Output is in UTC. Input may use any time zone. */
  DateTime: { input: Date; output: Date; }
  /** The text of a secret. Only the mutation that issues it returns it. It cannot be read again. */
  Secret: { input: string; output: string; }
};

/** Input of `acceptInvitation`. */
export type AcceptInvitationInput = {
  /** The token that `inviteUser` returned. */
  invitationToken: Scalars['String']['input'];
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: Scalars['String']['input'];
};

/** Result of `acceptInvitation`. */
export type AcceptInvitationResult = AcceptInvitationSuccess | InvalidInputError | InvitationRejectedError;

/** The password is set, and the user is logged in. */
export type AcceptInvitationSuccess = {
  __typename?: 'AcceptInvitationSuccess';
  /** The tokens of the new session. */
  tokens: SessionTokens;
  /** The user. */
  user: User;
};

/** No access token with this `jti` can belong to a session of the caller. */
export type AccessTokenNotFoundError = UserError & {
  __typename?: 'AccessTokenNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `addWorkspaceMember`. */
export type AddWorkspaceMemberInput = {
  /** The email address of the user. Case-insensitive. */
  email: Scalars['String']['input'];
  /** The role of the new member. */
  role: WorkspaceRole;
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `addWorkspaceMember`. */
export type AddWorkspaceMemberResult = AddWorkspaceMemberSuccess | UserNotFoundError | WorkspaceNotFoundError;

/** The user is a member of the workspace. */
export type AddWorkspaceMemberSuccess = {
  __typename?: 'AddWorkspaceMemberSuccess';
  /** The role of the member. Another one than the requested role if the user already was a member. */
  role: WorkspaceRole;
  /** The member. A key of a workspace can read only the `id`. Other fields return `FORBIDDEN` after the change is made. */
  user: User;
  /** The workspace. */
  workspace: Workspace;
};

/** An administrator already exists. `bootstrap` works only once. */
export type AlreadyBootstrappedError = UserError & {
  __typename?: 'AlreadyBootstrappedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/**
 * A long-lived secret with which a program acts: for a user (a personal access token), or for a workspace. A key that belongs
 * to a workspace survives the user who created it. Only the owners of the workspace, administrators and the keys of the
 * workspace see and manage it.
 */
export type ApiKey = Credential & Node & {
  __typename?: 'ApiKey';
  /**
   * The IP addresses and networks (CIDR) from which the key is accepted; empty if it is accepted from all. From elsewhere, it
   * is rejected like an unknown key. The service that introspects a key must check the address of its client itself.
   */
  allowedAddresses: Array<Scalars['String']['output']>;
  /** When the key was created. */
  createdAt: Scalars['DateTime']['output'];
  /** The user who created the key; null if that user is deleted, shares no workspace with the caller, or a key of a workspace created it. */
  createdBy?: Maybe<User>;
  /** IP address of the request that created the key. Stored encrypted. */
  createdFromIp?: Maybe<Scalars['String']['output']>;
  /** A label in plain text; null if there is none. `apiKeys` searches it, so it must not hold personal data or secrets. */
  description?: Maybe<Scalars['String']['output']>;
  /**
   * When the key expires, by the expiry that it was given or by a credential policy, whichever is first; null if it does not
   * expire. It moves with each use while a policy bounds how long the key may be idle.
   */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /**
   * The prefix and the last four characters of the secret. It identifies the key and cannot be used as the secret. An
   * imported key has the hint of the other system, or `…`.
   */
  hint: Scalars['String']['output'];
  /** The id of the key, with the prefix `key_`. It is not a secret. */
  id: Scalars['ID']['output'];
  /** When the key last authenticated a request; null if it never did. May lag by up to two minutes. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** IP address from which the key last authenticated a request, as far as it was recorded; null if it never did. Stored encrypted. */
  lastUsedFromIp?: Maybe<Scalars['String']['output']>;
  /** Your own data, encrypted at rest. Introspection returns it. It is never in a header, and Rekey does not interpret it. */
  metadata: Array<MetadataEntry>;
  /** The name that was given to the key. `apiKeys` searches it, so it is stored in plain text. */
  name: Scalars['String']['output'];
  /** Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. */
  permissions: Array<Scalars['String']['output']>;
  /** When the secret before the last rotation expires; null if that rotation had no overlap, the overlap was ended, or there was no rotation. */
  previousSecretExpiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** How often the key may be used; null if there is no limit. */
  rateLimit?: Maybe<RateLimit>;
  /** Why the key was revoked; null if it was not. */
  revocationReason?: Maybe<RevocationReason>;
  /** When the key was revoked; null if it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When the secret was last rotated; null if it never was. */
  rotatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What the key can do in Rekey. */
  scopes: Array<Scope>;
  /** The current status. */
  status: CredentialStatus;
  /** The user that the key acts for; null if the key belongs to a workspace. */
  user?: Maybe<User>;
  /** The workspace that the key is bound to, or belongs to; null if there is none. */
  workspace?: Maybe<Workspace>;
};

/** A page of API keys, newest first. */
export type ApiKeyConnection = {
  __typename?: 'ApiKeyConnection';
  /** The keys of this page, each with its cursor. */
  edges: Array<ApiKeyEdge>;
  /** The keys of this page. */
  nodes: Array<ApiKey>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
  /** How many keys the caller can see that match the filter, on all pages together. Select it only if you need it: it reads all of them. */
  totalCount: Scalars['Int']['output'];
};

/** An API key in a list, with its cursor. */
export type ApiKeyEdge = {
  __typename?: 'ApiKeyEdge';
  /** The position of this key in the list. */
  cursor: Scalars['String']['output'];
  /** The key. */
  node: ApiKey;
};

/** Selects the API keys to list. */
export type ApiKeyFilter = {
  /** Only the keys that expire before this time, or have expired. Credential policies count. */
  expiresBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** True: only the keys that never expire. False: only the keys that expire. Credential policies count. */
  neverExpires?: InputMaybe<Scalars['Boolean']['input']>;
  /** True: only the keys that were never used. False: only the keys that were used. */
  neverUsed?: InputMaybe<Scalars['Boolean']['input']>;
  /** Only the keys that belong to a user, or only those that belong to a workspace. */
  owner?: InputMaybe<ApiKeyOwner>;
  /**
   * Only the keys with this text in the name, the description or the hint, in upper or lower case. Every character stands for
   * itself, `%` and `_` too.
   */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Only the keys with this status. */
  status?: InputMaybe<CredentialStatus>;
  /** Only the keys that were last used before this time, or never. Uses of the last two minutes may be missing. */
  unusedSince?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only the keys of this user. Defaults to all keys that the caller can see. */
  userId?: InputMaybe<Scalars['ID']['input']>;
  /** Only the keys that are bound to this workspace, or belong to it. */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
};

/** No API key that the caller can manage has this id. */
export type ApiKeyNotFoundError = UserError & {
  __typename?: 'ApiKeyNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Who an API key belongs to. */
export type ApiKeyOwner =
  /** The user that the key acts for. The key ends with the user. */
  | 'USER'
  /** A workspace. The key acts for no user, survives the user who created it, and ends with the workspace. */
  | 'WORKSPACE';

/** The user has too many active API keys. Revoke one first. */
export type ApiKeyQuotaError = UserError & {
  __typename?: 'ApiKeyQuotaError';
  /** Maximum number of active keys per user (`REKEY_API_KEYS_PER_USER`). */
  limit: Scalars['Int']['output'];
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The key was revoked. A revoked key cannot be rotated or changed. */
export type ApiKeyRevokedError = UserError & {
  __typename?: 'ApiKeyRevokedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** When the key was revoked. */
  revokedAt: Scalars['DateTime']['output'];
};

/** One detail of an event. */
export type AuditDetail = {
  __typename?: 'AuditDetail';
  /** The name of the detail, such as `reason`. */
  key: Scalars['String']['output'];
  /** The value as text. A number and a list are written as JSON. */
  value: Scalars['String']['output'];
};

/**
 * One event of the audit log. It is part of the change that it records, and never changes. Its hash covers the event and the
 * hash of the event before it. `rekey audit verify` checks all of them.
 */
export type AuditEvent = Node & {
  __typename?: 'AuditEvent';
  /** The user who caused the event; null if no user did, if the user was deleted, or if the caller may not see the user. */
  actor?: Maybe<User>;
  /** The id of the credential that caused the event. */
  actorCredentialId?: Maybe<Scalars['ID']['output']>;
  /** The id of the user who caused the event, also if the user was deleted. */
  actorId?: Maybe<Scalars['ID']['output']>;
  /** The details of the change, each with its name. */
  details: Array<AuditDetail>;
  /** The hash of the event: SHA-256 of its canonical JSON (RFC 8785), in hex. */
  hash: Scalars['String']['output'];
  /** The id of the event, with the prefix `evt_`. */
  id: Scalars['ID']['output'];
  /**
   * The address of the client. It is null if there is none, if it was erased with its user, or if the caller is neither an
   * administrator nor the user who caused the event. The address of a rejected client without a user is never hidden.
   */
  ipAddress?: Maybe<Scalars['String']['output']>;
  /** When it happened. Events are listed in the order of their commits, and times may be in another order. */
  occurredAt: Scalars['DateTime']['output'];
  /** Whether the action took effect. */
  outcome: AuditOutcome;
  /** The hash of the event before it in the chain; 64 zeros for the first one. */
  previousHash: Scalars['String']['output'];
  /** Why the action was rejected; null if it was not. */
  reason?: Maybe<Scalars['String']['output']>;
  /** The id of the request that caused the event: its `X-Request-Id`. */
  requestId?: Maybe<Scalars['ID']['output']>;
  /** The number of the event in its chain, from 1. Each workspace has a chain, and the installation has one for all other events. */
  sequence: Scalars['Int']['output'];
  /** The id of the object that the event is about. Its kind depends on the type of the event. */
  subjectId?: Maybe<Scalars['ID']['output']>;
  /** What happened, such as `api-key.revoked`. */
  type: Scalars['String']['output'];
  /** The user agent of the client. It is null in the same cases as the address. */
  userAgent?: Maybe<Scalars['String']['output']>;
  /** The workspace of the event; null if there is none, if it was deleted, or if the caller may not see it. */
  workspace?: Maybe<Workspace>;
  /** The id of the workspace of the event, also if the workspace was deleted. */
  workspaceId?: Maybe<Scalars['ID']['output']>;
};

/** A page of audit events, the latest commit first. */
export type AuditEventConnection = {
  __typename?: 'AuditEventConnection';
  /** The audit events of this page, each with its cursor. */
  edges: Array<AuditEventEdge>;
  /** The audit events of this page. */
  nodes: Array<AuditEvent>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** An audit event in a list, with its cursor. */
export type AuditEventEdge = {
  __typename?: 'AuditEventEdge';
  /** The position of this event in the list. */
  cursor: Scalars['String']['output'];
  /** The audit event. */
  node: AuditEvent;
};

/** Which audit events to list. An event must match all given fields. */
export type AuditEventFilter = {
  /** Only the events that the user or the credential with this id caused. */
  actorId?: InputMaybe<Scalars['ID']['input']>;
  /** Only the events at this time or later. */
  from?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only the events with this outcome. */
  outcome?: InputMaybe<AuditOutcome>;
  /** Only the events of this request. */
  requestId?: InputMaybe<Scalars['ID']['input']>;
  /** Only the events about the object with this id. */
  subjectId?: InputMaybe<Scalars['ID']['input']>;
  /** Only the events of this type, such as `session.revoked`. */
  type?: InputMaybe<Scalars['String']['input']>;
  /** Only the events before this time. */
  until?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only the events of this workspace. */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
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
  displayName: Scalars['String']['input'];
  /** The email address to log in with. */
  email: Scalars['String']['input'];
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: Scalars['String']['input'];
  /** The setup token that the server prints at its first start, or the value of `REKEY_SETUP_TOKEN`. */
  setupToken: Scalars['String']['input'];
};

/** Result of `bootstrap`. */
export type BootstrapResult = AlreadyBootstrappedError | BootstrapSuccess | InvalidInputError | SetupTokenRejectedError;

/** The administrator was created and is logged in. */
export type BootstrapSuccess = {
  __typename?: 'BootstrapSuccess';
  /** The tokens of the new session. */
  tokens: SessionTokens;
  /** The new administrator. */
  user: User;
};

/** Input of `changePassword`. */
export type ChangePasswordInput = {
  /** The current password of the caller. */
  currentPassword: Scalars['String']['input'];
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  newPassword: Scalars['String']['input'];
};

/** Result of `changePassword`. */
export type ChangePasswordResult = ChangePasswordSuccess | InvalidCredentialsError | InvalidInputError | NotASessionError;

/** The password was changed. All other sessions of the user were revoked. */
export type ChangePasswordSuccess = {
  __typename?: 'ChangePasswordSuccess';
  /** Proof that no replica accepts the revoked sessions. */
  receipt: RevocationReceipt;
  /** Number of sessions revoked. */
  revokedCount: Scalars['Int']['output'];
  /** The caller. */
  user: User;
};

/**
 * Concurrent modification: another request changed the same object first. No change was made. Read the current state
 * before you retry.
 */
export type ConflictError = UserError & {
  __typename?: 'ConflictError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `createApiKey`. */
export type CreateApiKeyInput = {
  /**
   * The IP addresses and networks (CIDR) from which the key is accepted; empty: from all. If the calling credential is limited
   * to addresses itself, it can only grant these, which are the default then.
   */
  allowedAddresses: Array<Scalars['String']['input']>;
  /** A label in plain text, 1 to 500 visible characters. `apiKeys` searches it, so it must not hold personal data or secrets. */
  description?: InputMaybe<Scalars['String']['input']>;
  /**
   * When the key expires. Must be in the future. Must not be later than the expiry of the calling credential, unless that
   * is a session, nor later than credential policies allow. Defaults to the latest expiry that is allowed, which may be none.
   * Must be set if a policy requires an expiry.
   */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /**
   * Makes the call safe to repeat: within 24 hours, the same credential gets the same key and secret for the same input, as
   * long as it may manage the key and holds what the key holds. 1 to 255 visible ASCII characters. A call that failed does not
   * use it up.
   */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Your own data, at most 20 entries with different keys. Introspection returns it. */
  metadata: Array<MetadataEntryInput>;
  /** A name that tells what the key is for. Must not be empty and must have only visible characters. */
  name: Scalars['String']['input'];
  /**
   * The owner of the key. Only an owner of the workspace, an administrator and a key of the workspace can create a key
   * that belongs to it. Another member gets `FORBIDDEN`. A key that belongs to a workspace creates only keys that belong
   * to it, and this field is ignored.
   */
  owner: ApiKeyOwner;
  /**
   * Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. The calling
   * credential must hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the
   * characters `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters,
   * including one separator between two permissions.
   */
  permissions: Array<Scalars['String']['input']>;
  /** How often the key may be used. Left out: there is no limit. */
  rateLimit?: InputMaybe<RateLimitInput>;
  /**
   * What the key can do in Rekey. The calling credential must hold each scope. A key that is bound to a workspace cannot
   * hold `ADMIN`, `INTROSPECT` or `SESSIONS_WRITE`, and a key that belongs to one cannot hold `SESSIONS_READ` either. A key
   * that other services verify needs no scope.
   */
  scopes: Array<Scope>;
  /**
   * The workspace that the key is bound to, or belongs to. Must be set if the key belongs to a workspace. The user of a key
   * that is bound to a workspace must be a member. Defaults to the workspace that the calling credential is bound to.
   */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
};

/** Result of `createApiKey`. */
export type CreateApiKeyResult = ApiKeyQuotaError | CreateApiKeySuccess | IdempotencyKeyReusedError | InvalidInputError | ScopeNotHeldError | WorkspaceNotFoundError;

/** The key was created, now or by an earlier call with the same `idempotencyKey`. The key may have been revoked since then. */
export type CreateApiKeySuccess = {
  __typename?: 'CreateApiKeySuccess';
  /** The new key. */
  apiKey: ApiKey;
  /** The secret. It is returned only here. */
  secret: Scalars['Secret']['output'];
};

/** Input of `createDaemonToken`. */
export type CreateDaemonTokenInput = {
  /**
   * The daemon that the token is for. You define this text, e.g. the name of a host. All tokens with the same text in the
   * workspace belong to one daemon. Must not be empty and must have only visible characters. White space at both ends is
   * removed. Lower case and upper case differ.
   */
  daemonId: Scalars['String']['input'];
  /**
   * When the token expires. Must be in the future, and at most ten years from now. Must not be later than the expiry of
   * the calling credential, unless that is a session, nor later than credential policies allow. A daemon can renew its token
   * before that.
   */
  expiresAt: Scalars['DateTime']['input'];
  /**
   * Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. The calling
   * credential must hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the
   * characters `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters,
   * including one separator between two permissions.
   */
  permissions: Array<Scalars['String']['input']>;
  /** How often the token may be used. Left out: there is no limit. */
  rateLimit?: InputMaybe<RateLimitInput>;
  /**
   * What the token can do in Rekey. The calling credential must hold each scope. A daemon token cannot hold `ADMIN`,
   * `INTROSPECT` or `SESSIONS_WRITE`. A token that other services verify needs no scope.
   */
  scopes: Array<Scope>;
  /**
   * The workspace that the token belongs to. The caller must be a member or an administrator. A credential that is bound
   * to a workspace can create tokens only for that workspace.
   */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `createDaemonToken`. */
export type CreateDaemonTokenResult = CreateDaemonTokenSuccess | InvalidInputError | ScopeNotHeldError | WorkspaceNotFoundError;

/** The token was created. */
export type CreateDaemonTokenSuccess = {
  __typename?: 'CreateDaemonTokenSuccess';
  /** The new token. */
  daemonToken: DaemonToken;
  /** The secret. It is returned only here. */
  secret: Scalars['Secret']['output'];
};

/** Input of `createPasswordReset`. */
export type CreatePasswordResetInput = {
  /** The id of the user. */
  userId: Scalars['ID']['input'];
};

/**
 * Result of `createPasswordReset`. It is `UserNotFoundError` also for a user who has not accepted the invitation: call
 * `inviteUser` again.
 */
export type CreatePasswordResetResult = CreatePasswordResetSuccess | UserNotFoundError;

/** The user can set a new password. The current one stays valid until then. */
export type CreatePasswordResetSuccess = {
  __typename?: 'CreatePasswordResetSuccess';
  /** When the token expires. */
  expiresAt: Scalars['DateTime']['output'];
  /** The token for `resetPassword`. An earlier token of this user is no longer valid. */
  resetToken: Scalars['Secret']['output'];
  /** The user. */
  user: User;
};

/** Input of `createSigningKey`. */
export type CreateSigningKeyInput = {
  /** Your own note about the key. Must have only visible characters. White space at both ends is removed. */
  description: Scalars['String']['input'];
  /**
   * When the key expires. Must be in the future. Must not be later than the expiry of the calling credential, unless that is
   * a session, nor later than credential policies allow. Defaults to the latest expiry that is allowed, which may be none.
   * Must be set if a policy requires an expiry.
   */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /**
   * Custom permissions that you define. Returned by `/v1/verify`, not interpreted by Rekey. The calling credential must
   * hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the characters
   * `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters, including one
   * separator between two permissions.
   */
  permissions: Array<Scalars['String']['input']>;
  /**
   * What a request that the key has signed can do in Rekey. The calling credential must hold each scope. A signing key
   * cannot hold `ADMIN`, `INTROSPECT` or `SESSIONS_WRITE`. A key that signs requests to your own services
   * needs no scope.
   */
  scopes: Array<Scope>;
  /**
   * The workspace that the key belongs to. The caller must be a member or an administrator. A credential that is bound to a
   * workspace can create keys only for that workspace.
   */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `createSigningKey`. */
export type CreateSigningKeyResult = CreateSigningKeySuccess | InvalidInputError | ScopeNotHeldError | WorkspaceNotFoundError;

/** The key was created. */
export type CreateSigningKeySuccess = {
  __typename?: 'CreateSigningKeySuccess';
  /** The secret. It cannot be read again. The key of the HMAC is the whole text in UTF-8. */
  secret: Scalars['Secret']['output'];
  /** The new key. */
  signingKey: SigningKey;
};

/** Input of `createWorkspace`. */
export type CreateWorkspaceInput = {
  /** The name of the workspace. Must not be empty and must have only visible characters. */
  name: Scalars['String']['input'];
};

/** Result of `createWorkspace`. */
export type CreateWorkspaceResult = CreateWorkspaceSuccess | InvalidInputError;

/** The workspace was created. */
export type CreateWorkspaceSuccess = {
  __typename?: 'CreateWorkspaceSuccess';
  /** The new workspace. */
  workspace: Workspace;
};

/** An object that can authenticate a request. */
export type Credential = {
  /** When the credential was created. */
  createdAt: Scalars['DateTime']['output'];
  /** When the credential expires; null if it does not expire. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the credential. */
  id: Scalars['ID']['output'];
  /** When the credential last authenticated a request; null if it never did. May lag by up to two minutes. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the credential was revoked; null if it was not. */
  revocationReason?: Maybe<RevocationReason>;
  /** When the credential was revoked; null if it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The current status. */
  status: CredentialStatus;
};

/**
 * Bounds on the API keys, daemon tokens and signing keys of a workspace, or of the installation. For a credential of a
 * workspace, the stricter bound of both holds.
 */
export type CredentialPolicy = {
  __typename?: 'CredentialPolicy';
  /** For how long a credential may be unused, from its last use or its creation, in seconds; null if there is no bound. */
  idleSeconds?: Maybe<Scalars['Int']['output']>;
  /** The longest lifetime of a credential, from its creation, in seconds; null if there is no bound. A rotation or a renewal does not restart it. */
  maximumLifetimeSeconds?: Maybe<Scalars['Int']['output']>;
  /** Whether every credential must have an expiry of its own. */
  requiresExpiry: Scalars['Boolean']['output'];
};

/** The status of a credential. */
export type CredentialStatus =
  /** Not revoked, not expired. Still rejected while its user is disabled. */
  | 'ACTIVE'
  /** The credential has expired. */
  | 'EXPIRED'
  /** The credential was revoked. This is final. */
  | 'REVOKED';

/**
 * The secret of a daemon: a machine that authenticates as itself and not as a user. The token belongs to a workspace and
 * stays valid when its creator is deleted or leaves the workspace.
 */
export type DaemonToken = Credential & Node & {
  __typename?: 'DaemonToken';
  /** When the token was created. */
  createdAt: Scalars['DateTime']['output'];
  /**
   * The user who created the token. Null if that user was deleted, if the caller may not see that user, or if a credential
   * without a user created the token.
   */
  createdBy?: Maybe<User>;
  /** The daemon that the token was created for. You define this text. */
  daemonId: Scalars['String']['output'];
  /**
   * When the token expires, by itself or by a credential policy, whichever is first. A renewal moves it, and so does each use
   * while a policy bounds how long the token may be idle.
   */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The prefix and the last four characters of the secret. It identifies the token and cannot be used as the secret. */
  hint: Scalars['String']['output'];
  /** The id of the token, with the prefix `dmn_`. It is not a secret. */
  id: Scalars['ID']['output'];
  /** When the token last authenticated a request; null if it never did. May lag by up to two minutes. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. */
  permissions: Array<Scalars['String']['output']>;
  /** How often the token may be used; null if there is no limit. */
  rateLimit?: Maybe<RateLimit>;
  /** When the token was last renewed; null if it never was. */
  renewedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the token was revoked; null if it was not. */
  revocationReason?: Maybe<RevocationReason>;
  /** When the token was revoked: alone, with its daemon, or by a credential policy; null if it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What the token can do in Rekey. */
  scopes: Array<Scope>;
  /** The current status. */
  status: CredentialStatus;
  /** The workspace that the token belongs to. */
  workspace: Workspace;
};

/** A page of daemon tokens, newest first. */
export type DaemonTokenConnection = {
  __typename?: 'DaemonTokenConnection';
  /** The tokens of this page, each with its cursor. */
  edges: Array<DaemonTokenEdge>;
  /** The tokens of this page. */
  nodes: Array<DaemonToken>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A daemon token in a list, with its cursor. */
export type DaemonTokenEdge = {
  __typename?: 'DaemonTokenEdge';
  /** The position of this token in the list. */
  cursor: Scalars['String']['output'];
  /** The token. */
  node: DaemonToken;
};

/** No daemon token that the caller may see has this id. */
export type DaemonTokenNotFoundError = UserError & {
  __typename?: 'DaemonTokenNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `deleteUser`. */
export type DeleteUserInput = {
  /** The id of the user. */
  userId: Scalars['ID']['input'];
};

/** Result of `deleteUser`. */
export type DeleteUserResult = DeleteUserSuccess | LastAdministratorError | LastOwnerError | UserNotFoundError;

/** The account was deleted. No credential of this user is accepted. */
export type DeleteUserSuccess = {
  __typename?: 'DeleteUserSuccess';
  /** Proof that no replica accepts the credentials of this user. */
  receipt: RevocationReceipt;
  /** The id of the user. It remains in the audit log. */
  userId: Scalars['ID']['output'];
};

/** Input of `deleteWorkspace`. */
export type DeleteWorkspaceInput = {
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `deleteWorkspace`. */
export type DeleteWorkspaceResult = DeleteWorkspaceSuccess | WorkspaceNotFoundError;

/** The workspace and all credentials that were bound to it are deleted. */
export type DeleteWorkspaceSuccess = {
  __typename?: 'DeleteWorkspaceSuccess';
  /** Proof that no replica accepts a credential of the workspace. */
  receipt: RevocationReceipt;
  /** The id of the deleted workspace. */
  workspaceId: Scalars['ID']['output'];
};

/** Input of `disableUser`. */
export type DisableUserInput = {
  /** The id of the user. */
  userId: Scalars['ID']['input'];
};

/** Result of `disableUser`. */
export type DisableUserResult = DisableUserSuccess | LastAdministratorError | UserNotFoundError;

/** The account is disabled. No credential of this user is accepted. */
export type DisableUserSuccess = {
  __typename?: 'DisableUserSuccess';
  /** Proof that no replica accepts the credentials of this user. */
  receipt: RevocationReceipt;
  /** The disabled user. */
  user: User;
};

/** An account with this email address already exists. For `inviteUser`: its user has accepted the invitation. */
export type EmailTakenError = UserError & {
  __typename?: 'EmailTakenError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `enableUser`. */
export type EnableUserInput = {
  /** The id of the user. */
  userId: Scalars['ID']['input'];
};

/** Result of `enableUser`. */
export type EnableUserResult = EnableUserSuccess | UserNotFoundError;

/** The account is active. */
export type EnableUserSuccess = {
  __typename?: 'EnableUserSuccess';
  /** The enabled user. */
  user: User;
};

/** Input of `endApiKeyOverlap`. */
export type EndApiKeyOverlapInput = {
  /** The id of the key. */
  apiKeyId: Scalars['ID']['input'];
};

/** Result of `endApiKeyOverlap`. */
export type EndApiKeyOverlapResult = ApiKeyNotFoundError | EndApiKeyOverlapSuccess;

/** Only the current secret of the key is valid. */
export type EndApiKeyOverlapSuccess = {
  __typename?: 'EndApiKeyOverlapSuccess';
  /** The key. */
  apiKey: ApiKey;
  /** Proof that no replica accepts the previous secret. */
  receipt: RevocationReceipt;
};

/**
 * This idempotency key was used within 24 hours by the same credential, with other input. Or the secret that it stands for was
 * rotated away. Use another idempotency key.
 */
export type IdempotencyKeyReusedError = UserError & {
  __typename?: 'IdempotencyKeyReusedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The current state of a token. */
export type Introspection = {
  __typename?: 'Introspection';
  /** Whether the token is accepted now. If false, all other fields are null or empty. */
  active: Scalars['Boolean']['output'];
  /** The credential that the token belongs to. */
  credential?: Maybe<Credential>;
  /** When the token expires; null if it does not expire. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Custom permissions that you define. Rekey does not interpret them. */
  permissions: Array<Scalars['String']['output']>;
  /** What the credential can do in Rekey. */
  scopes: Array<Scope>;
  /** The user of the credential. */
  user?: Maybe<User>;
  /** The workspace that the credential is bound to. */
  workspace?: Maybe<Workspace>;
};

/**
 * Invalid email or password, or the account is disabled. The response is the same for each, so it does not reveal which
 * accounts exist. For `changePassword`: the current password is wrong.
 */
export type InvalidCredentialsError = UserError & {
  __typename?: 'InvalidCredentialsError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** One invalid field of an input. */
export type InvalidField = {
  __typename?: 'InvalidField';
  /** What is wrong with the value, and which values are valid. */
  message: Scalars['String']['output'];
  /** The path of the field, e.g. `input.expiresAt`. */
  path: Scalars['String']['output'];
};

/** Invalid input. No change was made. */
export type InvalidInputError = UserError & {
  __typename?: 'InvalidInputError';
  /** Every invalid field of the input. */
  fields: Array<InvalidField>;
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/**
 * The token is unknown, used, replaced or expired, or the account is disabled. The response is the same for each. A password
 * that is rejected does not use the token up.
 */
export type InvitationRejectedError = UserError & {
  __typename?: 'InvitationRejectedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `inviteUser`. */
export type InviteUserInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: Scalars['String']['input'];
  /** The email address to log in with. */
  email: Scalars['String']['input'];
  /**
   * The permissions of the user. Each has 1 to 100 of the characters `A-Z a-z 0-9 . _ : / * -`. All together have at most 2048
   * characters, including one separator between two permissions.
   */
  permissions: Array<Scalars['String']['input']>;
  /** The role of the user. */
  role: UserRole;
  /** The workspaces that the user joins as a member when the invitation is accepted. */
  workspaceIds: Array<Scalars['ID']['input']>;
};

/** Result of `inviteUser`. */
export type InviteUserResult = EmailTakenError | InvalidInputError | InviteUserSuccess | WorkspaceNotFoundError;

/** The user is invited, and cannot log in before the invitation is accepted. */
export type InviteUserSuccess = {
  __typename?: 'InviteUserSuccess';
  /** When the token expires. */
  expiresAt: Scalars['DateTime']['output'];
  /** The token for `acceptInvitation`. An earlier token of this user is no longer valid. */
  invitationToken: Scalars['Secret']['output'];
  /** The invited user. */
  user: User;
};

/**
 * The change would leave no active administrator. An administrator who is disabled, or who has not accepted the invitation,
 * does not count.
 */
export type LastAdministratorError = UserError & {
  __typename?: 'LastAdministratorError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/**
 * The change would leave these workspaces without an owner. An owner who is disabled, or who has not accepted the invitation,
 * does not count.
 */
export type LastOwnerError = UserError & {
  __typename?: 'LastOwnerError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** The workspaces that would have no owner. */
  workspaces: Array<Workspace>;
};

/** Input of `login`. */
export type LoginInput = {
  /**
   * For browsers: stores the tokens in `__Host-` cookies that scripts cannot read. The response then holds no tokens. A
   * request that uses the cookies must send the header `X-Rekey-CSRF: 1`. A login that sends this header also revokes the
   * session whose refresh token is in the cookies.
   */
  cookies: Scalars['Boolean']['input'];
  /** The email address of the account. Case-insensitive. */
  email: Scalars['String']['input'];
  /** The password of the account. */
  password: Scalars['String']['input'];
};

/** Result of `login`. */
export type LoginResult = InvalidCredentialsError | LoginSuccess;

/** A session was started. */
export type LoginSuccess = {
  __typename?: 'LoginSuccess';
  /** The tokens of the new session. */
  tokens: SessionTokens;
  /** The user who logged in. */
  user: User;
};

/** Result of `logout`. */
export type LogoutResult = LogoutSuccess | NotASessionError;

/** The session was revoked. */
export type LogoutSuccess = {
  __typename?: 'LogoutSuccess';
  /** Proof that no replica accepts the tokens of the session. */
  receipt: RevocationReceipt;
  /** The revoked session. */
  session: Session;
};

/** The token has reached the longest lifetime that a credential policy allows. Create a new one. */
export type MaximumAgeReachedError = UserError & {
  __typename?: 'MaximumAgeReachedError';
  /** When the token expires. It cannot be renewed again. */
  expiresAt: Scalars['DateTime']['output'];
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** One entry of the metadata of an API key. */
export type MetadataEntry = {
  __typename?: 'MetadataEntry';
  /** The name of the entry, unique for the key. */
  key: Scalars['String']['output'];
  /** The value of the entry. */
  value: Scalars['String']['output'];
};

/** One entry of the metadata of an API key. */
export type MetadataEntryInput = {
  /** The name of the entry: 1 to 64 visible characters, without white space at its ends. */
  key: Scalars['String']['input'];
  /** The value of the entry: at most 500 characters. */
  value: Scalars['String']['input'];
};

/** Changes. The fields of one operation run one after another. */
export type Mutation = {
  __typename?: 'Mutation';
  /**
   * Sets the password of an invited user, adds the user to the workspaces of the invitation and logs in. The rate per address
   * is limited (`REKEY_REGISTER_PER_MINUTE`).
   */
  acceptInvitation: AcceptInvitationResult;
  /**
   * Adds the user with this email address to a workspace. A user who is already a member keeps the role that they have. API
   * keys that were revoked with the membership stay revoked.
   */
  addWorkspaceMember: AddWorkspaceMemberResult;
  /**
   * Creates the first administrator and logs in. It works once. It requires the setup token that the server prints at its
   * first start, or the value of `REKEY_SETUP_TOKEN`. The rate per address is limited (`REKEY_REGISTER_PER_MINUTE`).
   */
  bootstrap: BootstrapResult;
  /**
   * Changes the password of the caller and revokes all of their other sessions, on every replica, before the response. API
   * keys stay active. It requires a session and the current password. The rate per session and per user is limited
   * (`REKEY_LOGIN_PER_MINUTE`).
   */
  changePassword: ChangePasswordResult;
  /**
   * Creates an API key for the caller, or for a workspace that the caller owns. The secret is returned only here. Select no
   * other root field: if one fails, `data` is null and the secret is lost. With an `idempotencyKey`, the same call returns the
   * same key and secret again.
   */
  createApiKey: CreateApiKeyResult;
  /**
   * Creates a daemon token for a workspace. The secret is returned only here. Select no other root field: if one fails,
   * `data` is null and the secret is lost. A caller that is limited to addresses gets `FORBIDDEN`: a daemon token is accepted
   * from all addresses.
   */
  createDaemonToken: CreateDaemonTokenResult;
  /**
   * Creates a token with which a user sets a new password (`resetPassword`). The token is valid for an hour and works once. It
   * replaces an earlier token. Rekey sends no mail: give the token to the user.
   */
  createPasswordReset: CreatePasswordResetResult;
  /**
   * Creates a signing key for a workspace. A workspace may have several active keys. The secret is returned only here.
   * Select no other root field: if one fails, `data` is null and the secret is lost. A caller that is limited to addresses
   * gets `FORBIDDEN`: a signing key is accepted from all addresses.
   */
  createSigningKey: CreateSigningKeyResult;
  /** Creates a workspace. The caller becomes its owner. A credential that is bound to a workspace gets `FORBIDDEN`. */
  createWorkspace: CreateWorkspaceResult;
  /**
   * Deletes an account with its sessions, API keys and personal data. Every replica rejects all of its credentials before the
   * response. The keys of workspaces that the user created stay. The audit log stays. The addresses from which the user
   * and the API keys of the user sent requests are erased.
   */
  deleteUser: DeleteUserResult;
  /** Revokes every credential that is bound to a workspace, then deletes the workspace. */
  deleteWorkspace: DeleteWorkspaceResult;
  /**
   * Disables an account. Every replica rejects all of its credentials before the response. Its sessions are revoked for
   * good. Its API keys are rejected until `enableUser`. Disabling a disabled account succeeds and changes nothing.
   */
  disableUser: DisableUserResult;
  /**
   * Re-enables an account. Unrevoked API keys work again. Sessions stay revoked, so the user must log in again. Enabling
   * an active account succeeds and changes nothing.
   */
  enableUser: EnableUserResult;
  /**
   * Ends the overlap of a rotation: every replica rejects the previous secret before the response. Without an overlap, or after
   * its end, it changes nothing. It succeeds and waits all the same.
   */
  endApiKeyOverlap: EndApiKeyOverlapResult;
  /**
   * Creates an account without a password, and a token with which its user sets one (`acceptInvitation`). The token is valid
   * for 7 days and works once. Rekey sends no mail: give the token to the user. For a user who has not accepted yet, it
   * replaces the token, the name, the role, the permissions and the workspaces.
   */
  inviteUser: InviteUserResult;
  /**
   * Starts a session. It returns a short-lived access token to send as `Authorization: Bearer …`, and a refresh token for
   * `refreshSession`. The rate is limited per address and per account (`REKEY_LOGIN_PER_MINUTE`).
   */
  login: LoginResult;
  /**
   * Revokes the session of this request. Every replica rejects its tokens before the response. It requires the access
   * token. A browser in cookie mode can send only the refresh token cookie, while that token is valid.
   */
  logout: LogoutResult;
  /**
   * Exchanges a refresh token for new tokens. Each refresh token works once. For a few seconds
   * (`REKEY_REFRESH_GRACE_SECONDS`), the token before the newest one may be sent again and returns the same new token, so
   * a client can retry after a lost response. Any other reuse revokes the session on every replica before the response
   * (`REUSED`). The rate per session and per user is limited (`REKEY_REFRESH_PER_MINUTE`).
   */
  refreshSession: RefreshSessionResult;
  /**
   * Registers a new account and logs in. It requires `REKEY_REGISTRATION=open`. The rate per address is limited
   * (`REKEY_REGISTER_PER_MINUTE`).
   */
  register: RegisterResult;
  /**
   * Removes a member from a workspace and revokes all API keys of this user that are bound to the workspace. A member can
   * remove themselves without being an owner. The last owner cannot be removed.
   */
  removeWorkspaceMember: RemoveWorkspaceMemberResult;
  /**
   * Extends the calling daemon token. It needs no scope. The span of a token is from its creation or last renewal to its
   * expiry. In the last quarter of the span, the token gets its first lifetime again, counted from now. The secret stays
   * the same. A token can be renewed any number of times, but not after it was revoked or has expired.
   *
   * Of several renewals at the same time, one extends the token. The others get `TooEarlyToRenewError` with the new
   * expiry, so a lost response can be repeated.
   */
  renewDaemonToken: RenewDaemonTokenResult;
  /**
   * Sets a new password and revokes all sessions of the user, on every replica, before the response. API keys stay active. It
   * does not log in, and does not enable a disabled account. The rate per address is limited (`REKEY_REGISTER_PER_MINUTE`).
   */
  resetPassword: ResetPasswordResult;
  /**
   * Revokes one access token before it expires. Its session stays active. The rate per credential and per user is limited
   * (`REKEY_LEDGER_PER_MINUTE`).
   */
  revokeAccessToken: RevokeAccessTokenResult;
  /** Revokes all sessions of one user. Every replica rejects their tokens before the response. API keys stay active. */
  revokeAllSessions: RevokeAllSessionsResult;
  /**
   * Revokes an API key for good. Every replica rejects it before the response. Revoking a revoked key succeeds and changes
   * nothing. Keys that this key created stay active.
   */
  revokeApiKey: RevokeApiKeyResult;
  /**
   * Deregisters a daemon: revokes all of its tokens in a workspace for good. Every replica rejects them before the
   * response. Tokens that are created later are valid. An unknown daemon has no tokens, so this succeeds and changes
   * nothing.
   */
  revokeDaemon: RevokeDaemonResult;
  /**
   * Revokes a daemon token for good. Every replica rejects it before the response. Revoking a revoked token succeeds and
   * changes nothing. Other tokens of the daemon stay active.
   */
  revokeDaemonToken: RevokeDaemonTokenResult;
  /**
   * Revokes a session of the caller, or of any user for an administrator. Every replica rejects its tokens before the
   * response. Revoking a revoked session succeeds and changes nothing.
   */
  revokeSession: RevokeSessionResult;
  /**
   * Revokes a signing key for good, and the key that it replaces if the overlap has not ended. Every replica rejects both
   * before the response. Revoking a revoked key succeeds and changes nothing. Its successor stays active.
   */
  revokeSigningKey: RevokeSigningKeyResult;
  /**
   * Issues a new secret for an API key. Every replica rejects the old secret before the response, or after
   * `overlapSeconds`. The new secret is returned only here. Select no other root field: if one fails, `data` is null and
   * the secret is lost.
   *
   * A key can rotate itself, unless it presents its previous secret (`ConflictError`). So can a session of the user of the
   * key, unless it is from before a promotion. Every other caller must hold the scopes and permissions of the key, must not
   * expire before it, and must be accepted from all of its addresses (`ScopeNotHeldError`).
   */
  rotateApiKey: RotateApiKeyResult;
  /**
   * Creates a successor for a signing key, with another id and another secret. The successor may do the same and expires
   * when the key would have expired. The key itself stays valid for the overlap, and ends at once when its successor is
   * revoked or rotated. The secret is returned only here. Select no other root field: if one fails, `data` is null and the
   * secret is lost.
   *
   * A key can rotate itself. Any other caller must hold the scopes and permissions of the key, and must not expire before
   * it, unless the caller is a session (`ScopeNotHeldError`). An administrator holds every permission.
   *
   * A revoked or expired key cannot be rotated. Of several rotations at the same time, one succeeds. The others, and every
   * later rotation of the same key, get `ConflictError`: rotate the key in `replacedBy`.
   */
  rotateSigningKey: RotateSigningKeyResult;
  /**
   * Sets all bounds of a workspace or of the installation. A stricter bound applies at once to everything that exists: what is
   * over it is revoked with the reason `ADMINISTRATIVE`, before the response, and what remains expires by it. A looser bound
   * makes nothing valid again. The owners of a workspace, its keys and administrators can set its policy, only administrators
   * that of the installation. Other members get `FORBIDDEN`.
   */
  setCredentialPolicy: SetCredentialPolicyResult;
  /** Changes the role of a member. The last owner keeps the role. */
  setWorkspaceMemberRole: SetWorkspaceMemberRoleResult;
  /**
   * Changes what is given and leaves the rest. A change that takes something away from the key takes effect like a revocation:
   * every replica obeys it before the response. A revoked or expired key is not changed.
   *
   * A change that adds something must be within what the caller holds. A change that allows more addresses, a later expiry or a
   * faster rate needs more: the caller must hold the scopes and permissions of the key (`ScopeNotHeldError`), or be a session of
   * its user. A key cannot extend its own scopes, permissions, addresses, expiry or rate limit.
   */
  updateApiKey: UpdateApiKeyResult;
  /**
   * Changes the display name of the caller. A credential without a user, or one that is bound to a workspace, gets
   * `FORBIDDEN`.
   */
  updateProfile: UpdateProfileResult;
  /**
   * Changes an account. A demotion, or a permission that is taken away, narrows every session and API key of the user on
   * every replica before the response. An update that changes nothing succeeds.
   */
  updateUser: UpdateUserResult;
  /**
   * Changes a workspace. Only an owner and an administrator can do this. Another member gets `FORBIDDEN`. A credential that
   * is bound to a workspace acts on that workspace only, with the role of its user. This is the same for all changes of a
   * workspace and its members.
   */
  updateWorkspace: UpdateWorkspaceResult;
};


/** Changes. The fields of one operation run one after another. */
export type MutationacceptInvitationArgs = {
  input: AcceptInvitationInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationaddWorkspaceMemberArgs = {
  input: AddWorkspaceMemberInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationbootstrapArgs = {
  input: BootstrapInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationchangePasswordArgs = {
  input: ChangePasswordInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationcreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationcreateDaemonTokenArgs = {
  input: CreateDaemonTokenInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationcreatePasswordResetArgs = {
  input: CreatePasswordResetInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationcreateSigningKeyArgs = {
  input: CreateSigningKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationcreateWorkspaceArgs = {
  input: CreateWorkspaceInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationdeleteUserArgs = {
  input: DeleteUserInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationdeleteWorkspaceArgs = {
  input: DeleteWorkspaceInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationdisableUserArgs = {
  input: DisableUserInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationenableUserArgs = {
  input: EnableUserInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationendApiKeyOverlapArgs = {
  input: EndApiKeyOverlapInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationinviteUserArgs = {
  input: InviteUserInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationloginArgs = {
  input: LoginInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrefreshSessionArgs = {
  input: RefreshSessionInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationregisterArgs = {
  input: RegisterInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationremoveWorkspaceMemberArgs = {
  input: RemoveWorkspaceMemberInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationresetPasswordArgs = {
  input: ResetPasswordInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeAccessTokenArgs = {
  input: RevokeAccessTokenInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeAllSessionsArgs = {
  input: RevokeAllSessionsInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeApiKeyArgs = {
  input: RevokeApiKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeDaemonArgs = {
  input: RevokeDaemonInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeDaemonTokenArgs = {
  input: RevokeDaemonTokenInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeSessionArgs = {
  input: RevokeSessionInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrevokeSigningKeyArgs = {
  input: RevokeSigningKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrotateApiKeyArgs = {
  input: RotateApiKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationrotateSigningKeyArgs = {
  input: RotateSigningKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationsetCredentialPolicyArgs = {
  input: SetCredentialPolicyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationsetWorkspaceMemberRoleArgs = {
  input: SetWorkspaceMemberRoleInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationupdateApiKeyArgs = {
  input: UpdateApiKeyInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationupdateProfileArgs = {
  input: UpdateProfileInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationupdateUserArgs = {
  input: UpdateUserInput;
};


/** Changes. The fields of one operation run one after another. */
export type MutationupdateWorkspaceArgs = {
  input: UpdateWorkspaceInput;
};

/** An object with an id. */
export type Node = {
  /**
   * A prefix that names the type, and 26 characters that sort by creation time. An id is not a secret and cannot be used
   * as one.
   */
  id: Scalars['ID']['output'];
};

/** The request did not present a daemon token. Only a daemon token can renew itself. */
export type NotADaemonTokenError = UserError & {
  __typename?: 'NotADaemonTokenError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** No session authenticated this request. */
export type NotASessionError = UserError & {
  __typename?: 'NotASessionError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Where a page of a list begins and ends. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last item; null if the page is empty. Send it as `after` to get the next page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether the list continues after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether the list has items before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first item; null if the page is empty. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** Reads. */
export type Query = {
  __typename?: 'Query';
  /**
   * Returns an API key of the caller or of a workspace that the caller owns, or any key for an administrator. Null if the id
   * is unknown.
   */
  apiKey?: Maybe<ApiKey>;
  /**
   * Lists the API keys of the caller and of the workspaces that the caller owns, newest first. An administrator sees all keys.
   * A credential that is bound to a workspace sees only the keys of that workspace.
   */
  apiKeys: ApiKeyConnection;
  /**
   * Lists the audit events, the latest commit first. An administrator sees all events, another user those of the workspaces
   * that the user is a member of, and a credential that is bound to a workspace those of that workspace. The list contains
   * every event whose change was answered before the query.
   */
  auditEvents: AuditEventConnection;
  /** Returns the bounds of the installation. */
  credentialPolicy: CredentialPolicy;
  /**
   * Lists the daemon tokens of a workspace, newest first. The caller must be a member of the workspace, an administrator,
   * or a credential of this workspace. For any other workspace, and for an unknown id, the list is empty.
   */
  daemonTokens: DaemonTokenConnection;
  /**
   * Returns the current state of a token. Unknown, expired and revoked tokens all return `active: false`. Services that do
   * not use GraphQL can call `POST /v1/introspect` (RFC 7662).
   */
  introspect: Introspection;
  /**
   * Returns the object with this id, of any type. It asks for the same scope as the field that returns objects of this type, and
   * finds the same objects. A user is found if the caller may see the user. Null if the id is unknown.
   */
  node?: Maybe<Node>;
  /**
   * Lists the access tokens that were revoked with `revokeAccessToken` and could otherwise still be valid, newest first.
   * An administrator sees the tokens of all users.
   */
  revocations: RevocationConnection;
  /** Returns a session of the caller, or of any user for an administrator. Null if the id is unknown. */
  session?: Maybe<Session>;
  /** Lists the sessions of the caller, newest first. An administrator sees the sessions of all users. */
  sessions: SessionConnection;
  /**
   * Lists the signing keys of a workspace, newest first. The caller must be a member of the workspace, an administrator, or
   * a credential of this workspace. For any other workspace, and for an unknown id, the list is empty.
   */
  signingKeys: SigningKeyConnection;
  /** Returns any user. Null if the id is unknown. */
  user?: Maybe<User>;
  /** Lists all users, newest first. */
  users: UserConnection;
  /** Returns the caller. Use it to test a new credential. */
  viewer: Viewer;
  /** Returns a workspace of the caller, or any workspace for an administrator. Null if the id is unknown. */
  workspace?: Maybe<Workspace>;
  /**
   * Lists the workspaces of the caller, newest first. An administrator sees all workspaces. A credential that is bound to
   * a workspace sees only that workspace.
   */
  workspaces: WorkspaceConnection;
};


/** Reads. */
export type QueryapiKeyArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. */
export type QueryapiKeysArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ApiKeyFilter>;
  first: Scalars['Int']['input'];
};


/** Reads. */
export type QueryauditEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<AuditEventFilter>;
  first: Scalars['Int']['input'];
};


/** Reads. */
export type QuerydaemonTokensArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
  workspaceId: Scalars['ID']['input'];
};


/** Reads. */
export type QueryintrospectArgs = {
  token: Scalars['String']['input'];
};


/** Reads. */
export type QuerynodeArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. */
export type QueryrevocationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<RevocationFilter>;
  first: Scalars['Int']['input'];
};


/** Reads. */
export type QuerysessionArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. */
export type QuerysessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SessionFilter>;
  first: Scalars['Int']['input'];
};


/** Reads. */
export type QuerysigningKeysArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
  workspaceId: Scalars['ID']['input'];
};


/** Reads. */
export type QueryuserArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. */
export type QueryusersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<UserFilter>;
  first: Scalars['Int']['input'];
};


/** Reads. */
export type QueryworkspaceArgs = {
  id: Scalars['ID']['input'];
};


/** Reads. */
export type QueryworkspacesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
};

/**
 * How many requests a credential may send in a window of time, at all replicas together. A window begins with the first request
 * after the last window. It counts requests over HTTP that the credential authenticates, WebSockets and each operation on
 * one. Beyond the limit, requests get 429 with `Retry-After`, and `RATE_LIMITED` in GraphQL, until the window ends. They do not
 * count. Introspection of the credential does not count either.
 */
export type RateLimit = {
  __typename?: 'RateLimit';
  /** The number of requests in one window, 1 to 1000000. */
  requests: Scalars['Int']['output'];
  /** The length of the window in seconds, 1 to 86400. */
  windowSeconds: Scalars['Int']['output'];
};

/** A rate limit for a credential. See `RateLimit` for what counts. */
export type RateLimitInput = {
  /** The number of requests in one window, 1 to 1000000. */
  requests: Scalars['Int']['input'];
  /** The length of the window in seconds, 1 to 86400. */
  windowSeconds: Scalars['Int']['input'];
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
  refreshToken: Scalars['String']['input'];
};

/** Result of `refreshSession`. */
export type RefreshSessionResult = RefreshSessionSuccess | RefreshTokenRejectedError;

/** The session was refreshed. */
export type RefreshSessionSuccess = {
  __typename?: 'RefreshSessionSuccess';
  /** The new tokens. */
  tokens: SessionTokens;
};

/** The refresh token was rejected. */
export type RefreshTokenRejectedError = UserError & {
  __typename?: 'RefreshTokenRejectedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** Why the token was rejected. */
  reason: RefreshRejectionReason;
};

/** Input of `register`. */
export type RegisterInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: Scalars['String']['input'];
  /** The email address to log in with. */
  email: Scalars['String']['input'];
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  password: Scalars['String']['input'];
};

/** Result of `register`. */
export type RegisterResult = EmailTakenError | InvalidInputError | RegisterSuccess | RegistrationClosedError;

/** The account was created and is logged in. */
export type RegisterSuccess = {
  __typename?: 'RegisterSuccess';
  /** The tokens of the new session. */
  tokens: SessionTokens;
  /** The new user. */
  user: User;
};

/** Registration is closed in this installation (`REKEY_REGISTRATION`). */
export type RegistrationClosedError = UserError & {
  __typename?: 'RegistrationClosedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** Input of `removeWorkspaceMember`. */
export type RemoveWorkspaceMemberInput = {
  /** The id of the member. */
  userId: Scalars['ID']['input'];
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `removeWorkspaceMember`. */
export type RemoveWorkspaceMemberResult = LastOwnerError | RemoveWorkspaceMemberSuccess | UserNotFoundError | WorkspaceNotFoundError;

/** The user is no member of the workspace. No API key of this user that is bound to the workspace is accepted. */
export type RemoveWorkspaceMemberSuccess = {
  __typename?: 'RemoveWorkspaceMemberSuccess';
  /** Proof that no replica accepts the API keys of this user that are bound to the workspace. */
  receipt: RevocationReceipt;
  /** The workspace. */
  workspace: Workspace;
};

/** Result of `renewDaemonToken`. */
export type RenewDaemonTokenResult = MaximumAgeReachedError | NotADaemonTokenError | RenewDaemonTokenSuccess | TooEarlyToRenewError;

/** The token was extended. */
export type RenewDaemonTokenSuccess = {
  __typename?: 'RenewDaemonTokenSuccess';
  /** The token with its new expiry. */
  daemonToken: DaemonToken;
};

/** Input of `resetPassword`. */
export type ResetPasswordInput = {
  /** At least 15 characters (`REKEY_PASSWORD_MIN_LENGTH`). Must not be well known or easy to guess. */
  newPassword: Scalars['String']['input'];
  /** The token that `createPasswordReset` returned. */
  resetToken: Scalars['String']['input'];
};

/** Result of `resetPassword`. */
export type ResetPasswordResult = InvalidInputError | ResetPasswordSuccess | ResetTokenRejectedError;

/** The password was changed. All sessions of the user were revoked. */
export type ResetPasswordSuccess = {
  __typename?: 'ResetPasswordSuccess';
  /** Proof that no replica accepts the revoked sessions. */
  receipt: RevocationReceipt;
  /** Number of sessions revoked. */
  revokedCount: Scalars['Int']['output'];
};

/**
 * The token is unknown, used, replaced or expired. The response is the same for each. A password that is rejected does not use
 * the token up.
 */
export type ResetTokenRejectedError = UserError & {
  __typename?: 'ResetTokenRejectedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The revocation of one access token. */
export type Revocation = Node & {
  __typename?: 'Revocation';
  /** When the token has expired in any case. After this time, the revocation is no longer listed. */
  expiresAt: Scalars['DateTime']['output'];
  /** The id of the revocation, with the prefix `rev_`. */
  id: Scalars['ID']['output'];
  /** The claim `jti` of the token. */
  jti: Scalars['ID']['output'];
  /** Why the token was revoked. */
  reason: RevocationReason;
  /** When the token was revoked. */
  revokedAt: Scalars['DateTime']['output'];
  /** The user who revoked the token; null if the account was deleted or the caller cannot read it. */
  revokedBy?: Maybe<User>;
  /** The user of the token. */
  user: User;
};

/** A page of revocations, newest first. */
export type RevocationConnection = {
  __typename?: 'RevocationConnection';
  /** The revocations of this page, each with its cursor. */
  edges: Array<RevocationEdge>;
  /** The revocations of this page. */
  nodes: Array<Revocation>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A revocation in a list, with its cursor. */
export type RevocationEdge = {
  __typename?: 'RevocationEdge';
  /** The position of this revocation in the list. */
  cursor: Scalars['String']['output'];
  /** The revocation. */
  node: Revocation;
};

/** The effect of a revocation on its subject. */
export type RevocationEffect =
  /** It is not valid any more. */
  | 'ENDED'
  /** It is valid, with less: fewer scopes, permissions or addresses, another secret, an earlier expiry, or a stricter rate limit. */
  | 'NARROWED';

/** One revocation: a credential, or everything that depends on a subject, ended or was narrowed. */
export type RevocationEvent = {
  __typename?: 'RevocationEvent';
  /** When the change was committed, by the clock of the database. */
  committedAt: Scalars['DateTime']['output'];
  /**
   * What ended or was narrowed: the id of the credential, of the user or of the workspace. For `ACCESS_TOKEN` it is the `jti`,
   * for `WORKSPACE_MEMBER` the id of the user, for `DAEMON` the `daemonId`, and for `ALL` it is `*`.
   */
  credentialId: Scalars['ID']['output'];
  /** The daemon to which the subject belongs; null if it belongs to none. */
  daemonId?: Maybe<Scalars['String']['output']>;
  /** Whether it ended or was narrowed. */
  effect: RevocationEffect;
  /** The kind of the subject. */
  kind: RevocationSubject;
  /** Why. `UNSPECIFIED` if the change gave no reason. */
  reason: RevocationReason;
  /** The position in the log, a 64-bit integer in decimal. Send it as `after` to continue from here. */
  sequence: Scalars['String']['output'];
  /** The user to whom the subject belongs; null if it belongs to none. */
  userId?: Maybe<Scalars['ID']['output']>;
  /** The workspace to which the subject belongs; null if it belongs to none. */
  workspaceId?: Maybe<Scalars['ID']['output']>;
};

/** Selects the revocations to list. */
export type RevocationFilter = {
  /** Only the revoked tokens of this user. Defaults to all revocations that the caller can see. */
  userId?: InputMaybe<Scalars['ID']['input']>;
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

/**
 * Proof that a revocation has taken effect: every replica dropped the credential, or its lease expired and it can no
 * longer use its cache. No replica accepts the credential in any request that arrives after this receipt.
 */
export type RevocationReceipt = {
  __typename?: 'RevocationReceipt';
  /** Number of these replicas that confirmed the revocation. */
  acknowledged: Scalars['Int']['output'];
  /**
   * Commit time of the revocation, by the clock of the database. If the subject was already revoked, this is the commit
   * time of that earlier revocation. For a session that was revoked together with all sessions of its user, this is the
   * latest such revocation. If the log no longer has the entry (after one hour) or the database does not respond after the
   * commit, this is the timestamp of the row, which is slightly earlier.
   */
  committedAt: Scalars['DateTime']['output'];
  /**
   * Number of these replicas that deregistered before they confirmed. A replica gives up its cache before it deregisters.
   * If `propagation` is `ACKNOWLEDGED`, then `acknowledged + left` equals `replicas`. If it is `LEASE_EXPIRED`, the other
   * replicas did not respond.
   */
  left: Scalars['Int']['output'];
  /** How the propagation was proved. */
  propagation: RevocationPropagation;
  /** Number of replicas registered right after the commit. If the database did not respond, the last known number. */
  replicas: Scalars['Int']['output'];
  /**
   * Position in the invalidation log. Every replica has applied the log up to this position, or has lost its cache. A
   * 64-bit integer in decimal. If `propagation` is `LEASE_EXPIRED` and the database responds late or not at all, this can
   * be a position before the entry of this revocation. The revocation has taken effect nevertheless.
   */
  sequence: Scalars['String']['output'];
  /** Time from the commit to this response, in milliseconds. */
  settledInMilliseconds: Scalars['Float']['output'];
};

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
  jti: Scalars['ID']['input'];
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
};

/** Result of `revokeAccessToken`. */
export type RevokeAccessTokenResult = AccessTokenNotFoundError | RevokeAccessTokenSuccess;

/** The access token was revoked. */
export type RevokeAccessTokenSuccess = {
  __typename?: 'RevokeAccessTokenSuccess';
  /** Proof that no replica accepts the token. */
  receipt: RevocationReceipt;
  /** The revocation. */
  revocation: Revocation;
};

/** Input of `revokeAllSessions`. */
export type RevokeAllSessionsInput = {
  /** Keeps the session of this request. */
  exceptCurrent: Scalars['Boolean']['input'];
  /** The id of the user. Defaults to the caller. Only an administrator can name another user. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** Result of `revokeAllSessions`. */
export type RevokeAllSessionsResult = RevokeAllSessionsSuccess | UserNotFoundError;

/** The sessions were revoked. */
export type RevokeAllSessionsSuccess = {
  __typename?: 'RevokeAllSessionsSuccess';
  /** Proof that no replica accepts the tokens of the revoked sessions. */
  receipt: RevocationReceipt;
  /** Number of sessions revoked. */
  revokedCount: Scalars['Int']['output'];
};

/** Input of `revokeApiKey`. */
export type RevokeApiKeyInput = {
  /** The id of the key. */
  apiKeyId: Scalars['ID']['input'];
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
};

/** Result of `revokeApiKey`. */
export type RevokeApiKeyResult = ApiKeyNotFoundError | RevokeApiKeySuccess;

/** The key was revoked. */
export type RevokeApiKeySuccess = {
  __typename?: 'RevokeApiKeySuccess';
  /** The revoked key. */
  apiKey: ApiKey;
  /** Proof that no replica accepts the key. */
  receipt: RevocationReceipt;
};

/** Input of `revokeDaemon`. */
export type RevokeDaemonInput = {
  /** The `daemonId` of its tokens. */
  daemonId: Scalars['String']['input'];
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `revokeDaemon`. */
export type RevokeDaemonResult = RevokeDaemonSuccess | WorkspaceNotFoundError;

/** The daemon has no active token in the workspace. */
export type RevokeDaemonSuccess = {
  __typename?: 'RevokeDaemonSuccess';
  /** Proof that no replica accepts any of the tokens. */
  receipt: RevocationReceipt;
  /** Number of tokens that were active until this revocation. */
  revokedCount: Scalars['Int']['output'];
};

/** Input of `revokeDaemonToken`. */
export type RevokeDaemonTokenInput = {
  /** The id of the token. */
  daemonTokenId: Scalars['ID']['input'];
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
};

/** Result of `revokeDaemonToken`. */
export type RevokeDaemonTokenResult = DaemonTokenNotFoundError | RevokeDaemonTokenSuccess;

/** The token was revoked. */
export type RevokeDaemonTokenSuccess = {
  __typename?: 'RevokeDaemonTokenSuccess';
  /** The revoked token. */
  daemonToken: DaemonToken;
  /** Proof that no replica accepts the token. */
  receipt: RevocationReceipt;
};

/** Input of `revokeSession`. */
export type RevokeSessionInput = {
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
  /** The id of the session. */
  sessionId: Scalars['ID']['input'];
};

/** Result of `revokeSession`. */
export type RevokeSessionResult = RevokeSessionSuccess | SessionNotFoundError;

/** The session was revoked. */
export type RevokeSessionSuccess = {
  __typename?: 'RevokeSessionSuccess';
  /** Proof that no replica accepts the tokens of the session. */
  receipt: RevocationReceipt;
  /** The revoked session. */
  session: Session;
};

/** Input of `revokeSigningKey`. */
export type RevokeSigningKeyInput = {
  /** The reason to record. It does not change what the mutation does. */
  reason: RevocationReason;
  /** The id of the key. */
  signingKeyId: Scalars['ID']['input'];
};

/** Result of `revokeSigningKey`. */
export type RevokeSigningKeyResult = RevokeSigningKeySuccess | SigningKeyNotFoundError;

/** The key is revoked. */
export type RevokeSigningKeySuccess = {
  __typename?: 'RevokeSigningKeySuccess';
  /** Proof that no replica accepts a request that the key has signed. */
  receipt: RevocationReceipt;
  /** The revoked key. */
  signingKey: SigningKey;
};

/** Input of `rotateApiKey`. */
export type RotateApiKeyInput = {
  /** The id of the key. */
  apiKeyId: Scalars['ID']['input'];
  /**
   * How long the old secret stays valid, in seconds: 0 to 2592000 (30 days). It expires with the key at the latest. The
   * secret from before an earlier rotation is rejected at once.
   */
  overlapSeconds: Scalars['Int']['input'];
};

/** Result of `rotateApiKey`. */
export type RotateApiKeyResult = ApiKeyNotFoundError | ApiKeyRevokedError | ConflictError | InvalidInputError | RotateApiKeySuccess | ScopeNotHeldError;

/** The key has a new secret. */
export type RotateApiKeySuccess = {
  __typename?: 'RotateApiKeySuccess';
  /** The rotated key. */
  apiKey: ApiKey;
  /** When the old secret expires. Without an overlap, this is the time of the rotation. */
  previousSecretExpiresAt: Scalars['DateTime']['output'];
  /** Proof that every replica applied the rotation. */
  receipt: RevocationReceipt;
  /** The new secret. It is returned only here. */
  secret: Scalars['Secret']['output'];
};

/** Input of `rotateSigningKey`. */
export type RotateSigningKeyInput = {
  /** How long the key stays valid beside its successor: 0 to 86400 seconds (one day). */
  overlapSeconds: Scalars['Int']['input'];
  /** The id of the key. */
  signingKeyId: Scalars['ID']['input'];
};

/** Result of `rotateSigningKey`. */
export type RotateSigningKeyResult = ConflictError | InvalidInputError | RotateSigningKeySuccess | ScopeNotHeldError | SigningKeyNotFoundError | SigningKeyRevokedError;

/** The key has a successor. */
export type RotateSigningKeySuccess = {
  __typename?: 'RotateSigningKeySuccess';
  /** The key that was rotated. Its `expiresAt` is the end of the overlap. */
  previous: SigningKey;
  /** Proof that every replica rejects the previous key when its overlap ends. */
  receipt: RevocationReceipt;
  /** The secret of the successor. It cannot be read again. */
  secret: Scalars['Secret']['output'];
  /** The successor. */
  signingKey: SigningKey;
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

/** The calling credential lacks something that the request would grant. A credential can only grant what it holds. */
export type ScopeNotHeldError = UserError & {
  __typename?: 'ScopeNotHeldError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** The scopes that the calling credential lacks. Empty if it lacks permissions, expires too early, or is limited to addresses. */
  scopes: Array<Scope>;
};

/** A session: one login, with its refresh tokens and access tokens. */
export type Session = Credential & Node & {
  __typename?: 'Session';
  /** When the session was started. */
  createdAt: Scalars['DateTime']['output'];
  /** When the session expires, even if it is refreshed (`REKEY_REFRESH_ABSOLUTE_SECONDS`). */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the session, with the prefix `ses_`. */
  id: Scalars['ID']['output'];
  /** When the session expires unless it is refreshed earlier (`REKEY_REFRESH_IDLE_SECONDS`). */
  idleExpiresAt: Scalars['DateTime']['output'];
  /** IP address of the login request. Stored encrypted. */
  ipAddress?: Maybe<Scalars['String']['output']>;
  /** Whether this request belongs to the session. */
  isCurrent: Scalars['Boolean']['output'];
  /** Last activity: a login, a refresh or a request with an access token. May lag by up to two minutes. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the session was revoked; null if it was not. */
  revocationReason?: Maybe<RevocationReason>;
  /** When the session was revoked, alone or with all sessions of the user; null if it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The current status. */
  status: CredentialStatus;
  /** The user who logged in. */
  user: User;
  /** User agent of the login request, at most 500 characters. Stored encrypted. */
  userAgent?: Maybe<Scalars['String']['output']>;
};

/** A page of sessions, newest first. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  /** The sessions of this page, each with its cursor. */
  edges: Array<SessionEdge>;
  /** The sessions of this page. */
  nodes: Array<Session>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A session in a list, with its cursor. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  /** The position of this session in the list. */
  cursor: Scalars['String']['output'];
  /** The session. */
  node: Session;
};

/** Selects the sessions to list. */
export type SessionFilter = {
  /** Only the sessions with this status. */
  status?: InputMaybe<CredentialStatus>;
  /** Only the sessions of this user. Defaults to all sessions that the caller can see. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** No session of the caller has this id. */
export type SessionNotFoundError = UserError & {
  __typename?: 'SessionNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The tokens of a session; returned once. In cookie mode both tokens are empty, because the browser stores them. */
export type SessionTokens = {
  __typename?: 'SessionTokens';
  /** Send it as `Authorization: Bearer …`. A JWT (RFC 9068) that is signed with EdDSA. */
  accessToken: Scalars['Secret']['output'];
  /** When the access token expires (`REKEY_ACCESS_TOKEN_SECONDS`). */
  accessTokenExpiresAt: Scalars['DateTime']['output'];
  /** An opaque secret that works once. Store it where only the user can read it. */
  refreshToken: Scalars['Secret']['output'];
  /** When the refresh token expires. */
  refreshTokenExpiresAt: Scalars['DateTime']['output'];
  /** The session of these tokens. */
  session: Session;
};

/** Input of `setCredentialPolicy`. A bound that is left out does not exist. */
export type SetCredentialPolicyInput = {
  /** Changes nothing, and returns what would be revoked. */
  dryRun: Scalars['Boolean']['input'];
  /**
   * For how long a credential may be unused, in seconds: 1 to 315360000 (ten years). Uses are recorded with a delay, so a
   * credential may stay valid for up to `REKEY_LAST_USED_SECONDS` and two seconds longer, and is never rejected earlier.
   */
  idleSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** The longest lifetime of a credential, in seconds: 1 to 315360000 (ten years). */
  maximumLifetimeSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Whether every credential must have an expiry of its own. Revokes every credential that has none. */
  requiresExpiry: Scalars['Boolean']['input'];
  /** The id of the workspace. Left out: the installation. */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
};

/** Result of `setCredentialPolicy`. */
export type SetCredentialPolicyResult = InvalidInputError | SetCredentialPolicySuccess | WorkspaceNotFoundError;

/** The bounds are as requested, or would be. */
export type SetCredentialPolicySuccess = {
  __typename?: 'SetCredentialPolicySuccess';
  /** How many credentials the bounds revoked, or would revoke. Those of the installation are counted just before the change. */
  endedCount: Scalars['Int']['output'];
  /** The bounds. */
  policy: CredentialPolicy;
  /** Proof that no replica accepts what was revoked; null for a dry run, and if no bound is stricter than before. */
  receipt?: Maybe<RevocationReceipt>;
};

/** Input of `setWorkspaceMemberRole`. */
export type SetWorkspaceMemberRoleInput = {
  /** The new role. */
  role: WorkspaceRole;
  /** The id of the member. */
  userId: Scalars['ID']['input'];
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `setWorkspaceMemberRole`. */
export type SetWorkspaceMemberRoleResult = LastOwnerError | SetWorkspaceMemberRoleSuccess | UserNotFoundError | WorkspaceNotFoundError;

/** The member has this role. */
export type SetWorkspaceMemberRoleSuccess = {
  __typename?: 'SetWorkspaceMemberRoleSuccess';
  /** Proof that no replica treats the member as an owner. Null if the role is `OWNER`. */
  receipt?: Maybe<RevocationReceipt>;
  /** The role of the member. */
  role: WorkspaceRole;
  /** The member. A key of a workspace can read only the `id`. Other fields return `FORBIDDEN` after the change is made. */
  user: User;
  /** The workspace. */
  workspace: Workspace;
};

/** The setup token is wrong. */
export type SetupTokenRejectedError = UserError & {
  __typename?: 'SetupTokenRejectedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/**
 * A secret of a workspace that signs requests. The secret is never sent with a request. A signing key acts for no user, and
 * stays valid when its creator is deleted or leaves the workspace.
 */
export type SigningKey = Credential & Node & {
  __typename?: 'SigningKey';
  /** When the key was created. */
  createdAt: Scalars['DateTime']['output'];
  /**
   * The user who created the key. Null if that user was deleted, if the caller may not see that user, or if a credential
   * without a user created it.
   */
  createdBy?: Maybe<User>;
  /** Your own note about the key, in plain text; empty if there is none. */
  description: Scalars['String']['output'];
  /**
   * When the key expires, by its own expiry or by a credential policy, whichever is first; null if it does not expire. A
   * rotation moves its own expiry to the end of the overlap, and never to a later time. While a policy bounds how long the key
   * may be idle, each use moves this time.
   */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The id of the key, with the prefix `sgk_`. It is the `kid` of a signature, and not a secret. */
  id: Scalars['ID']['output'];
  /** When the key last signed an accepted request; null if it never did. May lag by up to two minutes. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Custom permissions that you define. Returned by `/v1/verify`, not interpreted by Rekey. */
  permissions: Array<Scalars['String']['output']>;
  /** The id of the key that replaces this key; null if it was not rotated. */
  replacedBy?: Maybe<Scalars['ID']['output']>;
  /** The id of the key that this key replaces; null if it replaces none. */
  replaces?: Maybe<Scalars['ID']['output']>;
  /** Why the key was revoked; null if it was not. */
  revocationReason?: Maybe<RevocationReason>;
  /** When the key was revoked; null if it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What a request that the key has signed can do in Rekey. */
  scopes: Array<Scope>;
  /** The current status. */
  status: CredentialStatus;
  /** The workspace that the key belongs to. */
  workspace: Workspace;
};

/** A page of signing keys, newest first. */
export type SigningKeyConnection = {
  __typename?: 'SigningKeyConnection';
  /** The keys of this page, each with its cursor. */
  edges: Array<SigningKeyEdge>;
  /** The keys of this page. */
  nodes: Array<SigningKey>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A signing key in a list, with its cursor. */
export type SigningKeyEdge = {
  __typename?: 'SigningKeyEdge';
  /** The position of this key in the list. */
  cursor: Scalars['String']['output'];
  /** The key. */
  node: SigningKey;
};

/** No signing key that the caller may see has this id. */
export type SigningKeyNotFoundError = UserError & {
  __typename?: 'SigningKeyNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The key was revoked and cannot be rotated. */
export type SigningKeyRevokedError = UserError & {
  __typename?: 'SigningKeyRevokedError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** When the key was revoked. */
  revokedAt: Scalars['DateTime']['output'];
};

/** What clients can follow. Send a subscription with `Accept: text/event-stream`, or over a WebSocket. */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Every revocation that the caller may see, in the order of the log, as soon as this replica has applied it. A service can
   * use it to delete what it has cached.
   *
   * - An administrator, or a credential with `INTROSPECT`, sees all revocations.
   * - A user sees their own, those of the workspaces in which they are a member, and `ALL`.
   * - A credential that is bound to a workspace sees those of the workspace, and `ALL`.
   *
   * Send it with `Accept: text/event-stream`, or over a WebSocket with the subprotocol `graphql-transport-ws`. The stream ends
   * when the credential ends. Each error in the stream has a code:
   *
   * - `UNAUTHENTICATED`: the credential was revoked or has expired.
   * - `FORBIDDEN`: the credential does not hold the scope any more, or sees less than before.
   * - `AUTHENTICATION_UNAVAILABLE`: this replica cannot know whether the credential is valid. Connect again.
   * - `TOO_SLOW`: the client reads too slowly. Connect again.
   * - `POSITION_TOO_OLD`: the log does not reach back to `after`. Forget what you have cached, and connect without `after`.
   */
  revocations: RevocationEvent;
};


/** What clients can follow. Send a subscription with `Accept: text/event-stream`, or over a WebSocket. */
export type SubscriptionrevocationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
};

/** The token is not in the last quarter of its span, maybe because another request has just renewed it. */
export type TooEarlyToRenewError = UserError & {
  __typename?: 'TooEarlyToRenewError';
  /** When the token expires now. */
  expiresAt: Scalars['DateTime']['output'];
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
  /** From when on the token can be renewed. */
  renewableAt: Scalars['DateTime']['output'];
};

/** Input of `updateApiKey`. What is left out stays as it is. Only `description`, `expiresAt` and `rateLimit` may be null. */
export type UpdateApiKeyInput = {
  /** The new addresses and networks; empty: all. What is added must be within the addresses of the calling credential. */
  allowedAddresses?: InputMaybe<Array<Scalars['String']['input']>>;
  /** The id of the key. */
  apiKeyId: Scalars['ID']['input'];
  /** The new description, 1 to 500 visible characters. Null removes it. */
  description?: InputMaybe<Scalars['String']['input']>;
  /**
   * The new expiry. Must be in the future. A later one than before must not be later than the expiry of the calling
   * credential, unless that is a session, nor later than credential policies allow. Null means the latest one that is allowed,
   * which may be none.
   */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The new metadata, which replaces all entries. */
  metadata?: InputMaybe<Array<MetadataEntryInput>>;
  /** The new name. Must not be empty and must have only visible characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /**
   * The new permissions. The calling credential must hold each permission that is added, unless it holds the scope `ADMIN`. So
   * must the user of the key, unless that is an administrator.
   */
  permissions?: InputMaybe<Array<Scalars['String']['input']>>;
  /**
   * How often the key may be used. Null removes the limit. A stricter limit narrows the key: every replica obeys it before the
   * response. What the key has used of its current window counts. To loosen or remove the limit, the caller must hold the
   * scopes and permissions of the key, and a key does not loosen its own.
   */
  rateLimit?: InputMaybe<RateLimitInput>;
  /** The new scopes. The calling credential must hold each scope that is added, and the role of the user of the key must allow it. */
  scopes?: InputMaybe<Array<Scope>>;
};

/** Result of `updateApiKey`. */
export type UpdateApiKeyResult = ApiKeyNotFoundError | ApiKeyRevokedError | InvalidInputError | ScopeNotHeldError | UpdateApiKeySuccess;

/** The key is as requested. */
export type UpdateApiKeySuccess = {
  __typename?: 'UpdateApiKeySuccess';
  /** The changed key. */
  apiKey: ApiKey;
  /** Proof that every replica applied what was taken away from the key; null if nothing was. */
  receipt?: Maybe<RevocationReceipt>;
};

/** Input of `updateProfile`. */
export type UpdateProfileInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName: Scalars['String']['input'];
};

/** Result of `updateProfile`. */
export type UpdateProfileResult = InvalidInputError | UpdateProfileSuccess;

/** The account has this display name. */
export type UpdateProfileSuccess = {
  __typename?: 'UpdateProfileSuccess';
  /** The caller. */
  user: User;
};

/** Input of `updateUser`. */
export type UpdateUserInput = {
  /** The name to show to other users. Must not be empty and must have only visible characters. */
  displayName?: InputMaybe<Scalars['String']['input']>;
  /** The email address to log in with. */
  email?: InputMaybe<Scalars['String']['input']>;
  /**
   * All permissions of the user. Each has 1 to 100 of the characters `A-Z a-z 0-9 . _ : / * -`. All together have at most 2048
   * characters, including one separator between two permissions.
   */
  permissions?: InputMaybe<Array<Scalars['String']['input']>>;
  /** The role of the user. */
  role?: InputMaybe<UserRole>;
  /** The id of the user. */
  userId: Scalars['ID']['input'];
};

/** Result of `updateUser`. */
export type UpdateUserResult = EmailTakenError | InvalidInputError | LastAdministratorError | UpdateUserSuccess | UserNotFoundError;

/** The account has the given values. */
export type UpdateUserSuccess = {
  __typename?: 'UpdateUserSuccess';
  /**
   * Proof that no replica accepts more than the account allows now. Null if the input cannot narrow anything: it has neither
   * the role `MEMBER` nor `permissions`, or only adds permissions.
   */
  receipt?: Maybe<RevocationReceipt>;
  /** The user. */
  user: User;
};

/** Input of `updateWorkspace`. What is left out stays as it is. */
export type UpdateWorkspaceInput = {
  /** The new name. Must not be null or empty and must have only visible characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /**
   * Whether requests with an API key or a daemon token that is bound to this workspace must be signed. With `true`, every
   * replica rejects unsigned ones before the response. Must not be null.
   */
  requiresSignedRequests?: InputMaybe<Scalars['Boolean']['input']>;
  /** The id of the workspace. */
  workspaceId: Scalars['ID']['input'];
};

/** Result of `updateWorkspace`. */
export type UpdateWorkspaceResult = InvalidInputError | UpdateWorkspaceSuccess | WorkspaceNotFoundError;

/** The workspace is as requested. */
export type UpdateWorkspaceSuccess = {
  __typename?: 'UpdateWorkspaceSuccess';
  /** Proof that no replica accepts an unsigned request. Null unless `requiresSignedRequests: true` was requested. */
  receipt?: Maybe<RevocationReceipt>;
  /** The changed workspace. */
  workspace: Workspace;
};

/**
 * A user account. A caller can read their own account and the accounts of users who share a workspace with them. A caller
 * with the scope `ADMIN` or `INTROSPECT` can read every account. A field that refers to any other user is null. The fields
 * about the use and the permissions of an account are for the user and for these callers.
 */
export type User = Node & {
  __typename?: 'User';
  /** Number of active API keys. `FORBIDDEN` for a caller that shares only a workspace with the user. */
  apiKeyCount: Scalars['Int']['output'];
  /** When the account was created. */
  createdAt: Scalars['DateTime']['output'];
  /** When the account was disabled; null if it is active. */
  disabledAt?: Maybe<Scalars['DateTime']['output']>;
  /** The name to show to other users. Stored encrypted. */
  displayName: Scalars['String']['output'];
  /** The email address as it was given. Stored encrypted. */
  email: Scalars['String']['output'];
  /** The id of the user, with the prefix `usr_`. */
  id: Scalars['ID']['output'];
  /** When the user was last invited; null if the user has accepted, or was never invited. An invited user cannot log in. */
  invitedAt?: Maybe<Scalars['DateTime']['output']>;
  /**
   * When a session or an API key of the user was last used; null if none was, or if the caller shares only a workspace with
   * the user. May lag by up to two minutes.
   */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /**
   * Custom permissions that you define. The sessions of the user hold exactly these. The API keys of a member hold at most
   * these, also keys that were created with more. `FORBIDDEN` for a caller that shares only a workspace with the user.
   */
  permissions: Array<Scalars['String']['output']>;
  /** The current role of the user. */
  role: UserRole;
  /** Number of active sessions. `FORBIDDEN` for a caller that shares only a workspace with the user. */
  sessionCount: Scalars['Int']['output'];
};

/** A page of users, newest first. */
export type UserConnection = {
  __typename?: 'UserConnection';
  /** The users of this page, each with its cursor. */
  edges: Array<UserEdge>;
  /** The users of this page. */
  nodes: Array<User>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A user in a list, with its cursor. */
export type UserEdge = {
  __typename?: 'UserEdge';
  /** The position of this user in the list. */
  cursor: Scalars['String']['output'];
  /** The user. */
  node: User;
};

/** An expected failure that the caller can handle. */
export type UserError = {
  /** The error in plain English, for people. Programs must use `__typename` and the other fields. */
  message: Scalars['String']['output'];
};

/** Selects the users to list. */
export type UserFilter = {
  /** Exact match, case-insensitive. */
  email?: InputMaybe<Scalars['String']['input']>;
};

/** No user that the caller can manage has this id. */
export type UserNotFoundError = UserError & {
  __typename?: 'UserNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The role of a user in this installation. It limits the scopes that the credentials of the user can hold. */
export type UserRole =
  /** Manages everything in this installation. */
  | 'ADMIN'
  /** Manages their own sessions, API keys and workspaces. */
  | 'MEMBER';

/** The caller of this request. */
export type Viewer = {
  __typename?: 'Viewer';
  /**
   * The credential that authenticated this request. In a signed request with an API key or a daemon token, that one and not
   * the signing key.
   */
  credential: Credential;
  /** Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. */
  permissions: Array<Scalars['String']['output']>;
  /** What the credential can do in Rekey. */
  scopes: Array<Scope>;
  /** The user of the credential; null if it has no user. */
  user?: Maybe<User>;
  /** The workspace that the credential is bound to; null if it is not bound. */
  workspace?: Maybe<Workspace>;
};

/** A workspace groups the credentials of a team or a project. An API key can be bound to one workspace. */
export type Workspace = Node & {
  __typename?: 'Workspace';
  /** When the workspace was created. */
  createdAt: Scalars['DateTime']['output'];
  /** The bounds of the workspace itself. Those of the installation hold, too. */
  credentialPolicy: CredentialPolicy;
  /** The id of the workspace, with the prefix `wsp_`. */
  id: Scalars['ID']['output'];
  /**
   * The members of the workspace: those who joined last come first. Empty if the caller may not see the workspace, and for
   * credentials without a user.
   */
  members: WorkspaceMemberConnection;
  /** The name of the workspace. Stored in plain text. */
  name: Scalars['String']['output'];
  /**
   * Whether requests with an API key or a daemon token that is bound to this workspace must also be signed by a signing key
   * of this workspace. Sessions, and API keys that are bound to no workspace, are not affected.
   */
  requiresSignedRequests: Scalars['Boolean']['output'];
};


/** A workspace groups the credentials of a team or a project. An API key can be bound to one workspace. */
export type WorkspacemembersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
};

/** A page of workspaces, newest first. */
export type WorkspaceConnection = {
  __typename?: 'WorkspaceConnection';
  /** The workspaces of this page, each with its cursor. */
  edges: Array<WorkspaceEdge>;
  /** The workspaces of this page. */
  nodes: Array<Workspace>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A workspace in a list, with its cursor. */
export type WorkspaceEdge = {
  __typename?: 'WorkspaceEdge';
  /** The position of this workspace in the list. */
  cursor: Scalars['String']['output'];
  /** The workspace. */
  node: Workspace;
};

/** The membership of a user in a workspace. */
export type WorkspaceMember = {
  __typename?: 'WorkspaceMember';
  /** When the user joined the workspace. */
  joinedAt: Scalars['DateTime']['output'];
  /** What the member may do in the workspace. */
  role: WorkspaceRole;
  /** The member. */
  user: User;
};

/** A page of members: those who joined last come first. */
export type WorkspaceMemberConnection = {
  __typename?: 'WorkspaceMemberConnection';
  /** The members of this page, each with its cursor. */
  edges: Array<WorkspaceMemberEdge>;
  /** The members of this page. */
  nodes: Array<WorkspaceMember>;
  /** Where this page begins and ends. */
  pageInfo: PageInfo;
};

/** A member in a list, with its cursor. */
export type WorkspaceMemberEdge = {
  __typename?: 'WorkspaceMemberEdge';
  /** The position of this member in the list. */
  cursor: Scalars['String']['output'];
  /** The member. */
  node: WorkspaceMember;
};

/** No workspace of the caller has this id. */
export type WorkspaceNotFoundError = UserError & {
  __typename?: 'WorkspaceNotFoundError';
  /** The error in plain English, for people. */
  message: Scalars['String']['output'];
};

/** The role of a member in a workspace. */
export type WorkspaceRole =
  /** Reads the workspace and its members, and creates credentials for it. */
  | 'MEMBER'
  /** The same, and changes and deletes the workspace and manages its members. */
  | 'OWNER';



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  AcceptInvitationResult:
    | ( Omit<AcceptInvitationSuccess, 'tokens' | 'user'> & { tokens: _RefType['SessionTokens'], user: _RefType['User'] } & { __typename: 'AcceptInvitationSuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( InvitationRejectedError & { __typename: 'InvitationRejectedError' } )
  ;
  AddWorkspaceMemberResult:
    | ( Omit<AddWorkspaceMemberSuccess, 'role' | 'user' | 'workspace'> & { role: _RefType['WorkspaceRole'], user: _RefType['User'], workspace: _RefType['Workspace'] } & { __typename: 'AddWorkspaceMemberSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  BootstrapResult:
    | ( AlreadyBootstrappedError & { __typename: 'AlreadyBootstrappedError' } )
    | ( Omit<BootstrapSuccess, 'tokens' | 'user'> & { tokens: _RefType['SessionTokens'], user: _RefType['User'] } & { __typename: 'BootstrapSuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( SetupTokenRejectedError & { __typename: 'SetupTokenRejectedError' } )
  ;
  ChangePasswordResult:
    | ( Omit<ChangePasswordSuccess, 'receipt' | 'user'> & { receipt: _RefType['RevocationReceipt'], user: _RefType['User'] } & { __typename: 'ChangePasswordSuccess' } )
    | ( InvalidCredentialsError & { __typename: 'InvalidCredentialsError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( NotASessionError & { __typename: 'NotASessionError' } )
  ;
  CreateApiKeyResult:
    | ( ApiKeyQuotaError & { __typename: 'ApiKeyQuotaError' } )
    | ( Omit<CreateApiKeySuccess, 'apiKey'> & { apiKey: _RefType['ApiKey'] } & { __typename: 'CreateApiKeySuccess' } )
    | ( IdempotencyKeyReusedError & { __typename: 'IdempotencyKeyReusedError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  CreateDaemonTokenResult:
    | ( Omit<CreateDaemonTokenSuccess, 'daemonToken'> & { daemonToken: _RefType['DaemonToken'] } & { __typename: 'CreateDaemonTokenSuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  CreatePasswordResetResult:
    | ( Omit<CreatePasswordResetSuccess, 'user'> & { user: _RefType['User'] } & { __typename: 'CreatePasswordResetSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  CreateSigningKeyResult:
    | ( Omit<CreateSigningKeySuccess, 'signingKey'> & { signingKey: _RefType['SigningKey'] } & { __typename: 'CreateSigningKeySuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  CreateWorkspaceResult:
    | ( Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: _RefType['Workspace'] } & { __typename: 'CreateWorkspaceSuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
  ;
  DeleteUserResult:
    | ( Omit<DeleteUserSuccess, 'receipt'> & { receipt: _RefType['RevocationReceipt'] } & { __typename: 'DeleteUserSuccess' } )
    | ( LastAdministratorError & { __typename: 'LastAdministratorError' } )
    | ( Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<_RefType['Workspace']> } & { __typename: 'LastOwnerError' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  DeleteWorkspaceResult:
    | ( Omit<DeleteWorkspaceSuccess, 'receipt'> & { receipt: _RefType['RevocationReceipt'] } & { __typename: 'DeleteWorkspaceSuccess' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  DisableUserResult:
    | ( Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: _RefType['RevocationReceipt'], user: _RefType['User'] } & { __typename: 'DisableUserSuccess' } )
    | ( LastAdministratorError & { __typename: 'LastAdministratorError' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  EnableUserResult:
    | ( Omit<EnableUserSuccess, 'user'> & { user: _RefType['User'] } & { __typename: 'EnableUserSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  EndApiKeyOverlapResult:
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( Omit<EndApiKeyOverlapSuccess, 'apiKey' | 'receipt'> & { apiKey: _RefType['ApiKey'], receipt: _RefType['RevocationReceipt'] } & { __typename: 'EndApiKeyOverlapSuccess' } )
  ;
  InviteUserResult:
    | ( EmailTakenError & { __typename: 'EmailTakenError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<InviteUserSuccess, 'user'> & { user: _RefType['User'] } & { __typename: 'InviteUserSuccess' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  LoginResult:
    | ( InvalidCredentialsError & { __typename: 'InvalidCredentialsError' } )
    | ( Omit<LoginSuccess, 'tokens' | 'user'> & { tokens: _RefType['SessionTokens'], user: _RefType['User'] } & { __typename: 'LoginSuccess' } )
  ;
  LogoutResult:
    | ( Omit<LogoutSuccess, 'receipt' | 'session'> & { receipt: _RefType['RevocationReceipt'], session: _RefType['Session'] } & { __typename: 'LogoutSuccess' } )
    | ( NotASessionError & { __typename: 'NotASessionError' } )
  ;
  RefreshSessionResult:
    | ( Omit<RefreshSessionSuccess, 'tokens'> & { tokens: _RefType['SessionTokens'] } & { __typename: 'RefreshSessionSuccess' } )
    | ( Omit<RefreshTokenRejectedError, 'reason'> & { reason: _RefType['RefreshRejectionReason'] } & { __typename: 'RefreshTokenRejectedError' } )
  ;
  RegisterResult:
    | ( EmailTakenError & { __typename: 'EmailTakenError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<RegisterSuccess, 'tokens' | 'user'> & { tokens: _RefType['SessionTokens'], user: _RefType['User'] } & { __typename: 'RegisterSuccess' } )
    | ( RegistrationClosedError & { __typename: 'RegistrationClosedError' } )
  ;
  RemoveWorkspaceMemberResult:
    | ( Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<_RefType['Workspace']> } & { __typename: 'LastOwnerError' } )
    | ( Omit<RemoveWorkspaceMemberSuccess, 'receipt' | 'workspace'> & { receipt: _RefType['RevocationReceipt'], workspace: _RefType['Workspace'] } & { __typename: 'RemoveWorkspaceMemberSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  RenewDaemonTokenResult:
    | ( MaximumAgeReachedError & { __typename: 'MaximumAgeReachedError' } )
    | ( NotADaemonTokenError & { __typename: 'NotADaemonTokenError' } )
    | ( Omit<RenewDaemonTokenSuccess, 'daemonToken'> & { daemonToken: _RefType['DaemonToken'] } & { __typename: 'RenewDaemonTokenSuccess' } )
    | ( TooEarlyToRenewError & { __typename: 'TooEarlyToRenewError' } )
  ;
  ResetPasswordResult:
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ResetPasswordSuccess, 'receipt'> & { receipt: _RefType['RevocationReceipt'] } & { __typename: 'ResetPasswordSuccess' } )
    | ( ResetTokenRejectedError & { __typename: 'ResetTokenRejectedError' } )
  ;
  RevokeAccessTokenResult:
    | ( AccessTokenNotFoundError & { __typename: 'AccessTokenNotFoundError' } )
    | ( Omit<RevokeAccessTokenSuccess, 'receipt' | 'revocation'> & { receipt: _RefType['RevocationReceipt'], revocation: _RefType['Revocation'] } & { __typename: 'RevokeAccessTokenSuccess' } )
  ;
  RevokeAllSessionsResult:
    | ( Omit<RevokeAllSessionsSuccess, 'receipt'> & { receipt: _RefType['RevocationReceipt'] } & { __typename: 'RevokeAllSessionsSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  RevokeApiKeyResult:
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( Omit<RevokeApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: _RefType['ApiKey'], receipt: _RefType['RevocationReceipt'] } & { __typename: 'RevokeApiKeySuccess' } )
  ;
  RevokeDaemonResult:
    | ( Omit<RevokeDaemonSuccess, 'receipt'> & { receipt: _RefType['RevocationReceipt'] } & { __typename: 'RevokeDaemonSuccess' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  RevokeDaemonTokenResult:
    | ( DaemonTokenNotFoundError & { __typename: 'DaemonTokenNotFoundError' } )
    | ( Omit<RevokeDaemonTokenSuccess, 'daemonToken' | 'receipt'> & { daemonToken: _RefType['DaemonToken'], receipt: _RefType['RevocationReceipt'] } & { __typename: 'RevokeDaemonTokenSuccess' } )
  ;
  RevokeSessionResult:
    | ( Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: _RefType['RevocationReceipt'], session: _RefType['Session'] } & { __typename: 'RevokeSessionSuccess' } )
    | ( SessionNotFoundError & { __typename: 'SessionNotFoundError' } )
  ;
  RevokeSigningKeyResult:
    | ( Omit<RevokeSigningKeySuccess, 'receipt' | 'signingKey'> & { receipt: _RefType['RevocationReceipt'], signingKey: _RefType['SigningKey'] } & { __typename: 'RevokeSigningKeySuccess' } )
    | ( SigningKeyNotFoundError & { __typename: 'SigningKeyNotFoundError' } )
  ;
  RotateApiKeyResult:
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( ApiKeyRevokedError & { __typename: 'ApiKeyRevokedError' } )
    | ( ConflictError & { __typename: 'ConflictError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: _RefType['ApiKey'], receipt: _RefType['RevocationReceipt'] } & { __typename: 'RotateApiKeySuccess' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
  ;
  RotateSigningKeyResult:
    | ( ConflictError & { __typename: 'ConflictError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<RotateSigningKeySuccess, 'previous' | 'receipt' | 'signingKey'> & { previous: _RefType['SigningKey'], receipt: _RefType['RevocationReceipt'], signingKey: _RefType['SigningKey'] } & { __typename: 'RotateSigningKeySuccess' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( SigningKeyNotFoundError & { __typename: 'SigningKeyNotFoundError' } )
    | ( SigningKeyRevokedError & { __typename: 'SigningKeyRevokedError' } )
  ;
  SetCredentialPolicyResult:
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<SetCredentialPolicySuccess, 'policy' | 'receipt'> & { policy: _RefType['CredentialPolicy'], receipt?: Maybe<_RefType['RevocationReceipt']> } & { __typename: 'SetCredentialPolicySuccess' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  SetWorkspaceMemberRoleResult:
    | ( Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<_RefType['Workspace']> } & { __typename: 'LastOwnerError' } )
    | ( Omit<SetWorkspaceMemberRoleSuccess, 'receipt' | 'role' | 'user' | 'workspace'> & { receipt?: Maybe<_RefType['RevocationReceipt']>, role: _RefType['WorkspaceRole'], user: _RefType['User'], workspace: _RefType['Workspace'] } & { __typename: 'SetWorkspaceMemberRoleSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  UpdateApiKeyResult:
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( ApiKeyRevokedError & { __typename: 'ApiKeyRevokedError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( Omit<UpdateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: _RefType['ApiKey'], receipt?: Maybe<_RefType['RevocationReceipt']> } & { __typename: 'UpdateApiKeySuccess' } )
  ;
  UpdateProfileResult:
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<UpdateProfileSuccess, 'user'> & { user: _RefType['User'] } & { __typename: 'UpdateProfileSuccess' } )
  ;
  UpdateUserResult:
    | ( EmailTakenError & { __typename: 'EmailTakenError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( LastAdministratorError & { __typename: 'LastAdministratorError' } )
    | ( Omit<UpdateUserSuccess, 'receipt' | 'user'> & { receipt?: Maybe<_RefType['RevocationReceipt']>, user: _RefType['User'] } & { __typename: 'UpdateUserSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  UpdateWorkspaceResult:
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<UpdateWorkspaceSuccess, 'receipt' | 'workspace'> & { receipt?: Maybe<_RefType['RevocationReceipt']>, workspace: _RefType['Workspace'] } & { __typename: 'UpdateWorkspaceSuccess' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Credential:
    | ( ApiKeyMapper & { __typename: 'ApiKey' } )
    | ( DaemonTokenMapper & { __typename: 'DaemonToken' } )
    | ( SessionMapper & { __typename: 'Session' } )
    | ( SigningKeyMapper & { __typename: 'SigningKey' } )
  ;
  Node:
    | ( ApiKeyMapper & { __typename: 'ApiKey' } )
    | ( AuditEventMapper & { __typename: 'AuditEvent' } )
    | ( DaemonTokenMapper & { __typename: 'DaemonToken' } )
    | ( RevocationMapper & { __typename: 'Revocation' } )
    | ( SessionMapper & { __typename: 'Session' } )
    | ( SigningKeyMapper & { __typename: 'SigningKey' } )
    | ( UserMapper & { __typename: 'User' } )
    | ( WorkspaceMapper & { __typename: 'Workspace' } )
  ;
  UserError:
    | ( AccessTokenNotFoundError & { __typename: 'AccessTokenNotFoundError' } )
    | ( AlreadyBootstrappedError & { __typename: 'AlreadyBootstrappedError' } )
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( ApiKeyQuotaError & { __typename: 'ApiKeyQuotaError' } )
    | ( ApiKeyRevokedError & { __typename: 'ApiKeyRevokedError' } )
    | ( ConflictError & { __typename: 'ConflictError' } )
    | ( DaemonTokenNotFoundError & { __typename: 'DaemonTokenNotFoundError' } )
    | ( EmailTakenError & { __typename: 'EmailTakenError' } )
    | ( IdempotencyKeyReusedError & { __typename: 'IdempotencyKeyReusedError' } )
    | ( InvalidCredentialsError & { __typename: 'InvalidCredentialsError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( InvitationRejectedError & { __typename: 'InvitationRejectedError' } )
    | ( LastAdministratorError & { __typename: 'LastAdministratorError' } )
    | ( Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<_RefType['Workspace']> } & { __typename: 'LastOwnerError' } )
    | ( MaximumAgeReachedError & { __typename: 'MaximumAgeReachedError' } )
    | ( NotADaemonTokenError & { __typename: 'NotADaemonTokenError' } )
    | ( NotASessionError & { __typename: 'NotASessionError' } )
    | ( Omit<RefreshTokenRejectedError, 'reason'> & { reason: _RefType['RefreshRejectionReason'] } & { __typename: 'RefreshTokenRejectedError' } )
    | ( RegistrationClosedError & { __typename: 'RegistrationClosedError' } )
    | ( ResetTokenRejectedError & { __typename: 'ResetTokenRejectedError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( SessionNotFoundError & { __typename: 'SessionNotFoundError' } )
    | ( SetupTokenRejectedError & { __typename: 'SetupTokenRejectedError' } )
    | ( SigningKeyNotFoundError & { __typename: 'SigningKeyNotFoundError' } )
    | ( SigningKeyRevokedError & { __typename: 'SigningKeyRevokedError' } )
    | ( TooEarlyToRenewError & { __typename: 'TooEarlyToRenewError' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AcceptInvitationInput: AcceptInvitationInput;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  AcceptInvitationResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['AcceptInvitationResult']>;
  AcceptInvitationSuccess: ResolverTypeWrapper<Omit<AcceptInvitationSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  AccessTokenNotFoundError: ResolverTypeWrapper<AccessTokenNotFoundError>;
  AddWorkspaceMemberInput: AddWorkspaceMemberInput;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  AddWorkspaceMemberResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['AddWorkspaceMemberResult']>;
  AddWorkspaceMemberSuccess: ResolverTypeWrapper<Omit<AddWorkspaceMemberSuccess, 'role' | 'user' | 'workspace'> & { role: ResolversTypes['WorkspaceRole'], user: ResolversTypes['User'], workspace: ResolversTypes['Workspace'] }>;
  AlreadyBootstrappedError: ResolverTypeWrapper<AlreadyBootstrappedError>;
  ApiKey: ResolverTypeWrapper<ApiKeyMapper>;
  ApiKeyConnection: ResolverTypeWrapper<ApiKeyConnectionMapper>;
  ApiKeyEdge: ResolverTypeWrapper<Omit<ApiKeyEdge, 'node'> & { node: ResolversTypes['ApiKey'] }>;
  ApiKeyFilter: ApiKeyFilter;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ApiKeyNotFoundError: ResolverTypeWrapper<ApiKeyNotFoundError>;
  ApiKeyOwner: ResolverTypeWrapper<'USER' | 'WORKSPACE'>;
  ApiKeyQuotaError: ResolverTypeWrapper<ApiKeyQuotaError>;
  ApiKeyRevokedError: ResolverTypeWrapper<ApiKeyRevokedError>;
  AuditDetail: ResolverTypeWrapper<AuditDetail>;
  AuditEvent: ResolverTypeWrapper<AuditEventMapper>;
  AuditEventConnection: ResolverTypeWrapper<Omit<AuditEventConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['AuditEventEdge']>, nodes: Array<ResolversTypes['AuditEvent']> }>;
  AuditEventEdge: ResolverTypeWrapper<Omit<AuditEventEdge, 'node'> & { node: ResolversTypes['AuditEvent'] }>;
  AuditEventFilter: AuditEventFilter;
  AuditOutcome: ResolverTypeWrapper<'SUCCEEDED' | 'REFUSED'>;
  BootstrapInput: BootstrapInput;
  BootstrapResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['BootstrapResult']>;
  BootstrapSuccess: ResolverTypeWrapper<Omit<BootstrapSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ChangePasswordResult']>;
  ChangePasswordSuccess: ResolverTypeWrapper<Omit<ChangePasswordSuccess, 'receipt' | 'user'> & { receipt: ResolversTypes['RevocationReceipt'], user: ResolversTypes['User'] }>;
  ConflictError: ResolverTypeWrapper<ConflictError>;
  CreateApiKeyInput: CreateApiKeyInput;
  CreateApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateApiKeyResult']>;
  CreateApiKeySuccess: ResolverTypeWrapper<Omit<CreateApiKeySuccess, 'apiKey'> & { apiKey: ResolversTypes['ApiKey'] }>;
  CreateDaemonTokenInput: CreateDaemonTokenInput;
  CreateDaemonTokenResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateDaemonTokenResult']>;
  CreateDaemonTokenSuccess: ResolverTypeWrapper<Omit<CreateDaemonTokenSuccess, 'daemonToken'> & { daemonToken: ResolversTypes['DaemonToken'] }>;
  CreatePasswordResetInput: CreatePasswordResetInput;
  CreatePasswordResetResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreatePasswordResetResult']>;
  CreatePasswordResetSuccess: ResolverTypeWrapper<Omit<CreatePasswordResetSuccess, 'user'> & { user: ResolversTypes['User'] }>;
  CreateSigningKeyInput: CreateSigningKeyInput;
  CreateSigningKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateSigningKeyResult']>;
  CreateSigningKeySuccess: ResolverTypeWrapper<Omit<CreateSigningKeySuccess, 'signingKey'> & { signingKey: ResolversTypes['SigningKey'] }>;
  CreateWorkspaceInput: CreateWorkspaceInput;
  CreateWorkspaceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateWorkspaceResult']>;
  CreateWorkspaceSuccess: ResolverTypeWrapper<Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: ResolversTypes['Workspace'] }>;
  Credential: ResolverTypeWrapper<CredentialMapper>;
  CredentialPolicy: ResolverTypeWrapper<CredentialPolicyMapper>;
  CredentialStatus: ResolverTypeWrapper<'ACTIVE' | 'EXPIRED' | 'REVOKED'>;
  DaemonToken: ResolverTypeWrapper<DaemonTokenMapper>;
  DaemonTokenConnection: ResolverTypeWrapper<Omit<DaemonTokenConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['DaemonTokenEdge']>, nodes: Array<ResolversTypes['DaemonToken']> }>;
  DaemonTokenEdge: ResolverTypeWrapper<Omit<DaemonTokenEdge, 'node'> & { node: ResolversTypes['DaemonToken'] }>;
  DaemonTokenNotFoundError: ResolverTypeWrapper<DaemonTokenNotFoundError>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeleteUserInput: DeleteUserInput;
  DeleteUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['DeleteUserResult']>;
  DeleteUserSuccess: ResolverTypeWrapper<Omit<DeleteUserSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  DeleteWorkspaceInput: DeleteWorkspaceInput;
  DeleteWorkspaceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['DeleteWorkspaceResult']>;
  DeleteWorkspaceSuccess: ResolverTypeWrapper<Omit<DeleteWorkspaceSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  DisableUserInput: DisableUserInput;
  DisableUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['DisableUserResult']>;
  DisableUserSuccess: ResolverTypeWrapper<Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: ResolversTypes['RevocationReceipt'], user: ResolversTypes['User'] }>;
  EmailTakenError: ResolverTypeWrapper<EmailTakenError>;
  EnableUserInput: EnableUserInput;
  EnableUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EnableUserResult']>;
  EnableUserSuccess: ResolverTypeWrapper<Omit<EnableUserSuccess, 'user'> & { user: ResolversTypes['User'] }>;
  EndApiKeyOverlapInput: EndApiKeyOverlapInput;
  EndApiKeyOverlapResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EndApiKeyOverlapResult']>;
  EndApiKeyOverlapSuccess: ResolverTypeWrapper<Omit<EndApiKeyOverlapSuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt: ResolversTypes['RevocationReceipt'] }>;
  IdempotencyKeyReusedError: ResolverTypeWrapper<IdempotencyKeyReusedError>;
  Introspection: ResolverTypeWrapper<IntrospectionMapper>;
  InvalidCredentialsError: ResolverTypeWrapper<InvalidCredentialsError>;
  InvalidField: ResolverTypeWrapper<InvalidField>;
  InvalidInputError: ResolverTypeWrapper<InvalidInputError>;
  InvitationRejectedError: ResolverTypeWrapper<InvitationRejectedError>;
  InviteUserInput: InviteUserInput;
  InviteUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['InviteUserResult']>;
  InviteUserSuccess: ResolverTypeWrapper<Omit<InviteUserSuccess, 'user'> & { user: ResolversTypes['User'] }>;
  LastAdministratorError: ResolverTypeWrapper<LastAdministratorError>;
  LastOwnerError: ResolverTypeWrapper<Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<ResolversTypes['Workspace']> }>;
  LoginInput: LoginInput;
  LoginResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LoginResult']>;
  LoginSuccess: ResolverTypeWrapper<Omit<LoginSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  LogoutResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LogoutResult']>;
  LogoutSuccess: ResolverTypeWrapper<Omit<LogoutSuccess, 'receipt' | 'session'> & { receipt: ResolversTypes['RevocationReceipt'], session: ResolversTypes['Session'] }>;
  MaximumAgeReachedError: ResolverTypeWrapper<MaximumAgeReachedError>;
  MetadataEntry: ResolverTypeWrapper<MetadataEntry>;
  MetadataEntryInput: MetadataEntryInput;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<NodeMapper>;
  NotADaemonTokenError: ResolverTypeWrapper<NotADaemonTokenError>;
  NotASessionError: ResolverTypeWrapper<NotASessionError>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RateLimit: ResolverTypeWrapper<RateLimit>;
  RateLimitInput: RateLimitInput;
  RefreshRejectionReason: ResolverTypeWrapper<'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'REUSED'>;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RefreshSessionResult']>;
  RefreshSessionSuccess: ResolverTypeWrapper<Omit<RefreshSessionSuccess, 'tokens'> & { tokens: ResolversTypes['SessionTokens'] }>;
  RefreshTokenRejectedError: ResolverTypeWrapper<Omit<RefreshTokenRejectedError, 'reason'> & { reason: ResolversTypes['RefreshRejectionReason'] }>;
  RegisterInput: RegisterInput;
  RegisterResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RegisterResult']>;
  RegisterSuccess: ResolverTypeWrapper<Omit<RegisterSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  RegistrationClosedError: ResolverTypeWrapper<RegistrationClosedError>;
  RemoveWorkspaceMemberInput: RemoveWorkspaceMemberInput;
  RemoveWorkspaceMemberResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RemoveWorkspaceMemberResult']>;
  RemoveWorkspaceMemberSuccess: ResolverTypeWrapper<Omit<RemoveWorkspaceMemberSuccess, 'receipt' | 'workspace'> & { receipt: ResolversTypes['RevocationReceipt'], workspace: ResolversTypes['Workspace'] }>;
  RenewDaemonTokenResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RenewDaemonTokenResult']>;
  RenewDaemonTokenSuccess: ResolverTypeWrapper<Omit<RenewDaemonTokenSuccess, 'daemonToken'> & { daemonToken: ResolversTypes['DaemonToken'] }>;
  ResetPasswordInput: ResetPasswordInput;
  ResetPasswordResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ResetPasswordResult']>;
  ResetPasswordSuccess: ResolverTypeWrapper<Omit<ResetPasswordSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  ResetTokenRejectedError: ResolverTypeWrapper<ResetTokenRejectedError>;
  Revocation: ResolverTypeWrapper<RevocationMapper>;
  RevocationConnection: ResolverTypeWrapper<Omit<RevocationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['RevocationEdge']>, nodes: Array<ResolversTypes['Revocation']> }>;
  RevocationEdge: ResolverTypeWrapper<Omit<RevocationEdge, 'node'> & { node: ResolversTypes['Revocation'] }>;
  RevocationEffect: ResolverTypeWrapper<'ENDED' | 'NARROWED'>;
  RevocationEvent: ResolverTypeWrapper<RevocationEventMapper>;
  RevocationFilter: RevocationFilter;
  RevocationPropagation: ResolverTypeWrapper<'ACKNOWLEDGED' | 'LEASE_EXPIRED'>;
  RevocationReason: ResolverTypeWrapper<'SIGNED_OUT' | 'ROTATED' | 'COMPROMISED' | 'REUSED' | 'REMOVED' | 'ADMINISTRATIVE' | 'UNSPECIFIED'>;
  RevocationReceipt: ResolverTypeWrapper<Omit<RevocationReceipt, 'propagation'> & { propagation: ResolversTypes['RevocationPropagation'] }>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  RevocationSubject: ResolverTypeWrapper<'API_KEY' | 'DAEMON_TOKEN' | 'SESSION' | 'ACCESS_TOKEN' | 'SIGNING_KEY' | 'USER' | 'WORKSPACE' | 'WORKSPACE_MEMBER' | 'DAEMON' | 'ALL'>;
  RevokeAccessTokenInput: RevokeAccessTokenInput;
  RevokeAccessTokenResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeAccessTokenResult']>;
  RevokeAccessTokenSuccess: ResolverTypeWrapper<Omit<RevokeAccessTokenSuccess, 'receipt' | 'revocation'> & { receipt: ResolversTypes['RevocationReceipt'], revocation: ResolversTypes['Revocation'] }>;
  RevokeAllSessionsInput: RevokeAllSessionsInput;
  RevokeAllSessionsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeAllSessionsResult']>;
  RevokeAllSessionsSuccess: ResolverTypeWrapper<Omit<RevokeAllSessionsSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeApiKeyInput: RevokeApiKeyInput;
  RevokeApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeApiKeyResult']>;
  RevokeApiKeySuccess: ResolverTypeWrapper<Omit<RevokeApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeDaemonInput: RevokeDaemonInput;
  RevokeDaemonResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeDaemonResult']>;
  RevokeDaemonSuccess: ResolverTypeWrapper<Omit<RevokeDaemonSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeDaemonTokenInput: RevokeDaemonTokenInput;
  RevokeDaemonTokenResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeDaemonTokenResult']>;
  RevokeDaemonTokenSuccess: ResolverTypeWrapper<Omit<RevokeDaemonTokenSuccess, 'daemonToken' | 'receipt'> & { daemonToken: ResolversTypes['DaemonToken'], receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeSessionResult']>;
  RevokeSessionSuccess: ResolverTypeWrapper<Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: ResolversTypes['RevocationReceipt'], session: ResolversTypes['Session'] }>;
  RevokeSigningKeyInput: RevokeSigningKeyInput;
  RevokeSigningKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeSigningKeyResult']>;
  RevokeSigningKeySuccess: ResolverTypeWrapper<Omit<RevokeSigningKeySuccess, 'receipt' | 'signingKey'> & { receipt: ResolversTypes['RevocationReceipt'], signingKey: ResolversTypes['SigningKey'] }>;
  RotateApiKeyInput: RotateApiKeyInput;
  RotateApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RotateApiKeyResult']>;
  RotateApiKeySuccess: ResolverTypeWrapper<Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt: ResolversTypes['RevocationReceipt'] }>;
  RotateSigningKeyInput: RotateSigningKeyInput;
  RotateSigningKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RotateSigningKeyResult']>;
  RotateSigningKeySuccess: ResolverTypeWrapper<Omit<RotateSigningKeySuccess, 'previous' | 'receipt' | 'signingKey'> & { previous: ResolversTypes['SigningKey'], receipt: ResolversTypes['RevocationReceipt'], signingKey: ResolversTypes['SigningKey'] }>;
  Scope: ResolverTypeWrapper<'API_KEYS_READ' | 'API_KEYS_WRITE' | 'SESSIONS_READ' | 'SESSIONS_WRITE' | 'WORKSPACES_READ' | 'WORKSPACES_WRITE' | 'DAEMON_TOKENS_READ' | 'DAEMON_TOKENS_WRITE' | 'SIGNING_KEYS_READ' | 'SIGNING_KEYS_WRITE' | 'AUDIT_READ' | 'INTROSPECT' | 'ADMIN'>;
  ScopeNotHeldError: ResolverTypeWrapper<Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<ResolversTypes['Scope']> }>;
  Secret: ResolverTypeWrapper<Scalars['Secret']['output']>;
  Session: ResolverTypeWrapper<SessionMapper>;
  SessionConnection: ResolverTypeWrapper<Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['SessionEdge']>, nodes: Array<ResolversTypes['Session']> }>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node: ResolversTypes['Session'] }>;
  SessionFilter: SessionFilter;
  SessionNotFoundError: ResolverTypeWrapper<SessionNotFoundError>;
  SessionTokens: ResolverTypeWrapper<SessionTokensMapper>;
  SetCredentialPolicyInput: SetCredentialPolicyInput;
  SetCredentialPolicyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SetCredentialPolicyResult']>;
  SetCredentialPolicySuccess: ResolverTypeWrapper<Omit<SetCredentialPolicySuccess, 'policy' | 'receipt'> & { policy: ResolversTypes['CredentialPolicy'], receipt?: Maybe<ResolversTypes['RevocationReceipt']> }>;
  SetWorkspaceMemberRoleInput: SetWorkspaceMemberRoleInput;
  SetWorkspaceMemberRoleResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SetWorkspaceMemberRoleResult']>;
  SetWorkspaceMemberRoleSuccess: ResolverTypeWrapper<Omit<SetWorkspaceMemberRoleSuccess, 'receipt' | 'role' | 'user' | 'workspace'> & { receipt?: Maybe<ResolversTypes['RevocationReceipt']>, role: ResolversTypes['WorkspaceRole'], user: ResolversTypes['User'], workspace: ResolversTypes['Workspace'] }>;
  SetupTokenRejectedError: ResolverTypeWrapper<SetupTokenRejectedError>;
  SigningKey: ResolverTypeWrapper<SigningKeyMapper>;
  SigningKeyConnection: ResolverTypeWrapper<Omit<SigningKeyConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['SigningKeyEdge']>, nodes: Array<ResolversTypes['SigningKey']> }>;
  SigningKeyEdge: ResolverTypeWrapper<Omit<SigningKeyEdge, 'node'> & { node: ResolversTypes['SigningKey'] }>;
  SigningKeyNotFoundError: ResolverTypeWrapper<SigningKeyNotFoundError>;
  SigningKeyRevokedError: ResolverTypeWrapper<SigningKeyRevokedError>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  TooEarlyToRenewError: ResolverTypeWrapper<TooEarlyToRenewError>;
  UpdateApiKeyInput: UpdateApiKeyInput;
  UpdateApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateApiKeyResult']>;
  UpdateApiKeySuccess: ResolverTypeWrapper<Omit<UpdateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt?: Maybe<ResolversTypes['RevocationReceipt']> }>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfileResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateProfileResult']>;
  UpdateProfileSuccess: ResolverTypeWrapper<Omit<UpdateProfileSuccess, 'user'> & { user: ResolversTypes['User'] }>;
  UpdateUserInput: UpdateUserInput;
  UpdateUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateUserResult']>;
  UpdateUserSuccess: ResolverTypeWrapper<Omit<UpdateUserSuccess, 'receipt' | 'user'> & { receipt?: Maybe<ResolversTypes['RevocationReceipt']>, user: ResolversTypes['User'] }>;
  UpdateWorkspaceInput: UpdateWorkspaceInput;
  UpdateWorkspaceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateWorkspaceResult']>;
  UpdateWorkspaceSuccess: ResolverTypeWrapper<Omit<UpdateWorkspaceSuccess, 'receipt' | 'workspace'> & { receipt?: Maybe<ResolversTypes['RevocationReceipt']>, workspace: ResolversTypes['Workspace'] }>;
  User: ResolverTypeWrapper<UserMapper>;
  UserConnection: ResolverTypeWrapper<Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['UserEdge']>, nodes: Array<ResolversTypes['User']> }>;
  UserEdge: ResolverTypeWrapper<Omit<UserEdge, 'node'> & { node: ResolversTypes['User'] }>;
  UserError: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['UserError']>;
  UserFilter: UserFilter;
  UserNotFoundError: ResolverTypeWrapper<UserNotFoundError>;
  UserRole: ResolverTypeWrapper<'MEMBER' | 'ADMIN'>;
  Viewer: ResolverTypeWrapper<ViewerMapper>;
  Workspace: ResolverTypeWrapper<WorkspaceMapper>;
  WorkspaceConnection: ResolverTypeWrapper<Omit<WorkspaceConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['WorkspaceEdge']>, nodes: Array<ResolversTypes['Workspace']> }>;
  WorkspaceEdge: ResolverTypeWrapper<Omit<WorkspaceEdge, 'node'> & { node: ResolversTypes['Workspace'] }>;
  WorkspaceMember: ResolverTypeWrapper<WorkspaceMemberMapper>;
  WorkspaceMemberConnection: ResolverTypeWrapper<Omit<WorkspaceMemberConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['WorkspaceMemberEdge']>, nodes: Array<ResolversTypes['WorkspaceMember']> }>;
  WorkspaceMemberEdge: ResolverTypeWrapper<Omit<WorkspaceMemberEdge, 'node'> & { node: ResolversTypes['WorkspaceMember'] }>;
  WorkspaceNotFoundError: ResolverTypeWrapper<WorkspaceNotFoundError>;
  WorkspaceRole: ResolverTypeWrapper<'MEMBER' | 'OWNER'>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AcceptInvitationInput: AcceptInvitationInput;
  String: Scalars['String']['output'];
  AcceptInvitationResult: ResolversUnionTypes<ResolversParentTypes>['AcceptInvitationResult'];
  AcceptInvitationSuccess: Omit<AcceptInvitationSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  AccessTokenNotFoundError: AccessTokenNotFoundError;
  AddWorkspaceMemberInput: AddWorkspaceMemberInput;
  ID: Scalars['ID']['output'];
  AddWorkspaceMemberResult: ResolversUnionTypes<ResolversParentTypes>['AddWorkspaceMemberResult'];
  AddWorkspaceMemberSuccess: Omit<AddWorkspaceMemberSuccess, 'user' | 'workspace'> & { user: ResolversParentTypes['User'], workspace: ResolversParentTypes['Workspace'] };
  AlreadyBootstrappedError: AlreadyBootstrappedError;
  ApiKey: ApiKeyMapper;
  ApiKeyConnection: ApiKeyConnectionMapper;
  ApiKeyEdge: Omit<ApiKeyEdge, 'node'> & { node: ResolversParentTypes['ApiKey'] };
  ApiKeyFilter: ApiKeyFilter;
  Boolean: Scalars['Boolean']['output'];
  ApiKeyNotFoundError: ApiKeyNotFoundError;
  ApiKeyQuotaError: ApiKeyQuotaError;
  ApiKeyRevokedError: ApiKeyRevokedError;
  AuditDetail: AuditDetail;
  AuditEvent: AuditEventMapper;
  AuditEventConnection: Omit<AuditEventConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['AuditEventEdge']>, nodes: Array<ResolversParentTypes['AuditEvent']> };
  AuditEventEdge: Omit<AuditEventEdge, 'node'> & { node: ResolversParentTypes['AuditEvent'] };
  AuditEventFilter: AuditEventFilter;
  BootstrapInput: BootstrapInput;
  BootstrapResult: ResolversUnionTypes<ResolversParentTypes>['BootstrapResult'];
  BootstrapSuccess: Omit<BootstrapSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordResult: ResolversUnionTypes<ResolversParentTypes>['ChangePasswordResult'];
  ChangePasswordSuccess: Omit<ChangePasswordSuccess, 'receipt' | 'user'> & { receipt: ResolversParentTypes['RevocationReceipt'], user: ResolversParentTypes['User'] };
  ConflictError: ConflictError;
  CreateApiKeyInput: CreateApiKeyInput;
  CreateApiKeyResult: ResolversUnionTypes<ResolversParentTypes>['CreateApiKeyResult'];
  CreateApiKeySuccess: Omit<CreateApiKeySuccess, 'apiKey'> & { apiKey: ResolversParentTypes['ApiKey'] };
  CreateDaemonTokenInput: CreateDaemonTokenInput;
  CreateDaemonTokenResult: ResolversUnionTypes<ResolversParentTypes>['CreateDaemonTokenResult'];
  CreateDaemonTokenSuccess: Omit<CreateDaemonTokenSuccess, 'daemonToken'> & { daemonToken: ResolversParentTypes['DaemonToken'] };
  CreatePasswordResetInput: CreatePasswordResetInput;
  CreatePasswordResetResult: ResolversUnionTypes<ResolversParentTypes>['CreatePasswordResetResult'];
  CreatePasswordResetSuccess: Omit<CreatePasswordResetSuccess, 'user'> & { user: ResolversParentTypes['User'] };
  CreateSigningKeyInput: CreateSigningKeyInput;
  CreateSigningKeyResult: ResolversUnionTypes<ResolversParentTypes>['CreateSigningKeyResult'];
  CreateSigningKeySuccess: Omit<CreateSigningKeySuccess, 'signingKey'> & { signingKey: ResolversParentTypes['SigningKey'] };
  CreateWorkspaceInput: CreateWorkspaceInput;
  CreateWorkspaceResult: ResolversUnionTypes<ResolversParentTypes>['CreateWorkspaceResult'];
  CreateWorkspaceSuccess: Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: ResolversParentTypes['Workspace'] };
  Credential: CredentialMapper;
  CredentialPolicy: CredentialPolicyMapper;
  DaemonToken: DaemonTokenMapper;
  DaemonTokenConnection: Omit<DaemonTokenConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['DaemonTokenEdge']>, nodes: Array<ResolversParentTypes['DaemonToken']> };
  DaemonTokenEdge: Omit<DaemonTokenEdge, 'node'> & { node: ResolversParentTypes['DaemonToken'] };
  DaemonTokenNotFoundError: DaemonTokenNotFoundError;
  DateTime: Scalars['DateTime']['output'];
  DeleteUserInput: DeleteUserInput;
  DeleteUserResult: ResolversUnionTypes<ResolversParentTypes>['DeleteUserResult'];
  DeleteUserSuccess: Omit<DeleteUserSuccess, 'receipt'> & { receipt: ResolversParentTypes['RevocationReceipt'] };
  DeleteWorkspaceInput: DeleteWorkspaceInput;
  DeleteWorkspaceResult: ResolversUnionTypes<ResolversParentTypes>['DeleteWorkspaceResult'];
  DeleteWorkspaceSuccess: Omit<DeleteWorkspaceSuccess, 'receipt'> & { receipt: ResolversParentTypes['RevocationReceipt'] };
  DisableUserInput: DisableUserInput;
  DisableUserResult: ResolversUnionTypes<ResolversParentTypes>['DisableUserResult'];
  DisableUserSuccess: Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: ResolversParentTypes['RevocationReceipt'], user: ResolversParentTypes['User'] };
  EmailTakenError: EmailTakenError;
  EnableUserInput: EnableUserInput;
  EnableUserResult: ResolversUnionTypes<ResolversParentTypes>['EnableUserResult'];
  EnableUserSuccess: Omit<EnableUserSuccess, 'user'> & { user: ResolversParentTypes['User'] };
  EndApiKeyOverlapInput: EndApiKeyOverlapInput;
  EndApiKeyOverlapResult: ResolversUnionTypes<ResolversParentTypes>['EndApiKeyOverlapResult'];
  EndApiKeyOverlapSuccess: Omit<EndApiKeyOverlapSuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversParentTypes['ApiKey'], receipt: ResolversParentTypes['RevocationReceipt'] };
  IdempotencyKeyReusedError: IdempotencyKeyReusedError;
  Introspection: IntrospectionMapper;
  InvalidCredentialsError: InvalidCredentialsError;
  InvalidField: InvalidField;
  InvalidInputError: InvalidInputError;
  InvitationRejectedError: InvitationRejectedError;
  InviteUserInput: InviteUserInput;
  InviteUserResult: ResolversUnionTypes<ResolversParentTypes>['InviteUserResult'];
  InviteUserSuccess: Omit<InviteUserSuccess, 'user'> & { user: ResolversParentTypes['User'] };
  LastAdministratorError: LastAdministratorError;
  LastOwnerError: Omit<LastOwnerError, 'workspaces'> & { workspaces: Array<ResolversParentTypes['Workspace']> };
  LoginInput: LoginInput;
  LoginResult: ResolversUnionTypes<ResolversParentTypes>['LoginResult'];
  LoginSuccess: Omit<LoginSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  LogoutResult: ResolversUnionTypes<ResolversParentTypes>['LogoutResult'];
  LogoutSuccess: Omit<LogoutSuccess, 'receipt' | 'session'> & { receipt: ResolversParentTypes['RevocationReceipt'], session: ResolversParentTypes['Session'] };
  MaximumAgeReachedError: MaximumAgeReachedError;
  MetadataEntry: MetadataEntry;
  MetadataEntryInput: MetadataEntryInput;
  Mutation: Record<PropertyKey, never>;
  Node: NodeMapper;
  NotADaemonTokenError: NotADaemonTokenError;
  NotASessionError: NotASessionError;
  PageInfo: PageInfo;
  Query: Record<PropertyKey, never>;
  RateLimit: RateLimit;
  RateLimitInput: RateLimitInput;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionResult: ResolversUnionTypes<ResolversParentTypes>['RefreshSessionResult'];
  RefreshSessionSuccess: Omit<RefreshSessionSuccess, 'tokens'> & { tokens: ResolversParentTypes['SessionTokens'] };
  RefreshTokenRejectedError: RefreshTokenRejectedError;
  RegisterInput: RegisterInput;
  RegisterResult: ResolversUnionTypes<ResolversParentTypes>['RegisterResult'];
  RegisterSuccess: Omit<RegisterSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  RegistrationClosedError: RegistrationClosedError;
  RemoveWorkspaceMemberInput: RemoveWorkspaceMemberInput;
  RemoveWorkspaceMemberResult: ResolversUnionTypes<ResolversParentTypes>['RemoveWorkspaceMemberResult'];
  RemoveWorkspaceMemberSuccess: Omit<RemoveWorkspaceMemberSuccess, 'receipt' | 'workspace'> & { receipt: ResolversParentTypes['RevocationReceipt'], workspace: ResolversParentTypes['Workspace'] };
  RenewDaemonTokenResult: ResolversUnionTypes<ResolversParentTypes>['RenewDaemonTokenResult'];
  RenewDaemonTokenSuccess: Omit<RenewDaemonTokenSuccess, 'daemonToken'> & { daemonToken: ResolversParentTypes['DaemonToken'] };
  ResetPasswordInput: ResetPasswordInput;
  ResetPasswordResult: ResolversUnionTypes<ResolversParentTypes>['ResetPasswordResult'];
  ResetPasswordSuccess: Omit<ResetPasswordSuccess, 'receipt'> & { receipt: ResolversParentTypes['RevocationReceipt'] };
  ResetTokenRejectedError: ResetTokenRejectedError;
  Revocation: RevocationMapper;
  RevocationConnection: Omit<RevocationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['RevocationEdge']>, nodes: Array<ResolversParentTypes['Revocation']> };
  RevocationEdge: Omit<RevocationEdge, 'node'> & { node: ResolversParentTypes['Revocation'] };
  RevocationEvent: RevocationEventMapper;
  RevocationFilter: RevocationFilter;
  RevocationReceipt: RevocationReceipt;
  Float: Scalars['Float']['output'];
  RevokeAccessTokenInput: RevokeAccessTokenInput;
  RevokeAccessTokenResult: ResolversUnionTypes<ResolversParentTypes>['RevokeAccessTokenResult'];
  RevokeAccessTokenSuccess: Omit<RevokeAccessTokenSuccess, 'receipt' | 'revocation'> & { receipt: ResolversParentTypes['RevocationReceipt'], revocation: ResolversParentTypes['Revocation'] };
  RevokeAllSessionsInput: RevokeAllSessionsInput;
  RevokeAllSessionsResult: ResolversUnionTypes<ResolversParentTypes>['RevokeAllSessionsResult'];
  RevokeAllSessionsSuccess: Omit<RevokeAllSessionsSuccess, 'receipt'> & { receipt: ResolversParentTypes['RevocationReceipt'] };
  RevokeApiKeyInput: RevokeApiKeyInput;
  RevokeApiKeyResult: ResolversUnionTypes<ResolversParentTypes>['RevokeApiKeyResult'];
  RevokeApiKeySuccess: Omit<RevokeApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversParentTypes['ApiKey'], receipt: ResolversParentTypes['RevocationReceipt'] };
  RevokeDaemonInput: RevokeDaemonInput;
  RevokeDaemonResult: ResolversUnionTypes<ResolversParentTypes>['RevokeDaemonResult'];
  RevokeDaemonSuccess: Omit<RevokeDaemonSuccess, 'receipt'> & { receipt: ResolversParentTypes['RevocationReceipt'] };
  RevokeDaemonTokenInput: RevokeDaemonTokenInput;
  RevokeDaemonTokenResult: ResolversUnionTypes<ResolversParentTypes>['RevokeDaemonTokenResult'];
  RevokeDaemonTokenSuccess: Omit<RevokeDaemonTokenSuccess, 'daemonToken' | 'receipt'> & { daemonToken: ResolversParentTypes['DaemonToken'], receipt: ResolversParentTypes['RevocationReceipt'] };
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionResult: ResolversUnionTypes<ResolversParentTypes>['RevokeSessionResult'];
  RevokeSessionSuccess: Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: ResolversParentTypes['RevocationReceipt'], session: ResolversParentTypes['Session'] };
  RevokeSigningKeyInput: RevokeSigningKeyInput;
  RevokeSigningKeyResult: ResolversUnionTypes<ResolversParentTypes>['RevokeSigningKeyResult'];
  RevokeSigningKeySuccess: Omit<RevokeSigningKeySuccess, 'receipt' | 'signingKey'> & { receipt: ResolversParentTypes['RevocationReceipt'], signingKey: ResolversParentTypes['SigningKey'] };
  RotateApiKeyInput: RotateApiKeyInput;
  RotateApiKeyResult: ResolversUnionTypes<ResolversParentTypes>['RotateApiKeyResult'];
  RotateApiKeySuccess: Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversParentTypes['ApiKey'], receipt: ResolversParentTypes['RevocationReceipt'] };
  RotateSigningKeyInput: RotateSigningKeyInput;
  RotateSigningKeyResult: ResolversUnionTypes<ResolversParentTypes>['RotateSigningKeyResult'];
  RotateSigningKeySuccess: Omit<RotateSigningKeySuccess, 'previous' | 'receipt' | 'signingKey'> & { previous: ResolversParentTypes['SigningKey'], receipt: ResolversParentTypes['RevocationReceipt'], signingKey: ResolversParentTypes['SigningKey'] };
  ScopeNotHeldError: ScopeNotHeldError;
  Secret: Scalars['Secret']['output'];
  Session: SessionMapper;
  SessionConnection: Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['SessionEdge']>, nodes: Array<ResolversParentTypes['Session']> };
  SessionEdge: Omit<SessionEdge, 'node'> & { node: ResolversParentTypes['Session'] };
  SessionFilter: SessionFilter;
  SessionNotFoundError: SessionNotFoundError;
  SessionTokens: SessionTokensMapper;
  SetCredentialPolicyInput: SetCredentialPolicyInput;
  SetCredentialPolicyResult: ResolversUnionTypes<ResolversParentTypes>['SetCredentialPolicyResult'];
  SetCredentialPolicySuccess: Omit<SetCredentialPolicySuccess, 'policy' | 'receipt'> & { policy: ResolversParentTypes['CredentialPolicy'], receipt?: Maybe<ResolversParentTypes['RevocationReceipt']> };
  SetWorkspaceMemberRoleInput: SetWorkspaceMemberRoleInput;
  SetWorkspaceMemberRoleResult: ResolversUnionTypes<ResolversParentTypes>['SetWorkspaceMemberRoleResult'];
  SetWorkspaceMemberRoleSuccess: Omit<SetWorkspaceMemberRoleSuccess, 'receipt' | 'user' | 'workspace'> & { receipt?: Maybe<ResolversParentTypes['RevocationReceipt']>, user: ResolversParentTypes['User'], workspace: ResolversParentTypes['Workspace'] };
  SetupTokenRejectedError: SetupTokenRejectedError;
  SigningKey: SigningKeyMapper;
  SigningKeyConnection: Omit<SigningKeyConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['SigningKeyEdge']>, nodes: Array<ResolversParentTypes['SigningKey']> };
  SigningKeyEdge: Omit<SigningKeyEdge, 'node'> & { node: ResolversParentTypes['SigningKey'] };
  SigningKeyNotFoundError: SigningKeyNotFoundError;
  SigningKeyRevokedError: SigningKeyRevokedError;
  Subscription: Record<PropertyKey, never>;
  TooEarlyToRenewError: TooEarlyToRenewError;
  UpdateApiKeyInput: UpdateApiKeyInput;
  UpdateApiKeyResult: ResolversUnionTypes<ResolversParentTypes>['UpdateApiKeyResult'];
  UpdateApiKeySuccess: Omit<UpdateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversParentTypes['ApiKey'], receipt?: Maybe<ResolversParentTypes['RevocationReceipt']> };
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfileResult: ResolversUnionTypes<ResolversParentTypes>['UpdateProfileResult'];
  UpdateProfileSuccess: Omit<UpdateProfileSuccess, 'user'> & { user: ResolversParentTypes['User'] };
  UpdateUserInput: UpdateUserInput;
  UpdateUserResult: ResolversUnionTypes<ResolversParentTypes>['UpdateUserResult'];
  UpdateUserSuccess: Omit<UpdateUserSuccess, 'receipt' | 'user'> & { receipt?: Maybe<ResolversParentTypes['RevocationReceipt']>, user: ResolversParentTypes['User'] };
  UpdateWorkspaceInput: UpdateWorkspaceInput;
  UpdateWorkspaceResult: ResolversUnionTypes<ResolversParentTypes>['UpdateWorkspaceResult'];
  UpdateWorkspaceSuccess: Omit<UpdateWorkspaceSuccess, 'receipt' | 'workspace'> & { receipt?: Maybe<ResolversParentTypes['RevocationReceipt']>, workspace: ResolversParentTypes['Workspace'] };
  User: UserMapper;
  UserConnection: Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['UserEdge']>, nodes: Array<ResolversParentTypes['User']> };
  UserEdge: Omit<UserEdge, 'node'> & { node: ResolversParentTypes['User'] };
  UserError: ResolversInterfaceTypes<ResolversParentTypes>['UserError'];
  UserFilter: UserFilter;
  UserNotFoundError: UserNotFoundError;
  Viewer: ViewerMapper;
  Workspace: WorkspaceMapper;
  WorkspaceConnection: Omit<WorkspaceConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['WorkspaceEdge']>, nodes: Array<ResolversParentTypes['Workspace']> };
  WorkspaceEdge: Omit<WorkspaceEdge, 'node'> & { node: ResolversParentTypes['Workspace'] };
  WorkspaceMember: WorkspaceMemberMapper;
  WorkspaceMemberConnection: Omit<WorkspaceMemberConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['WorkspaceMemberEdge']>, nodes: Array<ResolversParentTypes['WorkspaceMember']> };
  WorkspaceMemberEdge: Omit<WorkspaceMemberEdge, 'node'> & { node: ResolversParentTypes['WorkspaceMember'] };
  WorkspaceNotFoundError: WorkspaceNotFoundError;
  Int: Scalars['Int']['output'];
};

export type authenticatedDirectiveArgs = { };

export type authenticatedDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = authenticatedDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type constraintDirectiveArgs = {
  maxItems?: Maybe<Scalars['Int']['input']>;
  maxLength?: Maybe<Scalars['Int']['input']>;
};

export type constraintDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = constraintDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type publicDirectiveArgs = { };

export type publicDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = publicDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type requiresDirectiveArgs = {
  anyOf?: Maybe<Array<Scope>>;
  scope?: Maybe<Scope>;
};

export type requiresDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = requiresDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AcceptInvitationResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AcceptInvitationResult'] = ResolversParentTypes['AcceptInvitationResult']> = {
  __resolveType?: TypeResolveFn<'AcceptInvitationSuccess' | 'InvalidInputError' | 'InvitationRejectedError', ParentType, ContextType>;
};

export type AcceptInvitationSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AcceptInvitationSuccess'] = ResolversParentTypes['AcceptInvitationSuccess']> = {
  tokens?: Resolver<ResolversTypes['SessionTokens'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AccessTokenNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AccessTokenNotFoundError'] = ResolversParentTypes['AccessTokenNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AddWorkspaceMemberResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AddWorkspaceMemberResult'] = ResolversParentTypes['AddWorkspaceMemberResult']> = {
  __resolveType?: TypeResolveFn<'AddWorkspaceMemberSuccess' | 'UserNotFoundError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type AddWorkspaceMemberSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AddWorkspaceMemberSuccess'] = ResolversParentTypes['AddWorkspaceMemberSuccess']> = {
  role?: Resolver<ResolversTypes['WorkspaceRole'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AlreadyBootstrappedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AlreadyBootstrappedError'] = ResolversParentTypes['AlreadyBootstrappedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKey'] = ResolversParentTypes['ApiKey']> = {
  allowedAddresses?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  createdBy?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  createdFromIp?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  description?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hint?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  lastUsedFromIp?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  metadata?: Resolver<Array<ResolversTypes['MetadataEntry']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  previousSecretExpiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  rateLimit?: Resolver<Maybe<ResolversTypes['RateLimit']>, ParentType, ContextType>;
  revocationReason?: Resolver<Maybe<ResolversTypes['RevocationReason']>, ParentType, ContextType>;
  revokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  rotatedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['CredentialStatus'], ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyConnection'] = ResolversParentTypes['ApiKeyConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ApiKeyEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['ApiKey']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ApiKeyEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyEdge'] = ResolversParentTypes['ApiKeyEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
};

export type ApiKeyNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyNotFoundError'] = ResolversParentTypes['ApiKeyNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyOwnerResolvers = EnumResolverSignature<{ USER?: any, WORKSPACE?: any }, ResolversTypes['ApiKeyOwner']>;

export type ApiKeyQuotaErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyQuotaError'] = ResolversParentTypes['ApiKeyQuotaError']> = {
  limit?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyRevokedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyRevokedError'] = ResolversParentTypes['ApiKeyRevokedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  revokedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AuditDetailResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AuditDetail'] = ResolversParentTypes['AuditDetail']> = {
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type AuditEventResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AuditEvent'] = ResolversParentTypes['AuditEvent']> = {
  actor?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  actorCredentialId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  actorId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  details?: Resolver<Array<ResolversTypes['AuditDetail']>, ParentType, ContextType>;
  hash?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  ipAddress?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  outcome?: Resolver<ResolversTypes['AuditOutcome'], ParentType, ContextType>;
  previousHash?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  requestId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  sequence?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  subjectId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  userAgent?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType>;
  workspaceId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AuditEventConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AuditEventConnection'] = ResolversParentTypes['AuditEventConnection']> = {
  edges?: Resolver<Array<ResolversTypes['AuditEventEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['AuditEvent']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type AuditEventEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AuditEventEdge'] = ResolversParentTypes['AuditEventEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['AuditEvent'], ParentType, ContextType>;
};

export type AuditOutcomeResolvers = EnumResolverSignature<{ REFUSED?: any, SUCCEEDED?: any }, ResolversTypes['AuditOutcome']>;

export type BootstrapResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['BootstrapResult'] = ResolversParentTypes['BootstrapResult']> = {
  __resolveType?: TypeResolveFn<'AlreadyBootstrappedError' | 'BootstrapSuccess' | 'InvalidInputError' | 'SetupTokenRejectedError', ParentType, ContextType>;
};

export type BootstrapSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['BootstrapSuccess'] = ResolversParentTypes['BootstrapSuccess']> = {
  tokens?: Resolver<ResolversTypes['SessionTokens'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ChangePasswordResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ChangePasswordResult'] = ResolversParentTypes['ChangePasswordResult']> = {
  __resolveType?: TypeResolveFn<'ChangePasswordSuccess' | 'InvalidCredentialsError' | 'InvalidInputError' | 'NotASessionError', ParentType, ContextType>;
};

export type ChangePasswordSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ChangePasswordSuccess'] = ResolversParentTypes['ChangePasswordSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  revokedCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ConflictErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ConflictError'] = ResolversParentTypes['ConflictError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreateApiKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateApiKeyResult'] = ResolversParentTypes['CreateApiKeyResult']> = {
  __resolveType?: TypeResolveFn<'ApiKeyQuotaError' | 'CreateApiKeySuccess' | 'IdempotencyKeyReusedError' | 'InvalidInputError' | 'ScopeNotHeldError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type CreateApiKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateApiKeySuccess'] = ResolversParentTypes['CreateApiKeySuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreateDaemonTokenResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateDaemonTokenResult'] = ResolversParentTypes['CreateDaemonTokenResult']> = {
  __resolveType?: TypeResolveFn<'CreateDaemonTokenSuccess' | 'InvalidInputError' | 'ScopeNotHeldError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type CreateDaemonTokenSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateDaemonTokenSuccess'] = ResolversParentTypes['CreateDaemonTokenSuccess']> = {
  daemonToken?: Resolver<ResolversTypes['DaemonToken'], ParentType, ContextType>;
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreatePasswordResetResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreatePasswordResetResult'] = ResolversParentTypes['CreatePasswordResetResult']> = {
  __resolveType?: TypeResolveFn<'CreatePasswordResetSuccess' | 'UserNotFoundError', ParentType, ContextType>;
};

export type CreatePasswordResetSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreatePasswordResetSuccess'] = ResolversParentTypes['CreatePasswordResetSuccess']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  resetToken?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreateSigningKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateSigningKeyResult'] = ResolversParentTypes['CreateSigningKeyResult']> = {
  __resolveType?: TypeResolveFn<'CreateSigningKeySuccess' | 'InvalidInputError' | 'ScopeNotHeldError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type CreateSigningKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateSigningKeySuccess'] = ResolversParentTypes['CreateSigningKeySuccess']> = {
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  signingKey?: Resolver<ResolversTypes['SigningKey'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreateWorkspaceResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateWorkspaceResult'] = ResolversParentTypes['CreateWorkspaceResult']> = {
  __resolveType?: TypeResolveFn<'CreateWorkspaceSuccess' | 'InvalidInputError', ParentType, ContextType>;
};

export type CreateWorkspaceSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateWorkspaceSuccess'] = ResolversParentTypes['CreateWorkspaceSuccess']> = {
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CredentialResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Credential'] = ResolversParentTypes['Credential']> = {
  __resolveType?: TypeResolveFn<'ApiKey' | 'DaemonToken' | 'Session' | 'SigningKey', ParentType, ContextType>;
};

export type CredentialPolicyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CredentialPolicy'] = ResolversParentTypes['CredentialPolicy']> = {
  idleSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  maximumLifetimeSeconds?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  requiresExpiry?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type CredentialStatusResolvers = EnumResolverSignature<{ ACTIVE?: any, EXPIRED?: any, REVOKED?: any }, ResolversTypes['CredentialStatus']>;

export type DaemonTokenResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DaemonToken'] = ResolversParentTypes['DaemonToken']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  createdBy?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  daemonId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hint?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  rateLimit?: Resolver<Maybe<ResolversTypes['RateLimit']>, ParentType, ContextType>;
  renewedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  revocationReason?: Resolver<Maybe<ResolversTypes['RevocationReason']>, ParentType, ContextType>;
  revokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['CredentialStatus'], ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type DaemonTokenConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DaemonTokenConnection'] = ResolversParentTypes['DaemonTokenConnection']> = {
  edges?: Resolver<Array<ResolversTypes['DaemonTokenEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['DaemonToken']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type DaemonTokenEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DaemonTokenEdge'] = ResolversParentTypes['DaemonTokenEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['DaemonToken'], ParentType, ContextType>;
};

export type DaemonTokenNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DaemonTokenNotFoundError'] = ResolversParentTypes['DaemonTokenNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeleteUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DeleteUserResult'] = ResolversParentTypes['DeleteUserResult']> = {
  __resolveType?: TypeResolveFn<'DeleteUserSuccess' | 'LastAdministratorError' | 'LastOwnerError' | 'UserNotFoundError', ParentType, ContextType>;
};

export type DeleteUserSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DeleteUserSuccess'] = ResolversParentTypes['DeleteUserSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type DeleteWorkspaceResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DeleteWorkspaceResult'] = ResolversParentTypes['DeleteWorkspaceResult']> = {
  __resolveType?: TypeResolveFn<'DeleteWorkspaceSuccess' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type DeleteWorkspaceSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DeleteWorkspaceSuccess'] = ResolversParentTypes['DeleteWorkspaceSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  workspaceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type DisableUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DisableUserResult'] = ResolversParentTypes['DisableUserResult']> = {
  __resolveType?: TypeResolveFn<'DisableUserSuccess' | 'LastAdministratorError' | 'UserNotFoundError', ParentType, ContextType>;
};

export type DisableUserSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DisableUserSuccess'] = ResolversParentTypes['DisableUserSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EmailTakenErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EmailTakenError'] = ResolversParentTypes['EmailTakenError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EnableUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EnableUserResult'] = ResolversParentTypes['EnableUserResult']> = {
  __resolveType?: TypeResolveFn<'EnableUserSuccess' | 'UserNotFoundError', ParentType, ContextType>;
};

export type EnableUserSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EnableUserSuccess'] = ResolversParentTypes['EnableUserSuccess']> = {
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EndApiKeyOverlapResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EndApiKeyOverlapResult'] = ResolversParentTypes['EndApiKeyOverlapResult']> = {
  __resolveType?: TypeResolveFn<'ApiKeyNotFoundError' | 'EndApiKeyOverlapSuccess', ParentType, ContextType>;
};

export type EndApiKeyOverlapSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['EndApiKeyOverlapSuccess'] = ResolversParentTypes['EndApiKeyOverlapSuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type IdempotencyKeyReusedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['IdempotencyKeyReusedError'] = ResolversParentTypes['IdempotencyKeyReusedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type IntrospectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Introspection'] = ResolversParentTypes['Introspection']> = {
  active?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  credential?: Resolver<Maybe<ResolversTypes['Credential']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType>;
};

export type InvalidCredentialsErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvalidCredentialsError'] = ResolversParentTypes['InvalidCredentialsError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InvalidFieldResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvalidField'] = ResolversParentTypes['InvalidField']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  path?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type InvalidInputErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvalidInputError'] = ResolversParentTypes['InvalidInputError']> = {
  fields?: Resolver<Array<ResolversTypes['InvalidField']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InvitationRejectedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InvitationRejectedError'] = ResolversParentTypes['InvitationRejectedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InviteUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InviteUserResult'] = ResolversParentTypes['InviteUserResult']> = {
  __resolveType?: TypeResolveFn<'EmailTakenError' | 'InvalidInputError' | 'InviteUserSuccess' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type InviteUserSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['InviteUserSuccess'] = ResolversParentTypes['InviteUserSuccess']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  invitationToken?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LastAdministratorErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LastAdministratorError'] = ResolversParentTypes['LastAdministratorError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LastOwnerErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LastOwnerError'] = ResolversParentTypes['LastOwnerError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  workspaces?: Resolver<Array<ResolversTypes['Workspace']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LoginResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LoginResult'] = ResolversParentTypes['LoginResult']> = {
  __resolveType?: TypeResolveFn<'InvalidCredentialsError' | 'LoginSuccess', ParentType, ContextType>;
};

export type LoginSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LoginSuccess'] = ResolversParentTypes['LoginSuccess']> = {
  tokens?: Resolver<ResolversTypes['SessionTokens'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type LogoutResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LogoutResult'] = ResolversParentTypes['LogoutResult']> = {
  __resolveType?: TypeResolveFn<'LogoutSuccess' | 'NotASessionError', ParentType, ContextType>;
};

export type LogoutSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['LogoutSuccess'] = ResolversParentTypes['LogoutSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MaximumAgeReachedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MaximumAgeReachedError'] = ResolversParentTypes['MaximumAgeReachedError']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MetadataEntryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['MetadataEntry'] = ResolversParentTypes['MetadataEntry']> = {
  key?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  acceptInvitation?: Resolver<ResolversTypes['AcceptInvitationResult'], ParentType, ContextType, RequireFields<MutationacceptInvitationArgs, 'input'>>;
  addWorkspaceMember?: Resolver<ResolversTypes['AddWorkspaceMemberResult'], ParentType, ContextType, RequireFields<MutationaddWorkspaceMemberArgs, 'input'>>;
  bootstrap?: Resolver<ResolversTypes['BootstrapResult'], ParentType, ContextType, RequireFields<MutationbootstrapArgs, 'input'>>;
  changePassword?: Resolver<ResolversTypes['ChangePasswordResult'], ParentType, ContextType, RequireFields<MutationchangePasswordArgs, 'input'>>;
  createApiKey?: Resolver<ResolversTypes['CreateApiKeyResult'], ParentType, ContextType, RequireFields<MutationcreateApiKeyArgs, 'input'>>;
  createDaemonToken?: Resolver<ResolversTypes['CreateDaemonTokenResult'], ParentType, ContextType, RequireFields<MutationcreateDaemonTokenArgs, 'input'>>;
  createPasswordReset?: Resolver<ResolversTypes['CreatePasswordResetResult'], ParentType, ContextType, RequireFields<MutationcreatePasswordResetArgs, 'input'>>;
  createSigningKey?: Resolver<ResolversTypes['CreateSigningKeyResult'], ParentType, ContextType, RequireFields<MutationcreateSigningKeyArgs, 'input'>>;
  createWorkspace?: Resolver<ResolversTypes['CreateWorkspaceResult'], ParentType, ContextType, RequireFields<MutationcreateWorkspaceArgs, 'input'>>;
  deleteUser?: Resolver<ResolversTypes['DeleteUserResult'], ParentType, ContextType, RequireFields<MutationdeleteUserArgs, 'input'>>;
  deleteWorkspace?: Resolver<ResolversTypes['DeleteWorkspaceResult'], ParentType, ContextType, RequireFields<MutationdeleteWorkspaceArgs, 'input'>>;
  disableUser?: Resolver<ResolversTypes['DisableUserResult'], ParentType, ContextType, RequireFields<MutationdisableUserArgs, 'input'>>;
  enableUser?: Resolver<ResolversTypes['EnableUserResult'], ParentType, ContextType, RequireFields<MutationenableUserArgs, 'input'>>;
  endApiKeyOverlap?: Resolver<ResolversTypes['EndApiKeyOverlapResult'], ParentType, ContextType, RequireFields<MutationendApiKeyOverlapArgs, 'input'>>;
  inviteUser?: Resolver<ResolversTypes['InviteUserResult'], ParentType, ContextType, RequireFields<MutationinviteUserArgs, 'input'>>;
  login?: Resolver<ResolversTypes['LoginResult'], ParentType, ContextType, RequireFields<MutationloginArgs, 'input'>>;
  logout?: Resolver<ResolversTypes['LogoutResult'], ParentType, ContextType>;
  refreshSession?: Resolver<ResolversTypes['RefreshSessionResult'], ParentType, ContextType, RequireFields<MutationrefreshSessionArgs, 'input'>>;
  register?: Resolver<ResolversTypes['RegisterResult'], ParentType, ContextType, RequireFields<MutationregisterArgs, 'input'>>;
  removeWorkspaceMember?: Resolver<ResolversTypes['RemoveWorkspaceMemberResult'], ParentType, ContextType, RequireFields<MutationremoveWorkspaceMemberArgs, 'input'>>;
  renewDaemonToken?: Resolver<ResolversTypes['RenewDaemonTokenResult'], ParentType, ContextType>;
  resetPassword?: Resolver<ResolversTypes['ResetPasswordResult'], ParentType, ContextType, RequireFields<MutationresetPasswordArgs, 'input'>>;
  revokeAccessToken?: Resolver<ResolversTypes['RevokeAccessTokenResult'], ParentType, ContextType, RequireFields<MutationrevokeAccessTokenArgs, 'input'>>;
  revokeAllSessions?: Resolver<ResolversTypes['RevokeAllSessionsResult'], ParentType, ContextType, RequireFields<MutationrevokeAllSessionsArgs, 'input'>>;
  revokeApiKey?: Resolver<ResolversTypes['RevokeApiKeyResult'], ParentType, ContextType, RequireFields<MutationrevokeApiKeyArgs, 'input'>>;
  revokeDaemon?: Resolver<ResolversTypes['RevokeDaemonResult'], ParentType, ContextType, RequireFields<MutationrevokeDaemonArgs, 'input'>>;
  revokeDaemonToken?: Resolver<ResolversTypes['RevokeDaemonTokenResult'], ParentType, ContextType, RequireFields<MutationrevokeDaemonTokenArgs, 'input'>>;
  revokeSession?: Resolver<ResolversTypes['RevokeSessionResult'], ParentType, ContextType, RequireFields<MutationrevokeSessionArgs, 'input'>>;
  revokeSigningKey?: Resolver<ResolversTypes['RevokeSigningKeyResult'], ParentType, ContextType, RequireFields<MutationrevokeSigningKeyArgs, 'input'>>;
  rotateApiKey?: Resolver<ResolversTypes['RotateApiKeyResult'], ParentType, ContextType, RequireFields<MutationrotateApiKeyArgs, 'input'>>;
  rotateSigningKey?: Resolver<ResolversTypes['RotateSigningKeyResult'], ParentType, ContextType, RequireFields<MutationrotateSigningKeyArgs, 'input'>>;
  setCredentialPolicy?: Resolver<ResolversTypes['SetCredentialPolicyResult'], ParentType, ContextType, RequireFields<MutationsetCredentialPolicyArgs, 'input'>>;
  setWorkspaceMemberRole?: Resolver<ResolversTypes['SetWorkspaceMemberRoleResult'], ParentType, ContextType, RequireFields<MutationsetWorkspaceMemberRoleArgs, 'input'>>;
  updateApiKey?: Resolver<ResolversTypes['UpdateApiKeyResult'], ParentType, ContextType, RequireFields<MutationupdateApiKeyArgs, 'input'>>;
  updateProfile?: Resolver<ResolversTypes['UpdateProfileResult'], ParentType, ContextType, RequireFields<MutationupdateProfileArgs, 'input'>>;
  updateUser?: Resolver<ResolversTypes['UpdateUserResult'], ParentType, ContextType, RequireFields<MutationupdateUserArgs, 'input'>>;
  updateWorkspace?: Resolver<ResolversTypes['UpdateWorkspaceResult'], ParentType, ContextType, RequireFields<MutationupdateWorkspaceArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType?: TypeResolveFn<'ApiKey' | 'AuditEvent' | 'DaemonToken' | 'Revocation' | 'Session' | 'SigningKey' | 'User' | 'Workspace', ParentType, ContextType>;
};

export type NotADaemonTokenErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['NotADaemonTokenError'] = ResolversParentTypes['NotADaemonTokenError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type NotASessionErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['NotASessionError'] = ResolversParentTypes['NotASessionError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  apiKey?: Resolver<Maybe<ResolversTypes['ApiKey']>, ParentType, ContextType, RequireFields<QueryapiKeyArgs, 'id'>>;
  apiKeys?: Resolver<ResolversTypes['ApiKeyConnection'], ParentType, ContextType, RequireFields<QueryapiKeysArgs, 'first'>>;
  auditEvents?: Resolver<ResolversTypes['AuditEventConnection'], ParentType, ContextType, RequireFields<QueryauditEventsArgs, 'first'>>;
  credentialPolicy?: Resolver<ResolversTypes['CredentialPolicy'], ParentType, ContextType>;
  daemonTokens?: Resolver<ResolversTypes['DaemonTokenConnection'], ParentType, ContextType, RequireFields<QuerydaemonTokensArgs, 'first' | 'workspaceId'>>;
  introspect?: Resolver<ResolversTypes['Introspection'], ParentType, ContextType, RequireFields<QueryintrospectArgs, 'token'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QuerynodeArgs, 'id'>>;
  revocations?: Resolver<ResolversTypes['RevocationConnection'], ParentType, ContextType, RequireFields<QueryrevocationsArgs, 'first'>>;
  session?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<QuerysessionArgs, 'id'>>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<QuerysessionsArgs, 'first'>>;
  signingKeys?: Resolver<ResolversTypes['SigningKeyConnection'], ParentType, ContextType, RequireFields<QuerysigningKeysArgs, 'first' | 'workspaceId'>>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType, RequireFields<QueryuserArgs, 'id'>>;
  users?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<QueryusersArgs, 'first'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType, RequireFields<QueryworkspaceArgs, 'id'>>;
  workspaces?: Resolver<ResolversTypes['WorkspaceConnection'], ParentType, ContextType, RequireFields<QueryworkspacesArgs, 'first'>>;
};

export type RateLimitResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RateLimit'] = ResolversParentTypes['RateLimit']> = {
  requests?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  windowSeconds?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type RefreshRejectionReasonResolvers = EnumResolverSignature<{ EXPIRED?: any, REUSED?: any, REVOKED?: any, UNKNOWN?: any }, ResolversTypes['RefreshRejectionReason']>;

export type RefreshSessionResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RefreshSessionResult'] = ResolversParentTypes['RefreshSessionResult']> = {
  __resolveType?: TypeResolveFn<'RefreshSessionSuccess' | 'RefreshTokenRejectedError', ParentType, ContextType>;
};

export type RefreshSessionSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RefreshSessionSuccess'] = ResolversParentTypes['RefreshSessionSuccess']> = {
  tokens?: Resolver<ResolversTypes['SessionTokens'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RefreshTokenRejectedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RefreshTokenRejectedError'] = ResolversParentTypes['RefreshTokenRejectedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['RefreshRejectionReason'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RegisterResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegisterResult'] = ResolversParentTypes['RegisterResult']> = {
  __resolveType?: TypeResolveFn<'EmailTakenError' | 'InvalidInputError' | 'RegisterSuccess' | 'RegistrationClosedError', ParentType, ContextType>;
};

export type RegisterSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegisterSuccess'] = ResolversParentTypes['RegisterSuccess']> = {
  tokens?: Resolver<ResolversTypes['SessionTokens'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RegistrationClosedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RegistrationClosedError'] = ResolversParentTypes['RegistrationClosedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RemoveWorkspaceMemberResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RemoveWorkspaceMemberResult'] = ResolversParentTypes['RemoveWorkspaceMemberResult']> = {
  __resolveType?: TypeResolveFn<'LastOwnerError' | 'RemoveWorkspaceMemberSuccess' | 'UserNotFoundError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type RemoveWorkspaceMemberSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RemoveWorkspaceMemberSuccess'] = ResolversParentTypes['RemoveWorkspaceMemberSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RenewDaemonTokenResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RenewDaemonTokenResult'] = ResolversParentTypes['RenewDaemonTokenResult']> = {
  __resolveType?: TypeResolveFn<'MaximumAgeReachedError' | 'NotADaemonTokenError' | 'RenewDaemonTokenSuccess' | 'TooEarlyToRenewError', ParentType, ContextType>;
};

export type RenewDaemonTokenSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RenewDaemonTokenSuccess'] = ResolversParentTypes['RenewDaemonTokenSuccess']> = {
  daemonToken?: Resolver<ResolversTypes['DaemonToken'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ResetPasswordResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ResetPasswordResult'] = ResolversParentTypes['ResetPasswordResult']> = {
  __resolveType?: TypeResolveFn<'InvalidInputError' | 'ResetPasswordSuccess' | 'ResetTokenRejectedError', ParentType, ContextType>;
};

export type ResetPasswordSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ResetPasswordSuccess'] = ResolversParentTypes['ResetPasswordSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  revokedCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ResetTokenRejectedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ResetTokenRejectedError'] = ResolversParentTypes['ResetTokenRejectedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevocationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Revocation'] = ResolversParentTypes['Revocation']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  jti?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['RevocationReason'], ParentType, ContextType>;
  revokedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  revokedBy?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevocationConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevocationConnection'] = ResolversParentTypes['RevocationConnection']> = {
  edges?: Resolver<Array<ResolversTypes['RevocationEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Revocation']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type RevocationEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevocationEdge'] = ResolversParentTypes['RevocationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Revocation'], ParentType, ContextType>;
};

export type RevocationEffectResolvers = EnumResolverSignature<{ ENDED?: any, NARROWED?: any }, ResolversTypes['RevocationEffect']>;

export type RevocationEventResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevocationEvent'] = ResolversParentTypes['RevocationEvent']> = {
  committedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  credentialId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  daemonId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  effect?: Resolver<ResolversTypes['RevocationEffect'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['RevocationSubject'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['RevocationReason'], ParentType, ContextType>;
  sequence?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  userId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  workspaceId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
};

export type RevocationPropagationResolvers = EnumResolverSignature<{ ACKNOWLEDGED?: any, LEASE_EXPIRED?: any }, ResolversTypes['RevocationPropagation']>;

export type RevocationReasonResolvers = EnumResolverSignature<{ ADMINISTRATIVE?: any, COMPROMISED?: any, REMOVED?: any, REUSED?: any, ROTATED?: any, SIGNED_OUT?: any, UNSPECIFIED?: any }, ResolversTypes['RevocationReason']>;

export type RevocationReceiptResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevocationReceipt'] = ResolversParentTypes['RevocationReceipt']> = {
  acknowledged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  committedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  left?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  propagation?: Resolver<ResolversTypes['RevocationPropagation'], ParentType, ContextType>;
  replicas?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sequence?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  settledInMilliseconds?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type RevocationSubjectResolvers = EnumResolverSignature<{ ACCESS_TOKEN?: any, ALL?: any, API_KEY?: any, DAEMON?: any, DAEMON_TOKEN?: any, SESSION?: any, SIGNING_KEY?: any, USER?: any, WORKSPACE?: any, WORKSPACE_MEMBER?: any }, ResolversTypes['RevocationSubject']>;

export type RevokeAccessTokenResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeAccessTokenResult'] = ResolversParentTypes['RevokeAccessTokenResult']> = {
  __resolveType?: TypeResolveFn<'AccessTokenNotFoundError' | 'RevokeAccessTokenSuccess', ParentType, ContextType>;
};

export type RevokeAccessTokenSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeAccessTokenSuccess'] = ResolversParentTypes['RevokeAccessTokenSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  revocation?: Resolver<ResolversTypes['Revocation'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeAllSessionsResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeAllSessionsResult'] = ResolversParentTypes['RevokeAllSessionsResult']> = {
  __resolveType?: TypeResolveFn<'RevokeAllSessionsSuccess' | 'UserNotFoundError', ParentType, ContextType>;
};

export type RevokeAllSessionsSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeAllSessionsSuccess'] = ResolversParentTypes['RevokeAllSessionsSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  revokedCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeApiKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeApiKeyResult'] = ResolversParentTypes['RevokeApiKeyResult']> = {
  __resolveType?: TypeResolveFn<'ApiKeyNotFoundError' | 'RevokeApiKeySuccess', ParentType, ContextType>;
};

export type RevokeApiKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeApiKeySuccess'] = ResolversParentTypes['RevokeApiKeySuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeDaemonResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeDaemonResult'] = ResolversParentTypes['RevokeDaemonResult']> = {
  __resolveType?: TypeResolveFn<'RevokeDaemonSuccess' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type RevokeDaemonSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeDaemonSuccess'] = ResolversParentTypes['RevokeDaemonSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  revokedCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeDaemonTokenResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeDaemonTokenResult'] = ResolversParentTypes['RevokeDaemonTokenResult']> = {
  __resolveType?: TypeResolveFn<'DaemonTokenNotFoundError' | 'RevokeDaemonTokenSuccess', ParentType, ContextType>;
};

export type RevokeDaemonTokenSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeDaemonTokenSuccess'] = ResolversParentTypes['RevokeDaemonTokenSuccess']> = {
  daemonToken?: Resolver<ResolversTypes['DaemonToken'], ParentType, ContextType>;
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeSessionResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSessionResult'] = ResolversParentTypes['RevokeSessionResult']> = {
  __resolveType?: TypeResolveFn<'RevokeSessionSuccess' | 'SessionNotFoundError', ParentType, ContextType>;
};

export type RevokeSessionSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSessionSuccess'] = ResolversParentTypes['RevokeSessionSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RevokeSigningKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSigningKeyResult'] = ResolversParentTypes['RevokeSigningKeyResult']> = {
  __resolveType?: TypeResolveFn<'RevokeSigningKeySuccess' | 'SigningKeyNotFoundError', ParentType, ContextType>;
};

export type RevokeSigningKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSigningKeySuccess'] = ResolversParentTypes['RevokeSigningKeySuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  signingKey?: Resolver<ResolversTypes['SigningKey'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RotateApiKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RotateApiKeyResult'] = ResolversParentTypes['RotateApiKeyResult']> = {
  __resolveType?: TypeResolveFn<'ApiKeyNotFoundError' | 'ApiKeyRevokedError' | 'ConflictError' | 'InvalidInputError' | 'RotateApiKeySuccess' | 'ScopeNotHeldError', ParentType, ContextType>;
};

export type RotateApiKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RotateApiKeySuccess'] = ResolversParentTypes['RotateApiKeySuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  previousSecretExpiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RotateSigningKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RotateSigningKeyResult'] = ResolversParentTypes['RotateSigningKeyResult']> = {
  __resolveType?: TypeResolveFn<'ConflictError' | 'InvalidInputError' | 'RotateSigningKeySuccess' | 'ScopeNotHeldError' | 'SigningKeyNotFoundError' | 'SigningKeyRevokedError', ParentType, ContextType>;
};

export type RotateSigningKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RotateSigningKeySuccess'] = ResolversParentTypes['RotateSigningKeySuccess']> = {
  previous?: Resolver<ResolversTypes['SigningKey'], ParentType, ContextType>;
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  signingKey?: Resolver<ResolversTypes['SigningKey'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ScopeResolvers = EnumResolverSignature<{ ADMIN?: any, API_KEYS_READ?: any, API_KEYS_WRITE?: any, AUDIT_READ?: any, DAEMON_TOKENS_READ?: any, DAEMON_TOKENS_WRITE?: any, INTROSPECT?: any, SESSIONS_READ?: any, SESSIONS_WRITE?: any, SIGNING_KEYS_READ?: any, SIGNING_KEYS_WRITE?: any, WORKSPACES_READ?: any, WORKSPACES_WRITE?: any }, ResolversTypes['Scope']>;

export type ScopeNotHeldErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ScopeNotHeldError'] = ResolversParentTypes['ScopeNotHeldError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export interface SecretScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Secret'], any> {
  name: 'Secret';
}

export type SessionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  idleExpiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  ipAddress?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  isCurrent?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  revocationReason?: Resolver<Maybe<ResolversTypes['RevocationReason']>, ParentType, ContextType>;
  revokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['CredentialStatus'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  userAgent?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SessionConnection'] = ResolversParentTypes['SessionConnection']> = {
  edges?: Resolver<Array<ResolversTypes['SessionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Session']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type SessionEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SessionEdge'] = ResolversParentTypes['SessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type SessionNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SessionNotFoundError'] = ResolversParentTypes['SessionNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionTokensResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SessionTokens'] = ResolversParentTypes['SessionTokens']> = {
  accessToken?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  accessTokenExpiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  refreshToken?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
  refreshTokenExpiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type SetCredentialPolicyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetCredentialPolicyResult'] = ResolversParentTypes['SetCredentialPolicyResult']> = {
  __resolveType?: TypeResolveFn<'InvalidInputError' | 'SetCredentialPolicySuccess' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type SetCredentialPolicySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetCredentialPolicySuccess'] = ResolversParentTypes['SetCredentialPolicySuccess']> = {
  endedCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  policy?: Resolver<ResolversTypes['CredentialPolicy'], ParentType, ContextType>;
  receipt?: Resolver<Maybe<ResolversTypes['RevocationReceipt']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SetWorkspaceMemberRoleResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetWorkspaceMemberRoleResult'] = ResolversParentTypes['SetWorkspaceMemberRoleResult']> = {
  __resolveType?: TypeResolveFn<'LastOwnerError' | 'SetWorkspaceMemberRoleSuccess' | 'UserNotFoundError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type SetWorkspaceMemberRoleSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetWorkspaceMemberRoleSuccess'] = ResolversParentTypes['SetWorkspaceMemberRoleSuccess']> = {
  receipt?: Resolver<Maybe<ResolversTypes['RevocationReceipt']>, ParentType, ContextType>;
  role?: Resolver<ResolversTypes['WorkspaceRole'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SetupTokenRejectedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetupTokenRejectedError'] = ResolversParentTypes['SetupTokenRejectedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SigningKeyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SigningKey'] = ResolversParentTypes['SigningKey']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  createdBy?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  description?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  replacedBy?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  replaces?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  revocationReason?: Resolver<Maybe<ResolversTypes['RevocationReason']>, ParentType, ContextType>;
  revokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['CredentialStatus'], ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SigningKeyConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SigningKeyConnection'] = ResolversParentTypes['SigningKeyConnection']> = {
  edges?: Resolver<Array<ResolversTypes['SigningKeyEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['SigningKey']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type SigningKeyEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SigningKeyEdge'] = ResolversParentTypes['SigningKeyEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['SigningKey'], ParentType, ContextType>;
};

export type SigningKeyNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SigningKeyNotFoundError'] = ResolversParentTypes['SigningKeyNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SigningKeyRevokedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SigningKeyRevokedError'] = ResolversParentTypes['SigningKeyRevokedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  revokedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  revocations?: SubscriptionResolver<ResolversTypes['RevocationEvent'], "revocations", ParentType, ContextType, Partial<SubscriptionrevocationsArgs>>;
};

export type TooEarlyToRenewErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['TooEarlyToRenewError'] = ResolversParentTypes['TooEarlyToRenewError']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  renewableAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UpdateApiKeyResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateApiKeyResult'] = ResolversParentTypes['UpdateApiKeyResult']> = {
  __resolveType?: TypeResolveFn<'ApiKeyNotFoundError' | 'ApiKeyRevokedError' | 'InvalidInputError' | 'ScopeNotHeldError' | 'UpdateApiKeySuccess', ParentType, ContextType>;
};

export type UpdateApiKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateApiKeySuccess'] = ResolversParentTypes['UpdateApiKeySuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  receipt?: Resolver<Maybe<ResolversTypes['RevocationReceipt']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UpdateProfileResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateProfileResult'] = ResolversParentTypes['UpdateProfileResult']> = {
  __resolveType?: TypeResolveFn<'InvalidInputError' | 'UpdateProfileSuccess', ParentType, ContextType>;
};

export type UpdateProfileSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateProfileSuccess'] = ResolversParentTypes['UpdateProfileSuccess']> = {
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UpdateUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateUserResult'] = ResolversParentTypes['UpdateUserResult']> = {
  __resolveType?: TypeResolveFn<'EmailTakenError' | 'InvalidInputError' | 'LastAdministratorError' | 'UpdateUserSuccess' | 'UserNotFoundError', ParentType, ContextType>;
};

export type UpdateUserSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateUserSuccess'] = ResolversParentTypes['UpdateUserSuccess']> = {
  receipt?: Resolver<Maybe<ResolversTypes['RevocationReceipt']>, ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UpdateWorkspaceResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateWorkspaceResult'] = ResolversParentTypes['UpdateWorkspaceResult']> = {
  __resolveType?: TypeResolveFn<'InvalidInputError' | 'UpdateWorkspaceSuccess' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type UpdateWorkspaceSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UpdateWorkspaceSuccess'] = ResolversParentTypes['UpdateWorkspaceSuccess']> = {
  receipt?: Resolver<Maybe<ResolversTypes['RevocationReceipt']>, ParentType, ContextType>;
  workspace?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  apiKeyCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  disabledAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  invitedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  role?: Resolver<ResolversTypes['UserRole'], ParentType, ContextType>;
  sessionCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UserConnection'] = ResolversParentTypes['UserConnection']> = {
  edges?: Resolver<Array<ResolversTypes['UserEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type UserEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UserEdge'] = ResolversParentTypes['UserEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType?: TypeResolveFn<'AccessTokenNotFoundError' | 'AlreadyBootstrappedError' | 'ApiKeyNotFoundError' | 'ApiKeyQuotaError' | 'ApiKeyRevokedError' | 'ConflictError' | 'DaemonTokenNotFoundError' | 'EmailTakenError' | 'IdempotencyKeyReusedError' | 'InvalidCredentialsError' | 'InvalidInputError' | 'InvitationRejectedError' | 'LastAdministratorError' | 'LastOwnerError' | 'MaximumAgeReachedError' | 'NotADaemonTokenError' | 'NotASessionError' | 'RefreshTokenRejectedError' | 'RegistrationClosedError' | 'ResetTokenRejectedError' | 'ScopeNotHeldError' | 'SessionNotFoundError' | 'SetupTokenRejectedError' | 'SigningKeyNotFoundError' | 'SigningKeyRevokedError' | 'TooEarlyToRenewError' | 'UserNotFoundError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type UserNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['UserNotFoundError'] = ResolversParentTypes['UserNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserRoleResolvers = EnumResolverSignature<{ ADMIN?: any, MEMBER?: any }, ResolversTypes['UserRole']>;

export type ViewerResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  credential?: Resolver<ResolversTypes['Credential'], ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType>;
};

export type WorkspaceResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Workspace'] = ResolversParentTypes['Workspace']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  credentialPolicy?: Resolver<ResolversTypes['CredentialPolicy'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  members?: Resolver<ResolversTypes['WorkspaceMemberConnection'], ParentType, ContextType, RequireFields<WorkspacemembersArgs, 'first'>>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  requiresSignedRequests?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type WorkspaceConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceConnection'] = ResolversParentTypes['WorkspaceConnection']> = {
  edges?: Resolver<Array<ResolversTypes['WorkspaceEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Workspace']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type WorkspaceEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceEdge'] = ResolversParentTypes['WorkspaceEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Workspace'], ParentType, ContextType>;
};

export type WorkspaceMemberResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceMember'] = ResolversParentTypes['WorkspaceMember']> = {
  joinedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['WorkspaceRole'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type WorkspaceMemberConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceMemberConnection'] = ResolversParentTypes['WorkspaceMemberConnection']> = {
  edges?: Resolver<Array<ResolversTypes['WorkspaceMemberEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['WorkspaceMember']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type WorkspaceMemberEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceMemberEdge'] = ResolversParentTypes['WorkspaceMemberEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['WorkspaceMember'], ParentType, ContextType>;
};

export type WorkspaceNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceNotFoundError'] = ResolversParentTypes['WorkspaceNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type WorkspaceRoleResolvers = EnumResolverSignature<{ MEMBER?: any, OWNER?: any }, ResolversTypes['WorkspaceRole']>;

export type Resolvers<ContextType = GraphQLContext> = {
  AcceptInvitationResult?: AcceptInvitationResultResolvers<ContextType>;
  AcceptInvitationSuccess?: AcceptInvitationSuccessResolvers<ContextType>;
  AccessTokenNotFoundError?: AccessTokenNotFoundErrorResolvers<ContextType>;
  AddWorkspaceMemberResult?: AddWorkspaceMemberResultResolvers<ContextType>;
  AddWorkspaceMemberSuccess?: AddWorkspaceMemberSuccessResolvers<ContextType>;
  AlreadyBootstrappedError?: AlreadyBootstrappedErrorResolvers<ContextType>;
  ApiKey?: ApiKeyResolvers<ContextType>;
  ApiKeyConnection?: ApiKeyConnectionResolvers<ContextType>;
  ApiKeyEdge?: ApiKeyEdgeResolvers<ContextType>;
  ApiKeyNotFoundError?: ApiKeyNotFoundErrorResolvers<ContextType>;
  ApiKeyOwner?: ApiKeyOwnerResolvers;
  ApiKeyQuotaError?: ApiKeyQuotaErrorResolvers<ContextType>;
  ApiKeyRevokedError?: ApiKeyRevokedErrorResolvers<ContextType>;
  AuditDetail?: AuditDetailResolvers<ContextType>;
  AuditEvent?: AuditEventResolvers<ContextType>;
  AuditEventConnection?: AuditEventConnectionResolvers<ContextType>;
  AuditEventEdge?: AuditEventEdgeResolvers<ContextType>;
  AuditOutcome?: AuditOutcomeResolvers;
  BootstrapResult?: BootstrapResultResolvers<ContextType>;
  BootstrapSuccess?: BootstrapSuccessResolvers<ContextType>;
  ChangePasswordResult?: ChangePasswordResultResolvers<ContextType>;
  ChangePasswordSuccess?: ChangePasswordSuccessResolvers<ContextType>;
  ConflictError?: ConflictErrorResolvers<ContextType>;
  CreateApiKeyResult?: CreateApiKeyResultResolvers<ContextType>;
  CreateApiKeySuccess?: CreateApiKeySuccessResolvers<ContextType>;
  CreateDaemonTokenResult?: CreateDaemonTokenResultResolvers<ContextType>;
  CreateDaemonTokenSuccess?: CreateDaemonTokenSuccessResolvers<ContextType>;
  CreatePasswordResetResult?: CreatePasswordResetResultResolvers<ContextType>;
  CreatePasswordResetSuccess?: CreatePasswordResetSuccessResolvers<ContextType>;
  CreateSigningKeyResult?: CreateSigningKeyResultResolvers<ContextType>;
  CreateSigningKeySuccess?: CreateSigningKeySuccessResolvers<ContextType>;
  CreateWorkspaceResult?: CreateWorkspaceResultResolvers<ContextType>;
  CreateWorkspaceSuccess?: CreateWorkspaceSuccessResolvers<ContextType>;
  Credential?: CredentialResolvers<ContextType>;
  CredentialPolicy?: CredentialPolicyResolvers<ContextType>;
  CredentialStatus?: CredentialStatusResolvers;
  DaemonToken?: DaemonTokenResolvers<ContextType>;
  DaemonTokenConnection?: DaemonTokenConnectionResolvers<ContextType>;
  DaemonTokenEdge?: DaemonTokenEdgeResolvers<ContextType>;
  DaemonTokenNotFoundError?: DaemonTokenNotFoundErrorResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeleteUserResult?: DeleteUserResultResolvers<ContextType>;
  DeleteUserSuccess?: DeleteUserSuccessResolvers<ContextType>;
  DeleteWorkspaceResult?: DeleteWorkspaceResultResolvers<ContextType>;
  DeleteWorkspaceSuccess?: DeleteWorkspaceSuccessResolvers<ContextType>;
  DisableUserResult?: DisableUserResultResolvers<ContextType>;
  DisableUserSuccess?: DisableUserSuccessResolvers<ContextType>;
  EmailTakenError?: EmailTakenErrorResolvers<ContextType>;
  EnableUserResult?: EnableUserResultResolvers<ContextType>;
  EnableUserSuccess?: EnableUserSuccessResolvers<ContextType>;
  EndApiKeyOverlapResult?: EndApiKeyOverlapResultResolvers<ContextType>;
  EndApiKeyOverlapSuccess?: EndApiKeyOverlapSuccessResolvers<ContextType>;
  IdempotencyKeyReusedError?: IdempotencyKeyReusedErrorResolvers<ContextType>;
  Introspection?: IntrospectionResolvers<ContextType>;
  InvalidCredentialsError?: InvalidCredentialsErrorResolvers<ContextType>;
  InvalidField?: InvalidFieldResolvers<ContextType>;
  InvalidInputError?: InvalidInputErrorResolvers<ContextType>;
  InvitationRejectedError?: InvitationRejectedErrorResolvers<ContextType>;
  InviteUserResult?: InviteUserResultResolvers<ContextType>;
  InviteUserSuccess?: InviteUserSuccessResolvers<ContextType>;
  LastAdministratorError?: LastAdministratorErrorResolvers<ContextType>;
  LastOwnerError?: LastOwnerErrorResolvers<ContextType>;
  LoginResult?: LoginResultResolvers<ContextType>;
  LoginSuccess?: LoginSuccessResolvers<ContextType>;
  LogoutResult?: LogoutResultResolvers<ContextType>;
  LogoutSuccess?: LogoutSuccessResolvers<ContextType>;
  MaximumAgeReachedError?: MaximumAgeReachedErrorResolvers<ContextType>;
  MetadataEntry?: MetadataEntryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  NotADaemonTokenError?: NotADaemonTokenErrorResolvers<ContextType>;
  NotASessionError?: NotASessionErrorResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RateLimit?: RateLimitResolvers<ContextType>;
  RefreshRejectionReason?: RefreshRejectionReasonResolvers;
  RefreshSessionResult?: RefreshSessionResultResolvers<ContextType>;
  RefreshSessionSuccess?: RefreshSessionSuccessResolvers<ContextType>;
  RefreshTokenRejectedError?: RefreshTokenRejectedErrorResolvers<ContextType>;
  RegisterResult?: RegisterResultResolvers<ContextType>;
  RegisterSuccess?: RegisterSuccessResolvers<ContextType>;
  RegistrationClosedError?: RegistrationClosedErrorResolvers<ContextType>;
  RemoveWorkspaceMemberResult?: RemoveWorkspaceMemberResultResolvers<ContextType>;
  RemoveWorkspaceMemberSuccess?: RemoveWorkspaceMemberSuccessResolvers<ContextType>;
  RenewDaemonTokenResult?: RenewDaemonTokenResultResolvers<ContextType>;
  RenewDaemonTokenSuccess?: RenewDaemonTokenSuccessResolvers<ContextType>;
  ResetPasswordResult?: ResetPasswordResultResolvers<ContextType>;
  ResetPasswordSuccess?: ResetPasswordSuccessResolvers<ContextType>;
  ResetTokenRejectedError?: ResetTokenRejectedErrorResolvers<ContextType>;
  Revocation?: RevocationResolvers<ContextType>;
  RevocationConnection?: RevocationConnectionResolvers<ContextType>;
  RevocationEdge?: RevocationEdgeResolvers<ContextType>;
  RevocationEffect?: RevocationEffectResolvers;
  RevocationEvent?: RevocationEventResolvers<ContextType>;
  RevocationPropagation?: RevocationPropagationResolvers;
  RevocationReason?: RevocationReasonResolvers;
  RevocationReceipt?: RevocationReceiptResolvers<ContextType>;
  RevocationSubject?: RevocationSubjectResolvers;
  RevokeAccessTokenResult?: RevokeAccessTokenResultResolvers<ContextType>;
  RevokeAccessTokenSuccess?: RevokeAccessTokenSuccessResolvers<ContextType>;
  RevokeAllSessionsResult?: RevokeAllSessionsResultResolvers<ContextType>;
  RevokeAllSessionsSuccess?: RevokeAllSessionsSuccessResolvers<ContextType>;
  RevokeApiKeyResult?: RevokeApiKeyResultResolvers<ContextType>;
  RevokeApiKeySuccess?: RevokeApiKeySuccessResolvers<ContextType>;
  RevokeDaemonResult?: RevokeDaemonResultResolvers<ContextType>;
  RevokeDaemonSuccess?: RevokeDaemonSuccessResolvers<ContextType>;
  RevokeDaemonTokenResult?: RevokeDaemonTokenResultResolvers<ContextType>;
  RevokeDaemonTokenSuccess?: RevokeDaemonTokenSuccessResolvers<ContextType>;
  RevokeSessionResult?: RevokeSessionResultResolvers<ContextType>;
  RevokeSessionSuccess?: RevokeSessionSuccessResolvers<ContextType>;
  RevokeSigningKeyResult?: RevokeSigningKeyResultResolvers<ContextType>;
  RevokeSigningKeySuccess?: RevokeSigningKeySuccessResolvers<ContextType>;
  RotateApiKeyResult?: RotateApiKeyResultResolvers<ContextType>;
  RotateApiKeySuccess?: RotateApiKeySuccessResolvers<ContextType>;
  RotateSigningKeyResult?: RotateSigningKeyResultResolvers<ContextType>;
  RotateSigningKeySuccess?: RotateSigningKeySuccessResolvers<ContextType>;
  Scope?: ScopeResolvers;
  ScopeNotHeldError?: ScopeNotHeldErrorResolvers<ContextType>;
  Secret?: GraphQLScalarType;
  Session?: SessionResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SessionNotFoundError?: SessionNotFoundErrorResolvers<ContextType>;
  SessionTokens?: SessionTokensResolvers<ContextType>;
  SetCredentialPolicyResult?: SetCredentialPolicyResultResolvers<ContextType>;
  SetCredentialPolicySuccess?: SetCredentialPolicySuccessResolvers<ContextType>;
  SetWorkspaceMemberRoleResult?: SetWorkspaceMemberRoleResultResolvers<ContextType>;
  SetWorkspaceMemberRoleSuccess?: SetWorkspaceMemberRoleSuccessResolvers<ContextType>;
  SetupTokenRejectedError?: SetupTokenRejectedErrorResolvers<ContextType>;
  SigningKey?: SigningKeyResolvers<ContextType>;
  SigningKeyConnection?: SigningKeyConnectionResolvers<ContextType>;
  SigningKeyEdge?: SigningKeyEdgeResolvers<ContextType>;
  SigningKeyNotFoundError?: SigningKeyNotFoundErrorResolvers<ContextType>;
  SigningKeyRevokedError?: SigningKeyRevokedErrorResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  TooEarlyToRenewError?: TooEarlyToRenewErrorResolvers<ContextType>;
  UpdateApiKeyResult?: UpdateApiKeyResultResolvers<ContextType>;
  UpdateApiKeySuccess?: UpdateApiKeySuccessResolvers<ContextType>;
  UpdateProfileResult?: UpdateProfileResultResolvers<ContextType>;
  UpdateProfileSuccess?: UpdateProfileSuccessResolvers<ContextType>;
  UpdateUserResult?: UpdateUserResultResolvers<ContextType>;
  UpdateUserSuccess?: UpdateUserSuccessResolvers<ContextType>;
  UpdateWorkspaceResult?: UpdateWorkspaceResultResolvers<ContextType>;
  UpdateWorkspaceSuccess?: UpdateWorkspaceSuccessResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserConnection?: UserConnectionResolvers<ContextType>;
  UserEdge?: UserEdgeResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  UserNotFoundError?: UserNotFoundErrorResolvers<ContextType>;
  UserRole?: UserRoleResolvers;
  Viewer?: ViewerResolvers<ContextType>;
  Workspace?: WorkspaceResolvers<ContextType>;
  WorkspaceConnection?: WorkspaceConnectionResolvers<ContextType>;
  WorkspaceEdge?: WorkspaceEdgeResolvers<ContextType>;
  WorkspaceMember?: WorkspaceMemberResolvers<ContextType>;
  WorkspaceMemberConnection?: WorkspaceMemberConnectionResolvers<ContextType>;
  WorkspaceMemberEdge?: WorkspaceMemberEdgeResolvers<ContextType>;
  WorkspaceNotFoundError?: WorkspaceNotFoundErrorResolvers<ContextType>;
  WorkspaceRole?: WorkspaceRoleResolvers;
};

export type DirectiveResolvers<ContextType = GraphQLContext> = {
  authenticated?: authenticatedDirectiveResolver<any, any, ContextType>;
  constraint?: constraintDirectiveResolver<any, any, ContextType>;
  public?: publicDirectiveResolver<any, any, ContextType>;
  requires?: requiresDirectiveResolver<any, any, ContextType>;
};
