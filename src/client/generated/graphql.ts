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

export type ChangePasswordInput = {
  currentPassword: string;
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  newPassword: string;
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

export type CreateWorkspaceInput = {
  /** 1 to 100 characters. */
  name: string;
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
  userId: string;
};

export type EnableUserInput = {
  userId: string;
};

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

export type RegisterInput = {
  /** 1 to 100 characters. */
  displayName: string;
  email: string;
  /** At least 15 characters by default; any characters; not one of the well-known ones. */
  password: string;
};

/** Which revocations to list. */
export type RevocationFilter = {
  /** Whose tokens. Left out: one's own; for an administrator, everybody's. */
  userId?: string | null | undefined;
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

export type RevokeAccessTokenInput = {
  /** The claim `jti` of the token. */
  jti: string;
  reason?: RevocationReason;
};

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

/** Which users to list. */
export type UserFilter = {
  /** Exact, but for upper and lower case. */
  email?: string | null | undefined;
};

/** What a person may do in this installation. */
export type UserRole =
  /** Manage everything. */
  | 'ADMIN'
  /** Manage what is their own. */
  | 'MEMBER';

export type UserFieldsFragment = { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null };

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

export type DisableUserMutationVariables = Exact<{
  input: DisableUserInput;
}>;


export type DisableUserMutation = { disableUser:
    | { __typename: 'DisableUserSuccess', user: { id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
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


export type UsersQuery = { users: { nodes: Array<{ id: string, email: string, displayName: string, role: UserRole, createdAt: string, disabledAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { scopes: Array<Scope>, permissions: Array<string>, credential:
      | { __typename: 'ApiKey', id: string, status: CredentialStatus, expiresAt: string | null }
      | { __typename: 'Session', id: string, status: CredentialStatus, expiresAt: string | null }
    , user: { id: string, displayName: string } | null, workspace: { id: string, name: string } | null } };

export type IntrospectQueryVariables = Exact<{
  token: string;
}>;


export type IntrospectQuery = { introspect: { active: boolean, scopes: Array<Scope>, permissions: Array<string>, expiresAt: string | null, credential:
      | { __typename: 'ApiKey', id: string, status: CredentialStatus }
      | { __typename: 'Session', id: string, status: CredentialStatus }
     | null, user: { id: string, displayName: string } | null, workspace: { id: string, name: string } | null } };

export type ApiKeyFieldsFragment = { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null };

export type ReceiptFieldsFragment = { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number };

export type ApiKeyQueryVariables = Exact<{
  id: string;
}>;


export type ApiKeyQuery = { apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null, user: { id: string }, workspace: { id: string } | null } | null };

export type ApiKeysQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  filter?: ApiKeyFilter | null | undefined;
}>;


export type ApiKeysQuery = { apiKeys: { nodes: Array<{ id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { createApiKey:
    | { __typename: 'ApiKeyQuotaError', message: string, limit: number }
    | { __typename: 'CreateApiKeySuccess', secret: string, apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null } }
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
    | { __typename: 'RotateApiKeySuccess', secret: string, previousSecretExpiresAt: string, apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
    | { __typename: 'ScopeNotHeldError', message: string, scopes: Array<Scope> }
   };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { revokeApiKey:
    | { __typename: 'ApiKeyNotFoundError', message: string }
    | { __typename: 'RevokeApiKeySuccess', apiKey: { id: string, name: string, hint: string, scopes: Array<Scope>, permissions: Array<string>, status: CredentialStatus, createdAt: string, createdFromIp: string | null, expiresAt: string | null, lastUsedAt: string | null, rotatedAt: string | null, previousSecretExpiresAt: string | null, revokedAt: string | null, revocationReason: RevocationReason | null }, receipt: { committedAt: string, sequence: string, propagation: RevocationPropagation, replicas: number, acknowledged: number, left: number, settledInMilliseconds: number } }
   };

export type SessionFieldsFragment = { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, lastUsedAt: string | null, expiresAt: string | null, idleExpiresAt: string, revokedAt: string | null, revocationReason: RevocationReason | null };

export type TokenFieldsFragment = { accessToken: string, accessTokenExpiresAt: string, refreshToken: string, refreshTokenExpiresAt: string, session: { id: string, status: CredentialStatus, isCurrent: boolean, ipAddress: string | null, userAgent: string | null, createdAt: string, expiresAt: string | null, idleExpiresAt: string } };

export type RevocationFieldsFragment = { id: string, jti: string, reason: RevocationReason, revokedAt: string, expiresAt: string, user: { id: string }, revokedBy: { id: string } | null };

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
export const ApiKeyFieldsFragmentDoc = new TypedDocumentString(`
    fragment ApiKeyFields on ApiKey {
  id
  name
  hint
  scopes
  permissions
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
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
      ...UserFields
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
}`, {"hash":"sha256:3f3e9b0def610d864d74ecd555a03c717a28c1e69846011cd409a74e06dde8fa"}) as unknown as TypedDocumentString<UsersQuery, UsersQueryVariables>;
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
  createdFromIp
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:144cbb7c27692d4c30f751f17236d05555cec02d1a4d2fdbc7cafe5243ca8601"}) as unknown as TypedDocumentString<ApiKeyQuery, ApiKeyQueryVariables>;
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
  createdFromIp
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:b55214ed475a779f28864239f54e3b25d055d12af0695d47c08ce178d25d2545"}) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
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
  hint
  scopes
  permissions
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
  rotatedAt
  previousSecretExpiresAt
  revokedAt
  revocationReason
}`, {"hash":"sha256:46606f56a4e5a0676335926f7b096b7d519bba92b08b8cb988461537210bf0b3"}) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
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
  hint
  scopes
  permissions
  status
  createdAt
  createdFromIp
  expiresAt
  lastUsedAt
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
}`, {"hash":"sha256:65f40ccbebe20142d0e8c7602060b61d6588f8138af3f274fcb02c1204ef6cd7"}) as unknown as TypedDocumentString<RotateApiKeyMutation, RotateApiKeyMutationVariables>;
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
  createdFromIp
  expiresAt
  lastUsedAt
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
}`, {"hash":"sha256:5f066755b8a2ac125c67e006226a9a88b43bcf97009058a866f4fa055f6d9863"}) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
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