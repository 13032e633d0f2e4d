/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Where a credential is in its life. */
export type CredentialStatus =
  /** It authenticates requests. */
  | 'ACTIVE'
  /** Its time is over. */
  | 'EXPIRED'
  /** It was ended early, for good. */
  | 'REVOKED';

/** What a credential may ask of Rekey itself. What it may do elsewhere are its `permissions`. */
export type Scope =
  /** See and change what belongs to other people. Held by administrators alone. */
  | 'ADMIN'
  /** Read API keys. */
  | 'API_KEYS_READ'
  /** Create, rotate and revoke API keys. */
  | 'API_KEYS_WRITE'
  /** Read the audit log. */
  | 'AUDIT_READ'
  /** Read daemon tokens. */
  | 'DAEMON_TOKENS_READ'
  /** Create and revoke daemon tokens. */
  | 'DAEMON_TOKENS_WRITE'
  /** Ask what somebody else's credential stands for. Held by administrators and the keys they make for their services. */
  | 'INTROSPECT'
  /** Read sessions and revocations. */
  | 'SESSIONS_READ'
  /** End sessions and revoke access tokens. */
  | 'SESSIONS_WRITE'
  /** Read signing keys. */
  | 'SIGNING_KEYS_READ'
  /** Create, rotate and revoke signing keys. */
  | 'SIGNING_KEYS_WRITE'
  /** Read workspaces. */
  | 'WORKSPACES_READ'
  /** Create and change workspaces and their members. */
  | 'WORKSPACES_WRITE';

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { scopes: Array<Scope>, permissions: Array<string>, credential:
      | { id: string, status: CredentialStatus }
      | { id: string, status: CredentialStatus }
    , user: { id: string, displayName: string } | null } };

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

export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    credential {
      id
      status
    }
    user {
      id
      displayName
    }
    scopes
    permissions
  }
}
    `, {"hash":"sha256:f05ff7cfc6d62066a568d47857e730deeedc25bff1d8323418b395345a10d2b9"}) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;