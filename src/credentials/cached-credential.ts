import type { Principal } from '../identity/principal.ts';
import type { InvalidationStamp } from '../revocation/invalidation-memory.ts';

/**
 * What the database says of one presented proof, from one snapshot.
 * `principal` is null for a proof that is good for nothing; then the tags say what could change that.
 */
export interface CachedCredential extends InvalidationStamp {
  readonly principal: Principal | null;
  /** Until when this may be used without asking again, in milliseconds since the epoch by the database's clock. */
  readonly until: number;
}

/** Reads one proof's standing from the database, in one round trip. */
export type LoadCredential = () => Promise<CachedCredential>;
