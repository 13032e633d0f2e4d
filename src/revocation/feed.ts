import type { Logger } from '../kernel/logger.ts';
import type { LogRow } from './revocation-event.ts';

/** Why data that was read before can no longer be trusted. */
export type Doubt = 'invalidated' | 'everything' | 'lease lost';

/** Receives the events of the invalidation log in this process. Every method is optional, and must not block. */
export interface FeedListener {
  /** One subject was invalidated, e.g. `user:usr_…`; this replica has applied it. */
  invalidated?(tag: string): void;
  /** One row of the log was applied, also one that invalidates nothing. Rows come in the order of the log. */
  applied?(row: LogRow): void;
  /** This replica has forgotten its position in the log. `everything` follows, and `begins` once it has a position again. */
  coldStart?(): void;
  /** This replica has taken a position in the log, and its lease begins. The rows before it were not published. */
  begins?(): void;
  /** Everything that was read before is in doubt: a cold start, or a log entry that names no subject. */
  everything?(): void;
  /** The lease of this replica has expired. It cannot know what is revoked until it holds a lease again. */
  leaseLost?(): void;
}

/**
 * The only source of invalidations inside a process. The replica publishes what it applies. Caches, JWT keys, live
 * connections and event streams listen.
 *
 * An error of a listener is logged, and the others are still called: a fault of one part must not hide a
 * revocation from another one.
 *
 * @example
 * const stop = feed.watch(entry.tags, (doubt) => socket.close(doubt === 'lease lost' ? 1013 : 4403));
 */
export class InvalidationFeed {
  readonly #logger: Logger;
  readonly #listeners = new Set<FeedListener>();
  readonly #watchers = new Map<string, Set<(doubt: Doubt) => void>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Calls this listener from now on. @returns a function that removes it */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Calls `onDoubt` each time one of these subjects, or everything, can no longer be trusted. The tags are those of a
   * cached credential. The cost of an invalidation does not depend on how many other subjects are watched.
   *
   * @returns a function that stops the calls
   */
  watch(tags: readonly string[], onDoubt: (doubt: Doubt) => void): () => void {
    const watcher = (doubt: Doubt) => onDoubt(doubt); // The same function may watch twice.
    for (const tag of tags) {
      const watchers = this.#watchers.get(tag) ?? new Set();
      this.#watchers.set(tag, watchers.add(watcher));
    }
    return () => {
      for (const tag of tags) {
        const watchers = this.#watchers.get(tag);
        watchers?.delete(watcher);
        if (watchers?.size === 0) this.#watchers.delete(tag);
      }
    };
  }

  /** For the replica: one row of the log was applied. The tag `*` stands for everything. */
  publish(row: LogRow): void {
    const { tag } = row;
    for (const listener of [...this.#listeners]) this.#call(() => listener.applied?.(row));
    if (tag === '*') {
      this.#publishEverything();
      return;
    }
    for (const listener of [...this.#listeners]) this.#call(() => listener.invalidated?.(tag));
    for (const watcher of [...(this.#watchers.get(tag) ?? [])]) this.#call(() => watcher('invalidated'));
  }

  /** For the replica: it has forgotten its position. The rows that follow need not continue the ones before. */
  publishColdStart(): void {
    for (const listener of [...this.#listeners]) this.#call(() => listener.coldStart?.());
    this.#publishEverything();
  }

  /** For the replica: it has a position, for the first time or after a cold start. */
  publishBeginning(): void {
    for (const listener of [...this.#listeners]) this.#call(() => listener.begins?.());
  }

  #publishEverything(): void {
    for (const listener of [...this.#listeners]) this.#call(() => listener.everything?.());
    this.#callAll('everything');
  }

  /** For the replica: its lease has expired. */
  publishLeaseLost(): void {
    for (const listener of [...this.#listeners]) this.#call(() => listener.leaseLost?.());
    this.#callAll('lease lost');
  }

  #callAll(doubt: Doubt): void {
    const all = new Set<(doubt: Doubt) => void>(); // Most watchers watch several subjects.
    for (const watchers of this.#watchers.values()) for (const watcher of watchers) all.add(watcher);
    for (const watcher of all) this.#call(() => watcher(doubt));
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#logger.error({ err: error }, 'a listener of the invalidation feed failed');
    }
  }
}
