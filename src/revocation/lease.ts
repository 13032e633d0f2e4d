import type { Clock } from '../kernel/clock.ts';

/** Upper bound for the difference between the rates of two clocks. */
const CLOCK_DRIFT = 0.01;

/** After this many milliseconds, by the clock of any machine, a lease that was granted before has expired. */
export const leaseOver = (leaseMs: number) => leaseMs * (1 + CLOCK_DRIFT);

/** A moment by both clocks of this process, in milliseconds. */
export interface Stamp {
  readonly monotonic: number;
  readonly wall: number;
}

/** What the last sync of a replica allows it to assume: how long its caches may be used, and the time of the database. */
export class Lease {
  readonly #clock: Clock;
  #untilMonotonic = Number.NEGATIVE_INFINITY;
  #fromWall = Number.NEGATIVE_INFINITY;
  #untilWall = Number.NEGATIVE_INFINITY;
  /** The time of the database, and the monotonic time of this process before the query. */
  #anchor: { databaseMs: number; monotonic: number } | null = null;

  /** @param clock the clocks of this process, which the moments below are by */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The moment to take before a query is sent. Its snapshot is later than this, however slow the network is. */
  stamp(): Stamp {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.now().getTime() };
  }

  /**
   * Grants the lease from the moment before the query.
   *
   * @param answer the length of the lease, and the time of the database that the query returned, both in milliseconds
   */
  renew({ monotonic, wall }: Stamp, { leaseMs, databaseMs }: { leaseMs: number; databaseMs: number }): void {
    this.#untilMonotonic = monotonic + leaseMs;
    this.#fromWall = wall;
    this.#untilWall = wall + leaseMs;
    this.#anchor = { databaseMs, monotonic };
  }

  end(): void {
    this.#untilMonotonic = Number.NEGATIVE_INFINITY;
    this.#untilWall = Number.NEGATIVE_INFINITY;
  }

  /** Milliseconds that are left, 0 without a lease. */
  remaining(monotonic = this.#clock.monotonic()): number {
    // Either clock may end the lease: the monotonic clock stops while the machine is suspended, and the wall clock may
    // be set. A wall clock that was set back does not show a suspension, so it ends the lease, too.
    const wall = this.#clock.now().getTime();
    const left = Math.min(this.#untilMonotonic - monotonic, this.#untilWall - wall);
    return left > 0 && wall >= this.#fromWall ? left : 0;
  }

  /**
   * The time of the database in milliseconds since the epoch, by the monotonic clock since the last sync. Never behind
   * the real time by more than the drift. Before the first sync it is the time of this machine.
   */
  databaseTime(monotonic = this.#clock.monotonic()): number {
    if (!this.#anchor) return this.#clock.now().getTime();
    return this.#anchor.databaseMs + (monotonic - this.#anchor.monotonic);
  }
}
