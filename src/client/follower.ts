import { type AnswerMemory, positionOf } from './answer-memory.ts';
import { RekeyError } from './error.ts';
import type { Runtime } from './runtime.ts';
import type { RevocationEvent } from './subjects.ts';
import { errorOf, unavailable } from './verification.ts';

/** How long the service may hold a poll until there is an event. */
const WAIT_MS = 250;
/** What a follower that sends a poll knew for certain is certain for so long. */
const FRESH_MS = 1000;
/** Following ends after so long without use. */
const IDLE_MS = 30_000;
/** A poll without an answer is given up after this time. */
const TIMEOUT_MS = 5000;
/** Between the starts of two polls, so that many events share one. */
const LEAST_INTERVAL_MS = 25;
/** Before the next poll after a failure: doubled each time. */
const RETRY_MS = { first: 250, last: 5000 };
/** Before the next poll after a refusal, which another poll does not change. */
const REFUSED_RETRY_MS = 30_000;

export interface FollowerOptions {
  url: string;
  credential: string | (() => string | Promise<string>);
  memory: AnswerMemory;
  runtime: Runtime;
  /** Called when following fails, once until it works again. */
  onError: (error: RekeyError) => void;
}

/** One answer of the feed. */
interface Page {
  position: bigint;
  events: RevocationEvent[];
  /** Whether there are more events up to the position of the replica, so that the page proves nothing yet. */
  more: boolean;
  view: unknown;
}

/** Reads the feed of revocations while it is used, and notes every event in the memory. */
export class Follower {
  readonly #options: FollowerOptions;
  /** Up to here, every event is noted; null before the first answer. */
  #position: bigint | null = null;
  /** When the newest poll was sent that had a complete answer, on the monotonic clock. */
  #currentAt = Number.NEGATIVE_INFINITY;
  #usedAt = Number.NEGATIVE_INFINITY;
  #following: AbortController | null = null;
  #isClosed = false;
  #failures = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /**
   * Follows from now on, for 30 s at least.
   *
   * @returns whether every revocation that was answered more than 1 s ago is noted
   */
  use(now: number): boolean {
    this.#usedAt = now;
    if (this.#following === null && !this.#isClosed) {
      this.#following = new AbortController();
      void this.#follow(this.#following.signal);
    }
    return now - this.#currentAt < FRESH_MS;
  }

  /** Ends following for good. */
  close(): void {
    this.#isClosed = true;
    this.#following?.abort();
    this.#forget();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { monotonic, pause } = this.#options.runtime;
    while (!signal.aborted && monotonic() - this.#usedAt < IDLE_MS) {
      const sentAt = monotonic();
      const delay = await this.#poll(sentAt, signal).then(
        () => Math.max(1, sentAt + LEAST_INTERVAL_MS - monotonic()),
        (error) => this.#delayAfter(error, signal),
      );
      // A pause does not keep the process alive, so the process can end between two polls.
      await pause(delay, signal);
    }
    if (signal.aborted) return;
    this.#forget();
    this.#following = null;
  }

  #forget(): void {
    this.#position = null;
    this.#currentAt = Number.NEGATIVE_INFINITY;
    this.#options.memory.restart(null);
  }

  /** @throws RekeyError, or whatever `fetch` and `credential` throw */
  async #poll(sentAt: number, signal: AbortSignal): Promise<void> {
    const after = this.#position;
    const { position, events, more, view } = await this.#attempt(after, signal);
    if (signal.aborted) return;
    if (view !== 'all') {
      this.#forget();
      const message = 'The credential of the verifier does not see all revocations. Give it the scope INTROSPECT.';
      throw new RekeyError('FORBIDDEN', message);
    }
    const { memory } = this.#options;
    if (after === null) memory.restart(position);
    for (const event of events) memory.note(event);
    this.#position = position;
    if (more) return;
    this.#currentAt = sentAt;
    this.#failures = 0;
  }

  /** Reads the feed for a limited time, also if `fetch` or `credential` never settles. */
  async #attempt(after: bigint | null, signal: AbortSignal): Promise<Page> {
    const attempt = new AbortController();
    const end = () => attempt.abort();
    signal.addEventListener('abort', end);
    const late = this.#options.runtime.pause(TIMEOUT_MS, attempt.signal).then(() => {
      end();
      throw attempt.signal.reason;
    });
    try {
      return await Promise.race([this.#read(after, attempt.signal), late]);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  async #read(after: bigint | null, signal: AbortSignal): Promise<Page> {
    const { url, credential, runtime } = this.#options;
    const target = new URL(`/v1/revocations${after === null ? '' : `?after=${after}&wait=${WAIT_MS}`}`, url);
    const presented = typeof credential === 'function' ? await credential() : credential;
    const requestId = crypto.randomUUID();
    const response = await runtime.fetch(target, {
      headers: { authorization: `Bearer ${presented}`, 'cache-control': 'no-store', 'x-request-id': requestId },
      redirect: 'manual',
      signal,
    });
    if (response.status !== 200) throw await errorOf(response);
    // The service repeats the id. The answer to another request says nothing about now.
    if ((response.headers.get('x-request-id') ?? requestId) !== requestId) throw unreadable();
    return pageOf(await response.json(), after);
  }

  /** Milliseconds until the next poll. */
  #delayAfter(cause: unknown, signal: AbortSignal): number {
    if (signal.aborted) return 0;
    const error =
      cause instanceof RekeyError ? cause : unavailable('The feed of revocations does not answer. Check `url`.', cause);
    // The log does not reach back to the position, or has been replaced by an earlier one.
    const isRestart = this.#position !== null && ['POSITION_TOO_OLD', 'INVALID_REQUEST'].includes(error.code);
    if (isRestart) {
      this.#forget();
      return RETRY_MS.first;
    }
    if (this.#failures++ === 0) this.#options.onError(error);
    if (['UNAUTHENTICATED', 'FORBIDDEN'].includes(error.code)) return REFUSED_RETRY_MS;
    const delay = Math.min(RETRY_MS.first * 2 ** (this.#failures - 1), RETRY_MS.last);
    return Math.max(delay, Math.min((error.retryAfterSeconds ?? 0) * 1000, REFUSED_RETRY_MS));
  }
}

/** Reads an answer of the feed. @throws RekeyError if it is not the continuation after this position */
function pageOf(body: unknown, after: bigint | null): Page {
  const { position: text, events: list, more, view } = Object(body) as Record<string, unknown>;
  const position = positionOf(text);
  if (position === null || !Array.isArray(list)) throw unreadable();
  const events = list.map(eventOf);
  const isFirst = after === null;
  if (isFirst && (events.length > 0 || more !== false)) throw unreadable();
  let last = after ?? position;
  for (const { sequence } of events) {
    if (sequence <= last) throw unreadable();
    last = sequence;
  }
  if (position < last) throw unreadable();
  return { position: more === false ? position : last, events, more: more !== false, view };
}

function unreadable(): RekeyError {
  const message = 'The response of `/v1/revocations` is malformed, or belongs to another request.';
  return unavailable(`${message} Check \`url\`, and that no proxy caches responses or replaces \`X-Request-Id\`.`);
}

function eventOf(value: unknown): RevocationEvent {
  const { sequence, kind, credentialId, workspaceId } = Object(value) as Record<string, unknown>;
  return {
    sequence: positionOf(sequence) ?? -1n,
    // Without an id it is about everything, like a kind that is unknown here.
    kind: typeof credentialId === 'string' ? String(kind) : '',
    credentialId: String(credentialId),
    workspaceId: typeof workspaceId === 'string' ? workspaceId : null,
  };
}
