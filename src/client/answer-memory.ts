import { type RevocationEvent, subjectOf, subjectsOf } from './subjects.ts';
import type { Verified } from './verification.ts';

/** Older answers are asked for again, so that the service sees that the credential is in use. */
const LONGEST_KEPT_MS = 60_000;
/** Events are remembered for so many subjects. */
const REMEMBERED_SUBJECTS = 10_000;

/** A credential that was presented, and where from. */
export interface Presented {
  secret: string;
  /** The key of the memory: a hash of the secret and of the client's address. */
  fingerprint: string;
}

/** What decides whether an answer of the service may be kept. */
export interface Asked {
  /** When the request was sent, on the monotonic clock. */
  sentAt: number;
  /** `generation` of the memory when the request was sent. */
  generation: number;
}

interface Kept {
  verified: Verified;
  subjects: readonly string[];
  /** The position in the log at which the service decided. */
  position: bigint;
  /** When it ends, on the monotonic clock. */
  endsAt: number;
  /** `#version` when the subjects were last compared with the events. */
  version: number;
}

/**
 * The answers of the service that may be given again, and what has been revoked since. It obeys the rule of a replica's
 * cache: an answer is given only if no subject of it has an event after the position at which the service decided.
 */
export class AnswerMemory {
  readonly #maxEntries: number;
  readonly #kept = new Map<string, Kept>();
  /** The sequence of the newest event of each subject, the oldest first. */
  readonly #events = new Map<string, bigint>();
  /** What was revoked before this position is not known; null while no events are followed. */
  #beginning: bigint | null = null;
  /** Counts the events, so that the subjects of an answer are compared once for each. */
  #version = 0;
  #generation = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Changes when everything is forgotten: an answer that was asked for before must not be kept. */
  get generation(): number {
    return this.#generation;
  }

  /** Forgets everything and begins at this position; null: keeps nothing until it begins again. */
  restart(position: bigint | null): void {
    this.#generation++;
    this.#kept.clear();
    this.#events.clear();
    this.#beginning = position;
  }

  /** Notes an event. */
  note(event: RevocationEvent): void {
    const subject = subjectOf(event);
    if (subject === null) return this.restart(event.sequence);
    this.#version++;
    this.#events.delete(subject);
    this.#events.set(subject, event.sequence);
    if (this.#events.size <= REMEMBERED_SUBJECTS) return;
    const [oldest, sequence] = this.#events.entries().next().value!;
    this.#events.delete(oldest);
    this.#beginning = sequence;
    this.#version++;
  }

  /** Keeps a yes, if it may be given again. */
  keep({ secret, fingerprint }: Presented, verified: Verified, headers: Headers, asked: Asked): void {
    const position = positionOf(headers.get('x-rekey-position'));
    if (position === null || asked.generation !== this.#generation) return;
    // The service counts the requests of a credential with a rate limit.
    if (headers.has('ratelimit') || headers.has('ratelimit-policy')) return;
    const subjects = subjectsOf(secret, verified);
    const endsAt = asked.sentAt + Math.min(LONGEST_KEPT_MS, lifetimeIn(headers, verified));
    if (subjects === null || !(endsAt > asked.sentAt)) return;
    const kept: Kept = { verified, subjects, position, endsAt, version: -1 };
    if (!this.#isAdmissible(kept)) return;
    this.#kept.delete(fingerprint);
    this.#kept.set(fingerprint, kept);
    if (this.#kept.size > this.#maxEntries) this.#kept.delete(this.#kept.keys().next().value!);
  }

  /** A yes that still holds. The caller has checked that the events are up to date. */
  find(fingerprint: string, now: number): Verified | null {
    const kept = this.#kept.get(fingerprint);
    if (kept === undefined) return null;
    if (now < kept.endsAt && this.#isAdmissible(kept)) return kept.verified;
    this.#kept.delete(fingerprint);
    return null;
  }

  #isAdmissible(kept: Kept): boolean {
    if (kept.version === this.#version) return true;
    const { position, subjects } = kept;
    if (this.#beginning === null || position < this.#beginning) return false;
    if (subjects.some((subject) => (this.#events.get(subject) ?? -1n) > position)) return false;
    kept.version = this.#version;
    return true;
  }
}

/** A position in the log: a 64-bit number; null if the text is none. */
export function positionOf(text: unknown): bigint | null {
  return typeof text === 'string' && /^\d{1,19}$/.test(text) ? BigInt(text) : null;
}

/**
 * For how many milliseconds after it was asked for an answer certainly holds; NaN if that cannot be known. `Date` has
 * whole seconds, so the service's clock may have been up to a second ahead of it.
 */
function lifetimeIn(headers: Headers, { expiresAt }: Verified): number {
  if (expiresAt === null) return Number.POSITIVE_INFINITY;
  return Date.parse(expiresAt) - Date.parse(headers.get('date') ?? '') - 1000;
}
