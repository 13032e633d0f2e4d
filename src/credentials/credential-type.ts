import type { EntityManager } from '@mikro-orm/sql';
import type { Sql } from '../database/sql.ts';
import type { ConfirmCaller } from '../database/unit-of-work.ts';
import type { CredentialKind, Principal } from '../identity/principal.ts';
import type { CachedCredential } from './cached-credential.ts';
import type { Carrier } from './presented-credential.ts';

/** The claims of a verified access token, and the key that signed it. `iat` and `exp` are seconds since the epoch. */
export interface AccessTokenClaims {
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly kid: string;
}

/** What a credential type may use of the running service. */
export interface CredentialRuntime {
  /** Prepared statements, outside of any transaction. */
  readonly sql: Sql;
  /** Verifies JWTs. `verify` returns null for a token that is not valid, and throws if the keys cannot be read. */
  readonly accessTokens: { verify(token: string): Promise<AccessTokenClaims | null> };
  /** Reads the signatures of requests; see `CredentialType.signatureOf`. */
  readonly signatures: { read(rawHeaders: readonly string[]): PresentedSignature | null };
}

/** The parts of a request that a proof may cover. */
export interface RequestToProve {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** The host that the client addressed, if a gateway says so; null: `Host` says it. */
  readonly forwardedHost: string | null;
  /** Names and values alternate, in the order in which they arrived. */
  readonly rawHeaders: readonly string[];
  /**
   * SHA-256 of the raw body. The body is read and hashed at the first call. Null if a gateway asks about a request whose
   * body it keeps.
   */
  readonly bodyDigest: (() => Promise<Buffer>) | null;
}

/** A signature of ours in the headers of a request. It is not verified yet. */
export interface PresentedSignature {
  /** The id of the key that it names. */
  readonly keyId: string;
  /**
   * Checks what needs neither the key nor the body nor any I/O: the form of what is signed, and the time.
   *
   * @returns the check of the rest
   * @throws AccessError `UNAUTHENTICATED`
   */
  begin(request: RequestToProve): VerifySignature;
}

/**
 * Checks the signature and the body, and accepts the request once.
 *
 * @param principal of the key; null if the key is not valid: the check does the same work as for a valid key, and throws
 * @throws AccessError `UNAUTHENTICATED`
 */
export type VerifySignature = (principal: Principal | null) => Promise<void>;

/**
 * One kind of credential: how it is recognized, read, proved and confirmed. A feature declares it as data and lists it
 * in its `credentials`. The authenticator, the GraphQL interface `Credential`, the metrics and the purge read that
 * list. None of them depends on one kind.
 *
 * A request is authenticated in two phases. `identify` and `load` find out what the presented text stands for; their
 * result is cached. `prove`, or the check of the signature, runs for every request, also for a cached credential.
 *
 * @typeParam Proof the result of `identify` and the input of `load`, e.g. the hash of a secret
 */
export interface CredentialType<Proof = unknown> {
  /** Used in principals and in the label `kind` of the metrics. */
  readonly kind: CredentialKind;
  /** The GraphQL type that implements `Credential`. */
  readonly graphqlType: string;
  /** The class of its rows. */
  readonly entity: new () => { id: string };
  /** The table of its rows, whose primary key is `id`. */
  readonly table: string;
  /** The first characters of every credential of this kind. Only metrics rely on it. */
  readonly beginning: string;
  /** Whether the address of the last use is recorded and shown. Defaults to false. */
  readonly recordsAddress?: boolean;
  /**
   * For a kind that credential policies govern: SQL about a row. Its table has the columns `id`, `workspace_id`, `created_at`
   * and `expires_at`.
   */
  readonly governed?: {
    /** Whether the row is not revoked. What policies revoke is not meant. */
    isUnrevoked: (row: string) => string;
    /** From when on the lifetime of the row counts, if that is not its creation. */
    lifetimeFrom?: (row: string) => string;
  };
  /** Where in a request it may be presented: by a signature, or in some of the other places. */
  readonly carriers: readonly Carrier[];
  /**
   * Finds the signature by a key of this kind in the headers of a request. A kind whose carrier is `signature` must have it,
   * and no other kind may. Synchronous, without I/O.
   *
   * @returns null if the request has no signature of this kind
   * @throws AccessError `UNAUTHENTICATED` if it has one that is incomplete or malformed
   */
  signatureOf?(rawHeaders: readonly string[], runtime: CredentialRuntime): PresentedSignature | null;
  /** Whether a text has the form of this kind, e.g. by prefix and checksum. Synchronous, without I/O. */
  isWellFormed(text: string): boolean;
  /** What a well-formed text proves; null if it proves nothing, e.g. because its signature does not verify. */
  identify(text: string, runtime: CredentialRuntime): Proof | null | Promise<Proof | null>;
  /** Reads the state of this proof from the database: one round trip, one snapshot. */
  load(proof: Proof, runtime: CredentialRuntime): Promise<CachedCredential>;
  /**
   * For a kind that can be imported from other systems: texts without the form of this service. They are looked up only
   * if some were imported.
   */
  readonly imported?: {
    /** Whether a text may be an imported secret. Synchronous, without I/O. */
    isPossible(text: string): boolean;
    /** The same as `load`, but a rejection is remembered for a shorter time. */
    load(proof: Proof, runtime: CredentialRuntime): Promise<CachedCredential>;
  };
  /**
   * Checks what must hold for each single request, e.g. a proof of possession in a header. Signatures are checked by
   * themselves: see `PresentedSignature`.
   *
   * @throws AccessError `UNAUTHENTICATED` if the request does not prove possession of the credential
   */
  prove?(request: RequestToProve, principal: Principal, runtime: CredentialRuntime): Promise<void>;
  /** Whether the credential is still valid, checked inside a transaction; see `ConfirmCaller`. */
  readonly confirm: ConfirmCaller;
  /** The rows with these ids, in any order: the loader behind the GraphQL type. */
  byIds(em: EntityManager, ids: readonly string[]): Promise<{ id: string }[]>;
}

/** Checks one credential type against the type of its proof, then erases that type: lists hold types of all proofs. */
export function defineCredentialType<Proof>(type: CredentialType<Proof>): CredentialType {
  return type as CredentialType;
}
