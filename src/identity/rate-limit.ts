import type { InputCheck } from '../kernel/input.ts';

const MOST_REQUESTS = 1_000_000;
const LONGEST_WINDOW_SECONDS = 86_400;

/** How many requests a credential may make in how many seconds. */
export interface RateLimit {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** A rate limit after one request: what is left of the window, and for how long the window lasts. */
export interface RateState {
  readonly limit: RateLimit;
  readonly remaining: number;
  readonly resetMs: number;
}

export function checkRateLimit(rateLimit: RateLimit | null, check: InputCheck): void {
  if (rateLimit === null) return;
  const { requests, windowSeconds } = rateLimit;
  const path = 'input.rateLimit';
  check.require(requests >= 1 && requests <= MOST_REQUESTS, `${path}.requests`, `Must be from 1 to ${MOST_REQUESTS}.`);
  const fits = windowSeconds >= 1 && windowSeconds <= LONGEST_WINDOW_SECONDS;
  check.require(fits, `${path}.windowSeconds`, `Must be from 1 to ${LONGEST_WINDOW_SECONDS} seconds.`);
}

/** A rate limit in the two columns of a row. Plain SQL can write a limit that no mutation accepts: it is obeyed, too. */
export interface RateLimitColumns {
  rateLimitRequests: number | null;
  rateLimitSeconds: number | null;
}

export function rateLimitOf({ rateLimitRequests, rateLimitSeconds }: RateLimitColumns): RateLimit | null {
  if (rateLimitRequests === null || rateLimitSeconds === null) return null;
  return { requests: rateLimitRequests, windowSeconds: rateLimitSeconds };
}

export function columnsOfRateLimit(rateLimit: RateLimit | null): RateLimitColumns {
  return { rateLimitRequests: rateLimit?.requests ?? null, rateLimitSeconds: rateLimit?.windowSeconds ?? null };
}

/** Whether one rate allows nothing that the other does not. Null is no limit. */
export function isAsSlow(one: RateLimit | null, other: RateLimit | null): boolean {
  if (one === null || other === null) return other === null;
  return one.requests <= other.requests && one.windowSeconds >= other.windowSeconds;
}

/** Seconds until the window ends, rounded up, so that a retry after this time is in the next one. */
export function secondsToReset({ resetMs }: Pick<RateState, 'resetMs'>): number {
  return Math.max(1, Math.ceil(resetMs / 1000));
}

/** The headers of a response, as in draft-ietf-httpapi-ratelimit-headers-09 §3 and §4. */
export function rateLimitHeaders(state: RateState): Record<string, string> {
  const { requests, windowSeconds } = state.limit;
  return {
    RateLimit: `"key";r=${state.remaining};t=${secondsToReset(state)}`,
    'RateLimit-Policy': `"key";q=${requests};w=${windowSeconds}`,
  };
}
