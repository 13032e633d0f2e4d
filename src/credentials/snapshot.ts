import type { Principal } from '../identity/principal.ts';
import { END_OF_LOG } from '../revocation/statements.ts';
import type { CachedCredential } from './cached-credential.ts';

/** The parts of a row that every load returns, whatever the credential. */
export interface Snapshot {
  /** The end of the invalidation log; null on a standby, whose answers may be out of date. */
  asOf: number | null;
  /** Database time, milliseconds since the epoch. */
  now: number;
}

/** Selected by every load: the snapshot's place in the log and in time. `FROM_SNAPSHOT` has one row, come what may. */
export const SNAPSHOT_COLUMNS = `${END_OF_LOG} as "asOf", extract(epoch from clock_timestamp())::float8 * 1000 as "now"`;

export const FROM_SNAPSHOT = 'from (select 1) as always';

/** A moment as milliseconds since the epoch, alike in both drivers. */
export const milliseconds = (column: string, name: string) =>
  `extract(epoch from ${column})::float8 * 1000 as "${name}"`;

/** A proof that authenticates nothing. The tags name the subjects whose change could make it valid. */
export function rejected(snapshot: Snapshot, tags: readonly string[] = []): CachedCredential {
  return { principal: null, asOf: positionOf(snapshot), tags, until: Number.MAX_SAFE_INTEGER };
}

/** A proof that is valid until the earliest of these moments. */
export function accepted(
  snapshot: Snapshot,
  principal: Principal,
  tags: readonly string[],
  ends: readonly (number | null)[],
): CachedCredential {
  const until = earliest(ends) ?? Number.MAX_SAFE_INTEGER;
  return { principal, asOf: positionOf(snapshot), tags, until };
}

/** The earliest of these moments, in milliseconds since the epoch; null where none of them will ever come. */
export function earliest(ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

function positionOf({ asOf }: Snapshot): number {
  if (asOf === null)
    throw new Error('The database is a standby, which may miss recent revocations. Connect to the primary.');
  return asOf;
}
