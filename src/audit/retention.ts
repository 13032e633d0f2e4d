import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Clock } from '../kernel/clock.ts';
import type { auditLogEvents } from './audit.events.ts';
import type { Audit } from './audit.ts';
import { type AuditKeys, signStatement } from './audit-keys.ts';
import { INSTALLATION_CHAIN } from './event-hash.ts';
import { REMOVAL, type Removal, removalOf } from './statements.ts';

const DAY_MS = 86_400_000;
/** The most events that one transaction removes, and the most chains that one search returns. */
const BATCH = 1000;
const CHAINS = 100;

/** Chains whose first event is older than this. Parameters: the time, the last chain that was seen. */
const OLD_CHAINS = `
  select c.chain from audit_chains c cross join lateral (
      select l.event_id from audit_links l where l.chain = c.chain order by l.sequence limit 1) l
    join audit_events e on e.id = l.event_id
    where e.occurred_at < ? and c.chain > ? order by c.chain limit ${CHAINS}`;

/**
 * The first events of a chain that are older than this. The list ends before the first newer one. Parameters: the time,
 * the chain.
 */
const OLDEST = `
  select sequence::float8 as sequence, hash from (
      select l.sequence, l.hash, bool_and(coalesce(e.occurred_at < ?, true)) over (order by l.sequence) as is_old
        from (select * from audit_links where chain = ? order by sequence limit ${BATCH}) l
        left join audit_events e on e.id = l.event_id) oldest
    where is_old order by sequence`;

const KEEP_SUMMARY = `
  insert into audit_removals (chain, first_sequence, last_sequence, last_hash, count, removed_at, kid, signature)
    values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (chain) do update set last_sequence = excluded.last_sequence, last_hash = excluded.last_hash,
      count = excluded.count, removed_at = excluded.removed_at, kid = excluded.kid, signature = excluded.signature`;

/** The triggers allow this only for rows that the summary covers. Events go first, because their links find them. */
const REMOVE = [
  'delete from audit_events where id in (select event_id from audit_links where chain = ? and sequence <= ?)',
  'delete from audit_links where chain = ? and sequence <= ?',
  'delete from audit_checkpoints where chain = ? and sequence < ?',
];

export interface RetentionOptions {
  fork: () => EntityManager;
  keys: AuditKeys;
  audit: Audit<typeof auditLogEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
  /** How many days events stay; 0 means that none is removed. */
  days: number;
}

/**
 * Removes events that are older than the retention. A signed summary names the last removed event, and the verification
 * of the chain begins after it. A chain is purged when its first event has been too old for a day. Each removal is
 * recorded as an event.
 */
export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Removes the events that are too old, one chain after the other. */
  async purge(): Promise<void> {
    const { fork, clock, days } = this.#options;
    if (days === 0) return;
    const before = new Date(clock.now().getTime() - days * DAY_MS);
    const dayBefore = new Date(before.getTime() - DAY_MS);
    for (let last = '', found = CHAINS; found === CHAINS; ) {
      const chains = await fork().execute<{ chain: string }[]>(OLD_CHAINS, [dayBefore, last]);
      for (const { chain } of chains) await this.#purgeChain(chain, before);
      found = chains.length;
      last = chains.at(-1)?.chain ?? last;
    }
  }

  async #purgeChain(chain: string, before: Date): Promise<void> {
    for (let removed = BATCH; removed === BATCH; ) {
      removed = await this.#options
        .fork()
        .transactional((em) => this.#removeBatch(em, chain, before), { isolationLevel: IsolationLevel.READ_COMMITTED });
    }
  }

  async #removeBatch(em: EntityManager, chain: string, before: Date): Promise<number> {
    const { keys, audit, clock } = this.#options;
    await em.execute(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.auditChain})`);
    const oldest = await em.execute<{ sequence: number; hash: string }[]>(OLDEST, [before, chain]);
    const [first, last] = [oldest[0], oldest.at(-1)];
    if (!first || !last) return 0;
    const [known] = await em.execute<Removal[]>(REMOVAL, [chain]);
    const now = clock.now();
    const key = await keys.signing(em, now);
    const statement = removalOf({
      chain,
      firstSequence: known?.firstSequence ?? first.sequence,
      lastSequence: last.sequence,
      lastHash: last.hash,
      count: (known?.count ?? 0) + oldest.length,
      removedAt: now.toISOString(),
      kid: key.kid,
    });
    const { firstSequence, lastSequence, lastHash, count, removedAt } = statement;
    const signature = signStatement(statement, key);
    const summary = [chain, firstSequence, lastSequence, lastHash, count, removedAt, key.kid, signature];
    await em.execute(KEEP_SUMMARY, summary);
    for (const text of REMOVE) await em.execute(text, [chain, lastSequence]);
    audit.record(
      { em, principal: null, origin: null },
      {
        type: 'audit.removed',
        subjectId: chain === INSTALLATION_CHAIN ? null : chain,
        data: { firstSequence: first.sequence, lastSequence, lastHash },
      },
    );
    await em.flush();
    return oldest.length;
  }
}
