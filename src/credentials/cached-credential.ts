import type { Principal } from '../identity/principal.ts';
import type { RateState } from '../identity/rate-limit.ts';
import type { InvalidationStamp } from '../revocation/invalidation-memory.ts';

/**
 * The state of one presented proof in the database, from one snapshot. `principal` is null for a proof that
 * authenticates nothing. The tags then name the subjects whose change could make it valid. The tags can be watched
 * in the invalidation feed.
 */
export interface CachedCredential extends InvalidationStamp {
  readonly principal: Principal | null;
  /** Until when this may be used without another read, in milliseconds since the epoch by the clock of the database. */
  readonly until: number;
  /** What it was combined from, if it is more than one credential. It may be used while each of them may be. */
  readonly parts?: readonly CachedCredential[];
}

/** A credential that authenticates a request. */
export interface AcceptedCredential extends CachedCredential {
  readonly principal: Principal;
  /** Its rate limit after this request. Left out if it has none. */
  readonly rate?: RateState;
}

/** Reads the state of one proof from the database, in one round trip. */
export type LoadCredential = () => Promise<CachedCredential>;
