import type { EntityManager } from '@mikro-orm/sql';
import { type EventRow, eventColumns } from './event-rows.ts';

/** The most links that one query returns. */
const BATCH = 2000;

/** One place of a chain, and its event; an `id` of null if the event does not exist. */
export interface LinkRow extends Omit<EventRow, 'id'> {
  readonly id: string | null;
  readonly eventId: string;
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

const LINKS = `
  select l.event_id as "eventId", l.sequence::float8 as sequence, l.previous_hash as "previousHash", l.hash,
      ${eventColumns('e')}
    from audit_links l left join audit_events e on e.id = l.event_id
    where l.chain = ? and l.sequence > ? order by l.sequence limit ${BATCH}`;

/** The places of one chain, in its order, batch by batch. */
export async function* linksOf(em: EntityManager, chain: string): AsyncGenerator<LinkRow[]> {
  for (let after = -1; ; ) {
    const rows = await em.execute<LinkRow[]>(LINKS, [chain, after]);
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)!.sequence;
  }
}

/**
 * Chains that any of the four tables names, so that the verification also finds the remains of a deleted chain. The
 * recursion finds each chain in `audit_links` with one index lookup.
 */
const NAMES = `
  with recursive linked as (
    (select chain from audit_links order by chain limit 1)
    union all
    select (select l.chain from audit_links l where l.chain > linked.chain order by l.chain limit 1)
      from linked where linked.chain is not null)
  select chain from linked where chain is not null
    union select chain from audit_chains union select chain from audit_removals union select chain from audit_checkpoints
    order by chain`;

/** The names of all chains. */
export async function chainNames(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ chain: string }[]>(NAMES);
  return rows.map(({ chain }) => chain);
}
