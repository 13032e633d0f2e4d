import { sha256 } from '../crypto/hash.ts';
import type { RequestToProve } from './credential-type.ts';
import { newTrace, type Trace } from './decision.ts';
import type { RequestHeaders } from './presented-credential.ts';

/** The parts of a request that authentication reads. Node's `IncomingMessage` has them. */
export interface AuthenticatedRequest extends RequestHeaders {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/** Reads the raw body of a request. It is called only if a proof covers the body. */
export type ReadBody<Request extends AuthenticatedRequest = AuthenticatedRequest> = (
  request: Request,
) => Promise<Uint8Array>;

/** The request that a gateway asks about, as its headers describe it. */
export type ForwardedRequest = Pick<RequestToProve, 'method' | 'target' | 'forwardedHost'>;

/**
 * Reads what a gateway says about a request whose body it keeps; null if the request itself is meant. Called only if a
 * proof covers the request.
 *
 * @throws AccessError `UNAUTHENTICATED` if the gateway says only a part of it
 */
export type ReadForwarded = (request: AuthenticatedRequest) => ForwardedRequest | null;

/** A request, how to read the parts of it that only proofs need, and how the decision about it comes about. */
export interface Asked {
  readonly request: AuthenticatedRequest;
  readonly trace: Trace;
  readonly readBody: () => Promise<Uint8Array>;
  readonly readForwarded: ReadForwarded;
}

export function askedBy<Request extends AuthenticatedRequest>(
  request: Request,
  readBody: ReadBody<Request>,
  readForwarded: ReadForwarded,
): Asked {
  return { request, trace: newTrace(), readBody: () => readBody(request), readForwarded };
}

export const noBody: ReadBody = async () => new Uint8Array();
export const notForwarded: ReadForwarded = () => null;

/** The parts of a request that proofs cover. Two proofs share the digest of the body. */
export function toProve({ request, readBody, readForwarded }: Asked): RequestToProve {
  const { method = '', url = '', rawHeaders } = request;
  const forwarded = readForwarded(request);
  if (forwarded) return { ...forwarded, rawHeaders, bodyDigest: null };
  let digest: Promise<Buffer> | undefined;
  const bodyDigest = () => (digest ??= readBody().then(sha256));
  return { method, target: url, forwardedHost: null, rawHeaders, bodyDigest };
}
