import type { Statement } from '../database/sql.ts';
import { eventColumns } from './event-rows.ts';

/** How far the log is chained: the position of the last chained event that still exists; 0 if there is none. */
const CHAINED = `coalesce((select e.position from audit_links l join audit_events e on e.id = l.event_id
    order by l.position desc limit 1), 0)`;

/** Whether there is a committed event that has no place in its chain yet. */
export const HAS_UNCHAINED: Statement = {
  name: 'audit-unchained',
  text: `select exists (select from audit_events where position > ${CHAINED}) as found`,
};

/** The events after the last chained one, in commit order. Parameter: how many. */
export const UNCHAINED = `
  with chained as materialized (select ${CHAINED} as position)
  select (select position from chained)::float8 as chained, e.position::float8 as position, ${eventColumns('e')}
    from audit_events e where e.position > (select position from chained)
      and not exists (select from audit_links l where l.event_id = e.id) order by e.position limit ?`;

/**
 * The ids of the transactions that hold a lock for writing on `audit_events`. Run it after a read that has found a gap:
 * when none of the transactions of that list is left, the gap is filled or stays for good. This is why:
 * - The gap was taken from the sequence before the later position that the read has found.
 * - Only the update in `audit_set_position` takes positions for rows. An update locks its table first, and its
 *   transaction has an id because it has inserted the row. So both locks were held before that read.
 * - PostgreSQL releases the locks of a transaction after its commit is visible. A prepared transaction keeps them. Only
 *   a rollback to a savepoint releases a lock earlier, and it also undoes what has used the position.
 *
 * The id, because `virtualtransaction` of a prepared transaction changes at a restart. One read of `pg_locks`, because
 * two reads could see different transactions.
 */
export const WRITERS: Statement = {
  name: 'audit-writers',
  text: `with held as materialized (select * from pg_locks where granted)
    select distinct own.transactionid::text as id
      from held written join held own on own.virtualtransaction = written.virtualtransaction
      where written.locktype = 'relation' and written.relation = 'audit_events'::regclass
        and written.database = (select oid from pg_database where datname = current_database())
        and written.mode = 'RowExclusiveLock' and own.locktype = 'transactionid' and own.mode = 'ExclusiveLock'`,
};

/** Parameter: a JSON array of the rows. */
export const ADD_LINKS = `
  insert into audit_links (event_id, chain, sequence, position, previous_hash, hash)
    select event_id, chain, sequence, position, previous_hash, hash from jsonb_to_recordset(?::text::jsonb)
      as l (event_id text, chain text, sequence bigint, position bigint, previous_hash text, hash text)`;

/** Parameter: a JSON array of the names of chains. */
export const HEADS = `
  select chain, sequence::float8 as sequence, hash from audit_chains
    where chain in (select jsonb_array_elements_text(?::text::jsonb))`;

/** Parameter: a JSON array of the rows. */
export const MOVE_HEADS = `
  insert into audit_chains as known (chain, sequence, hash, unsigned_since)
    select chain, sequence, hash, clock_timestamp() from jsonb_to_recordset(?::text::jsonb)
      as h (chain text, sequence bigint, hash text)
    on conflict (chain) do update set sequence = excluded.sequence, hash = excluded.hash,
      unsigned_since = coalesce(known.unsigned_since, excluded.unsigned_since)`;

/** Stores the sealed form of addresses that were not erased meanwhile. Parameter: a JSON array of the rows. */
export const SEAL_ADDRESSES = `
  update audit_events e set ip_address = null, ip_address_sealed = s.sealed, ip_address_digest = s.digest
    from jsonb_to_recordset(?::text::jsonb) as s (id text, sealed text, digest text)
    where e.id = s.id and e.ip_address is not null returning e.id`;
