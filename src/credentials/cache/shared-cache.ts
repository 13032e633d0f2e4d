import KeyvRedis, { type RedisClientType } from '@keyv/redis';
import { ErrorReply } from '@redis/client';
import Keyv from 'keyv';
import type { Keyring } from '../../crypto/keyring.ts';
import { open, type SealBinding, SealError, seal } from '../../crypto/seal.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Outage } from '../../kernel/outage.ts';
import { Breaker } from '../../redis/breaker.ts';
import type { CachedCredential } from '../cached-credential.ts';
import type { SharedCacheMetrics } from '../metrics.ts';

/** The longest time that a request waits for Redis, in milliseconds. */
const TIMEOUT_MS = 25;
/** Must be increased with every change of what is stored: an entry of another release must not open. */
export const SEAL_PURPOSE = 'auth-cache/4';

/** What the shared cache can do at the moment. */
export type SharedCacheState = 'ok' | 'read-only' | 'unreachable';

/**
 * The cache on this Redis. The options make errors throw at once. By default, keyv would hang, or report success for a
 * `set` while Redis is down.
 */
export function connectSharedCache({
  redis,
  ...options
}: Omit<SharedCacheOptions, 'keyv'> & { redis: RedisClientType }) {
  const store = new KeyvRedis(redis, {
    keyPrefixSeparator: ':',
    throwOnConnectError: true,
    throwOnErrors: true,
    connectionTimeout: 500,
  });
  // keyv passes its namespace to the store. If it also prefixed keys itself, they would have the prefix twice.
  const keyv = new Keyv({ store, namespace: 'rekey:auth', useKeyPrefix: false, throwOnErrors: true });
  return new SharedCache({ ...options, keyv });
}

export interface SharedCacheOptions {
  keyv: Keyv;
  keyring: Keyring;
  clock: Clock;
  logger: Logger;
  /** Of Redis. */
  outage: Outage;
  metrics: SharedCacheMetrics;
}

/** The place of an entry: the fingerprint of its credential, and the database server it was read from. */
export interface CachePlace {
  fingerprint: string;
  serverIdentity: string;
}

/**
 * The second-level cache that replicas share. Redis may be slow, hang, lose its data or hold forged data. An entry is
 * used only if a replica sealed it for exactly this proof and this database server, and it is checked like any other
 * entry. None of its methods throws, and none delays a request for long.
 */
export class SharedCache {
  readonly #keyv: Keyv;
  readonly #keyring: Keyring;
  readonly #metrics: SharedCacheMetrics;
  readonly #logger: Logger;
  readonly #breaker: Breaker;
  #refusesWrites = false;

  constructor({ keyv, keyring, clock, logger, outage, metrics }: SharedCacheOptions) {
    this.#keyv = keyv;
    this.#keyring = keyring;
    this.#metrics = metrics;
    this.#logger = logger;
    this.#breaker = new Breaker({
      clock,
      timeoutMs: TIMEOUT_MS,
      failures: 3,
      openMs: 1000,
      onChange: (isOpen, cause) =>
        isOpen ? outage.failed(cause, 'the shared cache does not respond') : outage.worked(),
    });
  }

  /** The entry that a replica stored for this proof, if a replica sealed it and it is still usable; null otherwise. */
  async get(place: CachePlace, usable: (cached: CachedCredential) => boolean): Promise<CachedCredential | null> {
    let stored: unknown;
    try {
      stored = await this.#breaker.run(() => this.#keyv.get(place.fingerprint));
    } catch (error) {
      this.#logger.debug({ err: error }, 'the shared cache did not respond; reading from the database');
      return null;
    }
    if (stored == null) return null;
    const cached = this.#open(place, stored);
    if (cached && usable(cached)) return cached;
    this.#metrics.sharedCacheRejected.inc({ reason: cached ? 'stale' : 'seal' });
    return null;
  }

  /** Stores in the background. */
  set(place: CachePlace, { cached, ttlMs }: { cached: CachedCredential; ttlMs: number }): void {
    const sealed = seal(this.#keyring, { ...boundTo(place), plaintext: JSON.stringify(cached) });
    this.#writeInBackground(() => this.#keyv.set(place.fingerprint, sealed, Math.max(1, Math.floor(ttlMs))));
  }

  /** Deletes in the background. Safety never depends on it. */
  delete(fingerprints: string[]): void {
    this.#writeInBackground(() => this.#keyv.delete(fingerprints));
  }

  /** Checks whether Redis responds now. */
  async isReachable(): Promise<boolean> {
    return this.#breaker
      .run(() => this.#keyv.get('reachable'))
      .then(
        () => true,
        () => false,
      );
  }

  /** Checks whether Redis accepts a write now, and if not, whether it responds to reads. */
  async state(): Promise<SharedCacheState> {
    try {
      await this.#write(() => this.#keyv.set('writable', '', 1000));
    } catch {
      return 'unreachable';
    }
    if (!this.#refusesWrites) return 'ok';
    return (await this.isReachable()) ? 'read-only' : 'unreachable';
  }

  #open(place: CachePlace, stored: unknown): CachedCredential | null {
    if (typeof stored !== 'string') return null; // No replica wrote this.
    try {
      return JSON.parse(open(this.#keyring, { ...boundTo(place), sealed: stored }).toString('utf8'));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      return null;
    }
  }

  /**
   * A Redis that rejects a write (because it is a replica, out of memory, or denies access) has responded, and may
   * still be read: the breaker stays closed.
   */
  async #write(call: () => Promise<unknown>): Promise<void> {
    const refusal = await this.#breaker.run(() =>
      call().then(
        () => null,
        (error) => {
          if (error instanceof ErrorReply) return error;
          throw error;
        },
      ),
    );
    if (this.#refusesWrites === (refusal !== null)) return;
    this.#refusesWrites = refusal !== null;
    if (refusal) this.#logger.warn({ err: refusal }, 'the shared cache rejects writes; using it read-only');
    else this.#logger.info('the shared cache accepts writes again');
  }

  #writeInBackground(call: () => Promise<unknown>): void {
    this.#write(call).catch((error) => this.#logger.debug({ err: error }, 'updating the shared cache failed'));
  }
}

/** A sealed value opens only for its own fingerprint, and only with the same database server. */
function boundTo({ fingerprint, serverIdentity }: CachePlace): SealBinding {
  return { purpose: SEAL_PURPOSE, aad: `${fingerprint}|${serverIdentity}` };
}
