import { AnswerMemory } from './answer-memory.ts';
import type { RekeyError } from './error.ts';
import { Follower } from './follower.ts';
import { fingerprint, type Runtime, systemRuntime } from './runtime.ts';
import {
  isAddress,
  type Refused,
  readVerification,
  UNAUTHENTICATED,
  unavailable,
  type Verified,
} from './verification.ts';

export interface VerifierOptions {
  /** The URL of the service, e.g. `http://rekey.internal:4000`. */
  url: string;
  /**
   * The credential with which the verifier follows revocations: an API key of an administrator with the scope
   * `INTROSPECT`. A function is called before every poll. Without a credential, the verifier asks the service every time.
   */
  credential?: string | (() => string | Promise<string>);
  /** How many answers are kept. Defaults to 10 000. */
  maxEntries?: number;
  /** Milliseconds to wait for an answer of the service. Defaults to 6000. */
  timeoutMs?: number;
  /**
   * Called when the verifier cannot follow revocations, once until it can again. Meanwhile it asks the service every
   * time, so answers are right and slower.
   */
  onError?: (error: RekeyError) => void;
  /** Sends the requests. Defaults to the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

export interface VerifyOptions {
  /** A permission that the credential must hold. */
  permission?: string | undefined;
  /**
   * The IP address of the client that presented the credential, for keys that are bound to addresses and for the limit of
   * failed authentications. Without it, the address of this process counts. The service must name this process in
   * `REKEY_TRUSTED_PROXIES`.
   */
  clientAddress?: string | undefined;
}

export interface Verify {
  /**
   * Says what a credential stands for.
   *
   * @throws RekeyError if the credential was neither accepted nor refused. Respond with 503 then, and never accept the
   *   request. `AUTHENTICATION_UNAVAILABLE`: the service cannot decide, or does not respond (`cause` says why).
   *   `RATE_LIMITED`: the credential has reached its rate limit, or too many from this address are invalid; see
   *   `retryAfterSeconds`. `INVALID_REQUEST`: the service rejects the question, e.g. an empty `permission`.
   * @throws TypeError if `clientAddress` is not an IP address
   */
  (secret: string, options?: VerifyOptions): Promise<Verified | Refused>;
  /** Stops following and forgets every answer. Later calls ask the service every time. */
  close(): void;
}

/** Servers reject longer headers. No credential is as long. */
const LONGEST_SECRET = 8192;
/** A text that fits into a header. Every credential has this form. */
const SENDABLE = /^[\x21-\x7e]+$/;

/**
 * Creates a function that says what a credential stands for. It asks `/v1/verify` and keeps a yes for up to a minute,
 * under the rule of a replica: while it follows all revocations, and as long as none concerns the credential. So a
 * revocation is honoured within 1 s of its answer, usually within milliseconds. While it cannot follow, it asks the
 * service every time.
 *
 * @example
 * ```ts
 * const verify = createVerifier({ url: 'http://rekey.internal:4000', credential: process.env.INTROSPECTION_KEY });
 *
 * const result = await verify(secret, { permission: 'deploy:staging', clientAddress: request.socket.remoteAddress });
 * if (!result.ok) return new Response(null, { status: result.status });
 * console.log(result.userId);
 * ```
 */
export function createVerifier(options: VerifierOptions): Verify {
  return verifierOf(options, systemRuntime(options.fetch ?? globalThis.fetch));
}

/** `createVerifier` with a clock, timers and a network of the caller. */
export function verifierOf(
  { url, credential, maxEntries = 10_000, timeoutMs = 6000, onError = () => undefined }: VerifierOptions,
  runtime: Runtime,
): Verify {
  const memory = new AnswerMemory(maxEntries);
  const follower =
    credential === undefined ? null : new Follower({ url, credential, memory, runtime, onError: later(onError) });
  // The service tells this verifier from others by it, and answers with the position of the log.
  const followerId = crypto.randomUUID();

  const ask = async (secret: string, key: string, { permission, clientAddress }: VerifyOptions) => {
    if (clientAddress !== undefined && !isAddress(clientAddress)) {
      throw new TypeError('`clientAddress` must be one IP address, e.g. `request.socket.remoteAddress`.');
    }
    if (!SENDABLE.test(secret)) return UNAUTHENTICATED;
    const target = new URL('/v1/verify', url);
    if (permission !== undefined) target.searchParams.set('permission', permission);
    const headers: Record<string, string> = { authorization: `Bearer ${secret}` };
    if (clientAddress !== undefined) headers['x-forwarded-for'] = clientAddress;
    if (follower) headers['x-rekey-follower'] = followerId;
    const asked = { sentAt: runtime.monotonic(), generation: memory.generation };
    const signal = AbortSignal.timeout(timeoutMs);
    // The service never redirects. A redirect of another server must not receive the secret.
    const response = await runtime.fetch(target, { headers, redirect: 'manual', signal }).catch((cause) => {
      throw unavailable('The service does not respond.', cause);
    });
    const result = await readVerification(response);
    if (result.ok && follower) memory.keep({ secret, fingerprint: key }, result, response.headers, asked);
    return result;
  };

  const verify = async (secret: string, options: VerifyOptions = {}): Promise<Verified | Refused> => {
    const { permission, clientAddress = '' } = options;
    if (secret.length > LONGEST_SECRET) return UNAUTHENTICATED;
    if (!follower) return ask(secret, '', options);
    const now = runtime.monotonic();
    const isCurrent = follower.use(now);
    // Only an address that was checked is the key of an answer.
    const hashed = fingerprint(`${clientAddress} ${secret}`);
    const key = typeof hashed === 'string' ? hashed : await hashed;
    const known = isCurrent ? memory.find(key, now) : null;
    // Only a yes is given again. A permission that was granted meanwhile is not announced.
    if (known && (permission === undefined || known.permissions.includes(permission))) return known;
    return ask(secret, key, options);
  };

  return Object.assign(verify, { close: () => follower?.close() });
}

/** Calls a function of the caller where its failure does not disturb ours. */
function later(call: (error: RekeyError) => void): (error: RekeyError) => void {
  return (error) => queueMicrotask(() => call(error));
}
