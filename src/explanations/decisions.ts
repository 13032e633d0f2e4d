import type { AuthenticatedRequest } from '../credentials/asked-request.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import type { DecidingLayer, DecisionObserver, Trace } from '../credentials/decision.ts';
import type { AccessError, AccessErrorCode } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Replica } from '../revocation/replica.ts';
import { type Explanation, explanationOf, type Noted } from './explanation.ts';
import { Ring } from './ring.ts';

const ACCEPTED = 20_000;
const REJECTED = 50_000;
/** How long a decision is remembered, in milliseconds. */
const LONGEST_MS = 3_600_000;
/** How many later decisions may lie between two of one request. */
const NEARBY = 5000;

/** The reason of an error that says nothing more. A request whose commit was lost was accepted. */
const REASONS: Record<Exclude<AccessErrorCode, 'OUTCOME_UNKNOWN'>, string> = {
  UNAUTHENTICATED: 'UNKNOWN',
  FORBIDDEN: 'SCOPE_MISSING',
  RATE_LIMITED: 'RATE_LIMITED',
  AUTHENTICATION_UNAVAILABLE: 'AUTHENTICATION_UNAVAILABLE',
  TOO_SLOW: 'TOO_SLOW',
  BAD_CREDENTIALS_IN_REQUEST: 'CONTRADICTORY_CREDENTIALS',
};

/** The error of a missing credential concerns one field. That of an invalid one concerns the whole response. */
function reasonOfLater(code: keyof typeof REASONS, { concernsWholeAnswer }: AccessError): string {
  if (code !== 'UNAUTHENTICATED') return REASONS[code];
  return concernsWholeAnswer ? 'ENDED_DURING_REQUEST' : 'CREDENTIAL_MISSING';
}

export interface DecisionsOptions {
  replica: Pick<Replica, 'id' | 'applied' | 'leaseRemaining' | 'databaseNow'>;
  clock: Clock;
  /** The id that the response repeats. */
  requestIdOf: (request: AuthenticatedRequest) => string;
  /** The path of the endpoint, which is one of few. */
  endpointOf: (request: AuthenticatedRequest) => string;
  /** Stands for this process while it is not registered as a replica. */
  processId: string;
}

/**
 * The last decisions of this replica about requests, in two rings in memory. A flood of invalid credentials costs an
 * attacker nothing, and must not push out what is known about accepted requests.
 */
export class Decisions implements DecisionObserver {
  readonly #options: DecisionsOptions;
  readonly #accepted = new Ring(ACCEPTED);
  readonly #rejected = new Ring(REJECTED);
  #replica: string;

  constructor(options: DecisionsOptions) {
    this.#options = options;
    this.#replica = options.processId;
  }

  /** On the path of every request: it writes into a place that exists, and makes no object. */
  accepted(request: AuthenticatedRequest, accepted: AcceptedCredential, layer: DecidingLayer): void {
    const place = this.#accepted.next();
    this.#write(place, request);
    place.outcome = 'ACCEPTED';
    place.reason = 'VALID';
    place.credentialId = accepted.principal.credentialId;
    place.kind = accepted.principal.kind;
    place.layer = layer;
    place.entrySequence = accepted.asOf;
    place.readAt = accepted.readAt ?? -1;
  }

  refused(request: AuthenticatedRequest, error: AccessError, { layer, kind, found, reason }: Trace): void {
    if (error.code === 'OUTCOME_UNKNOWN') return;
    const place = this.#rejected.next();
    this.#write(place, request);
    place.outcome = error.code === 'AUTHENTICATION_UNAVAILABLE' ? 'UNAVAILABLE' : 'REJECTED';
    const known = error.reason ?? reason ?? found?.refusal?.reason;
    place.reason = (error.code === 'UNAUTHENTICATED' && known) || REASONS[error.code];
    place.credentialId = found?.principal?.credentialId ?? found?.refusal?.credentialId ?? null;
    place.kind = found?.principal?.kind ?? kind;
    place.layer = layer;
    place.entrySequence = found?.asOf ?? -1;
    place.readAt = found?.readAt ?? -1;
  }

  /**
   * The request was rejected after its authentication: a scope or a permission is missing, it has no credential and needs
   * one, or its credential has ended meanwhile.
   *
   * @param reason if the error does not say it
   */
  refusedLater(requestId: string, endpoint: string, error: AccessError, reason?: string): void {
    if (error.code === 'OUTCOME_UNKNOWN') return;
    const why = reason ?? reasonOfLater(error.code, error);
    const before = why === 'CREDENTIAL_MISSING' ? null : this.#accepted.newest(requestId, NEARBY);
    // One document may fail in thousands of fields. They share a place.
    const same = this.#rejected.newest(requestId, 100);
    if (same?.reason === why && (!before || same.notedAt >= before.notedAt)) return;
    const place = this.#rejected.next();
    if (before) Object.assign(place, before);
    else {
      this.#stamp(place, requestId, endpoint);
      Object.assign(place, { credentialId: null, kind: null, layer: 'memory', entrySequence: -1, readAt: -1 });
    }
    place.outcome = error.code === 'AUTHENTICATION_UNAVAILABLE' ? 'UNAVAILABLE' : 'REJECTED';
    place.reason = why;
  }

  /** The newest decision about this request; null if this replica remembers none. */
  find(requestId: string): Explanation | null {
    const earliest = this.#options.clock.monotonic() - LONGEST_MS;
    const found = [this.#rejected.newest(requestId), this.#accepted.newest(requestId)]
      .filter((noted) => noted !== null)
      .filter(({ notedAt }) => notedAt >= earliest);
    // A request that was rejected after its authentication is in both rings, with the same time.
    const newest = found.reduce<Noted | null>((a, b) => (a && a.notedAt >= b.notedAt ? a : b), null);
    return newest && explanationOf(newest);
  }

  /** Forgets what is older than an hour. */
  forget(): void {
    const before = this.#options.clock.monotonic() - LONGEST_MS;
    this.#accepted.forgetBefore(before);
    this.#rejected.forgetBefore(before);
  }

  #write(place: Noted, request: AuthenticatedRequest): void {
    this.#stamp(place, this.#options.requestIdOf(request), this.#options.endpointOf(request));
  }

  #stamp(place: Noted, requestId: string, endpoint: string): void {
    const { replica, clock } = this.#options;
    const now = clock.monotonic();
    this.#replica = replica.id ?? this.#replica;
    place.requestId = requestId;
    place.notedAt = now;
    place.at = replica.databaseNow(now);
    place.endpoint = endpoint;
    place.logSequence = replica.applied;
    place.leaseRemaining = replica.leaseRemaining(now);
    place.replica = this.#replica;
  }
}
