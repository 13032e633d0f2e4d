import type { Statement } from '../kernel/sql.ts';

// What has one row is asked for by a subquery of its own. In a join, the planner would expect thousands of rows in a table
// that nobody has analysed, and compile a plan for them, which takes a hundred times as long as running it.

/** Makes a replica known, with the length of its leases; drops the row of its former life in the same commit, for it has forgotten that life. */
export const REGISTER: Statement = {
  name: 'replica-register',
  text: `with former as (delete from auth_replica where id = $2::uuid)
    insert into auth_replica (id, lease_ms) values ($1::uuid, $3::int)`,
};

export const DEREGISTER: Statement = {
  name: 'replica-deregister',
  text: 'delete from auth_replica where id = $1::uuid',
};

/**
 * Everything a sync needs, in one snapshot. The log is left out (and so shorter than `seq - applied`) where it would
 * be longer than a cold start is expensive. Parameters: replica id, applied, longest log worth reading.
 */
export const SYNC: Statement = {
  name: 'replica-sync',
  text: `with epoch as materialized (select seq from auth_epoch)
    select (select seq from epoch)::float8 as seq,
      r.id is not null as registered, coalesce(r.suspect, false) as suspect, coalesce(r.applied, 0)::float8 as acknowledged,
      pg_is_in_recovery() as "inRecovery",
      (select max(lease_ms) from auth_replica) as "longestLeaseMs",
      (select count(*) from auth_replica)::int as replicas,
      auth_server_identity() as identity, (select identity from auth_primary) as "knownIdentity",
      extract(epoch from clock_timestamp())::float8 * 1000 as "now",
      case when $2::float8 >= 0 and (select seq from epoch) - $2::bigint between 1 and $3::bigint then
        (select json_agg(json_build_array(l.seq, l.tag) order by l.seq) from auth_inval l where l.seq > $2::bigint)::text
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
  replicas: number;
  identity: string;
  knownIdentity: string | null;
  now: number;
  log: string | null;
}

/** The acknowledgement: this replica has applied everything up to here. Only ever moves forward. */
export const ACKNOWLEDGE: Statement = {
  name: 'replica-acknowledge',
  text: 'update auth_replica set applied = $2::bigint where id = $1::uuid and applied < $2::bigint',
};

/** Writes down that the log now lives on another server, and since when that is known. */
export const NOTE_PRIMARY: Statement = {
  name: 'primary-note',
  text: `insert into auth_primary (identity, since) values (auth_server_identity(), clock_timestamp())
    on conflict (one) do update set identity = excluded.identity, since = excluded.since
      where auth_primary.identity <> excluded.identity`,
};

/**
 * Where the log ends after a commit, when the newest invalidation of this tag was committed, and for how long the
 * server has been known. Parameter: the tag.
 */
export const POSITION: Statement = {
  name: 'settle-position',
  text: `select (select seq from auth_epoch)::float8 as seq,
      (select extract(epoch from l.at)::float8 * 1000 from auth_inval l where l.tag = $1 order by l.seq desc limit 1)
        as "committedAt",
      (select extract(epoch from clock_timestamp() - since)::float8 * 1000 from auth_primary
        where identity = auth_server_identity()) as "primaryKnownFor"`,
};
export interface PositionRow {
  seq: number;
  committedAt: number | null;
  /** Milliseconds; null where this server has not been noted yet. */
  primaryKnownFor: number | null;
}

export const REPLICAS: Statement = {
  name: 'settle-replicas',
  text: 'select id::text as id, applied::float8 as applied, suspect, lease_ms as "leaseMs" from auth_replica',
};
export interface ReplicaRow {
  id: string;
  applied: number;
  suspect: boolean;
  leaseMs: number;
}

/** First step of fencing: from this commit on, a silent replica that comes back starts cold. Parameters: ids, seq. */
export const SUSPECT: Statement = {
  name: 'fence-suspect',
  text: 'update auth_replica set suspect = true where id = any($1::uuid[]) and applied < $2::bigint',
};

/** Second step, a full lease later: nothing waits for it any more. Parameter: ids. */
export const EXPEL: Statement = {
  name: 'fence-expel',
  text: 'delete from auth_replica where suspect and id = any($1::uuid[])',
};

/**
 * Deletes the oldest rows that are older than the retention, at most a batch of them, unless another replica is at it.
 * Looks no further than the batch, however long the log is. Parameters: retention in milliseconds, size of the batch.
 */
export const TRIM_LOG: Statement = {
  name: 'log-trim',
  text: `with turn as materialized (select pg_try_advisory_xact_lock(823640927) as ours),
      oldest as (select seq, at from auth_inval order by seq limit $2::int),
      gone as (
        delete from auth_inval where (select ours from turn) and seq in (
          select seq from oldest where at < clock_timestamp() - make_interval(secs => $1::float8 / 1000))
        returning 1)
    select count(*)::int as deleted from gone`,
};

/** Appends a row that invalidates nothing, unless somebody did so lately. Parameter: how long ago counts, in seconds. */
export const PROBE: Statement = {
  name: 'replica-probe',
  text: `select auth_invalidate('probe') from (select 1) as always
    where pg_try_advisory_xact_lock(823640927) and not exists (
      select from auth_inval where tag = 'probe' and at > clock_timestamp() - make_interval(secs => $1::float8))`,
};
