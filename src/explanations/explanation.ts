import type { DecidingLayer } from '../credentials/decision.ts';

export type ExplanationOutcome = 'ACCEPTED' | 'REJECTED' | 'UNAVAILABLE';
export type DecisionSource = 'MEMORY' | 'SHARED_CACHE' | 'DATABASE' | 'DATABASE_WITHOUT_LEASE';

/** Why a request was accepted or rejected. It holds neither a secret nor an email address. */
export interface Explanation {
  readonly requestId: string;
  readonly at: Date;
  /** The path of the endpoint, without the query. */
  readonly endpoint: string;
  readonly outcome: ExplanationOutcome;
  /** A code in capitals. */
  readonly reason: string;
  readonly credentialId: string | null;
  readonly kind: string | null;
  readonly decidedBy: DecisionSource;
  /** The end of the log in the snapshot that decided; null if the form of the credential was enough. */
  readonly entrySequence: string | null;
  /** How far the replica had applied the log. */
  readonly logSequence: string;
  /** How long before the decision that snapshot was read; null like `entrySequence`. */
  readonly entryAgeMilliseconds: number | null;
  readonly leaseRemainingMilliseconds: number;
  readonly replica: string;
}

/** What a replica remembers of one decision. Its fields are written again for each request, so noting makes no object. */
export interface Noted {
  requestId: string;
  /** Milliseconds since the epoch by the clock of the database. */
  at: number;
  /** By the monotonic clock of this process, in milliseconds. */
  notedAt: number;
  endpoint: string;
  outcome: ExplanationOutcome;
  reason: string;
  credentialId: string | null;
  kind: string | null;
  layer: DecidingLayer;
  /** -1 if no state was found. */
  entrySequence: number;
  /** When that state was read, in milliseconds since the epoch; -1 if it is not known. */
  readAt: number;
  logSequence: number;
  leaseRemaining: number;
  replica: string;
}

export function explanationOf(noted: Noted): Explanation {
  const { requestId, endpoint, outcome, reason, credentialId, kind, replica } = noted;
  const { at, entrySequence, readAt, logSequence, leaseRemaining } = noted;
  return {
    ...{ requestId, endpoint, outcome, reason, credentialId, kind, replica },
    at: new Date(at),
    decidedBy: sourceOf(noted),
    entrySequence: entrySequence < 0 ? null : String(entrySequence),
    logSequence: String(Math.max(0, logSequence)),
    entryAgeMilliseconds: readAt < 0 ? null : Math.max(0, at - readAt),
    leaseRemainingMilliseconds: leaseRemaining,
  };
}

function sourceOf({ layer, leaseRemaining }: Noted): DecisionSource {
  switch (layer) {
    case 'memory':
      return 'MEMORY';
    case 'shared':
      return 'SHARED_CACHE';
    case 'database':
      return 'DATABASE';
    case 'direct':
      // Under a lease, a read past the caches follows a revocation that came in between.
      return leaseRemaining > 0 ? 'DATABASE' : 'DATABASE_WITHOUT_LEASE';
  }
}
