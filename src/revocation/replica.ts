import type { NotificationListener, Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { InvalidationFeed } from './feed.ts';
import { InvalidationMemory, type InvalidationStamp } from './invalidation-memory.ts';
import type { RevocationMetrics } from './metrics.ts';
import { ACKNOWLEDGE, CONFIRM_PRIMARY, DEREGISTER, REGISTER, SYNC, type SyncRow } from './statements.ts';

/** The log is not worth reading where it is longer than this: forgetting everything is cheaper. */
const LONGEST_CATCH_UP = 10_000;
/** Upper bound of how much the clocks' rates differ between machines. */
const CLOCK_DRIFT = 0.01;
const SHORTEST_PATIENCE_MS = 250;

/** After this many milliseconds, by anybody's clock, a lease that was granted before is over. */
export const leaseOver = (leaseMs: number) => leaseMs * (1 + CLOCK_DRIFT);

/**
 * How long one question of the protocol may take, in milliseconds: of four looks a lease, one may go unanswered and the
 * next one too, and there is a lease still. (Of short leases only one: connecting takes its time.) A database that is
 * always slower than this grants no lease.
 */
export const patienceMs = (leaseMs: number) => Math.max(SHORTEST_PATIENCE_MS, leaseMs / 4);

/**
 * For a database that only this process uses: no replica of a former life is left, and no lease that one could hold.
 *
 * @param sql any connection, before the replica starts
 */
export async function forgetFormerLife(sql: Sql): Promise<void> {
  await sql.query({ name: 'forget-replicas', text: 'delete from auth_replica' });
  await sql.query({ name: 'confirm-server', text: 'update auth_primary set identity = auth_server_identity()' });
}

export interface ReplicaOptions {
  /** A connection of its own: renewals must not queue behind requests. */
  sql: Sql;
  notifications: NotificationListener;
  clock: Clock;
  logger: Logger;
  metrics: RevocationMetrics;
  newReplicaId: () => string;
  /** Where this replica publishes what it applies, and the loss of its lease. */
  feed: InvalidationFeed;
  /** How long a sync entitles this replica to trust its caches at most, in milliseconds. */
  leaseMs: number;
  /** The longest life of any cached entry, in milliseconds: how long invalidations have to be remembered. */
  longestEntryMs: number;
}

/**
 * This process's view of the invalidation log, and its permission to act on it.
 *
 * A sync reads what was appended to the log since the last one and extends the lease: for `leaseMs` from the moment
 * *before the question was sent*, everything committed earlier than that moment is known here. Without a lease nothing
 * cached may be used. The acknowledgement is written only after the invalidations were applied.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #memory: InvalidationMemory;
  #id: string | null = null;
  /** The id that was asked for and not confirmed: it may be registered all the same. */
  #asked: string | null = null;
  #formerId: string | null = null;
  /** Position in the log up to which this replica knows everything; -1: knows nothing yet. */
  #applied = -1;
  #leaseUntilMonotonic = Number.NEGATIVE_INFINITY;
  #leaseFromWall = Number.NEGATIVE_INFINITY;
  #leaseUntilWall = Number.NEGATIVE_INFINITY;
  #syncedAt = Number.NEGATIVE_INFINITY;
  /** What the database said the time was, and our monotonic time before we asked. */
  #anchor: { databaseMs: number; monotonic: number } | null = null;
  #identity = '';
  /** The server of the last sync, and since when (monotonic) it is known here. */
  #server = { identity: '', since: 0 };
  #leaseMs: number;
  #longestLeaseMs: number;
  #registeredReplicas = 1;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** Whether the loss of the lease would be news. */
  #hadLease = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs;
    this.#longestLeaseMs = options.leaseMs;
    this.#memory = new InvalidationMemory(options.longestEntryMs, () => options.clock.monotonic());
  }

  /** Position in the log up to which this replica knows everything; -1 before the first sync. */
  get applied(): number {
    return this.#applied;
  }

  /** Which server the log is read from; changes with every restart and failover. */
  get serverIdentity(): string {
    return this.#identity;
  }

  /** The longest lease that any replica takes, in milliseconds, as of the last sync. */
  get longestLeaseMs(): number {
    return this.#longestLeaseMs;
  }

  /** How many replicas were registered, this one included, as of the last sync. */
  get registeredReplicas(): number {
    return this.#registeredReplicas;
  }

  /** Milliseconds of lease left, 0 without one. */
  leaseRemaining(): number {
    return this.#leaseLeft(this.#options.clock.monotonic());
  }

  /** Milliseconds since the last successful sync. */
  syncAge(): number {
    return this.#options.clock.monotonic() - this.#syncedAt;
  }

  /**
   * Whether something cached may be acted upon at this very moment. Each clock is read once, for in the middle of a request
   * that costs as much as all the rest of this.
   *
   * @param until when it ends by itself, in milliseconds since the epoch by the database's clock
   * @param forgetAt when it has been in memory for long enough, by `monotonic`: the database's clock may be set back
   */
  isFresh(cached: InvalidationStamp, until: number, forgetAt = Number.POSITIVE_INFINITY): boolean {
    const monotonic = this.#options.clock.monotonic();
    if (monotonic >= forgetAt || this.#leaseLeft(monotonic) <= 0) return false;
    return this.#memory.isUnaffected(cached) && until > this.#databaseTime(monotonic);
  }

  /** This process's count of milliseconds, which never goes back. */
  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  /**
   * The database's time in milliseconds since the epoch, by this process's own count since the last sync; never
   * behind the real one by more than the drift. Before the first sync: this machine's.
   */
  databaseNow(): number {
    return this.#databaseTime(this.#options.clock.monotonic());
  }

  #databaseTime(monotonic: number): number {
    if (!this.#anchor) return this.#options.clock.now().getTime();
    return this.#anchor.databaseMs + (monotonic - this.#anchor.monotonic);
  }

  #leaseLeft(monotonic: number): number {
    // Either clock may end it: the monotonic one stands still while a machine sleeps, the wall clock may be set. Where it
    // was set back, it would say nothing of a sleep.
    const wall = this.#options.clock.now().getTime();
    const left = Math.min(this.#leaseUntilMonotonic - monotonic, this.#leaseUntilWall - wall);
    return left > 0 && wall >= this.#leaseFromWall ? left : 0;
  }

  /** Starts listening and renewing. Resolves after the first sync, or rejects where the database is out of reach. */
  async start(): Promise<void> {
    await this.#options.notifications.listen(() => this.requestSync());
    await this.sync();
    this.#renewLater();
  }

  /** Gives up the lease, then the registration, in this order: nobody has to wait for a replica that left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#options.notifications.close();
    await this.#running?.catch(() => undefined);
    const id = this.#id ?? this.#asked;
    this.#forget();
    if (id) await this.#options.sql.query(DEREGISTER, [id]);
  }

  /**
   * Catches up with the log and renews the lease. Callers that arrive during a sync share the one that starts after
   * it: a sync that was already under way may have looked before the caller's commit.
   */
  sync(): Promise<void> {
    if (!this.#running) {
      this.#running = this.#sync().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.sync();
      });
    return this.#next;
  }

  async #sync(): Promise<void> {
    const { sql, clock } = this.#options;
    // A cold start is followed by a second look; a third means that something is badly wrong, and is left to the timer.
    for (let look = 0; look < 3 && !this.#stopped; look++) {
      // Registered in a commit of its own, BEFORE the first snapshot: whoever revokes after that snapshot sees us.
      this.#id ??= await this.#register();
      // Stamped before the question is sent: the snapshot is younger than this, whatever the network does.
      const monotonic = clock.monotonic();
      const wall = clock.now().getTime();
      const [row] = await sql.query<SyncRow>(SYNC, [this.#id, this.#applied, LONGEST_CATCH_UP]);
      if (!row || row.inRecovery)
        throw new Error('The database is a standby, which cannot grant a lease. Connect to the primary.');
      if (!this.#apply(row)) {
        this.#coldStart();
        continue;
      }
      this.#leaseUntilMonotonic = monotonic + this.#leaseMs;
      this.#leaseFromWall = wall;
      this.#leaseUntilWall = wall + this.#leaseMs;
      this.#anchor = { databaseMs: row.now, monotonic };
      this.#syncedAt = clock.monotonic();
      this.#hadLease = true;
      if (row.acknowledged < this.#applied) await sql.query(ACKNOWLEDGE, [this.#id, this.#applied]);
      await this.#confirmPrimary(row);
      return;
    }
  }

  /** Takes over what one snapshot says. False where it does not continue what this replica knows. */
  #apply(row: SyncRow): boolean {
    if (!row.registered || row.suspect || row.seq < this.#applied) return false;
    if (this.#identity !== '' && this.#identity !== row.identity) return false;
    const log: [number, string][] = row.log ? JSON.parse(row.log) : [];
    if (this.#applied < 0) {
      this.#memory.startAt(row.seq);
    } else if (log.length !== row.seq - this.#applied) {
      return false; // The log was trimmed past what we know, or is too long: a gap.
    }
    for (const [seq, tag] of log) {
      this.#memory.add(seq, tag);
      this.#options.feed.publish(tag);
    }
    this.#applied = row.seq;
    this.#identity = row.identity;
    // As long as anybody is registered with a shorter lease than ours, we take no longer one: whoever waits for the
    // longest lease that he knows of need not know of ours yet.
    this.#leaseMs = Math.min(this.#options.leaseMs, row.shortestLeaseMs ?? Number.POSITIVE_INFINITY);
    this.#longestLeaseMs = Math.max(this.#options.leaseMs, row.longestLeaseMs ?? 0);
    this.#registeredReplicas = row.replicas;
    return true;
  }

  /** Tells everybody, once we have known this server for long enough, that no lease of a server before it is left. */
  async #confirmPrimary({ identity, confirmedIdentity }: SyncRow): Promise<void> {
    const { sql, clock } = this.#options;
    const now = clock.monotonic();
    if (this.#server.identity !== identity) this.#server = { identity, since: now };
    if (identity === confirmedIdentity || now - this.#server.since < leaseOver(this.#longestLeaseMs)) return;
    await sql.query(CONFIRM_PRIMARY, [identity]);
  }

  async #register(): Promise<string> {
    // The same id until one try is answered: one whose answer was lost would leave a replica that does not exist, and that
    // revocations wait for.
    this.#asked ??= this.#options.newReplicaId();
    const id = this.#asked;
    await this.#options.sql.query(REGISTER, [id, this.#formerId, this.#options.leaseMs]);
    this.#asked = null;
    this.#formerId = null;
    return id;
  }

  #coldStart(): void {
    this.#options.metrics.coldStarts.inc();
    this.#options.logger.warn(
      { replica: this.#id, applied: this.#applied },
      'cold start: this replica dropped all cached credentials',
    );
    this.#forget();
    this.#options.feed.publishEverything();
  }

  #forget(): void {
    this.#leaseUntilMonotonic = Number.NEGATIVE_INFINITY;
    this.#leaseUntilWall = Number.NEGATIVE_INFINITY;
    this.#memory.forget();
    this.#applied = -1;
    this.#identity = '';
    this.#formerId = this.#id;
    this.#id = null;
  }

  /** Four times a lease, for one look may fail, and the next one too. */
  #renewLater(): void {
    this.#timer = setTimeout(() => {
      this.#announceLostLease();
      this.requestSync();
      this.#renewLater();
    }, this.#leaseMs / 4);
  }

  /** Within a quarter of a lease after its end. Who must know at once asks `leaseRemaining`. */
  #announceLostLease(): void {
    if (!this.#hadLease || this.leaseRemaining() > 0) return;
    this.#hadLease = false;
    this.#options.feed.publishLeaseLost();
  }

  /** Something was committed here or elsewhere: look soon. Never throws. */
  requestSync(): void {
    if (this.#stopped) return;
    this.sync().catch((error) => {
      // Harmless for safety: the lease runs out and every request asks the database.
      this.#options.logger.warn({ err: error }, 'sync with the invalidation log failed');
    });
  }
}
