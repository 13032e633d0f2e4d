import type { Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RevocationMetrics } from './metrics.ts';
import { leaseOver, type Replica } from './replica.ts';
import {
  EXPEL,
  PROBE,
  PROPAGATION,
  type PropagationRow,
  type RegisteredReplica,
  SUSPECT,
  TRIM_LOG,
} from './statements.ts';

/** The longest lease that configuration allows. */
export const LONGEST_LEASE_MS = 60_000;
/** How long the log is kept, in milliseconds. A replica that was away for longer starts cold. */
const LOG_RETENTION_MS = 3_600_000;
const TRIM_BATCH = 2000;
/** How often the replicas of an installation, all of them together, are probed. */
const PROBE_SECONDS = 60;
/** Before a look at who has confirmed, in milliseconds. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Proof that a revocation has taken effect. */
export interface Receipt {
  /** When the change was committed, which may be long ago; as its row tells, where the log could not be asked. */
  committedAt: Date;
  /** Position in the invalidation log, in decimal: up to here everybody has caught up or lost his cache. */
  sequence: string;
  propagation: 'ACKNOWLEDGED' | 'LEASE_EXPIRED';
  /** Registered replicas when the wait began. */
  replicas: number;
  /** How many of them confirmed. */
  acknowledged: number;
  /**
   * How many of them deregistered before they confirmed: these have no lease and no cache. Where all others confirmed,
   * `acknowledged + left = replicas`; else the rest is silent, or was fenced off.
   */
  left: number;
  settledInMilliseconds: number;
}

export interface PropagationBarrierOptions {
  replica: Replica;
  /** Neither the requests' pool, for waiting must not queue behind load, nor the replica's, for renewing must not wait. */
  sql: Sql;
  /** The requests' own: for housekeeping, which no revocation may queue behind, and where `sql` fails and nothing is known yet. */
  spare: Sql;
  clock: Clock;
  logger: Logger;
  metrics: RevocationMetrics;
}

/** Waits until a committed revocation has taken effect on every replica. One way, for every kind of credential. */
export class PropagationBarrier {
  readonly #options: PropagationBarrierOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: PropagationBarrierOptions) {
    this.#options = options;
  }

  /**
   * Call it after the COMMIT was answered, also where nothing had to be changed: somebody else's revocation of the
   * same thing may still be on its way.
   *
   * Returns when every registered replica has applied the log up to its present end, or when the lease of every
   * replica that has not is over. The second needs no database, so this always ends: after the longest lease that
   * anybody may hold, and at most a quarter of it for the first look. How long that is, is known to whoever holds a
   * lease or gets one answer from the database; else it is the longest that configuration allows.
   *
   * @param tag the subject that was narrowed, e.g. `key:key_…`
   * @param changedAt when, as the row tells: a moment before the commit; the log knows that one as long as it remembers
   */
  async waitUntilPropagated(tag: string, changedAt: Date): Promise<Receipt> {
    const { committedAt, ...settled } = await this.#wait(tag, changedAt);
    const propagation = settled.propagation.toLowerCase();
    this.#options.metrics.revocationWait.observe({ propagation }, settled.settledInMilliseconds / 1000);
    return { committedAt: committedAt ?? changedAt, ...settled };
  }

  /**
   * Keeps the log short and the list of replicas true. Meant to be called every minute or so, by every replica.
   *
   * A replica that died without a word is found by a probe, a log row that invalidates nothing: whoever does not
   * confirm it is fenced off now, so that the next revocation does not have to wait for the dead.
   */
  async purge(): Promise<void> {
    const { spare } = this.#options;
    for (let deleted = TRIM_BATCH; deleted === TRIM_BATCH; ) {
      const [row] = await spare.query<{ deleted: number }>(TRIM_LOG, [LOG_RETENTION_MS, TRIM_BATCH]);
      deleted = row?.deleted ?? 0;
    }
    const probed = await spare.query(PROBE, [PROBE_SECONDS]);
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
    replica.requestSync(); // Ourselves first, without waiting for a notification.
    const left = () => {
      // While we hold a lease, nobody takes a longer one than we know of, for we are registered; and whoever held a longer
      // one before is registered too, or has none any more. So it does not matter when we came to hold it, be it a moment
      // ago: of the leases that are waited for, we know the longest. Without one, only the database can tell.
      if (!wait.first && replica.leaseRemaining() > 0) wait.leaseMs = replica.longestLeaseMs;
      return wait.since + leaseOver(wait.leaseMs) - clock.monotonic();
    };
    while (left() > 0) {
      // Before the first look, too: after a commit of a moment ago nobody can have confirmed yet, and it would cost everybody
      // a round trip to be told so. Later pauses are half of what was waited so far, so the answer is late by that at most.
      const waited = clock.monotonic() - wait.committed;
      await sleep(Math.min(Math.max(SHORTEST_PAUSE_MS, waited / 2), LONGEST_PAUSE_MS, left()));
      if (left() <= 0) break;
      const look = this.#confirmed(wait);
      let confirmed: boolean | undefined;
      // A database that does not answer must not make it longer than the leases are, and those may become known meanwhile.
      while (confirmed === undefined && left() > 0) confirmed = await within(Math.min(left(), LONGEST_PAUSE_MS), look);
      if (confirmed) return this.#outcome(wait, 'ACKNOWLEDGED');
    }
    // Whoever is still silent has no lease any more. Fencing spares the next revocation the wait.
    if (wait.first && wait.silent.length > 0) void this.#fence(wait.silent, wait.first.seq, wait.leaseMs);
    return this.#outcome(wait, 'LEASE_EXPIRED');
  }

  /** Looks once whether everybody has applied the log up to where it ended; notes what is known of the others. */
  async #confirmed(wait: Wait): Promise<boolean> {
    const { clock, logger, replica } = this.#options;
    try {
      const row = await this.#look(wait);
      const replicas: RegisteredReplica[] = JSON.parse(row.replicas);
      const leaseMs = Math.max(replica.longestLeaseMs, ...replicas.map(({ leaseMs }) => leaseMs));
      if (!wait.first) {
        wait.first = row;
        wait.registered = replicas.map(({ id }) => id);
        const now = clock.monotonic();
        // All that this look saw was committed by now, so a lease from now on the receipt may speak of all of it. That is
        // worth a round trip, but not another lease: after a late look it speaks of what was known before, and of the
        // revocation itself.
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
      // Somebody who was marked and is gone was expelled without a word, or came back as another: nobody can tell.
      const behind = replicas.filter(({ id, applied }) => applied < seq && !wait.marked.has(id));
      wait.silent = [...behind.map(({ id }) => id), ...wait.marked];
      return wait.silent.length === 0 && row.primaryConfirmed;
    } catch (error) {
      logger.warn({ err: error }, 'waiting for the propagation of a revocation: the database did not respond');
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
      // Out of reach of the database: as many as there were, as far as we know, and none is known to have confirmed.
      replicas: registered?.length ?? replica.registeredReplicas,
      // A replica whose row is deleted has no lease: to leave is to give it up, and no replica is expelled before it is over.
      // It counts as confirmed only where it was seen to be.
      acknowledged: known.filter((id) => confirmed.has(id)).length,
      left: known.filter((id) => !confirmed.has(id) && !present.has(id)).length,
      settledInMilliseconds: clock.monotonic() - committed,
    };
  }

  /**
   * Two steps, a full lease apart. Marked first: a replica that comes back in between sees the mark, forgets
   * everything and registers anew. Were its row deleted at once, it could still hold a lease that nobody waits for.
   * So only those go whom this very mark has found: others may be marked by somebody else, a moment ago.
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
    // Timers may be a millisecond early.
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      sql.query(EXPEL, [marked]).catch((error) => logger.warn({ err: error }, 'deleting fenced replicas failed'));
    }, leaseOver(leaseMs) + 1);
    timer.unref();
    this.#timers.add(timer);
  }
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What the promise comes to, or undefined where that takes longer than this many milliseconds. */
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
  /** What to ask the log about. */
  readonly change: [tag: string, changedAt: number, retentionMs: number];
  /** When the wait began. Monotonic, in milliseconds. */
  readonly committed: number;
  /** From when on no lease is granted any more that does not know of the revocation, and of `covered`. Monotonic. */
  since: number;
  /** A position up to which everything was committed by `since`. */
  covered: number;
  /** The longest lease that any replica may hold. */
  leaseMs: number;
  /** What the first look told. */
  first?: PropagationRow;
  /** Who was registered then. */
  registered: string[] | null;
  /** Who was registered at the last look. */
  present: ReadonlySet<string>;
  /** Who has not confirmed, as of the last look. */
  silent: string[];
  /** Who was ever seen to have applied all that the first look saw. */
  readonly confirmed: Set<string>;
  /** Who was ever seen to be fenced. */
  readonly marked: Set<string>;
}

type Propagated = Omit<Receipt, 'committedAt'> & { committedAt: Date | undefined };
