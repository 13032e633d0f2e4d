/** Above this number of remembered invalidations the oldest are forgotten early, which costs some cache misses. */
const MOST_REMEMBERED = 200_000;

/** What a cache entry needs so that its validity can be checked. */
export interface InvalidationStamp {
  /** The end of the invalidation log in the snapshot that the data was read in. */
  readonly asOf: number;
  /** All subjects whose invalidation may affect this data. */
  readonly tags: readonly string[];
}

/**
 * What this replica remembers of the invalidation log: for each tag, its latest invalidation since the floor.
 *
 * The floor is the position before which nothing is remembered, so no older entry is used. It moves forward as old
 * invalidations are forgotten. That costs nothing once every entry of that age has expired.
 */
export class InvalidationMemory {
  readonly #keepMs: number;
  readonly #monotonic: () => number;
  readonly #latest = new Map<string, number>();
  #order: { seq: number; tag: string; at: number }[] = [];
  #floor = Number.POSITIVE_INFINITY;

  constructor(keepMs: number, monotonic: () => number) {
    this.#keepMs = keepMs;
    this.#monotonic = monotonic;
  }

  /** Starts to remember, from this position of the log on. */
  startAt(seq: number): void {
    this.forget();
    this.#floor = seq;
  }

  /** Forgets everything, and rejects every entry until `startAt`. */
  forget(): void {
    this.#latest.clear();
    this.#order = [];
    this.#floor = Number.POSITIVE_INFINITY;
  }

  /** Remembers one row of the log. The tag `*` invalidates everything. */
  add(seq: number, tag: string): void {
    if (tag === '*') {
      this.startAt(seq);
      return;
    }
    this.#latest.set(tag, seq);
    const now = this.#monotonic();
    this.#order.push({ seq, tag, at: now });
    this.#trim(now - this.#keepMs);
  }

  /** Whether no known invalidation affects this data. */
  isUnaffected(cached: InvalidationStamp): boolean {
    if (cached.asOf < this.#floor) return false;
    for (const tag of cached.tags) {
      const seq = this.#latest.get(tag);
      if (seq !== undefined && seq > cached.asOf) return false;
    }
    return true;
  }

  #trim(before: number): void {
    let gone = 0;
    while (gone < this.#order.length) {
      const oldest = this.#order[gone]!;
      if (oldest.at >= before && this.#order.length - gone <= MOST_REMEMBERED) break;
      if (this.#latest.get(oldest.tag) === oldest.seq) this.#latest.delete(oldest.tag);
      this.#floor = oldest.seq;
      gone++;
    }
    if (gone > 0) this.#order.splice(0, gone);
  }
}
