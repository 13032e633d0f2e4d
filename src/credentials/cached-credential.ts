import type { Principal } from '../identity/principal.ts';
import type { InvalidationStamp } from '../revocation/invalidation-memory.ts';

/**
 * What the database says of one presented proof, from one snapshot. `principal` is null for a proof that authenticates
 * nothing; the tags then name what could change that. Its holder can watch its tags in the invalidation feed.
 */
export interface CachedCredential extends InvalidationStamp {
  readonly principal: Principal | null;
  /** Until when this may be used without asking again, in milliseconds since the epoch by the database's clock. */
  readonly until: number;
}

/** A credential that authenticates a request. */
export interface AcceptedCredential extends CachedCredential {
  readonly principal: Principal;
}

/** Reads one proof's standing from the database, in one round trip. */
export type LoadCredential = () => Promise<CachedCredential>;
