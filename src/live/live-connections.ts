import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuthenticatedRequest } from '../credentials/asked-request.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { tooManyConnections, unavailable } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { networkOf } from '../limits/network.ts';
import { LiveConnection, type LiveKind, type LiveTimes } from './live-connection.ts';
import { type LiveCredential, LiveCredentials, type LiveCredentialsOptions } from './live-credential.ts';
import type { LiveEnd } from './live-end.ts';
import type { LiveMetrics } from './metrics.ts';

/** How many live connections there may be. */
export interface LiveLimits {
  liveConnections: number;
  livePerAddress: number;
  livePerCredential: number;
}

const TIMES: LiveTimes = {
  heartbeatMs: 15_000,
  unreadMs: 10_000,
  unreadBytes: 1024 * 1024,
  withoutLeaseMs: 5_000,
  everyMs: 500,
};

/** How many connections are checked in one turn of the event loop. Requests run between two turns. */
const SWEPT_PER_TURN = 10;

export interface LiveConnectionsOptions extends LiveCredentialsOptions {
  clock: Clock;
  metrics: LiveMetrics;
  limits: LiveLimits;
  times?: Partial<LiveTimes> | undefined;
}

/** Every live connection of this replica: how many there may be, and when each one ends. */
export class LiveConnections {
  readonly #options: LiveConnectionsOptions;
  readonly times: LiveTimes;
  readonly #credentials: LiveCredentials;
  readonly #open = new Set<LiveConnection>();
  readonly #perAddress = new Map<string, number>();
  readonly #perCredential = new Map<string, number>();
  #leaseSeenAt: number;
  #sweeping = false;
  #stopping = false;

  constructor(options: LiveConnectionsOptions) {
    this.#options = options;
    this.times = { ...TIMES, ...options.times };
    this.#credentials = new LiveCredentials(options);
    this.#leaseSeenAt = options.clock.monotonic();
  }

  /** How many connections are open, of all kinds together. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Gives a connection its place. It must be released.
   *
   * @throws AccessError `RATE_LIMITED` if this replica or the address has too many, `AUTHENTICATION_UNAVAILABLE` if this
   *   replica stops
   */
  admit(kind: LiveKind, address: string): LiveConnection {
    const { limits, metrics } = this.#options;
    if (this.#stopping) throw unavailable();
    if (this.#open.size >= limits.liveConnections) {
      metrics.rejected.inc({ limit: 'process' });
      throw tooManyConnections('this replica');
    }
    const network = networkOf(address);
    if (!take(this.#perAddress, network, limits.livePerAddress)) {
      metrics.rejected.inc({ limit: 'address' });
      throw tooManyConnections('this address');
    }
    const connection = new LiveConnection(kind, address, this.#options.clock.monotonic(), {
      hold: (accepted, request) => this.#hold(accepted, request, address),
      letGo: (principal) => give(this.#perCredential, principal.credentialId),
      ended: (reason) => metrics.ended.inc({ reason: reasonOf(reason) }),
      released: () => {
        if (!this.#open.delete(connection)) return;
        give(this.#perAddress, network);
        metrics.open.dec({ kind });
      },
    });
    this.#open.add(connection);
    metrics.open.inc({ kind });
    return connection;
  }

  #hold(accepted: AcceptedCredential, request: AuthenticatedRequest, address: string): LiveCredential {
    const { limits, metrics } = this.#options;
    if (!take(this.#perCredential, accepted.principal.credentialId, limits.livePerCredential)) {
      metrics.rejected.inc({ limit: 'credential' });
      throw tooManyConnections('this credential');
    }
    return this.#credentials.hold(accepted, request, address);
  }

  /**
   * Sends heartbeats, and ends the connections that must end without an invalidation. Called twice per second. Does
   * nothing while another sweep runs: with many connections, one may take longer than that.
   */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      const { clock } = this.#options;
      let now = clock.monotonic();
      let cannotKnow = this.#cannotKnow(now);
      let swept = 0;
      // Connections may begin and end during the sweep: a Set allows this.
      for (const connection of this.#open) {
        if (swept > 0 && swept % SWEPT_PER_TURN === 0) {
          await nextTurn();
          now = clock.monotonic();
          cannotKnow = this.#cannotKnow(now);
        }
        swept++;
        if (cannotKnow && connection.isAuthenticated) connection.end(unavailable());
        else connection.sweep(now, this.times);
      }
    } finally {
      this.#sweeping = false;
    }
  }

  /** Whether this replica has had no lease for so long that its connections must end. */
  #cannotKnow(now: number): boolean {
    if (this.#options.replica.leaseRemaining() > 0) this.#leaseSeenAt = now;
    return now - this.#leaseSeenAt > this.times.withoutLeaseMs;
  }

  /** Ends every connection, and admits no further one: this replica stops. */
  drain(): void {
    this.#stopping = true;
    for (const connection of [...this.#open]) connection.end('going away');
  }
}

/** Counts one more; false if there are enough. */
function take(counts: Map<string, number>, name: string, most: number): boolean {
  const count = counts.get(name) ?? 0;
  if (count >= most) return false;
  counts.set(name, count + 1);
  return true;
}

function give(counts: Map<string, number>, name: string): void {
  const count = counts.get(name) ?? 0;
  if (count > 1) counts.set(name, count - 1);
  else counts.delete(name);
}

function reasonOf(end: LiveEnd): string {
  return typeof end === 'string' ? end.replace(' ', '_') : end.code.toLowerCase();
}
