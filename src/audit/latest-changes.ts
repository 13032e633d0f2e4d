import type { Statement } from '../database/sql.ts';
import { END_OF_LOG } from '../revocation/statements.ts';

/** How many of the latest events are compared; see `LATEST_CHANGES`. */
const COMPARED = 32;

/**
 * The state of the installation in one snapshot: the end of the invalidation log, and the positions of the latest events
 * that record a change. If two reads return the same, no recorded change and no revocation was committed between them.
 *
 * One position is not enough: an event with a lower position may become visible after one with a higher position. It is
 * missed only if 31 later events become visible before it, and then none at all until the second read. Reads of personal
 * data and rejected requests change nothing.
 */
export const LATEST_CHANGES: Statement = {
  name: 'audit-latest-changes',
  text: `select ${END_OF_LOG} as sequence,
    (select string_agg(position::text, ' ' order by position) from
      (select position from audit_events where outcome = 'SUCCEEDED' and type <> 'personal-data.read'
        order by position desc limit ${COMPARED}) latest) as positions`,
};
export interface LatestChangesRow {
  /** Null on a standby. */
  sequence: number | null;
  /** Null if there is no event. */
  positions: string | null;
}
