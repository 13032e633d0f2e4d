import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { ApiKeyMapper } from './../mappers/api-keys.ts';
import type { CredentialMapper, IntrospectionMapper, ViewerMapper } from './../mappers/root.ts';
import type { RevocationMapper, SessionMapper, SessionTokensMapper } from './../mappers/sessions.ts';
import type { UserMapper } from './../mappers/accounts.ts';
import type { WorkspaceMapper } from './../mappers/workspaces.ts';
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
  /** A moment: RFC 3339, UTC, millisecond precision. */
  DateTime: { input: Date; output: Date; }
  /** Secret text. It is returned once, by the mutation that made it, and can never be read again. */
  Secret: { input: string; output: string; }
};

/** There is no access token with this id among those of your sessions. */
export type AccessTokenNotFoundError = UserError & {
  __typename?: 'AccessTokenNotFoundError';
  message: Scalars['String']['output'];
};

/** There is an administrator already. */
export type AlreadyBootstrappedError = UserError & {
  __typename?: 'AlreadyBootstrappedError';
  message: Scalars['String']['output'];
};

/** A long-lived secret for a program that acts for a person (a personal access token). */
export type ApiKey = Credential & Node & {
  __typename?: 'ApiKey';
  createdAt: Scalars['DateTime']['output'];
  /** The address the key was made from. */
  createdFromIp?: Maybe<Scalars['String']['output']>;
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Prefix and last four characters: enough to recognise the key, never enough to use it. */
  hint: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  name: Scalars['String']['output'];
  /** The operator's own strings, carried for the services that ask. */
  permissions: Array<Scalars['String']['output']>;
  /** Until when the secret before the last rotation still works; null where there is none. */
  previousSecretExpiresAt?: Maybe<Scalars['DateTime']['output']>;
  revocationReason?: Maybe<RevocationReason>;
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When its secret was last replaced. */
  rotatedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What the key may ask of Rekey. */
  scopes: Array<Scope>;
  status: CredentialStatus;
  /** Whose key it is. */
  user: User;
  /** Set where the key only works for one workspace. */
  workspace?: Maybe<Workspace>;
};

/** A page of API keys, newest first. */
export type ApiKeyConnection = {
  __typename?: 'ApiKeyConnection';
  edges: Array<ApiKeyEdge>;
  nodes: Array<ApiKey>;
  pageInfo: PageInfo;
};

/** Where an API key stands in a list. */
export type ApiKeyEdge = {
  __typename?: 'ApiKeyEdge';
  cursor: Scalars['String']['output'];
  node: ApiKey;
};

/** Which API keys to list. */
export type ApiKeyFilter = {
  status?: InputMaybe<CredentialStatus>;
  /** Whose keys. Left out: one's own; for an administrator, everybody's. */
  userId?: InputMaybe<Scalars['ID']['input']>;
  /** Only the keys bound to this workspace. */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
};

/** There is no API key with this id among yours. */
export type ApiKeyNotFoundError = UserError & {
  __typename?: 'ApiKeyNotFoundError';
  message: Scalars['String']['output'];
};

/** Too many keys: revoke one first. */
export type ApiKeyQuotaError = UserError & {
  __typename?: 'ApiKeyQuotaError';
  /** How many keys in use one person may have. */
  limit: Scalars['Int']['output'];
  message: Scalars['String']['output'];
};

/** The key was revoked, and a revoked key stays revoked. */
export type ApiKeyRevokedError = UserError & {
  __typename?: 'ApiKeyRevokedError';
  message: Scalars['String']['output'];
  revokedAt: Scalars['DateTime']['output'];
};

export type BootstrapInput = {
  /** 1 to 100 characters. */
  displayName: Scalars['String']['input'];
  email: Scalars['String']['input'];
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  password: Scalars['String']['input'];
  /** The one-time token from the service's first start. */
  setupToken: Scalars['String']['input'];
};

export type BootstrapResult = AlreadyBootstrappedError | BootstrapSuccess | InvalidInputError | SetupTokenRejectedError;

/** The administrator was made and is logged in. */
export type BootstrapSuccess = {
  __typename?: 'BootstrapSuccess';
  tokens: SessionTokens;
  user: User;
};

export type ChangePasswordInput = {
  currentPassword: Scalars['String']['input'];
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  newPassword: Scalars['String']['input'];
};

export type ChangePasswordResult = ChangePasswordSuccess | InvalidCredentialsError | InvalidInputError | NotASessionError;

/** The password was changed, and every other session of this person is over. */
export type ChangePasswordSuccess = {
  __typename?: 'ChangePasswordSuccess';
  receipt: RevocationReceipt;
  /** How many other sessions were alive. */
  revokedCount: Scalars['Int']['output'];
  user: User;
};

/** Somebody else changed the same thing at the same moment. Nothing was changed by this call; read the new state, then decide. */
export type ConflictError = UserError & {
  __typename?: 'ConflictError';
  message: Scalars['String']['output'];
};

export type CreateApiKeyInput = {
  /** When it ends by itself; in the future, and no later than the calling credential, unless that is a session. Left out: as long as the calling credential. */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** What it is for, so that you still know in a year. 1 to 100 characters. */
  name: Scalars['String']['input'];
  /** The operator's own strings, each 1 to 100 of `A-Z a-z 0-9 . _ : / * -` and not `-` alone; at most 50, with at most 2 048 characters in all, and at most what the calling credential holds (an administrator: any). */
  permissions: Array<Scalars['String']['input']>;
  /** What the key may ask of Rekey; at most what the calling credential holds, and neither `ADMIN` nor `INTROSPECT` where it is bound to a workspace. None are needed to be verified by other services. */
  scopes: Array<Scope>;
  /** Bind the key to this workspace of yours. */
  workspaceId?: InputMaybe<Scalars['ID']['input']>;
};

export type CreateApiKeyResult = ApiKeyQuotaError | CreateApiKeySuccess | InvalidInputError | ScopeNotHeldError | WorkspaceNotFoundError;

/** The key was made. */
export type CreateApiKeySuccess = {
  __typename?: 'CreateApiKeySuccess';
  apiKey: ApiKey;
  /** Shown now and never again. */
  secret: Scalars['Secret']['output'];
};

export type CreateWorkspaceInput = {
  /** 1 to 100 characters. */
  name: Scalars['String']['input'];
};

export type CreateWorkspaceResult = CreateWorkspaceSuccess | InvalidInputError;

/** The workspace was made. */
export type CreateWorkspaceSuccess = {
  __typename?: 'CreateWorkspaceSuccess';
  workspace: Workspace;
};

/** Anything that can authenticate a request. */
export type Credential = {
  createdAt: Scalars['DateTime']['output'];
  /** When it ends by itself; null for one that does not. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  id: Scalars['ID']['output'];
  /** When it last authenticated a request, a minute or two behind at most; null before the first time. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  revocationReason?: Maybe<RevocationReason>;
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  status: CredentialStatus;
};

/** Where a credential is in its life. */
export type CredentialStatus =
  /** Neither ended nor over. As long as its person is disabled, it authenticates nothing all the same. */
  | 'ACTIVE'
  /** Its time is over. */
  | 'EXPIRED'
  /** It was ended early, for good. */
  | 'REVOKED';

export type DisableUserInput = {
  userId: Scalars['ID']['input'];
};

export type DisableUserResult = DisableUserSuccess | UserNotFoundError;

/** None of this person's credentials works any more. */
export type DisableUserSuccess = {
  __typename?: 'DisableUserSuccess';
  receipt: RevocationReceipt;
  user: User;
};

/** There is an account with this email already. */
export type EmailTakenError = UserError & {
  __typename?: 'EmailTakenError';
  message: Scalars['String']['output'];
};

export type EnableUserInput = {
  userId: Scalars['ID']['input'];
};

export type EnableUserResult = EnableUserSuccess | UserNotFoundError;

/** The account is in use again. */
export type EnableUserSuccess = {
  __typename?: 'EnableUserSuccess';
  user: User;
};

/** What a token stands for, at this moment. */
export type Introspection = {
  __typename?: 'Introspection';
  /** Whether it would authenticate a request now. Where this is false, nothing else is said. */
  active: Scalars['Boolean']['output'];
  credential?: Maybe<Credential>;
  /** When it ends by itself. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  permissions: Array<Scalars['String']['output']>;
  scopes: Array<Scope>;
  user?: Maybe<User>;
  workspace?: Maybe<Workspace>;
};

/** Email and password do not go together, or the account is disabled. One answer for all, so that nobody learns which accounts exist. */
export type InvalidCredentialsError = UserError & {
  __typename?: 'InvalidCredentialsError';
  message: Scalars['String']['output'];
};

/** One input field that does not fit. */
export type InvalidField = {
  __typename?: 'InvalidField';
  /** What is wrong with it, and what would fit. */
  message: Scalars['String']['output'];
  /** Where it is, e.g. `input.expiresAt`. */
  path: Scalars['String']['output'];
};

/** The input does not fit. Nothing was changed. */
export type InvalidInputError = UserError & {
  __typename?: 'InvalidInputError';
  /** Every field that does not fit, not just the first. */
  fields: Array<InvalidField>;
  message: Scalars['String']['output'];
};

export type LoginInput = {
  /**
   * For browsers: keep the tokens in `__Host-` cookies that no script can read, instead of handing them out. Requests that
   * rely on the cookies carry the header `X-Rekey-CSRF: 1`. A login that carries it ends the session that the cookies held.
   */
  cookies: Scalars['Boolean']['input'];
  email: Scalars['String']['input'];
  password: Scalars['String']['input'];
};

export type LoginResult = InvalidCredentialsError | LoginSuccess;

/** A session was started. */
export type LoginSuccess = {
  __typename?: 'LoginSuccess';
  tokens: SessionTokens;
  user: User;
};

export type LogoutResult = LogoutSuccess | NotASessionError;

/** The session is over. */
export type LogoutSuccess = {
  __typename?: 'LogoutSuccess';
  receipt: RevocationReceipt;
  session: Session;
};

export type Mutation = {
  __typename?: 'Mutation';
  /**
   * Makes the first administrator. Works once, with the setup token that the service printed when it first started
   * (or was given as `REKEY_SETUP_TOKEN`).
   */
  bootstrap: BootstrapResult;
  /** Changes the caller's own password and ends all other sessions of theirs, on every replica. Asks for the current one again. */
  changePassword: ChangePasswordResult;
  /**
   * Makes an API key for the caller. The answer is the only place where its secret ever stands, so ask for nothing else in
   * the same document: an error of another field takes this answer along.
   */
  createApiKey: CreateApiKeyResult;
  /** Makes a workspace; the caller becomes its owner. */
  createWorkspace: CreateWorkspaceResult;
  /** Disables an account: every credential of this person stops working at once, on every replica. Its sessions are over for good. */
  disableUser: DisableUserResult;
  /** Takes a disabled account back into use. Keys that were not revoked themselves work again; sessions are over, so log in anew. */
  enableUser: EnableUserResult;
  /** Starts a session: a short-lived access token to send as `Authorization: Bearer …`, and a refresh token for the next one. */
  login: LoginResult;
  /**
   * Ends the session that this request belongs to: its access tokens and refresh tokens stop working at once, on every
   * replica. Needs its access token or, in a browser that keeps the tokens in cookies, just the refresh token in the jar,
   * as long as it could still be exchanged.
   */
  logout: LogoutResult;
  /**
   * Exchanges a refresh token for new tokens. Each works once. The one before the newest, again within a few seconds, is
   * taken for a lost answer and gets the same successor; any other dead one means that somebody has a copy, and ends the
   * whole session on every replica before this answers.
   */
  refreshSession: RefreshSessionResult;
  /** Makes an account of one's own, where the operator allows it (`REKEY_REGISTRATION=open`). */
  register: RegisterResult;
  /** Ends one access token before its time; its session goes on. */
  revokeAccessToken: RevokeAccessTokenResult;
  /** Ends all sessions of one person at once, however many they are. API keys go on working. */
  revokeAllSessions: RevokeAllSessionsResult;
  /** Ends a key for good, on every replica, before the answer arrives. Revoking a revoked key succeeds and changes nothing. */
  revokeApiKey: RevokeApiKeyResult;
  /** Ends a session of yours (an administrator: anybody's) at once, on every replica. */
  revokeSession: RevokeSessionResult;
  /**
   * Gives a key a new secret. The old one stops working on every replica before the answer arrives, or after
   * `overlapSeconds`. A key may rotate itself; another key only where it holds at least as much as that one. Ask for
   * nothing else in the same document: an error of another field takes this answer, and the secret in it, along.
   */
  rotateApiKey: RotateApiKeyResult;
};


export type MutationbootstrapArgs = {
  input: BootstrapInput;
};


export type MutationchangePasswordArgs = {
  input: ChangePasswordInput;
};


export type MutationcreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


export type MutationcreateWorkspaceArgs = {
  input: CreateWorkspaceInput;
};


export type MutationdisableUserArgs = {
  input: DisableUserInput;
};


export type MutationenableUserArgs = {
  input: EnableUserInput;
};


export type MutationloginArgs = {
  input: LoginInput;
};


export type MutationrefreshSessionArgs = {
  input: RefreshSessionInput;
};


export type MutationregisterArgs = {
  input: RegisterInput;
};


export type MutationrevokeAccessTokenArgs = {
  input: RevokeAccessTokenInput;
};


export type MutationrevokeAllSessionsArgs = {
  input: RevokeAllSessionsInput;
};


export type MutationrevokeApiKeyArgs = {
  input: RevokeApiKeyInput;
};


export type MutationrevokeSessionArgs = {
  input: RevokeSessionInput;
};


export type MutationrotateApiKeyArgs = {
  input: RotateApiKeyInput;
};

/** Anything with an id of its own. */
export type Node = {
  /** A prefix that names the kind, and 26 characters that sort by time. An id is never a secret, and never works as one. */
  id: Scalars['ID']['output'];
};

/** The request was authenticated by something else than a session; there is nothing to log out of. */
export type NotASessionError = UserError & {
  __typename?: 'NotASessionError';
  message: Scalars['String']['output'];
};

/** Where a page of a list begins and ends. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** Pass it as `after` to get the next page. */
  endCursor?: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
  hasPreviousPage: Scalars['Boolean']['output'];
  startCursor?: Maybe<Scalars['String']['output']>;
};

export type Query = {
  __typename?: 'Query';
  /** An API key of yours (an administrator: anyone's); null where there is none with this id. */
  apiKey?: Maybe<ApiKey>;
  /** Your API keys, newest first. An administrator sees everybody's, unless `filter.userId` names one. */
  apiKeys: ApiKeyConnection;
  /** What does this token stand for, right now? One answer for everything that is not active: unknown, expired, revoked. Services that speak HTTP ask `POST /v1/introspect` (RFC 7662) instead. */
  introspect: Introspection;
  /** Access tokens that were revoked one by one and could still be alive, newest first. */
  revocations: RevocationConnection;
  /** Where you are logged in, newest first (an administrator: everybody's). */
  sessions: SessionConnection;
  /** Everybody with an account, newest first. */
  users: UserConnection;
  /** Who am I? The first thing to call with a new credential. */
  viewer: Viewer;
  /** A workspace of yours (an administrator: any); null where there is none with this id. */
  workspace?: Maybe<Workspace>;
  /** Your workspaces (an administrator: all), newest first. */
  workspaces: WorkspaceConnection;
};


export type QueryapiKeyArgs = {
  id: Scalars['ID']['input'];
};


export type QueryapiKeysArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ApiKeyFilter>;
  first: Scalars['Int']['input'];
};


export type QueryintrospectArgs = {
  token: Scalars['String']['input'];
};


export type QueryrevocationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<RevocationFilter>;
  first: Scalars['Int']['input'];
};


export type QuerysessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<SessionFilter>;
  first: Scalars['Int']['input'];
};


export type QueryusersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<UserFilter>;
  first: Scalars['Int']['input'];
};


export type QueryworkspaceArgs = {
  id: Scalars['ID']['input'];
};


export type QueryworkspacesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first: Scalars['Int']['input'];
};

/** Why a refresh token was not exchanged. */
export type RefreshRejectionReason =
  /** The session's time is over: log in again. */
  | 'EXPIRED'
  /** It was used before, so somebody has a copy. The whole session was ended: log in again. */
  | 'REUSED'
  /** The session was ended: log in again. */
  | 'REVOKED'
  /** Nobody knows it. */
  | 'UNKNOWN';

export type RefreshSessionInput = {
  /** The refresh token. Empty: the one in the cookie. */
  refreshToken: Scalars['String']['input'];
};

export type RefreshSessionResult = RefreshSessionSuccess | RefreshTokenRejectedError;

/** The session goes on. */
export type RefreshSessionSuccess = {
  __typename?: 'RefreshSessionSuccess';
  tokens: SessionTokens;
};

/** The refresh token was not exchanged. */
export type RefreshTokenRejectedError = UserError & {
  __typename?: 'RefreshTokenRejectedError';
  message: Scalars['String']['output'];
  reason: RefreshRejectionReason;
};

export type RegisterInput = {
  /** 1 to 100 characters. */
  displayName: Scalars['String']['input'];
  email: Scalars['String']['input'];
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  password: Scalars['String']['input'];
};

export type RegisterResult = EmailTakenError | InvalidInputError | RegisterSuccess | RegistrationClosedError;

/** The account was made and is logged in. */
export type RegisterSuccess = {
  __typename?: 'RegisterSuccess';
  tokens: SessionTokens;
  user: User;
};

/** This installation does not let people make accounts of their own. */
export type RegistrationClosedError = UserError & {
  __typename?: 'RegistrationClosedError';
  message: Scalars['String']['output'];
};

/** One access token that was revoked before its time: an entry of the ledger. */
export type Revocation = Node & {
  __typename?: 'Revocation';
  /** Until when the ledger remembers it: no token with this id can live longer. */
  expiresAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  /** The token's own id, its claim `jti`. */
  jti: Scalars['ID']['output'];
  reason: RevocationReason;
  revokedAt: Scalars['DateTime']['output'];
  /** Who revoked it; null where the account is gone, and where the caller may not read that person. */
  revokedBy?: Maybe<User>;
  /** Whose token it was. */
  user: User;
};

/** A page of revocations, newest first. */
export type RevocationConnection = {
  __typename?: 'RevocationConnection';
  edges: Array<RevocationEdge>;
  nodes: Array<Revocation>;
  pageInfo: PageInfo;
};

/** Where a revocation stands in a list. */
export type RevocationEdge = {
  __typename?: 'RevocationEdge';
  cursor: Scalars['String']['output'];
  node: Revocation;
};

/** Which revocations to list. */
export type RevocationFilter = {
  /** Whose tokens. Left out: one's own; for an administrator, everybody's. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** How a revocation became certain. */
export type RevocationPropagation =
  /** Every replica that was registered has confirmed that it applied the invalidation, or has left. */
  | 'ACKNOWLEDGED'
  /** Some replica did not answer, or the database server is new; the leases of all it could hold have run out, so no replica may use an older cache. */
  | 'LEASE_EXPIRED';

/** Why a credential was ended. */
export type RevocationReason =
  /** An administrator decided. */
  | 'ADMINISTRATIVE'
  /** It leaked, or may have. */
  | 'COMPROMISED'
  /** What it belonged to was removed. */
  | 'REMOVED'
  /** A refresh token was used twice: somebody has a copy. */
  | 'REUSED'
  /** A new secret took its place. */
  | 'ROTATED'
  /** Its owner signed out. */
  | 'SIGNED_OUT'
  /** Nobody said why. */
  | 'UNSPECIFIED';

/**
 * Proof that a revocation has taken effect: every live replica dropped the credential, or its permission to use its
 * cache ran out. Once you hold this, no replica accepts the credential in any request that arrives later.
 */
export type RevocationReceipt = {
  __typename?: 'RevocationReceipt';
  /** How many of them confirmed. */
  acknowledged: Scalars['Int']['output'];
  /**
   * When the revocation was committed to the database, by the database's clock; where it had been revoked before, when that
   * was, and of a session that ended with all of its person's, when all were last ended. Where the database could not be
   * asked after the commit, or no longer remembers it (after an hour): when it was written, a moment before the commit.
   */
  committedAt: Scalars['DateTime']['output'];
  /**
   * How many of them left the service before they confirmed. A replica that leaves gives up its cache first. Where
   * `propagation` is `ACKNOWLEDGED`, `acknowledged + left` equals `replicas`. Where it is `LEASE_EXPIRED`, the others did not
   * answer.
   */
  left: Scalars['Int']['output'];
  propagation: RevocationPropagation;
  /**
   * Replicas that were registered right after the revocation was committed; where the database could not be asked, when it
   * last was.
   */
  replicas: Scalars['Int']['output'];
  /**
   * Position in the invalidation log up to which every replica has caught up or lost its cache. A 64-bit integer in decimal.
   * Where `propagation` is `LEASE_EXPIRED` and the database answered late or not at all, it may be a position before this
   * revocation's own, which is certain all the same.
   */
  sequence: Scalars['String']['output'];
  /** From the commit to this answer, in milliseconds. */
  settledInMilliseconds: Scalars['Float']['output'];
};

export type RevokeAccessTokenInput = {
  /** The claim `jti` of the token. */
  jti: Scalars['ID']['input'];
  reason: RevocationReason;
};

export type RevokeAccessTokenResult = AccessTokenNotFoundError | RevokeAccessTokenSuccess;

/** The token is dead. */
export type RevokeAccessTokenSuccess = {
  __typename?: 'RevokeAccessTokenSuccess';
  receipt: RevocationReceipt;
  revocation: Revocation;
};

export type RevokeAllSessionsInput = {
  /** Keep the session that this request belongs to. */
  exceptCurrent: Scalars['Boolean']['input'];
  /** Whose; an administrator may name someone else. Left out: one's own. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

export type RevokeAllSessionsResult = RevokeAllSessionsSuccess | UserNotFoundError;

/** The sessions are over. */
export type RevokeAllSessionsSuccess = {
  __typename?: 'RevokeAllSessionsSuccess';
  receipt: RevocationReceipt;
  /** How many were alive. */
  revokedCount: Scalars['Int']['output'];
};

export type RevokeApiKeyInput = {
  apiKeyId: Scalars['ID']['input'];
  reason: RevocationReason;
};

export type RevokeApiKeyResult = ApiKeyNotFoundError | RevokeApiKeySuccess;

/** The key is dead. */
export type RevokeApiKeySuccess = {
  __typename?: 'RevokeApiKeySuccess';
  apiKey: ApiKey;
  receipt: RevocationReceipt;
};

export type RevokeSessionInput = {
  reason: RevocationReason;
  sessionId: Scalars['ID']['input'];
};

export type RevokeSessionResult = RevokeSessionSuccess | SessionNotFoundError;

/** The session is over. */
export type RevokeSessionSuccess = {
  __typename?: 'RevokeSessionSuccess';
  receipt: RevocationReceipt;
  session: Session;
};

export type RotateApiKeyInput = {
  apiKeyId: Scalars['ID']['input'];
  /** How long the old secret goes on working, in seconds: 0 to 2 592 000 (30 days). */
  overlapSeconds: Scalars['Int']['input'];
};

export type RotateApiKeyResult = ApiKeyNotFoundError | ApiKeyRevokedError | ConflictError | InvalidInputError | RotateApiKeySuccess | ScopeNotHeldError;

/** The key has a new secret. */
export type RotateApiKeySuccess = {
  __typename?: 'RotateApiKeySuccess';
  apiKey: ApiKey;
  /** When the old secret stops working; now, without an overlap. */
  previousSecretExpiresAt: Scalars['DateTime']['output'];
  receipt: RevocationReceipt;
  /** Shown now and never again. */
  secret: Scalars['Secret']['output'];
};

/** What a credential may ask of Rekey itself. What it may do elsewhere are its `permissions`. */
export type Scope =
  /** See and change what belongs to other people. Held by administrators alone. */
  | 'ADMIN'
  /** Read API keys. */
  | 'API_KEYS_READ'
  /** Create, rotate and revoke API keys. */
  | 'API_KEYS_WRITE'
  /** Read the audit log. Reserved; not enforced yet. */
  | 'AUDIT_READ'
  /** Read daemon tokens. Reserved; not enforced yet. */
  | 'DAEMON_TOKENS_READ'
  /** Create and revoke daemon tokens. Reserved; not enforced yet. */
  | 'DAEMON_TOKENS_WRITE'
  /** Ask what somebody else's credential stands for. Held by administrators and the keys they make for their services. */
  | 'INTROSPECT'
  /** Read sessions and revocations. */
  | 'SESSIONS_READ'
  /** End sessions and revoke access tokens. */
  | 'SESSIONS_WRITE'
  /** Read signing keys. Reserved; not enforced yet. */
  | 'SIGNING_KEYS_READ'
  /** Create, rotate and revoke signing keys. Reserved; not enforced yet. */
  | 'SIGNING_KEYS_WRITE'
  /** Read workspaces. */
  | 'WORKSPACES_READ'
  /** Create workspaces. */
  | 'WORKSPACES_WRITE';

/** A credential gives no more than it holds. These scopes were asked for and are not held. */
export type ScopeNotHeldError = UserError & {
  __typename?: 'ScopeNotHeldError';
  message: Scalars['String']['output'];
  scopes: Array<Scope>;
};

/** One login and everything that grew out of it: a family of refresh tokens and their access tokens. */
export type Session = Credential & Node & {
  __typename?: 'Session';
  createdAt: Scalars['DateTime']['output'];
  /** The absolute end, however busy the session is. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  id: Scalars['ID']['output'];
  /** When it ends unless it is refreshed before. */
  idleExpiresAt: Scalars['DateTime']['output'];
  /** From where it was started. */
  ipAddress?: Maybe<Scalars['String']['output']>;
  /** Whether this very request belongs to it. */
  isCurrent: Scalars['Boolean']['output'];
  /** When it was last seen: at its login, at a refresh, or with an access token, which may be noted a minute or two late. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  revocationReason?: Maybe<RevocationReason>;
  /** When it was ended; where it ended with all of its person's, when all were last ended. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  status: CredentialStatus;
  user: User;
  /** What it was started with. */
  userAgent?: Maybe<Scalars['String']['output']>;
};

/** A page of sessions, newest first. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  edges: Array<SessionEdge>;
  nodes: Array<Session>;
  pageInfo: PageInfo;
};

/** Where a session stands in a list. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  cursor: Scalars['String']['output'];
  node: Session;
};

/** Which sessions to list. */
export type SessionFilter = {
  status?: InputMaybe<CredentialStatus>;
  /** Whose sessions. Left out: one's own; for an administrator, everybody's. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** There is no session with this id among yours. */
export type SessionNotFoundError = UserError & {
  __typename?: 'SessionNotFoundError';
  message: Scalars['String']['output'];
};

/** What a session hands to its owner. Shown once. In cookie mode both secrets are empty here: the browser keeps them. */
export type SessionTokens = {
  __typename?: 'SessionTokens';
  /** Send it as `Authorization: Bearer …`. A JWT (RFC 9068) signed with EdDSA. */
  accessToken: Scalars['Secret']['output'];
  accessTokenExpiresAt: Scalars['DateTime']['output'];
  /** Opaque, single use. Keep it where only you can read it. */
  refreshToken: Scalars['Secret']['output'];
  refreshTokenExpiresAt: Scalars['DateTime']['output'];
  session: Session;
};

/** This is not the setup token. */
export type SetupTokenRejectedError = UserError & {
  __typename?: 'SetupTokenRejectedError';
  message: Scalars['String']['output'];
};

/**
 * A person with an account. A caller reads themselves and the people with whom they share a workspace; an administrator
 * reads everyone. A field that leads to anyone else is null.
 */
export type User = Node & {
  __typename?: 'User';
  createdAt: Scalars['DateTime']['output'];
  /** Since when none of this person's credentials works; null for an account in use. */
  disabledAt?: Maybe<Scalars['DateTime']['output']>;
  displayName: Scalars['String']['output'];
  /** As it was given when the account was made. Stored encrypted. */
  email: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  role: UserRole;
};

/** A page of users, newest first. */
export type UserConnection = {
  __typename?: 'UserConnection';
  edges: Array<UserEdge>;
  nodes: Array<User>;
  pageInfo: PageInfo;
};

/** Where a user stands in a list. */
export type UserEdge = {
  __typename?: 'UserEdge';
  cursor: Scalars['String']['output'];
  node: User;
};

/** An expected failure that the caller can act on. */
export type UserError = {
  /** For people. Programs read `__typename` and the other fields. */
  message: Scalars['String']['output'];
};

/** Which users to list. */
export type UserFilter = {
  /** Exact, but for upper and lower case. */
  email?: InputMaybe<Scalars['String']['input']>;
};

/** There is no user with this id. */
export type UserNotFoundError = UserError & {
  __typename?: 'UserNotFoundError';
  message: Scalars['String']['output'];
};

/** What a person may do in this installation. */
export type UserRole =
  /** Manage everything. */
  | 'ADMIN'
  /** Manage what is their own. */
  | 'MEMBER';

/** Who this request comes from. */
export type Viewer = {
  __typename?: 'Viewer';
  /** What authenticated this request. */
  credential: Credential;
  /** The operator's own strings, carried for the services that ask. */
  permissions: Array<Scalars['String']['output']>;
  /** What the credential may ask of Rekey. */
  scopes: Array<Scope>;
  /** The person behind it; null for a credential that belongs to a workspace. */
  user?: Maybe<User>;
  /** Set where the credential is bound to one workspace. */
  workspace?: Maybe<Workspace>;
};

/** A team's or a project's corner: credentials can be bound to one. */
export type Workspace = Node & {
  __typename?: 'Workspace';
  createdAt: Scalars['DateTime']['output'];
  id: Scalars['ID']['output'];
  name: Scalars['String']['output'];
  /** Whether a credential bound to this workspace is only good in a signed request. Reserved; not enforced yet. */
  requiresSignedRequests: Scalars['Boolean']['output'];
};

/** A page of workspaces, newest first. */
export type WorkspaceConnection = {
  __typename?: 'WorkspaceConnection';
  edges: Array<WorkspaceEdge>;
  nodes: Array<Workspace>;
  pageInfo: PageInfo;
};

/** Where a workspace stands in a list. */
export type WorkspaceEdge = {
  __typename?: 'WorkspaceEdge';
  cursor: Scalars['String']['output'];
  node: Workspace;
};

/** There is no workspace with this id among yours. */
export type WorkspaceNotFoundError = UserError & {
  __typename?: 'WorkspaceNotFoundError';
  message: Scalars['String']['output'];
};

/** What a member may do in a workspace. Reserved; not enforced yet. */
export type WorkspaceRole =
  /** Use it. */
  | 'MEMBER'
  /** Use it, and change it and its members. */
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
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
  CreateWorkspaceResult:
    | ( Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: _RefType['Workspace'] } & { __typename: 'CreateWorkspaceSuccess' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
  ;
  DisableUserResult:
    | ( Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: _RefType['RevocationReceipt'], user: _RefType['User'] } & { __typename: 'DisableUserSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
  ;
  EnableUserResult:
    | ( Omit<EnableUserSuccess, 'user'> & { user: _RefType['User'] } & { __typename: 'EnableUserSuccess' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
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
  RevokeSessionResult:
    | ( Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: _RefType['RevocationReceipt'], session: _RefType['Session'] } & { __typename: 'RevokeSessionSuccess' } )
    | ( SessionNotFoundError & { __typename: 'SessionNotFoundError' } )
  ;
  RotateApiKeyResult:
    | ( ApiKeyNotFoundError & { __typename: 'ApiKeyNotFoundError' } )
    | ( ApiKeyRevokedError & { __typename: 'ApiKeyRevokedError' } )
    | ( ConflictError & { __typename: 'ConflictError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: _RefType['ApiKey'], receipt: _RefType['RevocationReceipt'] } & { __typename: 'RotateApiKeySuccess' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Credential:
    | ( ApiKeyMapper & { __typename: 'ApiKey' } )
    | ( SessionMapper & { __typename: 'Session' } )
  ;
  Node:
    | ( ApiKeyMapper & { __typename: 'ApiKey' } )
    | ( RevocationMapper & { __typename: 'Revocation' } )
    | ( SessionMapper & { __typename: 'Session' } )
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
    | ( EmailTakenError & { __typename: 'EmailTakenError' } )
    | ( InvalidCredentialsError & { __typename: 'InvalidCredentialsError' } )
    | ( InvalidInputError & { __typename: 'InvalidInputError' } )
    | ( NotASessionError & { __typename: 'NotASessionError' } )
    | ( Omit<RefreshTokenRejectedError, 'reason'> & { reason: _RefType['RefreshRejectionReason'] } & { __typename: 'RefreshTokenRejectedError' } )
    | ( RegistrationClosedError & { __typename: 'RegistrationClosedError' } )
    | ( Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<_RefType['Scope']> } & { __typename: 'ScopeNotHeldError' } )
    | ( SessionNotFoundError & { __typename: 'SessionNotFoundError' } )
    | ( SetupTokenRejectedError & { __typename: 'SetupTokenRejectedError' } )
    | ( UserNotFoundError & { __typename: 'UserNotFoundError' } )
    | ( WorkspaceNotFoundError & { __typename: 'WorkspaceNotFoundError' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AccessTokenNotFoundError: ResolverTypeWrapper<AccessTokenNotFoundError>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  AlreadyBootstrappedError: ResolverTypeWrapper<AlreadyBootstrappedError>;
  ApiKey: ResolverTypeWrapper<ApiKeyMapper>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  ApiKeyConnection: ResolverTypeWrapper<Omit<ApiKeyConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ApiKeyEdge']>, nodes: Array<ResolversTypes['ApiKey']> }>;
  ApiKeyEdge: ResolverTypeWrapper<Omit<ApiKeyEdge, 'node'> & { node: ResolversTypes['ApiKey'] }>;
  ApiKeyFilter: ApiKeyFilter;
  ApiKeyNotFoundError: ResolverTypeWrapper<ApiKeyNotFoundError>;
  ApiKeyQuotaError: ResolverTypeWrapper<ApiKeyQuotaError>;
  ApiKeyRevokedError: ResolverTypeWrapper<ApiKeyRevokedError>;
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
  CreateWorkspaceInput: CreateWorkspaceInput;
  CreateWorkspaceResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateWorkspaceResult']>;
  CreateWorkspaceSuccess: ResolverTypeWrapper<Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: ResolversTypes['Workspace'] }>;
  Credential: ResolverTypeWrapper<CredentialMapper>;
  CredentialStatus: ResolverTypeWrapper<'ACTIVE' | 'EXPIRED' | 'REVOKED'>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DisableUserInput: DisableUserInput;
  DisableUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['DisableUserResult']>;
  DisableUserSuccess: ResolverTypeWrapper<Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: ResolversTypes['RevocationReceipt'], user: ResolversTypes['User'] }>;
  EmailTakenError: ResolverTypeWrapper<EmailTakenError>;
  EnableUserInput: EnableUserInput;
  EnableUserResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EnableUserResult']>;
  EnableUserSuccess: ResolverTypeWrapper<Omit<EnableUserSuccess, 'user'> & { user: ResolversTypes['User'] }>;
  Introspection: ResolverTypeWrapper<IntrospectionMapper>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  InvalidCredentialsError: ResolverTypeWrapper<InvalidCredentialsError>;
  InvalidField: ResolverTypeWrapper<InvalidField>;
  InvalidInputError: ResolverTypeWrapper<InvalidInputError>;
  LoginInput: LoginInput;
  LoginResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LoginResult']>;
  LoginSuccess: ResolverTypeWrapper<Omit<LoginSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  LogoutResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LogoutResult']>;
  LogoutSuccess: ResolverTypeWrapper<Omit<LogoutSuccess, 'receipt' | 'session'> & { receipt: ResolversTypes['RevocationReceipt'], session: ResolversTypes['Session'] }>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  NotASessionError: ResolverTypeWrapper<NotASessionError>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RefreshRejectionReason: ResolverTypeWrapper<'UNKNOWN' | 'EXPIRED' | 'REVOKED' | 'REUSED'>;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RefreshSessionResult']>;
  RefreshSessionSuccess: ResolverTypeWrapper<Omit<RefreshSessionSuccess, 'tokens'> & { tokens: ResolversTypes['SessionTokens'] }>;
  RefreshTokenRejectedError: ResolverTypeWrapper<Omit<RefreshTokenRejectedError, 'reason'> & { reason: ResolversTypes['RefreshRejectionReason'] }>;
  RegisterInput: RegisterInput;
  RegisterResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RegisterResult']>;
  RegisterSuccess: ResolverTypeWrapper<Omit<RegisterSuccess, 'tokens' | 'user'> & { tokens: ResolversTypes['SessionTokens'], user: ResolversTypes['User'] }>;
  RegistrationClosedError: ResolverTypeWrapper<RegistrationClosedError>;
  Revocation: ResolverTypeWrapper<RevocationMapper>;
  RevocationConnection: ResolverTypeWrapper<Omit<RevocationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['RevocationEdge']>, nodes: Array<ResolversTypes['Revocation']> }>;
  RevocationEdge: ResolverTypeWrapper<Omit<RevocationEdge, 'node'> & { node: ResolversTypes['Revocation'] }>;
  RevocationFilter: RevocationFilter;
  RevocationPropagation: ResolverTypeWrapper<'ACKNOWLEDGED' | 'LEASE_EXPIRED'>;
  RevocationReason: ResolverTypeWrapper<'SIGNED_OUT' | 'ROTATED' | 'COMPROMISED' | 'REUSED' | 'REMOVED' | 'ADMINISTRATIVE' | 'UNSPECIFIED'>;
  RevocationReceipt: ResolverTypeWrapper<Omit<RevocationReceipt, 'propagation'> & { propagation: ResolversTypes['RevocationPropagation'] }>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  RevokeAccessTokenInput: RevokeAccessTokenInput;
  RevokeAccessTokenResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeAccessTokenResult']>;
  RevokeAccessTokenSuccess: ResolverTypeWrapper<Omit<RevokeAccessTokenSuccess, 'receipt' | 'revocation'> & { receipt: ResolversTypes['RevocationReceipt'], revocation: ResolversTypes['Revocation'] }>;
  RevokeAllSessionsInput: RevokeAllSessionsInput;
  RevokeAllSessionsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeAllSessionsResult']>;
  RevokeAllSessionsSuccess: ResolverTypeWrapper<Omit<RevokeAllSessionsSuccess, 'receipt'> & { receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeApiKeyInput: RevokeApiKeyInput;
  RevokeApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeApiKeyResult']>;
  RevokeApiKeySuccess: ResolverTypeWrapper<Omit<RevokeApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt: ResolversTypes['RevocationReceipt'] }>;
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RevokeSessionResult']>;
  RevokeSessionSuccess: ResolverTypeWrapper<Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: ResolversTypes['RevocationReceipt'], session: ResolversTypes['Session'] }>;
  RotateApiKeyInput: RotateApiKeyInput;
  RotateApiKeyResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RotateApiKeyResult']>;
  RotateApiKeySuccess: ResolverTypeWrapper<Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversTypes['ApiKey'], receipt: ResolversTypes['RevocationReceipt'] }>;
  Scope: ResolverTypeWrapper<'API_KEYS_READ' | 'API_KEYS_WRITE' | 'SESSIONS_READ' | 'SESSIONS_WRITE' | 'WORKSPACES_READ' | 'WORKSPACES_WRITE' | 'DAEMON_TOKENS_READ' | 'DAEMON_TOKENS_WRITE' | 'SIGNING_KEYS_READ' | 'SIGNING_KEYS_WRITE' | 'AUDIT_READ' | 'INTROSPECT' | 'ADMIN'>;
  ScopeNotHeldError: ResolverTypeWrapper<Omit<ScopeNotHeldError, 'scopes'> & { scopes: Array<ResolversTypes['Scope']> }>;
  Secret: ResolverTypeWrapper<Scalars['Secret']['output']>;
  Session: ResolverTypeWrapper<SessionMapper>;
  SessionConnection: ResolverTypeWrapper<Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['SessionEdge']>, nodes: Array<ResolversTypes['Session']> }>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node: ResolversTypes['Session'] }>;
  SessionFilter: SessionFilter;
  SessionNotFoundError: ResolverTypeWrapper<SessionNotFoundError>;
  SessionTokens: ResolverTypeWrapper<SessionTokensMapper>;
  SetupTokenRejectedError: ResolverTypeWrapper<SetupTokenRejectedError>;
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
  WorkspaceNotFoundError: ResolverTypeWrapper<WorkspaceNotFoundError>;
  WorkspaceRole: ResolverTypeWrapper<'MEMBER' | 'OWNER'>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AccessTokenNotFoundError: AccessTokenNotFoundError;
  String: Scalars['String']['output'];
  AlreadyBootstrappedError: AlreadyBootstrappedError;
  ApiKey: ApiKeyMapper;
  ID: Scalars['ID']['output'];
  ApiKeyConnection: Omit<ApiKeyConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ApiKeyEdge']>, nodes: Array<ResolversParentTypes['ApiKey']> };
  ApiKeyEdge: Omit<ApiKeyEdge, 'node'> & { node: ResolversParentTypes['ApiKey'] };
  ApiKeyFilter: ApiKeyFilter;
  ApiKeyNotFoundError: ApiKeyNotFoundError;
  ApiKeyQuotaError: ApiKeyQuotaError;
  ApiKeyRevokedError: ApiKeyRevokedError;
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
  CreateWorkspaceInput: CreateWorkspaceInput;
  CreateWorkspaceResult: ResolversUnionTypes<ResolversParentTypes>['CreateWorkspaceResult'];
  CreateWorkspaceSuccess: Omit<CreateWorkspaceSuccess, 'workspace'> & { workspace: ResolversParentTypes['Workspace'] };
  Credential: CredentialMapper;
  DateTime: Scalars['DateTime']['output'];
  DisableUserInput: DisableUserInput;
  DisableUserResult: ResolversUnionTypes<ResolversParentTypes>['DisableUserResult'];
  DisableUserSuccess: Omit<DisableUserSuccess, 'receipt' | 'user'> & { receipt: ResolversParentTypes['RevocationReceipt'], user: ResolversParentTypes['User'] };
  EmailTakenError: EmailTakenError;
  EnableUserInput: EnableUserInput;
  EnableUserResult: ResolversUnionTypes<ResolversParentTypes>['EnableUserResult'];
  EnableUserSuccess: Omit<EnableUserSuccess, 'user'> & { user: ResolversParentTypes['User'] };
  Introspection: IntrospectionMapper;
  Boolean: Scalars['Boolean']['output'];
  InvalidCredentialsError: InvalidCredentialsError;
  InvalidField: InvalidField;
  InvalidInputError: InvalidInputError;
  LoginInput: LoginInput;
  LoginResult: ResolversUnionTypes<ResolversParentTypes>['LoginResult'];
  LoginSuccess: Omit<LoginSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  LogoutResult: ResolversUnionTypes<ResolversParentTypes>['LogoutResult'];
  LogoutSuccess: Omit<LogoutSuccess, 'receipt' | 'session'> & { receipt: ResolversParentTypes['RevocationReceipt'], session: ResolversParentTypes['Session'] };
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  NotASessionError: NotASessionError;
  PageInfo: PageInfo;
  Query: Record<PropertyKey, never>;
  RefreshSessionInput: RefreshSessionInput;
  RefreshSessionResult: ResolversUnionTypes<ResolversParentTypes>['RefreshSessionResult'];
  RefreshSessionSuccess: Omit<RefreshSessionSuccess, 'tokens'> & { tokens: ResolversParentTypes['SessionTokens'] };
  RefreshTokenRejectedError: RefreshTokenRejectedError;
  RegisterInput: RegisterInput;
  RegisterResult: ResolversUnionTypes<ResolversParentTypes>['RegisterResult'];
  RegisterSuccess: Omit<RegisterSuccess, 'tokens' | 'user'> & { tokens: ResolversParentTypes['SessionTokens'], user: ResolversParentTypes['User'] };
  RegistrationClosedError: RegistrationClosedError;
  Revocation: RevocationMapper;
  RevocationConnection: Omit<RevocationConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['RevocationEdge']>, nodes: Array<ResolversParentTypes['Revocation']> };
  RevocationEdge: Omit<RevocationEdge, 'node'> & { node: ResolversParentTypes['Revocation'] };
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
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionResult: ResolversUnionTypes<ResolversParentTypes>['RevokeSessionResult'];
  RevokeSessionSuccess: Omit<RevokeSessionSuccess, 'receipt' | 'session'> & { receipt: ResolversParentTypes['RevocationReceipt'], session: ResolversParentTypes['Session'] };
  RotateApiKeyInput: RotateApiKeyInput;
  RotateApiKeyResult: ResolversUnionTypes<ResolversParentTypes>['RotateApiKeyResult'];
  RotateApiKeySuccess: Omit<RotateApiKeySuccess, 'apiKey' | 'receipt'> & { apiKey: ResolversParentTypes['ApiKey'], receipt: ResolversParentTypes['RevocationReceipt'] };
  ScopeNotHeldError: ScopeNotHeldError;
  Secret: Scalars['Secret']['output'];
  Session: SessionMapper;
  SessionConnection: Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['SessionEdge']>, nodes: Array<ResolversParentTypes['Session']> };
  SessionEdge: Omit<SessionEdge, 'node'> & { node: ResolversParentTypes['Session'] };
  SessionFilter: SessionFilter;
  SessionNotFoundError: SessionNotFoundError;
  SessionTokens: SessionTokensMapper;
  SetupTokenRejectedError: SetupTokenRejectedError;
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
  scope: Scope;
};

export type requiresDirectiveResolver<Result, Parent, ContextType = GraphQLContext, Args = requiresDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AccessTokenNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AccessTokenNotFoundError'] = ResolversParentTypes['AccessTokenNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type AlreadyBootstrappedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['AlreadyBootstrappedError'] = ResolversParentTypes['AlreadyBootstrappedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKey'] = ResolversParentTypes['ApiKey']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  createdFromIp?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  hint?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lastUsedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  permissions?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  previousSecretExpiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  revocationReason?: Resolver<Maybe<ResolversTypes['RevocationReason']>, ParentType, ContextType>;
  revokedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  rotatedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  scopes?: Resolver<Array<ResolversTypes['Scope']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['CredentialStatus'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ApiKeyConnectionResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyConnection'] = ResolversParentTypes['ApiKeyConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ApiKeyEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['ApiKey']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ApiKeyEdgeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyEdge'] = ResolversParentTypes['ApiKeyEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
};

export type ApiKeyNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['ApiKeyNotFoundError'] = ResolversParentTypes['ApiKeyNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

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
  __resolveType?: TypeResolveFn<'ApiKeyQuotaError' | 'CreateApiKeySuccess' | 'InvalidInputError' | 'ScopeNotHeldError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
};

export type CreateApiKeySuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['CreateApiKeySuccess'] = ResolversParentTypes['CreateApiKeySuccess']> = {
  apiKey?: Resolver<ResolversTypes['ApiKey'], ParentType, ContextType>;
  secret?: Resolver<ResolversTypes['Secret'], ParentType, ContextType>;
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
  __resolveType?: TypeResolveFn<'ApiKey' | 'Session', ParentType, ContextType>;
};

export type CredentialStatusResolvers = EnumResolverSignature<{ ACTIVE?: any, EXPIRED?: any, REVOKED?: any }, ResolversTypes['CredentialStatus']>;

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DisableUserResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['DisableUserResult'] = ResolversParentTypes['DisableUserResult']> = {
  __resolveType?: TypeResolveFn<'DisableUserSuccess' | 'UserNotFoundError', ParentType, ContextType>;
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

export type MutationResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  bootstrap?: Resolver<ResolversTypes['BootstrapResult'], ParentType, ContextType, RequireFields<MutationbootstrapArgs, 'input'>>;
  changePassword?: Resolver<ResolversTypes['ChangePasswordResult'], ParentType, ContextType, RequireFields<MutationchangePasswordArgs, 'input'>>;
  createApiKey?: Resolver<ResolversTypes['CreateApiKeyResult'], ParentType, ContextType, RequireFields<MutationcreateApiKeyArgs, 'input'>>;
  createWorkspace?: Resolver<ResolversTypes['CreateWorkspaceResult'], ParentType, ContextType, RequireFields<MutationcreateWorkspaceArgs, 'input'>>;
  disableUser?: Resolver<ResolversTypes['DisableUserResult'], ParentType, ContextType, RequireFields<MutationdisableUserArgs, 'input'>>;
  enableUser?: Resolver<ResolversTypes['EnableUserResult'], ParentType, ContextType, RequireFields<MutationenableUserArgs, 'input'>>;
  login?: Resolver<ResolversTypes['LoginResult'], ParentType, ContextType, RequireFields<MutationloginArgs, 'input'>>;
  logout?: Resolver<ResolversTypes['LogoutResult'], ParentType, ContextType>;
  refreshSession?: Resolver<ResolversTypes['RefreshSessionResult'], ParentType, ContextType, RequireFields<MutationrefreshSessionArgs, 'input'>>;
  register?: Resolver<ResolversTypes['RegisterResult'], ParentType, ContextType, RequireFields<MutationregisterArgs, 'input'>>;
  revokeAccessToken?: Resolver<ResolversTypes['RevokeAccessTokenResult'], ParentType, ContextType, RequireFields<MutationrevokeAccessTokenArgs, 'input'>>;
  revokeAllSessions?: Resolver<ResolversTypes['RevokeAllSessionsResult'], ParentType, ContextType, RequireFields<MutationrevokeAllSessionsArgs, 'input'>>;
  revokeApiKey?: Resolver<ResolversTypes['RevokeApiKeyResult'], ParentType, ContextType, RequireFields<MutationrevokeApiKeyArgs, 'input'>>;
  revokeSession?: Resolver<ResolversTypes['RevokeSessionResult'], ParentType, ContextType, RequireFields<MutationrevokeSessionArgs, 'input'>>;
  rotateApiKey?: Resolver<ResolversTypes['RotateApiKeyResult'], ParentType, ContextType, RequireFields<MutationrotateApiKeyArgs, 'input'>>;
};

export type NodeResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType?: TypeResolveFn<'ApiKey' | 'Revocation' | 'Session' | 'User' | 'Workspace', ParentType, ContextType>;
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
  introspect?: Resolver<ResolversTypes['Introspection'], ParentType, ContextType, RequireFields<QueryintrospectArgs, 'token'>>;
  revocations?: Resolver<ResolversTypes['RevocationConnection'], ParentType, ContextType, RequireFields<QueryrevocationsArgs, 'first'>>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<QuerysessionsArgs, 'first'>>;
  users?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<QueryusersArgs, 'first'>>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  workspace?: Resolver<Maybe<ResolversTypes['Workspace']>, ParentType, ContextType, RequireFields<QueryworkspaceArgs, 'id'>>;
  workspaces?: Resolver<ResolversTypes['WorkspaceConnection'], ParentType, ContextType, RequireFields<QueryworkspacesArgs, 'first'>>;
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

export type RevokeSessionResultResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSessionResult'] = ResolversParentTypes['RevokeSessionResult']> = {
  __resolveType?: TypeResolveFn<'RevokeSessionSuccess' | 'SessionNotFoundError', ParentType, ContextType>;
};

export type RevokeSessionSuccessResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['RevokeSessionSuccess'] = ResolversParentTypes['RevokeSessionSuccess']> = {
  receipt?: Resolver<ResolversTypes['RevocationReceipt'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
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

export type SetupTokenRejectedErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['SetupTokenRejectedError'] = ResolversParentTypes['SetupTokenRejectedError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  disabledAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  role?: Resolver<ResolversTypes['UserRole'], ParentType, ContextType>;
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
  __resolveType?: TypeResolveFn<'AccessTokenNotFoundError' | 'AlreadyBootstrappedError' | 'ApiKeyNotFoundError' | 'ApiKeyQuotaError' | 'ApiKeyRevokedError' | 'ConflictError' | 'EmailTakenError' | 'InvalidCredentialsError' | 'InvalidInputError' | 'NotASessionError' | 'RefreshTokenRejectedError' | 'RegistrationClosedError' | 'ScopeNotHeldError' | 'SessionNotFoundError' | 'SetupTokenRejectedError' | 'UserNotFoundError' | 'WorkspaceNotFoundError', ParentType, ContextType>;
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
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
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

export type WorkspaceNotFoundErrorResolvers<ContextType = GraphQLContext, ParentType extends ResolversParentTypes['WorkspaceNotFoundError'] = ResolversParentTypes['WorkspaceNotFoundError']> = {
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type WorkspaceRoleResolvers = EnumResolverSignature<{ MEMBER?: any, OWNER?: any }, ResolversTypes['WorkspaceRole']>;

export type Resolvers<ContextType = GraphQLContext> = {
  AccessTokenNotFoundError?: AccessTokenNotFoundErrorResolvers<ContextType>;
  AlreadyBootstrappedError?: AlreadyBootstrappedErrorResolvers<ContextType>;
  ApiKey?: ApiKeyResolvers<ContextType>;
  ApiKeyConnection?: ApiKeyConnectionResolvers<ContextType>;
  ApiKeyEdge?: ApiKeyEdgeResolvers<ContextType>;
  ApiKeyNotFoundError?: ApiKeyNotFoundErrorResolvers<ContextType>;
  ApiKeyQuotaError?: ApiKeyQuotaErrorResolvers<ContextType>;
  ApiKeyRevokedError?: ApiKeyRevokedErrorResolvers<ContextType>;
  BootstrapResult?: BootstrapResultResolvers<ContextType>;
  BootstrapSuccess?: BootstrapSuccessResolvers<ContextType>;
  ChangePasswordResult?: ChangePasswordResultResolvers<ContextType>;
  ChangePasswordSuccess?: ChangePasswordSuccessResolvers<ContextType>;
  ConflictError?: ConflictErrorResolvers<ContextType>;
  CreateApiKeyResult?: CreateApiKeyResultResolvers<ContextType>;
  CreateApiKeySuccess?: CreateApiKeySuccessResolvers<ContextType>;
  CreateWorkspaceResult?: CreateWorkspaceResultResolvers<ContextType>;
  CreateWorkspaceSuccess?: CreateWorkspaceSuccessResolvers<ContextType>;
  Credential?: CredentialResolvers<ContextType>;
  CredentialStatus?: CredentialStatusResolvers;
  DateTime?: GraphQLScalarType;
  DisableUserResult?: DisableUserResultResolvers<ContextType>;
  DisableUserSuccess?: DisableUserSuccessResolvers<ContextType>;
  EmailTakenError?: EmailTakenErrorResolvers<ContextType>;
  EnableUserResult?: EnableUserResultResolvers<ContextType>;
  EnableUserSuccess?: EnableUserSuccessResolvers<ContextType>;
  Introspection?: IntrospectionResolvers<ContextType>;
  InvalidCredentialsError?: InvalidCredentialsErrorResolvers<ContextType>;
  InvalidField?: InvalidFieldResolvers<ContextType>;
  InvalidInputError?: InvalidInputErrorResolvers<ContextType>;
  LoginResult?: LoginResultResolvers<ContextType>;
  LoginSuccess?: LoginSuccessResolvers<ContextType>;
  LogoutResult?: LogoutResultResolvers<ContextType>;
  LogoutSuccess?: LogoutSuccessResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  NotASessionError?: NotASessionErrorResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RefreshRejectionReason?: RefreshRejectionReasonResolvers;
  RefreshSessionResult?: RefreshSessionResultResolvers<ContextType>;
  RefreshSessionSuccess?: RefreshSessionSuccessResolvers<ContextType>;
  RefreshTokenRejectedError?: RefreshTokenRejectedErrorResolvers<ContextType>;
  RegisterResult?: RegisterResultResolvers<ContextType>;
  RegisterSuccess?: RegisterSuccessResolvers<ContextType>;
  RegistrationClosedError?: RegistrationClosedErrorResolvers<ContextType>;
  Revocation?: RevocationResolvers<ContextType>;
  RevocationConnection?: RevocationConnectionResolvers<ContextType>;
  RevocationEdge?: RevocationEdgeResolvers<ContextType>;
  RevocationPropagation?: RevocationPropagationResolvers;
  RevocationReason?: RevocationReasonResolvers;
  RevocationReceipt?: RevocationReceiptResolvers<ContextType>;
  RevokeAccessTokenResult?: RevokeAccessTokenResultResolvers<ContextType>;
  RevokeAccessTokenSuccess?: RevokeAccessTokenSuccessResolvers<ContextType>;
  RevokeAllSessionsResult?: RevokeAllSessionsResultResolvers<ContextType>;
  RevokeAllSessionsSuccess?: RevokeAllSessionsSuccessResolvers<ContextType>;
  RevokeApiKeyResult?: RevokeApiKeyResultResolvers<ContextType>;
  RevokeApiKeySuccess?: RevokeApiKeySuccessResolvers<ContextType>;
  RevokeSessionResult?: RevokeSessionResultResolvers<ContextType>;
  RevokeSessionSuccess?: RevokeSessionSuccessResolvers<ContextType>;
  RotateApiKeyResult?: RotateApiKeyResultResolvers<ContextType>;
  RotateApiKeySuccess?: RotateApiKeySuccessResolvers<ContextType>;
  Scope?: ScopeResolvers;
  ScopeNotHeldError?: ScopeNotHeldErrorResolvers<ContextType>;
  Secret?: GraphQLScalarType;
  Session?: SessionResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SessionNotFoundError?: SessionNotFoundErrorResolvers<ContextType>;
  SessionTokens?: SessionTokensResolvers<ContextType>;
  SetupTokenRejectedError?: SetupTokenRejectedErrorResolvers<ContextType>;
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
  WorkspaceNotFoundError?: WorkspaceNotFoundErrorResolvers<ContextType>;
  WorkspaceRole?: WorkspaceRoleResolvers;
};

export type DirectiveResolvers<ContextType = GraphQLContext> = {
  authenticated?: authenticatedDirectiveResolver<any, any, ContextType>;
  constraint?: constraintDirectiveResolver<any, any, ContextType>;
  public?: publicDirectiveResolver<any, any, ContextType>;
  requires?: requiresDirectiveResolver<any, any, ContextType>;
};
