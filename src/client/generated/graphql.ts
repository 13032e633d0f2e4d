/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Which API keys to list. */
export type ApiKeyFilter = {
  status?: CredentialStatus | null | undefined;
  /** Whose keys. Left out: one's own; for an administrator, everybody's. */
  userId?: string | null | undefined;
  /** Only the keys bound to this workspace. */
  workspaceId?: string | null | undefined;
};

export type BootstrapInput = {
  /** 1 to 100 characters. */
  displayName: string;
  email: string;
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  password: string;
  /** The one-time token from the service's first start. */
  setupToken: string;
};

export type CreateApiKeyInput = {
  /** When it ends by itself; in the future, and no later than the calling credential, unless that is a session. Left out: as long as the calling credential. */
  expiresAt?: string | null | undefined;
  /** What it is for, so that you still know in a year. 1 to 100 characters. */
  name: string;
  /** The operator's own strings, each 1 to 100 of `A-Z a-z 0-9 . _ : / * -` and not `-` alone; at most 50, with at most 2 048 characters in all, and at most what the calling credential holds (an administrator: any). */
  permissions?: Array<string>;
  /** What the key may ask of Rekey; at most what the calling credential holds, and neither `ADMIN` nor `INTROSPECT` where it is bound to a workspace. None are needed to be verified by other services. */
  scopes?: Array<Scope>;
  /** Bind the key to this workspace of yours. */
  workspaceId?: string | null | undefined;
};

/** Where a credential is in its life. */
export type CredentialStatus =
  /** Neither ended nor over. As long as its person is disabled, it authenticates nothing all the same. */
  | 'ACTIVE'
  /** Its time is over. */
  | 'EXPIRED'
  /** It was ended early, for good. */
  | 'REVOKED';

export type LoginInput = {
  /**
   * For browsers: keep the tokens in `__Host-` cookies that no script can read, instead of handing them out. Requests that
   * rely on the cookies carry the header `X-Rekey-CSRF: 1`. A login that carries it ends the session that the cookies held.
   */
  cookies?: boolean;
  email: string;
  password: string;
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
  refreshToken: string;
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

export type RevokeAllSessionsInput = {
  /** Keep the session that this request belongs to. */
  exceptCurrent?: boolean;
  /** Whose; an administrator may name someone else. Left out: one's own. */
  userId?: string | null | undefined;
};

export type RevokeApiKeyInput = {
  apiKeyId: string;
  reason?: RevocationReason;
};

export type RevokeSessionInput = {
  reason?: RevocationReason;
  sessionId: string;
};

export type RotateApiKeyInput = {
  apiKeyId: string;
  /** How long the old secret goes on working, in seconds: 0 to 2 592 000 (30 days). */
  overlapSeconds?: number;
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

/** Which sessions to list. */
export type SessionFilter = {
  status?: CredentialStatus | null | undefined;
  /** Whose sessions. Left out: one's own; for an administrator, everybody's. */
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