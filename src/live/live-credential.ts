import { setTimeout as pause } from 'node:timers/promises';
import type { AuthenticatedRequest } from '../credentials/asked-request.ts';
import type { Authenticator } from '../credentials/authenticator.ts';
import type { AuthCache } from '../credentials/cache/auth-cache.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { AccessError, credentialRefused } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { InvalidationFeed } from '../revocation/feed.ts';
import type { Replica } from '../revocation/replica.ts';
import type { LiveEnd } from './live-end.ts';

/** How many credentials are read again at the same time: half of the connections, because requests need some, too. */
const READS_AT_ONCE = 4;
/** The pause before the next attempt, while the validity of a credential cannot be determined. */
const RETRY_MS = 50;
/** The longest delay that a timer can have. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A connection that uses a credential. */
export interface Holder {
  /** The credential was read again. Ends the connection if the credential no longer holds what it needs. */
  reconsider(principal: Principal): void;
  end(reason: LiveEnd): void;
}

export interface LiveCredentialsOptions {
  authenticator: Pick<Authenticator, 'readAgain'>;
  cache: Pick<AuthCache, 'isCurrent'>;
  replica: Pick<Replica, 'leaseRemaining' | 'databaseNow'>;
  feed: Pick<InvalidationFeed, 'watch'>;
}

/**
 * The credentials of live connections, each one once for all of its connections from one address. A credential in a
 * request that a signing key has signed is another one than the credential alone.
 *
 * The invalidation feed names the subjects that changed. A credential that depends on one of them is read again, and it
 * ends its connections if it is not valid any more. It is also read again when it expires, because it may have been
 * renewed.
 */
export class LiveCredentials {
  readonly #options: LiveCredentialsOptions;
  readonly #held = new Map<string, LiveCredential>();
  #reading = 0;
  #pausing: Promise<void> | null = null;
  readonly #queue: (() => void)[] = [];

  constructor(options: LiveCredentialsOptions) {
    this.#options = options;
  }

  /** @param address where the connection comes from: a credential may be valid from some addresses only */
  hold(accepted: AcceptedCredential, request: AuthenticatedRequest, address: string): LiveCredential {
    const key = keyOf(accepted.principal, address);
    let held = this.#held.get(key);
    if (held) {
      held.offer(accepted);
      return held;
    }
    held = new LiveCredential(accepted, this.#options, {
      read: () => this.#inTurn(() => this.#options.authenticator.readAgain(request)),
      pause: () => this.#pause(),
      released: () => this.#held.delete(key),
    });
    this.#held.set(key, held);
    return held;
  }

  /** One timer for all credentials: without a lease, thousands may wait. */
  #pause(): Promise<void> {
    this.#pausing ??= pause(RETRY_MS, undefined, { ref: false }).finally(() => {
      this.#pausing = null;
    });
    return this.#pausing;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#reading >= READS_AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#reading++;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#reading--;
    }
  }
}

/** Connections with the same key share one check. So it names everything that a revocation can affect. */
function keyOf({ signedBy, ...principal }: Principal, address: string): string {
  const named = ({ kind, credentialId, proof }: Principal) => `${kind} ${credentialId} ${proof}`;
  return `${named(principal)} ${signedBy ? named(signedBy) : '-'} ${address}`;
}

/** What one credential needs of the others. */
interface CredentialNeeds {
  /** Reads it again, when it is its turn. */
  read(): Promise<AcceptedCredential | null>;
  /** Resolves when the next attempt may begin. */
  pause(): Promise<void>;
  /** No connection uses it any more. */
  released(): void;
}

/** One credential that live connections use. */
export class LiveCredential {
  readonly #options: LiveCredentialsOptions;
  readonly #needs: CredentialNeeds;
  readonly #holders = new Set<Holder>();
  #accepted: AcceptedCredential;
  #unwatch: () => void;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | null = null;
  /** Whether a doubt came up since the last look. */
  #inDoubt = false;

  constructor(accepted: AcceptedCredential, options: LiveCredentialsOptions, needs: CredentialNeeds) {
    this.#options = options;
    this.#needs = needs;
    this.#accepted = accepted;
    this.#unwatch = this.#watch();
  }

  get principal(): Principal {
    return this.#accepted.principal;
  }

  /** Adds a connection, which must release it. */
  add(holder: Holder): void {
    this.#holders.add(holder);
    // It may have been invalidated before it was watched.
    if (!this.isCurrent()) void this.check();
  }

  /** What another request has just read. A new connection must not be judged by what was read before. */
  offer(accepted: AcceptedCredential): void {
    if (!this.isCurrent() && this.#options.cache.isCurrent(accepted)) this.#adopt(accepted);
  }

  remove(holder: Holder): void {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return;
    this.#unwatch();
    clearTimeout(this.#timer);
    this.#needs.released();
  }

  /** Whether the credential may be used now, by the same check as for a cached credential of a request. */
  isCurrent(): boolean {
    return this.#options.cache.isCurrent(this.#accepted);
  }

  /** Resolves when the credential is current, or has ended its connections. Never rejects. */
  check(): Promise<void> {
    this.#inDoubt = true;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
      if (this.#inDoubt && this.#holders.size > 0) void this.check();
    });
    return this.#checking;
  }

  async #check(): Promise<void> {
    while (this.#holders.size > 0) {
      // Without a lease, no answer lasts. The connections end if it does not come back.
      const read = this.#options.replica.leaseRemaining() > 0 ? await this.#readSafely() : 'unknown';
      if (this.#holders.size === 0) return;
      if (read !== 'unknown') this.#inDoubt = false;
      if (read === null) return this.#end(credentialRefused());
      if (read !== 'unknown') {
        this.#adopt(read);
        if (this.isCurrent()) return;
      }
      await this.#needs.pause();
    }
  }

  async #readSafely(): Promise<AcceptedCredential | null | 'unknown'> {
    try {
      return await this.#needs.read();
    } catch (error) {
      // An error without a time for a retry is final, e.g. if the credentials of the request contradict each other.
      return error instanceof AccessError && error.retryAfterSeconds === undefined ? null : 'unknown';
    }
  }

  #adopt(accepted: AcceptedCredential): void {
    this.#unwatch();
    this.#accepted = accepted;
    this.#unwatch = this.#watch();
    for (const holder of [...this.#holders]) holder.reconsider(accepted.principal);
  }

  #watch(): () => void {
    clearTimeout(this.#timer);
    const left = this.#accepted.until - this.#options.replica.databaseNow();
    const delay = Math.min(Math.max(left, RETRY_MS), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => void this.check(), delay).unref();
    return this.#options.feed.watch(this.#accepted.tags, (doubt) => {
      if (doubt !== 'lease lost') void this.check();
    });
  }

  #end(reason: LiveEnd): void {
    for (const holder of [...this.#holders]) holder.end(reason);
  }
}
