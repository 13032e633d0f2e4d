import type { Socket } from 'node:net';
import type { AuthenticatedRequest } from '../credentials/asked-request.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import type { Principal } from '../identity/principal.ts';
import type { Holder, LiveCredential } from './live-credential.ts';
import type { LiveEnd } from './live-end.ts';

export type LiveKind = 'event-stream' | 'web-socket' | 'poll';

/** How a live connection reaches its client. */
export interface LiveTransport {
  /** What the client has not read yet is measured here. */
  readonly socket: Socket | null;
  /** Tells the client why, and ends the connection. Called once. */
  end(reason: LiveEnd): void;
  /** Sends a heartbeat. */
  beat?(): void;
}

/** Times and sizes of live connections. Tests replace them. */
export interface LiveTimes {
  heartbeatMs: number;
  /** How long data may stay unread. */
  unreadMs: number;
  /** How many bytes may be unread. */
  unreadBytes: number;
  /** How long connections stay open without a lease. */
  withoutLeaseMs: number;
  /** How often all of this is checked. */
  everyMs: number;
}

/** What a connection reports to those who count it. */
interface Registry {
  hold(accepted: AcceptedCredential, request: AuthenticatedRequest): LiveCredential;
  letGo(principal: Principal): void;
  ended(reason: LiveEnd): void;
  released(): void;
}

/**
 * One client that stays connected.
 *
 * @example
 * const connection = live.admit('event-stream', address);
 * connection.authenticate(accepted, request);
 * connection.attach({ socket, end: (reason) => …, beat: () => … });
 * // … before each piece of data: if (await connection.mayDeliver()) send(piece)
 * connection.release();
 */
export class LiveConnection implements Holder {
  readonly kind: LiveKind;
  readonly address: string;
  readonly #registry: Registry;
  readonly #needs = new Set<(principal: Principal) => void>();
  readonly #ending = new AbortController();
  #credential: LiveCredential | null = null;
  #heldBy: Principal | null = null;
  #transport: LiveTransport | null = null;
  #ended: LiveEnd | null = null;
  #beatAt: number;
  /** How much the client had read, and since when it has read no more while there was more to read. */
  #read = { bytes: -1, since: 0 };

  constructor(kind: LiveKind, address: string, now: number, registry: Registry) {
    this.kind = kind;
    this.address = address;
    this.#registry = registry;
    this.#beatAt = now;
  }

  /** Why the service has ended it; null while it is open. */
  get ended(): LiveEnd | null {
    return this.#ended;
  }

  /** Is aborted when the service ends the connection. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get isAuthenticated(): boolean {
    return this.#credential !== null;
  }

  /** The principal as it was read last; null without a credential. */
  get principal(): Principal | null {
    return this.#credential?.principal ?? null;
  }

  /**
   * From now on, the connection ends with this credential. A connection that has ended already takes no place.
   *
   * @throws AccessError `RATE_LIMITED` if the credential has too many connections
   */
  authenticate(accepted: AcceptedCredential, request: AuthenticatedRequest): void {
    if (this.#ended !== null) return;
    this.#credential = this.#registry.hold(accepted, request);
    this.#heldBy = accepted.principal;
    this.#credential.add(this);
  }

  /** Connects it with its client. If it has ended already, the client learns it now. */
  attach(transport: LiveTransport): void {
    this.#transport = transport;
    if (this.#ended !== null) transport.end(this.#ended);
  }

  /**
   * The connection ends when this check fails: at once if it fails now, and later when the credential is narrowed.
   *
   * @param check throws an AccessError if the principal may not have the connection
   * @returns a function that removes the check
   */
  require(check: (principal: Principal) => void): () => void {
    this.#needs.add(check);
    const principal = this.principal;
    if (principal) this.reconsider(principal);
    return () => void this.#needs.delete(check);
  }

  /**
   * Whether data may be sent to the client now. Without a promise if the credential is current, as it nearly always is.
   * Otherwise it waits until the credential was read again.
   */
  mayDeliver(): boolean | Promise<boolean> {
    if (this.#ended !== null) return false;
    if (!this.#credential || this.#credential.isCurrent()) return true;
    return this.#credential.check().then(() => this.mayDeliver());
  }

  reconsider(principal: Principal): void {
    for (const check of [...this.#needs]) {
      try {
        check(principal);
      } catch (error) {
        this.end(error as LiveEnd);
      }
    }
  }

  end(reason: LiveEnd): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#registry.ended(reason);
    this.#ending.abort();
    this.#transport?.end(reason);
  }

  /** The client or the transport has closed the connection. Its place is free again. */
  release(): void {
    this.#ended ??= 'going away';
    this.#ending.abort();
    this.#credential?.remove(this);
    if (this.#heldBy) this.#registry.letGo(this.#heldBy);
    this.#credential = null;
    this.#heldBy = null;
    this.#registry.released();
  }

  /** Sends a heartbeat if it is time, and ends the connection if its client does not read. */
  sweep(now: number, { heartbeatMs, unreadMs, unreadBytes }: LiveTimes): void {
    if (this.#ended !== null) return;
    if (now - this.#beatAt >= heartbeatMs) {
      this.#beatAt = now;
      this.#transport?.beat?.();
    }
    const socket = this.#transport?.socket;
    if (!socket) return;
    const unread = socket.writableLength;
    const bytes = socket.bytesWritten - unread;
    if (unread === 0 || bytes !== this.#read.bytes) this.#read = { bytes, since: now };
    if (unread > unreadBytes || now - this.#read.since > unreadMs) this.end('too slow');
  }
}
