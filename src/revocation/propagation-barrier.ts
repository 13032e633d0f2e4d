import type { Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outage } from '../kernel/outage.ts';
import { type InSpan, withoutSpans } from '../kernel/tracing.ts';
import { leaseOver } from './lease.ts';
import type { RevocationMetrics } from './metrics.ts';
import type { Replica } from './replica.ts';
import {
  EXPEL,
  PROBE,
  PROPAGATION,
  type PropagationRow,
  PURGE_LOG,
  type RegisteredReplica,
  SUSPECT,
} from './statements.ts';

/** The longest lease that configuration allows. */
export const LONGEST_LEASE_MS = 60_000;
/** How long the log is kept, in milliseconds. A replica that was away for longer starts cold. */
const LOG_RETENTION_MS = 3_600_000;
const PURGE_BATCH = 2000;
/** How often the replicas of an installation are probed, all of them together. */
const PROBE_SECONDS = 60;
/** The pause before a look at the confirmations, in milliseconds. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Proof that a revocation has taken effect. */
export interface Receipt {
  /** When the change was committed, which may be long ago; the time in the changed row if the log could not be read. */
  committedAt: Date;
  /** Position in the invalidation log, in decimal. Up to it, every replica has applied the log or lost its lease. */
  sequence: string;
  propagation: 'ACKNOWLEDGED' | 'LEASE_EXPIRED';
  /** Registered replicas when the wait began. */
  replicas: number;
  /** How many of them confirmed. */
  acknowledged: number;
  /**
   * How many of them deregistered before they confirmed: these have no lease and no cache. If all others confirmed,
   * `acknowledged + left = replicas`. Otherwise the remaining ones are silent or were fenced.
   */
  left: number;
  settledInMilliseconds: number;
}

export interface PropagationBarrierOptions {
  replica: Replica;
  /**
   * Not the pool of the requests, because this wait must not queue behind load. Not the connection of the replica,
   * because renewals must not wait.
   */
  sql: Sql;
  /**
   * For a first look that fails on `sql`. It must lead to the server that grants the leases, and not through a pooler,
   * which could lead to another one: its answer decides whether every replica has confirmed.
   */
  spare: Sql;
  /** The connections of the requests, because housekeeping must not delay revocations. */
  housekeeping: Sql;
  clock: Clock;
  logger: Logger;
  /** Of the database. */
  outage: Outage;
  metrics: RevocationMetrics;
  inSpan?: InSpan | undefined;
}

/** Waits until a committed revocation has taken effect on every replica. Every kind of credential uses it. */
export class PropagationBarrier {
  readonly #options: PropagationBarrierOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: PropagationBarrierOptions) {
    this.#options = options;
  }

  /**
   * Call it after the COMMIT has returned, also if nothing had to be changed: the revocation of the same subject by
   * another request may still be propagating.
   *
   * Returns when every registered replica has applied the log up to its current end, or when the leases of the others
   * have expired. The second case needs no database, so the wait always ends: after the longest lease that any replica
   * may hold, and at most a quarter of it for the first look. This replica knows that length if it holds a lease or
   * gets one answer from the database. Otherwise it is the longest that configuration allows.
   *
   * @param tag the subject that was narrowed, e.g. `key:key_…`
   * @param changedAt the time in the changed row, a moment before the commit; the log has the time of the commit, for
   *   as long as it keeps the entry
   */
  async waitUntilPropagated(tag: string, changedAt: Date): Promise<Receipt> {
    const { inSpan = withoutSpans } = this.#options;
    const { committedAt, ...settled } = await inSpan('propagation', {}, async (note) => {
      const outcome = await this.#wait(tag, changedAt);
      const { propagation, sequence, replicas, acknowledged } = outcome;
      note({ 'rekey.propagation': propagation.toLowerCase(), 'rekey.sequence': sequence });
      note({ 'rekey.replicas': replicas, 'rekey.acknowledged': acknowledged });
      return outcome;
    });
    const propagation = settled.propagation.toLowerCase();
    this.#options.metrics.revocationWait.observe({ propagation }, settled.settledInMilliseconds / 1000);
    return { committedAt: committedAt ?? changedAt, ...settled };
  }

  /**
   * Keeps the log short and the list of replicas correct. Every replica calls it about once a minute.
   *
   * A probe, a log row that invalidates nothing, finds replicas that stopped without deregistering. A replica that does
   * not confirm the probe is fenced now, so the next revocation does not have to wait for it.
   */
  async purge(): Promise<void> {
    const { housekeeping } = this.#options;
    for (let deleted = PURGE_BATCH; deleted === PURGE_BATCH; ) {
      const [row] = await housekeeping.query<{ deleted: number }>(PURGE_LOG, [LOG_RETENTION_MS, PURGE_BATCH]);
      deleted = row?.deleted ?? 0;
    }
    const probed = await housekeeping.query(PROBE, [PROBE_SECONDS]);
    if (probed.length > 0) await this.#wait('probe', new Date(0));
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #wait(tag: string, changedAt: Date): Promise<Propagated> {
    const { clock, replica } = this.#options;
    const committed = clock.monotonic();
    const wait: Wait = {
      change: [tag, changedAt.getTime(), LOG_RETENTION_MS],
      committed,
      since: committed,
      covered: Math.max(replica.applied, 0),
      leaseMs: LONGEST_LEASE_MS,
      registered: null,
      present: new Set(),
      silent: [],
      confirmed: new Set(),
      marked: new Set(),
    };
    replica.requestSync(); // This replica first, without waiting for a notification.
    const left = () => {
      // While this replica holds a lease it is registered, so no other replica takes a longer lease than the
      // longest known here. A replica that took a longer one before is registered, too, or its lease has
      // expired. So the longest lease in use is known, even if the own lease is only a moment old. Without a
      // lease, only the database knows it.
      if (!wait.first && replica.leaseRemaining() > 0) wait.leaseMs = replica.longestLeaseMs;
      return wait.since + leaseOver(wait.leaseMs) - clock.monotonic();
    };
    while (left() > 0) {
      // Before the first look, too: right after the commit no replica can have confirmed, and the look would only cost
      // a round trip. Later pauses are half of the time waited so far, so the answer is late by that at most.
      const waited = clock.monotonic() - wait.committed;
      await sleep(Math.min(Math.max(SHORTEST_PAUSE_MS, waited / 2), LONGEST_PAUSE_MS, left()));
      if (left() <= 0) break;
      const look = this.#confirmed(wait);
      let confirmed: boolean | undefined;
      // A database that does not answer must not extend the wait beyond the leases, which may become known meanwhile.
      while (confirmed === undefined && left() > 0) confirmed = await within(Math.min(left(), LONGEST_PAUSE_MS), look);
      if (confirmed) return this.#outcome(wait, 'ACKNOWLEDGED');
    }
    // The leases of the silent replicas have expired. Fencing them saves the next revocation the wait.
    if (wait.first && wait.silent.length > 0) void this.#fence(wait.silent, wait.first.seq, wait.leaseMs);
    return this.#outcome(wait, 'LEASE_EXPIRED');
  }

  /** Looks once whether every replica has applied the log up to its end at the first look, and records their states. */
  async #confirmed(wait: Wait): Promise<boolean> {
    const { clock, outage, replica } = this.#options;
    try {
      const row = await this.#look(wait);
      const replicas: RegisteredReplica[] = JSON.parse(row.replicas);
      const leaseMs = Math.max(replica.longestLeaseMs, ...replicas.map(({ leaseMs }) => leaseMs));
      if (!wait.first) {
        wait.first = row;
        wait.registered = replicas.map(({ id }) => id);
        const now = clock.monotonic();
        // Everything that this look saw is committed by now. If the lease is counted from now on, the receipt can cover
        // all of it. That is worth a round trip, but not another lease: after a late look, the receipt covers what was
        // known before, and the revocation itself.
        if (now - wait.committed <= leaseMs / 4) {
          wait.since = now;
          wait.covered = row.seq;
        }
      }
      const { seq } = wait.first;
      wait.leaseMs = leaseMs;
      wait.present = new Set(replicas.map(({ id }) => id));
      for (const { id, suspect } of replicas) if (suspect) wait.marked.add(id);
      for (const { id, applied } of replicas) if (applied >= seq) wait.confirmed.add(id);
      // A replica that was marked and is gone was expelled, or has registered under a new id. It is not known
      // which, so it counts as silent.
      const behind = replicas.filter(({ id, applied }) => applied < seq && !wait.marked.has(id));
      wait.silent = [...behind.map(({ id }) => id), ...wait.marked];
      return wait.silent.length === 0 && row.primaryConfirmed;
    } catch (error) {
      outage.failed(error, 'waiting for the propagation of a revocation failed');
      return false;
    }
  }

  async #look(wait: Wait): Promise<PropagationRow> {
    const { sql, spare } = this.#options;
    const asking = sql.query<PropagationRow>(PROPAGATION, wait.change);
    const [row] = await (wait.first
      ? asking
      : asking.catch(() => spare.query<PropagationRow>(PROPAGATION, wait.change)));
    if (!row) throw new Error('A snapshot always has a row.');
    return row;
  }

  #outcome(wait: Wait, propagation: Receipt['propagation']): Propagated {
    const { clock, replica } = this.#options;
    const { first, covered, registered, confirmed, marked, present, committed } = wait;
    const known = registered?.filter((id) => !marked.has(id)) ?? [];
    return {
      committedAt: first?.committedAt == null ? undefined : new Date(first.committedAt),
      sequence: String(propagation === 'ACKNOWLEDGED' ? first!.seq : covered),
      propagation,
      // If no look succeeded: the last known number of replicas, none of which is known to have confirmed.
      replicas: registered?.length ?? replica.registeredReplicas,
      // A replica whose row is deleted has no lease: to leave is to give it up, and no replica is expelled before it
      // expires. It counts as confirmed only if a look saw that it had confirmed.
      acknowledged: known.filter((id) => confirmed.has(id)).length,
      left: known.filter((id) => !confirmed.has(id) && !present.has(id)).length,
      settledInMilliseconds: clock.monotonic() - committed,
    };
  }

  /**
   * Fences in two steps, a full lease apart. It marks first: a replica that comes back in between sees the mark,
   * forgets everything and registers again. If its row were deleted at once, it could still hold a lease that no
   * revocation waits for. So the second step deletes only the replicas that this mark returned: another replica may
   * have marked others a moment ago.
   */
  async #fence(silent: string[], seq: number, leaseMs: number): Promise<void> {
    const { sql, logger } = this.#options;
    let marked: string[];
    try {
      marked = (await sql.query<{ id: string }>(SUSPECT, [silent, seq])).map(({ id }) => id);
    } catch (error) {
      logger.warn({ err: error }, 'fencing silent replicas failed; the next revocation retries');
      return;
    }
    if (marked.length === 0) return;
    logger.warn({ replicas: marked }, 'replicas did not confirm a revocation and were fenced');
    // Timers may fire a millisecond early.
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      sql.query(EXPEL, [marked]).catch((error) => logger.warn({ err: error }, 'deleting fenced replicas failed'));
    }, leaseOver(leaseMs) + 1);
    timer.unref();
    this.#timers.add(timer);
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Resolves or rejects like `promise`, or resolves to undefined after this many milliseconds. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Wait {
  /** The parameters of the statement `PROPAGATION`. */
  readonly change: [tag: string, changedAt: number, retentionMs: number];
  /** When the wait began. Monotonic, in milliseconds. */
  readonly committed: number;
  /**
   * Every lease that is granted from this time on includes the revocation, and everything up to `covered`. Monotonic.
   */
  since: number;
  /** A position up to which everything was committed by `since`. */
  covered: number;
  /** The longest lease that any replica may hold. */
  leaseMs: number;
  /** The result of the first look. */
  first?: PropagationRow;
  /** The replicas that were registered then. */
  registered: string[] | null;
  /** The replicas that were registered at the last look. */
  present: ReadonlySet<string>;
  /** The replicas that have not confirmed, as of the last look. */
  silent: string[];
  /** The replicas that have applied everything up to the first look, as of any look. */
  readonly confirmed: Set<string>;
  /** The replicas that were marked, as of any look. */
  readonly marked: Set<string>;
}

type Propagated = Omit<Receipt, 'committedAt'> & { committedAt: Date | undefined };
