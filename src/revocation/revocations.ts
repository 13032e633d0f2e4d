import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Sql } from '../kernel/sql.ts';
import { CLOCK_DRIFT, type Replica } from './replica.ts';
import {
  EXPEL,
  POSITION,
  type PositionRow,
  PROBE,
  REPLICAS,
  type ReplicaRow,
  SUSPECT,
  TRIM_LOG,
} from './statements.ts';

/** How long the log is kept, in milliseconds. A replica that was away for longer starts cold. */
const LOG_RETENTION_MS = 3_600_000;
const TRIM_BATCH = 10_000;
/** How often the replicas of an installation, all of them together, are probed. */
const PROBE_SECONDS = 60;

/** Proof that a revocation has taken effect. */
export interface Receipt {
  committedAt: Date;
  /** Position in the invalidation log, in decimal. */
  sequence: string;
  propagation: 'ACKNOWLEDGED' | 'LEASE_EXPIRED';
  /** Registered replicas when the wait began, and how many of them confirmed. */
  replicas: number;
  acknowledged: number;
  settledInMilliseconds: number;
}

export interface RevocationsOptions {
  replica: Replica;
  /** Not the requests' pool: waiting must not queue behind load. */
  sql: Sql;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** Waits until a committed revocation has taken effect on every replica. One way, for every kind of credential. */
export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  /**
   * Call it after the COMMIT was answered, also where nothing had to be changed: somebody else's revocation of the
   * same thing may still be on its way.
   *
   * Returns when every registered replica has applied the log up to its present end, or when the lease of every
   * replica that has not is over. The second needs no database, so this always ends.
   *
   * @param tag the subject that was narrowed, e.g. `key:key_…`
   * @param changedAt when, as the row tells; the log knows better as long as it remembers
   */
  async settle(tag: string, changedAt: Date): Promise<Receipt> {
    const { metrics, replica } = this.#options;
    const { seq, committedAt, ...settled } = await this.#settle(tag);
    const propagation = settled.propagation.toLowerCase();
    metrics.revocationWait.observe({ propagation }, settled.settledInMilliseconds / 1000);
    return {
      committedAt: committedAt ?? changedAt,
      // Out of reach of the database, the position that is known to lie behind us.
      sequence: String(seq ?? Math.max(replica.applied, 0)),
      ...settled,
    };
  }

  /**
   * Keeps the log short and the list of replicas true. Meant to be called every minute or so, by every replica.
   *
   * A replica that died without a word is found by a probe, a log row that invalidates nothing: whoever does not
   * confirm it is fenced off now, so that the next revocation does not have to wait for the dead.
   */
  async tidy(): Promise<void> {
    const { sql } = this.#options;
    for (let deleted = TRIM_BATCH; deleted === TRIM_BATCH; ) {
      const [row] = await sql.query<{ deleted: number }>(TRIM_LOG, [LOG_RETENTION_MS, TRIM_BATCH]);
      deleted = row?.deleted ?? 0;
    }
    const probed = await sql.query(PROBE, [PROBE_SECONDS]);
    if (probed.length > 0) await this.#settle('probe');
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #settle(tag: string): Promise<Settled & { settledInMilliseconds: number }> {
    const { clock, replica } = this.#options;
    const wait: Wait = {
      tag,
      committed: clock.monotonic(),
      leaseMs: replica.longestLeaseMs,
      replicas: replica.registeredReplicas,
    };
    const settled = (await this.#acknowledged(wait)) ?? this.#leaseExpired(wait);
    return { ...settled, settledInMilliseconds: clock.monotonic() - wait.committed };
  }

  /** The outcome where everybody confirms in time, else what is known of the others. */
  async #acknowledged(wait: Wait): Promise<Settled | null> {
    const { sql, clock, replica } = this.#options;
    let pause = 1;
    while (clock.monotonic() < deadlineOf(wait)) {
      try {
        wait.position ??= await this.#position(wait.tag);
        // Ourselves first, without waiting for the doorbell.
        if (replica.applied < wait.position.seq) await replica.sync();
        const rows = await sql.query<ReplicaRow>(REPLICAS);
        wait.leaseMs = Math.max(wait.leaseMs, ...rows.map((row) => row.leaseMs));
        wait.registered ??= new Set(rows.map((row) => row.id));
        wait.pending = rows.filter((row) => row.suspect || row.applied < wait.position!.seq).map((row) => row.id);
        // On a server that nobody knew a lease ago, replicas may hold leases that it has never heard of.
        const primarySettled = (wait.position.primaryKnownFor ?? 0) >= leaseOver(wait.leaseMs);
        if (wait.pending.length === 0 && primarySettled) return summary(wait, 'ACKNOWLEDGED');
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'waiting for a revocation to settle: the database did not answer');
      }
      const left = deadlineOf(wait) - clock.monotonic();
      if (left > 0) await sleep(Math.min(pause, left));
      pause = Math.min(pause * 2, 50);
    }
    return null;
  }

  /** The deadline has passed: whoever is still silent has no lease. Fencing spares the next revocation the wait. */
  #leaseExpired(wait: Wait): Settled {
    if (wait.position && (wait.pending ?? []).length > 0)
      void this.#fence(wait.pending ?? [], wait.position.seq, wait.leaseMs);
    return summary(wait, 'LEASE_EXPIRED');
  }

  async #position(tag: string): Promise<PositionRow> {
    const [row] = await this.#options.sql.query<PositionRow>(POSITION, [tag]);
    if (!row) throw new Error('auth_epoch has no row.');
    return row;
  }

  /**
   * Two steps, a full lease apart. Marked first: a replica that comes back in between sees the mark, forgets
   * everything and registers anew. Were its row deleted at once, it could still hold a lease that nobody waits for.
   */
  async #fence(ids: string[], seq: number, leaseMs: number): Promise<void> {
    const { sql, logger } = this.#options;
    try {
      await sql.query(SUSPECT, [ids, seq]);
      logger.warn({ replicas: ids }, 'replicas did not answer and were fenced off');
    } catch (error) {
      logger.warn({ err: error }, 'fencing failed; the next revocation will try again');
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      sql.query(EXPEL, [ids]).catch((error) => logger.warn({ err: error }, 'expelling fenced replicas failed'));
    }, leaseOver(leaseMs));
    timer.unref();
    this.#timers.add(timer);
  }
}

/** After this many milliseconds, by anybody's clock, a lease that was granted before is over. */
const leaseOver = (leaseMs: number) => leaseMs * (1 + CLOCK_DRIFT);
const deadlineOf = (wait: Wait) => wait.committed + leaseOver(wait.leaseMs);

interface Wait {
  readonly tag: string;
  /** Monotonic, in milliseconds. */
  readonly committed: number;
  /** The longest lease that any replica may hold. */
  leaseMs: number;
  /** How many there were when the database last told; who they are is not known until it answers again. */
  readonly replicas: number;
  position?: PositionRow;
  registered?: Set<string>;
  pending?: string[];
}

interface Settled {
  seq: number | undefined;
  committedAt: Date | undefined;
  propagation: Receipt['propagation'];
  replicas: number;
  acknowledged: number;
}

function summary(wait: Wait, propagation: Receipt['propagation']): Settled {
  const { registered } = wait;
  const silent = (wait.pending ?? []).filter((id) => registered?.has(id)).length;
  return {
    seq: wait.position?.seq,
    committedAt: wait.position?.committedAt == null ? undefined : new Date(wait.position.committedAt),
    propagation,
    replicas: registered?.size ?? wait.replicas,
    acknowledged: (registered?.size ?? 0) - silent,
  };
}
