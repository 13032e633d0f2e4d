import type { NotificationListener, Sql } from '../database/sql.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Outage } from '../kernel/outage.ts';
import type { InvalidationFeed } from './feed.ts';
import { InvalidationMemory, type InvalidationStamp } from './invalidation-memory.ts';
import { Lease, leaseOver } from './lease.ts';
import type { RevocationMetrics } from './metrics.ts';
import { type LogRowJson, parseLogRow } from './revocation-event.ts';
import { ACKNOWLEDGE, CONFIRM_PRIMARY, DEREGISTER, REGISTER, SYNC, type SyncRow } from './statements.ts';

/** A log that is longer than this is not read: forgetting everything is cheaper. */
const LONGEST_CATCH_UP = 10_000;
const SHORTEST_TIMEOUT_MS = 250;
const FIRST_SYNC_ATTEMPTS = 5;

/**
 * How long one query of the protocol may take, in milliseconds. A replica syncs four times per lease: two syncs in a
 * row may fail, and it still holds a lease. (With a short lease only one, because connecting takes time.) A database
 * that is always slower than this grants no lease.
 */
export const queryTimeoutMs = (leaseMs: number) => Math.max(SHORTEST_TIMEOUT_MS, leaseMs / 4);

/**
 * Removes the registrations of earlier processes and confirms the server. Only for a database that no other process
 * uses: no earlier replica runs, and none holds a lease.
 *
 * @param sql any connection, before the replica starts
 */
export async function removeFormerRegistrations(sql: Sql): Promise<void> {
  await sql.query({ name: 'remove-former-replicas', text: 'delete from auth_replica' });
  await sql.query({ name: 'confirm-server', text: 'update auth_primary set identity = auth_server_identity()' });
}

export interface ReplicaOptions {
  /** A connection of its own: renewals must not queue behind requests. */
  sql: Sql;
  notifications: NotificationListener;
  clock: Clock;
  logger: Logger;
  /** Of the database. Syncs notice it first, and notice its end. */
  outage: Outage;
  metrics: RevocationMetrics;
  newReplicaId: () => string;
  /** Where this replica publishes what it applies, and the loss of its lease. */
  feed: InvalidationFeed;
  /** The longest time that this replica may trust its caches after a sync, in milliseconds. */
  leaseMs: number;
  /** The longest lifetime of any cache entry, in milliseconds: how long invalidations must be remembered. */
  longestEntryMs: number;
}

/**
 * This process's view of the invalidation log, and its lease.
 *
 * A sync reads what was appended to the log since the last one, and renews the lease: for `leaseMs` from the moment
 * *before the query was sent*, everything that was committed before that moment is applied here. Without a lease, no
 * cache entry may be used. The acknowledgement is written only after the invalidations were applied.
 */
export class Replica {
  readonly #options: ReplicaOptions;
  readonly #memory: InvalidationMemory;
  readonly #lease: Lease;
  #id: string | null = null;
  /** The id of a registration that was not answered. It may be registered nevertheless. */
  #asked: string | null = null;
  #formerId: string | null = null;
  /** Position up to which this replica has applied the log; -1 if it has applied nothing yet. */
  #applied = -1;
  #syncedAt = Number.NEGATIVE_INFINITY;
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
  /** Whether this replica has held a lease whose loss is not published yet. */
  #hadLease = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs;
    this.#longestLeaseMs = options.leaseMs;
    this.#lease = new Lease(options.clock);
    this.#memory = new InvalidationMemory(options.longestEntryMs, () => options.clock.monotonic());
  }

  /** Position up to which this replica has applied the log; -1 before the first sync. */
  get applied(): number {
    return this.#applied;
  }

  /** The id under which this replica is registered; null while it is not. */
  get id(): string | null {
    return this.#id;
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

  /** Milliseconds of lease left, 0 without one. @param monotonic the time, if it was read a moment ago */
  leaseRemaining(monotonic?: number): number {
    return this.#lease.remaining(monotonic);
  }

  /** Milliseconds since the last successful sync. */
  syncAge(): number {
    return this.#options.clock.monotonic() - this.#syncedAt;
  }

  /**
   * Whether a cache entry may be used at this moment. Each clock is read once, because in the middle of a request that
   * costs as much as the rest of the check.
   *
   * @param until when the entry expires, in milliseconds since the epoch by the clock of the database
   * @param forgetAt when its longest lifetime ends, by `monotonic`: the clock of the database may be set back
   */
  isFresh(cached: InvalidationStamp, until: number, forgetAt = Number.POSITIVE_INFINITY): boolean {
    const monotonic = this.#options.clock.monotonic();
    if (monotonic >= forgetAt || this.#lease.remaining(monotonic) <= 0) return false;
    return this.#memory.isUnaffected(cached) && until > this.#lease.databaseTime(monotonic);
  }

  /** The monotonic time of this process in milliseconds. It never goes back. */
  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  /** The time of the database in milliseconds since the epoch, by the monotonic clock since the last sync. */
  databaseNow(monotonic?: number): number {
    return this.#lease.databaseTime(monotonic);
  }

  /** Starts to listen and to renew. Resolves after the first sync, or rejects if the database is out of reach. */
  async start(): Promise<void> {
    await this.#options.notifications.listen(() => this.requestSync());
    await this.#firstSync();
    this.#renewLater();
  }

  /** A sync is short, for the sake of the lease. Several attempts, because a database may be slow for a moment. */
  async #firstSync(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.sync();
      } catch (error) {
        if (attempt === FIRST_SYNC_ATTEMPTS || this.#stopped) throw error;
      }
    }
  }

  /** Gives up the lease, then the registration, in this order. No revocation waits for a replica that left. */
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
   * Applies the log and renews the lease. Callers that arrive during a sync share the next one: the running sync may
   * have read the log before the caller's commit.
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
    // A cold start needs a second look. If a third one is not enough, something else is wrong, and the timer retries.
    for (let look = 0; look < 3 && !this.#stopped; look++) {
      // Registers in its own commit, BEFORE the first snapshot: a revocation after that sees this replica.
      this.#id ??= await this.#register();
      const asked = this.#lease.stamp(); // Before the query is sent.
      const [row] = await sql.query<SyncRow>(SYNC, [this.#id, this.#applied, LONGEST_CATCH_UP]);
      if (!row || row.inRecovery)
        throw new Error('The database is a standby, which cannot grant a lease. Connect to the primary.');
      if (!this.#apply(row)) {
        this.#coldStart();
        continue;
      }
      this.#lease.renew(asked, { leaseMs: this.#leaseMs, databaseMs: row.now });
      this.#syncedAt = clock.monotonic();
      this.#options.outage.worked();
      this.#hadLease = true;
      if (row.acknowledged < this.#applied) await sql.query(ACKNOWLEDGE, [this.#id, this.#applied]);
      await this.#confirmPrimary(row);
      return;
    }
  }

  /** Applies one snapshot. False if it does not continue the state of this replica. */
  #apply(row: SyncRow): boolean {
    if (!row.registered || row.suspect || row.seq < this.#applied) return false;
    if (this.#identity !== '' && this.#identity !== row.identity) return false;
    const log: LogRowJson[] = row.log ? JSON.parse(row.log) : [];
    const begins = this.#applied < 0;
    if (begins) {
      this.#memory.startAt(row.seq);
    } else if (log.length !== row.seq - this.#applied) {
      return false; // A gap: the log was trimmed past our position, or is too long.
    }
    const rows = log.map(parseLogRow);
    for (const { sequence, tag } of rows) this.#memory.add(sequence, tag);
    this.#applied = row.seq;
    this.#identity = row.identity;
    // While a replica with a shorter lease is registered, this one takes no longer lease. Another replica waits for the
    // longest lease that it knows of, and need not know of this one yet.
    this.#leaseMs = Math.min(this.#options.leaseMs, row.shortestLeaseMs ?? Number.POSITIVE_INFINITY);
    this.#longestLeaseMs = Math.max(this.#options.leaseMs, row.longestLeaseMs ?? 0);
    this.#registeredReplicas = row.replicas;
    if (begins) this.#options.feed.publishBeginning();
    for (const each of rows) this.#options.feed.publish(each);
    return true;
  }

  /** Records, once this replica has known this server for long enough, that no lease of an earlier server is left. */
  async #confirmPrimary({ identity, confirmedIdentity }: SyncRow): Promise<void> {
    const { sql, clock } = this.#options;
    const now = clock.monotonic();
    if (this.#server.identity !== identity) this.#server = { identity, since: now };
    if (identity === confirmedIdentity || now - this.#server.since < leaseOver(this.#longestLeaseMs)) return;
    await sql.query(CONFIRM_PRIMARY, [identity]);
  }

  async #register(): Promise<string> {
    // The same id is used until one attempt is answered. Otherwise a lost answer could leave the row of a replica that
    // does not exist, and revocations would wait for it.
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
    this.#options.feed.publishColdStart();
  }

  #forget(): void {
    this.#lease.end();
    this.#memory.forget();
    this.#applied = -1;
    this.#identity = '';
    this.#formerId = this.#id;
    this.#id = null;
  }

  /** Four times per lease, because two syncs in a row may fail. */
  #renewLater(): void {
    this.#timer = setTimeout(() => {
      this.#announceLostLease();
      this.requestSync();
      this.#renewLater();
    }, this.#leaseMs / 4);
  }

  /** Within a quarter of a lease after its end. To know at once, call `leaseRemaining`. */
  #announceLostLease(): void {
    if (!this.#hadLease || this.leaseRemaining() > 0) return;
    this.#hadLease = false;
    this.#options.feed.publishLeaseLost();
  }

  /** Starts a sync, after a commit here or on another replica. Never throws. */
  requestSync(): void {
    if (this.#stopped) return;
    this.sync().catch((error) => {
      // This is safe: the lease expires, and every request reads the database.
      this.#options.outage.failed(error, 'sync with the invalidation log failed');
    });
  }
}
