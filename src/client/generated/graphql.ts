/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Selects the API keys to list. */
export type ApiKeyFilter = {
  /** Only the keys with this status. */
  status?: CredentialStatus | null | undefined;
  /** Only the keys of this user. Defaults to all keys that the caller can see. */
  userId?: string | null | undefined;
  /** Only the keys that are bound to this workspace. */
  workspaceId?: string | null | undefined;
};

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

/** Input of `createApiKey`. */
export type CreateApiKeyInput = {
  /**
   * When the key expires. Must be in the future. Must not be later than the expiry of the calling credential, unless that
   * is a session. Defaults to the expiry of the calling credential, and to no expiry if that is a session.
   */
  expiresAt?: string | null | undefined;
  /** A name that tells what the key is for. Must not be empty and must have only visible characters. */
  name: string;
  /**
   * Custom permissions that you define. Returned by `/v1/verify` and introspection, not interpreted by Rekey. The calling
   * credential must hold each permission, unless it holds the scope `ADMIN`. Each permission has 1 to 100 of the
   * characters `A-Z a-z 0-9 . _ : / * -` and is not `-` alone. All of them together have at most 2048 characters,
   * including one separator between two permissions.
   */
  permissions?: Array<string>;
  /**
   * What the key can do in Rekey. The calling credential must hold each scope. A key that is bound to a workspace cannot
   * hold `ADMIN`, `INTROSPECT`, `SESSIONS_READ` or `SESSIONS_WRITE`. A key that other services verify needs no scope.
   */
  scopes?: Array<Scope>;
  /**
   * Binds the key to this workspace. The caller must be a member. Defaults to the workspace that the calling credential is
   * bound to.
   */
  workspaceId?: string | null | undefined;
};

/** The status of a credential. */
export type CredentialStatus =
  /** Not revoked, not expired. Still rejected while its user is disabled. */
  | 'ACTIVE'
  /** The credential has expired. */
  | 'EXPIRED'
  /** The credential was revoked. This is final. */
  | 'REVOKED';

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
  /** The object that the credential belonged to was deleted. Reserved; not enforced yet. */
  | 'REMOVED'
  /** A refresh token was used twice, so a copy of it exists. */
  | 'REUSED'
  /** A new secret replaced the credential. Reserved; not enforced yet. */
  | 'ROTATED'
  /** The user logged out, or the session was revoked and no other reason was given. */
  | 'SIGNED_OUT'
  /** No reason given. */
  | 'UNSPECIFIED';

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

/** Input of `revokeSession`. */
export type RevokeSessionInput = {
  /** The reason to record. It does not change what the mutation does. */
  reason?: RevocationReason;
  /** The id of the session. */
  sessionId: string;
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

/** What a credential can do in Rekey. For other services, use `permissions`. */
export type Scope =
  /** Read and change the objects of all users. Only administrators and their API keys can hold this scope. */
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
  /** Introspect all credentials and read all users. Only administrators and their API keys can hold this scope. */
  | 'INTROSPECT'
  /** Read sessions and the revocations of access tokens. */
  | 'SESSIONS_READ'
  /** Revoke sessions and access tokens. */
  | 'SESSIONS_WRITE'
  /** Read signing keys. Reserved; not enforced yet. */
  | 'SIGNING_KEYS_READ'
  /** Create, rotate and revoke signing keys. Reserved; not enforced yet. */
  | 'SIGNING_KEYS_WRITE'
  /** Read workspaces. */
  | 'WORKSPACES_READ'
  /** Create workspaces. */
  | 'WORKSPACES_WRITE';

/** Selects the sessions to list. */
export type SessionFilter = {
  /** Only the sessions with this status. */
  status?: CredentialStatus | null | undefined;
  /** Only the sessions of this user. Defaults to all sessions that the caller can see. */
  userId?: string | null | undefined;
};

export type BootstrapMutationVariables = Exact<{
  input: BootstrapInput;
}>;


export type BootstrapMutation = { bootstrap:
    | { __typename: 'AlreadyBootstrappedError', message: string }
    | { __typename: 'BootstrapSuccess', user: { id: string, email: string }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'SetupTokenRejectedError', message: string }
   };

export type LoginMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LoginMutation = { login:
    | { __typename: 'InvalidCredentialsError', message: string }
    | { __typename: 'LoginSuccess', user: { id: string, email: string }, tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string } }
   };

export type LogoutMutationVariables = Exact<{ [key: string]: never; }>;


export type LogoutMutation = { logout:
    | { __typename: 'LogoutSuccess', receipt: { propagation: RevocationPropagation } }
    | { __typename: 'NotASessionError', message: string }
   };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { scopes: Array<Scope>, permissions: Array<string>, credential:
      | { __typename: 'ApiKey', id: string, status: CredentialStatus, expiresAt: string | null }
      | { __typename: 'Session', id: string, status: CredentialStatus, expiresAt: string | null }
    , user: { id: string, displayName: string } | null, workspace: { id: string, name: string } | null } };

export type ApiKeyFieldsFragment = { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null };

export type ReceiptFieldsFragment = { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number };

export type ApiKeysQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: ApiKeyFilter | null | undefined;
}>;


export type ApiKeysQuery = { apiKeys: { nodes: Array<{ id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey:
    | { __typename: 'ApiKeyQuotaError', message: string }
    | { __typename: 'CreateApiKeySuccess', secret: string, apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null } }
    | { __typename: 'InvalidInputError', message: string, fields: Array<{ path: string, message: string }> }
    | { __typename: 'ScopeNotHeldError', message: string }
    | { __typename: 'WorkspaceNotFoundError', message: string }
   };

export type RotateApiKeyMutationVariables = Exact<{
  input: RotateApiKeyInput;
}>;


export type RotateApiKeyMutation = { rotateApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'ApiKeyRevokedError', message: string }
    | { __typename: 'ConflictError', message: string }
    | { __typename: 'InvalidInputError', message: string }
    | { __typename: 'RotateApiKeySuccess', secret: string, previousSecretExpiresAt: string, apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'ScopeNotHeldError', message: string }
   };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { revokeApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'RevokeApiKeySuccess', apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type SessionsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: SessionFilter | null | undefined;
}>;


export type SessionsQuery = { sessions: { nodes: Array<{ id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession:
    | { __typename: 'RefreshSessionSuccess', tokens: { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string } }
    | { __typename: 'RefreshTokenRejectedError', message: string, reason: RefreshRejectionReason }
   };

export type RevokeSessionMutationVariables = Exact<{
  input: RevokeSessionInput;
}>;


export type RevokeSessionMutation = { revokeSession:
    | { __typename: 'RevokeSessionSuccess', session: { id: string, status: CredentialStatus }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'SessionNotFoundError', message: string }
   };

export type RevokeAllSessionsMutationVariables = Exact<{
  input: RevokeAllSessionsInput;
}>;


export type RevokeAllSessionsMutation = { revokeAllSessions:
    | { __typename: 'RevokeAllSessionsSuccess', revokedCount: number, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'UserNotFoundError', message: string }
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
export const ApiKeyFieldsFragmentDoc = new TypedDocumentString(`
    fragment ApiKeyFields on ApiKey {
  id
  name
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
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
export const BootstrapDocument = new TypedDocumentString(`
    mutation Bootstrap($input: BootstrapInput!) {
  bootstrap(input: $input) {
    __typename
    ... on BootstrapSuccess {
      user {
        id
        email
      }
      tokens {
        accessToken
        accessTokenExpiresAt
        refreshToken
        refreshTokenExpiresAt
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
    `, {"hash":"sha256:9a31765e529a461e0b1b1fcbc5a06cd1460d49820727983d66524395861512a8"}) as unknown as TypedDocumentString<BootstrapMutation, BootstrapMutationVariables>;
export const LoginDocument = new TypedDocumentString(`
    mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on LoginSuccess {
      user {
        id
        email
      }
      tokens {
        accessToken
        accessTokenExpiresAt
        refreshToken
        refreshTokenExpiresAt
      }
    }
    ... on UserError {
      message
    }
  }
}
    `, {"hash":"sha256:d114bf3baa41410b6eef63cfa67af8f66623fea8cf89f4d2c1a15c7b03587219"}) as unknown as TypedDocumentString<LoginMutation, LoginMutationVariables>;
export const LogoutDocument = new TypedDocumentString(`
    mutation Logout {
  logout {
    __typename
    ... on LogoutSuccess {
      receipt {
        propagation
      }
    }
    ... on UserError {
      message
    }
  }
}
    `, {"hash":"sha256:ef5cad626dfa49fcd27455ec8f05244e8cdbfe62375d0fff055e714ffc55e8c1"}) as unknown as TypedDocumentString<LogoutMutation, LogoutMutationVariables>;
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
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
}`, {"hash":"sha256:78fd3687becf7fb995d0dafbe3794f02bc508b598ae22144860aa70648495280"}) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
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
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
}`, {"hash":"sha256:15fdcacfaec8c0a6c1c9bea42b9f04642ba87e9e49da6ed5487e0f9b83c4439b"}) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
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
  }
}
    fragment ApiKeyFields on ApiKey {
  id
  name
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:a78617e34c00c4f5f0249435bd18127d6e59d273a6021b3c0fcb065609dc5754"}) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
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
  hint
  scopes
  permissions
  status
  createdAt
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
}
fragment ReceiptFields on RevocationReceipt {
  committedAt
  sequence
  propagation
  replicas
  acknowledged
  left
  settledInMilliseconds
}`, {"hash":"sha256:26695ea9a0d5114fbfbe6d7a02e310760408d9d92b35fc380bdf6ca14bc02341"}) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const SessionsDocument = new TypedDocumentString(`
    query Sessions($first: Int! = 20, $after: String, $filter: SessionFilter) {
  sessions(first: $first, after: $after, filter: $filter) {
    nodes {
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
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"hash":"sha256:e5a94812ffe02de519d6786d2ceda9ec1605103f22ca99041560a9a00ef82891"}) as unknown as TypedDocumentString<SessionsQuery, SessionsQueryVariables>;
export const RefreshSessionDocument = new TypedDocumentString(`
    mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on RefreshSessionSuccess {
      tokens {
        accessToken
        accessTokenExpiresAt
        refreshToken
        refreshTokenExpiresAt
      }
    }
    ... on RefreshTokenRejectedError {
      message
      reason
    }
  }
}
    `, {"hash":"sha256:1e823ea095b3d3ca93888429ab4327911c9357e83342e706b7773ee5c0c724e2"}) as unknown as TypedDocumentString<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const RevokeSessionDocument = new TypedDocumentString(`
    mutation RevokeSession($input: RevokeSessionInput!) {
  revokeSession(input: $input) {
    __typename
    ... on RevokeSessionSuccess {
      session {
        id
        status
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
}`, {"hash":"sha256:e52568196d789b06fa9ff0d65ee9b7233de6e18f30697dfbe8f098425b8c1dbf"}) as unknown as TypedDocumentString<RevokeSessionMutation, RevokeSessionMutationVariables>;
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