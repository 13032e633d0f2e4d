import { LRUCache } from 'lru-cache';
import { unavailable } from '../../identity/access-error.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Replica } from '../../revocation/replica.ts';
import type { CachedCredential, LoadCredential } from '../cached-credential.ts';
import type { SharedCache } from './shared-cache.ts';

/** Refusals are remembered briefly and apart, so that a flood of bad secrets cannot push out a single good one. */
const REFUSALS = 10_000;
const REFUSAL_MS = 10_000;
/** Reads that bypass the caches, at most at once; more would only queue. */
const BULKHEAD = 32;

/** What is remembered, and the server in whose log its position is: in another's, the same number means nothing. */
interface Entry extends CachedCredential {
  readonly server: string;
  /** The longest life of the entry ends here, by the monotonic clock. */
  readonly forgetAt: number;
}

class ReadFailed extends Error {}

export interface AuthCacheOptions {
  replica: Replica;
  shared: SharedCache | null;
  logger: Logger;
  /** The longest life of an entry, in milliseconds. */
  longestEntryMs: number;
  /** How many good credentials fit into this process. */
  entries: number;
}

/**
 * Answers "who is this?" from this process's memory where it may, else from the shared cache, else from the database.
 *
 * Every answer from a cache is judged by the replica at the moment it is given, the leader's of a shared load like
 * everybody else's who joined it. Where the judge says no, only a database read that began after the request arrived
 * may decide; and where that fails, nobody is let in or turned away: `AUTHENTICATION_UNAVAILABLE`.
 *
 * Entries are known by the fingerprint of what was presented: its SHA-256, base64url.
 */
export class AuthCache {
  readonly #options: AuthCacheOptions;
  readonly #accepted: LRUCache<string, Entry>;
  readonly #rejected = new LRUCache<string, Entry>({ max: REFUSALS });
  readonly #loading = new Map<string, Promise<Entry>>();
  #direct = 0;
  /** How many lookups each layer has answered. Plain numbers: a hit must not pay for its own counting. */
  readonly counts = { memory: 0, refused: 0, shared: 0, database: 0, direct: 0, unavailable: 0 };

  constructor(options: AuthCacheOptions) {
    this.#options = options;
    this.#accepted = new LRUCache({ max: options.entries });
  }

  /**
   * The answer from this process's memory, where `principal` is null for a rejected proof; undefined where it does not
   * know. It counts as a look-up and as a use of the entry.
   */
  recall(fingerprint: string): CachedCredential | undefined {
    const cached = this.#accepted.get(fingerprint) ?? this.#rejected.get(fingerprint);
    if (!cached || !this.#isValid(cached)) return undefined;
    if (cached.principal) this.counts.memory++;
    else this.counts.refused++;
    return cached;
  }

  /**
   * The answer, from wherever it has to come.
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` where nobody can know
   */
  async resolve(fingerprint: string, load: LoadCredential): Promise<CachedCredential> {
    const known = this.recall(fingerprint);
    if (known !== undefined) return known;
    const leads = !this.#loading.has(fingerprint);
    try {
      if (this.#options.replica.leaseRemaining() > 0) {
        const loaded = await this.#load(fingerprint, load);
        if (this.#isFresh(loaded)) return loaded;
      }
    } catch (error) {
      // Of whoever began the read, it is the answer of the database. To others it says nothing, and neither does whatever
      // else went wrong.
      if (leads && error instanceof ReadFailed) throw this.#unavailable(error.cause);
      if (!(error instanceof ReadFailed)) this.#report(error);
    }
    try {
      return await this.#loadDirectly(load);
    } catch (error) {
      throw this.#unavailable(error instanceof ReadFailed ? error.cause : error);
    }
  }

  /** Forgets these proofs, here at once and in the shared cache soon. Hygiene: the judge would refuse them anyway. */
  evict(fingerprints: string[]): void {
    if (fingerprints.length === 0) return;
    for (const fingerprint of fingerprints) {
      this.#accepted.delete(fingerprint);
      this.#rejected.delete(fingerprint);
    }
    this.#options.shared?.delete(fingerprints);
  }

  #unavailable(cause: unknown): Error {
    this.counts.unavailable++;
    return unavailable(cause);
  }

  /** A judge that fails admits nothing: the database is asked. */
  #isValid(entry: Entry): boolean {
    try {
      return this.#isFresh(entry);
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  #report(error: unknown): void {
    this.#options.logger.error({ err: error }, 'the cache failed; reading from the database');
  }

  #isFresh(entry: Entry): boolean {
    const { replica } = this.#options;
    return entry.server === replica.serverIdentity && replica.isFresh(entry, entry.until, entry.forgetAt);
  }

  /** One load for everybody who asks for the same proof at the same time. */
  #load(fingerprint: string, load: LoadCredential): Promise<Entry> {
    let loading = this.#loading.get(fingerprint);
    if (!loading) {
      loading = this.#fill(fingerprint, load).finally(() => this.#loading.delete(fingerprint));
      this.#loading.set(fingerprint, loading);
    }
    return loading;
  }

  async #fill(fingerprint: string, load: LoadCredential): Promise<Entry> {
    const { shared, replica, longestEntryMs } = this.#options;
    const server = replica.serverIdentity;
    const forgetAt = replica.monotonic() + longestEntryMs;
    const place = { fingerprint, serverIdentity: server };
    const stored = await shared?.get(place, (cached) => this.#isFresh({ ...cached, server, forgetAt }));
    if (stored) {
      const entry = { ...stored, server, forgetAt };
      this.counts.shared++;
      this.#accepted.set(fingerprint, entry);
      return entry;
    }
    const loaded = await this.#read(load);
    this.counts.database++;
    const now = replica.databaseNow();
    const longest = loaded.principal ? longestEntryMs : REFUSAL_MS;
    const until = Math.min(loaded.until, now + longest);
    const entry = { ...loaded, server, until, forgetAt: replica.monotonic() + longest };
    if (!this.#isFresh(entry)) return entry;
    if (entry.principal === null) {
      this.#accepted.delete(fingerprint); // Or it would stand before the refusal, and each try would cost a read.
      this.#rejected.set(fingerprint, entry);
    } else {
      this.#accepted.set(fingerprint, entry);
      shared?.set(place, { cached: { ...loaded, until: entry.until }, ttlMs: entry.until - now });
    }
    return entry;
  }

  async #loadDirectly(load: LoadCredential): Promise<CachedCredential> {
    if (this.#direct >= BULKHEAD) throw new Error('Too many concurrent reads that bypass the cache.');
    this.#direct++;
    try {
      const loaded = await this.#read(load);
      this.counts.direct++;
      return loaded;
    } finally {
      this.#direct--;
    }
  }

  async #read(load: LoadCredential): Promise<CachedCredential> {
    try {
      return await load();
    } catch (error) {
      throw new ReadFailed('The database did not respond.', { cause: error });
    }
  }
}
