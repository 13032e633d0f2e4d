import { parsePolicyEnd } from '../identity/credential-policy.ts';
import type { Principal } from '../identity/principal.ts';
import { END_OF_LOG } from '../revocation/statements.ts';
import type { CachedCredential, Refusal } from './cached-credential.ts';

/** The columns that every load returns, for all kinds of credentials. */
export interface Snapshot {
  /** The end of the invalidation log; null on a standby, whose data may be out of date. */
  asOf: number | null;
  /** Database time, milliseconds since the epoch. */
  now: number;
}

/**
 * Every load selects these: the position of the snapshot in the log, and its time. `FROM_SNAPSHOT` always has one row.
 */
export const SNAPSHOT_COLUMNS = `${END_OF_LOG} as "asOf", extract(epoch from clock_timestamp())::float8 * 1000 as "now"`;

export const FROM_SNAPSHOT = 'from (select 1) as always';

/** A moment as milliseconds since the epoch, the same in both drivers. */
export const milliseconds = (column: string, name: string) =>
  `extract(epoch from ${column})::float8 * 1000 as "${name}"`;

/**
 * A proof that authenticates nothing. The tags name the subjects whose change could make it valid.
 *
 * @param refusal left out if no credential has this proof
 */
export function rejected(snapshot: Snapshot, tags: readonly string[] = [], refusal?: Refusal): CachedCredential {
  const state = { principal: null, asOf: positionOf(snapshot), tags, until: Number.MAX_SAFE_INTEGER };
  return { ...state, readAt: snapshot.now, ...(refusal ? { refusal } : {}) };
}

/** A proof that is valid until the earliest of these moments. */
export function accepted(
  snapshot: Snapshot,
  principal: Principal,
  tags: readonly string[],
  ends: readonly (number | null)[],
): CachedCredential {
  const until = earliest(ends) ?? Number.MAX_SAFE_INTEGER;
  return { principal, asOf: positionOf(snapshot), tags, until, readAt: snapshot.now };
}

/**
 * When a credential ends, in milliseconds since the epoch; null: never. `idleEnd` is set by a policy and moves with each use.
 *
 * @param own its own expiries
 * @param policyEnd what the function of this name in `credential-policies` selects
 */
export function endsOf(own: readonly (number | null)[], policyEnd: string | null) {
  const { endsAt, fixedEnd } = parsePolicyEnd(policyEnd);
  return { fixedEnd: earliest([...own, fixedEnd]), idleEnd: endsAt === fixedEnd ? null : endsAt };
}

/** The earliest of these moments, in milliseconds since the epoch; null if there is none. */
export function earliest(ends: readonly (number | null)[]): number | null {
  const known = ends.filter((end) => end !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

function positionOf({ asOf }: Snapshot): number {
  if (asOf === null)
    throw new Error('The database is a standby, which may miss recent revocations. Connect to the primary.');
  return asOf;
}
