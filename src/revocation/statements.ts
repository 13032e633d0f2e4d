import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Statement } from '../database/sql.ts';
import { LOG_ROW } from './revocation-event.ts';

// Tables with one row are read by a subquery. In a join, the planner would expect thousands of rows in a table that was
// never analyzed, and compile the plan, which takes a hundred times as long as running it.

// Registrations and marks must survive a crash. With `synchronous_commit` off, a COMMIT may be lost after its
// answer. With `local`, no standby has it. A server that recovers after the crash of one of its processes keeps
// its identity, so no revocation would wait for the earlier leases. This raises the setting for this statement
// alone, and never lowers it.
const DURABLE = `durable as materialized (select set_config('synchronous_commit', 'on', true)
      where current_setting('synchronous_commit') in ('off', 'local'))`;

/** SQL: the end of the log, in the snapshot that a cache entry is read from. Null on a standby, which may be behind. */
export const END_OF_LOG = '(select seq from auth_epoch where not pg_is_in_recovery())::float8';

/**
 * Registers a replica with the length of its leases. The same commit deletes its former row, because the replica has
 * forgotten that state. It may be retried if the answer was lost. Parameters: id, former id, lease.
 */
export const REGISTER: Statement = {
  name: 'replica-register',
  text: `with ${DURABLE}, former as (delete from auth_replica where id = $2::uuid)
    insert into auth_replica (id, lease_ms) select $1::uuid, $3::int from (select count(*) from durable) as set
    on conflict (id) do nothing`,
};

export const DEREGISTER: Statement = {
  name: 'replica-deregister',
  text: 'delete from auth_replica where id = $1::uuid',
};

/**
 * Everything a sync needs, in one snapshot. The log is omitted (and so shorter than `seq - applied`) if a cold start is
 * cheaper than to read it. Parameters: replica id, applied, longest log worth reading.
 */
export const SYNC: Statement = {
  name: 'replica-sync',
  text: `with epoch as materialized (select seq from auth_epoch)
    select (select seq from epoch)::float8 as seq,
      r.id is not null as registered, coalesce(r.suspect, false) as suspect, coalesce(r.applied, 0)::float8 as acknowledged,
      pg_is_in_recovery() as "inRecovery",
      (select max(lease_ms) from auth_replica) as "longestLeaseMs",
      (select min(lease_ms) from auth_replica) as "shortestLeaseMs",
      (select count(*) from auth_replica)::int as replicas,
      auth_server_identity() as identity, (select identity from auth_primary) as "confirmedIdentity",
      extract(epoch from clock_timestamp())::float8 * 1000 as "now",
      case when $2::float8 >= 0 and (select seq from epoch) - $2::bigint between 1 and $3::bigint then
        (select json_agg(${LOG_ROW('l')} order by l.seq) from auth_inval l where l.seq > $2::bigint)::text
      end as log
    from (select 1) as always left join auth_replica r on r.id = $1::uuid`,
};
export interface SyncRow {
  seq: number;
  registered: boolean;
  suspect: boolean;
  acknowledged: number;
  inRecovery: boolean;
  longestLeaseMs: number | null;
  shortestLeaseMs: number | null;
  replicas: number;
  identity: string;
  confirmedIdentity: string | null;
  now: number;
  /** JSON: an array of `LogRowJson`. */
  log: string | null;
}

/** The acknowledgement: this replica has applied everything up to here. It never moves back. */
export const ACKNOWLEDGE: Statement = {
  name: 'replica-acknowledge',
  text: 'update auth_replica set applied = $2::bigint where id = $1::uuid and applied < $2::bigint',
};

/**
 * Records that every lease of earlier servers has expired. If it arrives late, at another server, it changes nothing.
 * Parameter: the identity of the server for which this is known.
 */
export const CONFIRM_PRIMARY: Statement = {
  name: 'primary-confirm',
  text: `insert into auth_primary (identity) select $1::text where $1::text = auth_server_identity()
    on conflict (one) do update set identity = excluded.identity where auth_primary.identity <> excluded.identity`,
};

/**
 * Everything that a waiting revocation needs, in one snapshot: the end of the log, the time of the commit, the replicas
 * that must confirm, and whether these are all. (A server that is not confirmed may not know every holder of a lease.)
 *
 * The time of the commit is that of the first of these rows that exists:
 * - the first row of the tag from the given moment on, within the five seconds that a transaction takes at most;
 * - the last one in the second before, because replicas estimate the clock of the database, and may be a little ahead;
 * - the first one from the moment on, if a transaction by hand took longer;
 * - the first `*` from the moment on, which stands for every tag where a transaction changed too many to list;
 * - the last row of the tag.
 *
 * For a change that is older than the retention it is null: the row may be deleted, and a later row would be of another
 * change. Parameters: the tag, the moment and the retention in milliseconds.
 */
export const PROPAGATION: Statement = {
  name: 'propagation',
  text: `with change as materialized (
      select to_timestamp($2::float8 / 1000) as since
      where to_timestamp($2::float8 / 1000) > clock_timestamp() - make_interval(secs => $3::float8 / 1000))
    select (select seq from auth_epoch)::float8 as seq,
      extract(epoch from (select coalesce(
        (select min(at) from auth_inval where tag = $1 and at >= since and at < since + interval '5 seconds'),
        (select max(at) from auth_inval where tag = $1 and at < since and at > since - interval '1 second'),
        (select min(at) from auth_inval where tag = $1 and at >= since),
        (select min(at) from auth_inval where tag = '*' and at >= since),
        (select max(at) from auth_inval where tag = $1)) from change))::float8 * 1000 as "committedAt",
      (select identity from auth_primary) is not distinct from auth_server_identity() as "primaryConfirmed",
      (select coalesce(json_agg(json_build_object('id', id, 'applied', applied, 'suspect', suspect, 'leaseMs', lease_ms)), '[]')
        from auth_replica)::text as replicas`,
};
export interface PropagationRow {
  seq: number;
  /** Null if the log does not have it any more, or never had it. */
  committedAt: number | null;
  primaryConfirmed: boolean;
  /** JSON: an array of `RegisteredReplica`. */
  replicas: string;
}
export interface RegisteredReplica {
  id: string;
  applied: number;
  suspect: boolean;
  leaseMs: number;
}

/**
 * First step of a fence: from this commit on, a silent replica that comes back starts cold. Returns the marked
 * replicas: only their leases have expired a lease from now. Parameters: ids, seq.
 */
export const SUSPECT: Statement = {
  name: 'fence-suspect',
  text: `with ${DURABLE}
    update auth_replica set suspect = true from (select count(*) from durable) as set
    where id = any($1::uuid[]) and (suspect or applied < $2::bigint) returning id::text as id`,
};

/** Second step, a full lease later: no revocation waits for these replicas any more. Parameter: ids. */
export const EXPEL: Statement = {
  name: 'fence-expel',
  text: 'delete from auth_replica where suspect and id = any($1::uuid[])',
};

/**
 * Deletes the oldest rows that are older than the retention, at most one batch, unless another replica is doing so. It
 * reads no more than the batch, however long the log is. It stops at the first row that is younger, so the rows that
 * remain have no gap, also where the clock was set back between two of them. Rows that are in the future by more than the retention are
 * from before the clock was set back. They are deleted, too, because all rows after them would stay otherwise.
 * Parameters: retention in milliseconds, size of the batch.
 */
export const PURGE_LOG: Statement = {
  name: 'log-purge',
  text: `with turn as materialized (select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.invalidationLog}) as ours),
      oldest as (select seq, at from auth_inval order by seq limit $2::int),
      gone as (
        delete from auth_inval where (select ours from turn) and seq in (select seq from oldest)
          and seq < coalesce((select min(seq) from oldest
            where abs(extract(epoch from clock_timestamp() - at)) * 1000 <= $1::float8), ${Number.MAX_SAFE_INTEGER})
        returning 1)
    select count(*)::int as deleted from gone`,
};

/**
 * Appends a row that invalidates nothing, unless another replica did so lately. A row in the future is from before the
 * clock was set back, and does not prevent it. Parameter: how long ago counts as lately, in seconds.
 */
export const PROBE: Statement = {
  name: 'replica-probe',
  text: `select auth_invalidate('probe') from (select 1) as always
    where pg_try_advisory_xact_lock(${ADVISORY_LOCKS.invalidationLog}) and not exists (
      select from auth_inval where tag = 'probe' and at > clock_timestamp() - make_interval(secs => $1::float8)
        and at <= clock_timestamp())`,
};

const readEvents = (name: string, rows: string): Statement => ({
  name,
  text: `with found as materialized (${rows})
    select (select min(seq) from auth_inval)::float8 as oldest,
      (select json_agg(${LOG_ROW('f')} order by f.seq) from found f)::text as rows`,
});

const inRange = (condition: string) =>
  `(select * from auth_inval where seq > $1::bigint and seq <= $2::bigint and ${condition} order by seq limit $3::int)`;

/**
 * The first rows of a part of the log that a view sees, and the oldest row that the log holds, in one snapshot. Each
 * condition has an index, so the cost does not grow with the rows of others. Parameters: the position before the part,
 * its end, the largest number of rows, and the id of the user or workspace.
 */
export const READ_EVENTS: Record<'all' | 'user' | 'workspace', Statement> = {
  all: readEvents('events-of-all', inRange('subject is not null')),
  user: readEvents(
    'events-of-user',
    `select * from (
      ${inRange('user_id = $4')} union all
      ${inRange(`subject in ('ALL', 'WORKSPACE') and (subject = 'ALL' or $4 = any(members))`)}) as either
      order by seq limit $3::int`,
  ),
  workspace: readEvents(
    'events-of-workspace',
    `select * from (
      ${inRange('workspace_id = $4')} union all
      ${inRange(`subject in ('ALL', 'WORKSPACE') and subject = 'ALL'`)}) as either
      order by seq limit $3::int`,
  ),
};
export interface EventsRow {
  /** Null if the log is empty. */
  oldest: number | null;
  /** JSON: an array of `LogRowJson`; null if there are none. */
  rows: string | null;
}

/** SQL: how many replicas are registered and not fenced, besides this one. @param id of this replica; may be null */
export const otherReplicas = (id: string) =>
  `(select count(*)::int from auth_replica where id is distinct from ${id} and not suspect)`;
