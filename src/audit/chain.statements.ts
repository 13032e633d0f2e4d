import type { Statement } from '../database/sql.ts';
import { eventColumns } from './event-rows.ts';

/** How far the log is chained: the position of the last chained event that still exists; 0 if there is none. */
const CHAINED = `coalesce((select e.position from audit_links l join audit_events e on e.id = l.event_id
    order by l.position desc limit 1), 0)`;

/** Whether an event is committed that has no place in its chain yet. */
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

/** A number that every transaction which has taken a position until now is below, or that it has as its own. */
export const NEXT_TRANSACTION: Statement = {
  name: 'audit-next-transaction',
  text: 'select pg_current_xact_id()::text as number',
};

/** Whether all transactions up to this number have ended. */
export const ALL_ENDED: Statement = {
  name: 'audit-all-ended',
  text: 'select pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 as ended',
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

/** Seals addresses that an earlier release wrote, unless they were erased. Parameter: a JSON array of the rows. */
export const SEAL_ADDRESSES = `
  update audit_events e set ip_address = null, ip_address_sealed = s.sealed, ip_address_digest = s.digest
    from jsonb_to_recordset(?::text::jsonb) as s (id text, sealed text, digest text)
    where e.id = s.id and e.ip_address is not null returning e.id`;
