import { LRUCache } from 'lru-cache';
import { unavailable } from '../../identity/access-error.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Replica } from '../../revocation/replica.ts';
import type { CachedCredential, LoadCredential } from '../cached-credential.ts';
import type { DecidingLayer, Trace } from '../decision.ts';
import type { SharedCache } from './shared-cache.ts';

/**
 * Rejections are cached briefly and separately, so that a flood of bad secrets cannot evict a single valid credential.
 */
const REFUSALS = 10_000;
const REFUSAL_MS = 10_000;
/** The maximum number of concurrent reads that bypass the caches. More would only queue. */
const BULKHEAD = 32;

/** A cached credential, and the server in whose log its position is. In the log of another server it means nothing. */
interface Entry extends CachedCredential {
  readonly server: string;
  /** When the longest lifetime of the entry ends, by the monotonic clock. */
  readonly forgetAt: number;
  /** Where the entry came from. */
  readonly layer: DecidingLayer;
}

class ReadFailed extends Error {}

export interface AuthCacheOptions {
  replica: Replica;
  shared: SharedCache | null;
  logger: Logger;
  /** The longest lifetime of an entry, in milliseconds. */
  longestEntryMs: number;
  /** How many valid credentials this process caches. */
  entries: number;
}

/**
 * Looks up what a presented text stands for: in the memory of this process, then in the shared
 * cache, then in the database.
 *
 * The replica checks every answer from a cache at the moment it is used: that of the request that started a shared
 * load, and those of all requests that joined it. If the check fails, only a database read that began after the request
 * arrived may decide. If that read fails, the request is neither accepted nor rejected: `AUTHENTICATION_UNAVAILABLE`.
 *
 * The key of an entry is the fingerprint of the presented text: its SHA-256, base64url.
 */
export class AuthCache {
  readonly #options: AuthCacheOptions;
  readonly #accepted: LRUCache<string, Entry>;
  readonly #rejected = new LRUCache<string, Entry>({ max: REFUSALS });
  readonly #loading = new Map<string, Promise<Entry>>();
  #direct = 0;
  /** How many lookups each layer has answered. Plain numbers, because counting must not slow down a hit. */
  readonly counts = { memory: 0, refused: 0, shared: 0, database: 0, direct: 0, unavailable: 0 };

  constructor(options: AuthCacheOptions) {
    this.#options = options;
    this.#accepted = new LRUCache({ max: options.entries });
  }

  /**
   * The answer from the memory of this process, where `principal` is null for a rejected proof; undefined if there is
   * no valid entry. It counts as a lookup and as a use of the entry.
   */
  recall(fingerprint: string): CachedCredential | undefined {
    const cached = this.#accepted.get(fingerprint) ?? this.#rejected.get(fingerprint);
    if (!cached || !this.#isValid(cached)) return undefined;
    if (cached.principal) this.counts.memory++;
    else this.counts.refused++;
    return cached;
  }

  /**
   * Whether a credential that was read before may be used at this moment, by the same check as for a cached one. What
   * was read past the caches may not: it decided about one request.
   */
  isCurrent(cached: CachedCredential): boolean {
    if (cached.parts) return cached.parts.every((part) => this.isCurrent(part));
    return 'server' in cached && this.#isValid(cached as Entry);
  }

  /**
   * The answer from the first layer that has one.
   *
   * @param trace takes the layer
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if no layer can answer
   */
  async resolve(fingerprint: string, load: LoadCredential, trace?: Pick<Trace, 'layer'>): Promise<CachedCredential> {
    const by = (layer: DecidingLayer) => {
      if (trace) trace.layer = layer;
    };
    const known = this.recall(fingerprint);
    if (known !== undefined) return known;
    by('database');
    const leads = !this.#loading.has(fingerprint);
    try {
      if (this.#options.replica.leaseRemaining() > 0) {
        const loaded = await this.#load(fingerprint, load);
        if (this.#isFresh(loaded)) {
          by(loaded.layer);
          return loaded;
        }
      }
    } catch (error) {
      // For the request that started the read, this failure is the answer of the database. For requests that joined it,
      // and after any other error, a new read must decide.
      if (leads && error instanceof ReadFailed) throw this.#unavailable(error.cause);
      if (!(error instanceof ReadFailed)) this.#report(error);
    }
    by('direct');
    try {
      return await this.#loadDirectly(load);
    } catch (error) {
      throw this.#unavailable(error instanceof ReadFailed ? error.cause : error);
    }
  }

  /**
   * Deletes these entries, here at once and in the shared cache soon. It only saves memory:
   * the check would reject them.
   */
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

  /** If the check itself fails, the entry is not used, and the database is read. */
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

  /** One load for all concurrent requests with the same proof. */
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
    const stored = await shared?.get(place, (cached) =>
      this.#isFresh({ ...cached, server, forgetAt, layer: 'shared' }),
    );
    if (stored) {
      const entry: Entry = { ...stored, server, forgetAt, layer: 'shared' };
      this.counts.shared++;
      this.#accepted.set(fingerprint, entry);
      return entry;
    }
    const loaded = await this.#read(load);
    this.counts.database++;
    const now = replica.databaseNow();
    const longest = loaded.principal ? longestEntryMs : REFUSAL_MS;
    const until = Math.min(loaded.until, now + longest);
    const entry: Entry = { ...loaded, server, until, forgetAt: replica.monotonic() + longest, layer: 'database' };
    if (!this.#isFresh(entry)) return entry;
    if (entry.principal === null) {
      this.#accepted.delete(fingerprint); // Otherwise it would hide the rejection, and each attempt would cost a read.
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
