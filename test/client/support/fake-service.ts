// The two endpoints that a verifier uses, with replicas that the test controls. It decides and answers as the contract of
// the service says.
import { settle, type VirtualTime } from './virtual-time.ts';

export interface FakeEvent {
  sequence: string;
  credentialId: string;
  kind: string;
  effect: string;
  reason: string;
  committedAt: string;
  userId: string | null;
  workspaceId: string | null;
  daemonId: string | null;
}

export interface FakeCredential {
  credentialId: string;
  userId?: string;
  workspaceId?: string;
  scopes?: string;
  permissions?: string;
  expiresAt?: string;
}

export type Endpoint = 'poll' | 'verify';
/** What happens to an answer on its way: it may be replaced, held or lost. */
export type Interference = (answer: () => Response, request: Request) => Response | Promise<Response>;

/** One replica: how much of the log it has applied, and whether it has a lease. */
export interface FakeReplica {
  applied: number;
  hasLease: boolean;
}

export const UNREACHABLE: Interference = () => {
  throw new TypeError('fetch failed');
};

/** The wall clock of the service at the start of every test. */
const STARTED_AT = Date.parse('2026-12-01T12:00:00.400Z');

export class FakeService {
  readonly time: VirtualTime;
  readonly log: FakeEvent[] = [];
  readonly replicas: FakeReplica[];
  /** Which replica the load balancer chooses for the next request. */
  readonly route: Record<Endpoint, number> = { poll: 0, verify: 0 };
  readonly requests: Record<Endpoint, Request[]> = { poll: [], verify: [] };
  readonly interference: Partial<Record<Endpoint, Interference>> = {};
  /** The oldest position from which the log can be followed. */
  trimmedBefore = 0;
  view = 'all';
  pageSize = 1000;
  /** Headers of every yes. */
  extraHeaders: Record<string, string> = {};
  readonly #credentials = new Map<string, FakeCredential>();
  readonly #revocations = new Map<string, number>();
  readonly #startedAt: number;
  readonly #waiting = new Set<() => void>();

  constructor(time: VirtualTime, { replicas = 1, position = 0 } = {}) {
    this.time = time;
    this.#startedAt = time.monotonic();
    this.replicas = Array.from({ length: replicas }, () => ({ applied: position, hasLease: true }));
    for (let sequence = 1; sequence <= position; sequence++) this.#append('USER', 'usr_another');
  }

  credential(secret: string, credential: FakeCredential): void {
    this.#credentials.set(secret, credential);
  }

  /** Appends an event to the log. Only these replicas apply it; by default, all do. */
  async append(kind: string, credentialId: string, more: Partial<FakeEvent> & { appliedBy?: number[] } = {}) {
    const { appliedBy = this.replicas.map((_, index) => index), ...event } = more;
    this.#append(kind, credentialId, event);
    for (const index of appliedBy) this.apply(index);
    await settle();
  }

  /** Revokes a key. Only these replicas apply it; by default, all do. */
  async revoke(secret: string, more: { appliedBy?: number[] } = {}): Promise<void> {
    this.end(secret);
    await this.append('API_KEY', this.#credentials.get(secret)!.credentialId, more);
  }

  /** With the next event of the log, this credential ends. */
  end(secret: string): void {
    this.#revocations.set(secret, this.log.length + 1);
  }

  /** A replica applies the whole log. */
  apply(replica: number): void {
    this.replicas[replica]!.applied = this.log.length;
    for (const end of this.#waiting) end();
  }

  /** Appends events and forgets them, as if the verifier had been away for long. */
  trimLog(position: number): void {
    while (this.log.length < position) this.#append('USER', 'usr_another');
    for (const replica of this.replicas) replica.applied = position;
    this.trimmedBefore = position;
  }

  /** Replaces the log by one that ends earlier, as after the restore of a backup. */
  restoreLog(length: number): void {
    this.log.length = length;
    for (const replica of this.replicas) replica.applied = length;
  }

  /** Counts the verifications that have reached the service. */
  get verifications(): number {
    return this.requests.verify.length;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const endpoint: Endpoint = url.pathname === '/v1/revocations' ? 'poll' : 'verify';
    this.requests[endpoint].push(request);
    const replica = this.replicas[this.route[endpoint]]!;
    const decide =
      endpoint === 'poll'
        ? await this.#poll(url, replica, request.signal)
        : () => this.#verify(url, request.headers, replica);
    request.signal.throwIfAborted();
    // The answer is decided before it is on its way.
    const answer = decide();
    answer.headers.set('x-request-id', request.headers.get('x-request-id') ?? 'generated');
    const interfere = this.interference[endpoint] ?? ((honest) => honest());
    return aborting(Promise.resolve(interfere(() => answer, request)), request.signal);
  };

  async #poll(url: URL, replica: FakeReplica, signal: AbortSignal): Promise<() => Response> {
    const text = url.searchParams.get('after');
    if (text === null && replica.hasLease)
      return () => page({ position: `${replica.applied}`, events: [], more: false, view: this.view });
    const after = Number(text ?? replica.applied);
    if (replica.hasLease && replica.applied < after && after <= this.log.length) replica.applied = after;
    const wait = Number(url.searchParams.get('wait') ?? 0);
    if (replica.applied === after && wait > 0) await this.#untilApplied(wait, signal);
    if (!replica.hasLease) return () => refusal(503, 'authentication_unavailable', { 'retry-after': '1' });
    if (after > this.log.length) return () => refusal(400, 'invalid_request');
    if (after < this.trimmedBefore) return () => refusal(410, 'position_too_old');
    const waiting = this.log.slice(after, replica.applied);
    const cut = waiting.slice(0, this.pageSize);
    const more = waiting.length > cut.length;
    const position = more ? cut.at(-1)!.sequence : `${replica.applied}`;
    // A narrower view shows less. Here, it shows nothing.
    return () => page({ position, events: this.view === 'all' ? cut : [], more, view: this.view });
  }

  /** Waits until any replica applies something, at most for so long. */
  async #untilApplied(wait: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const end = () => waiting.abort();
    signal.addEventListener('abort', end);
    this.#waiting.add(end);
    await this.time.pause(wait, waiting.signal);
    this.#waiting.delete(end);
  }

  #verify(url: URL, headers: Headers, { applied, hasLease }: FakeReplica): Response {
    const secret = headers.get('authorization')!.slice('Bearer '.length);
    const credential = this.#credentials.get(secret);
    const revokedAt = this.#revocations.get(secret) ?? Number.POSITIVE_INFINITY;
    // Without a lease, the replica reads the database.
    if (!credential || revokedAt <= (hasLease ? applied : this.log.length)) return refusal(401, 'unauthenticated');
    const permission = url.searchParams.get('permission');
    const held = credential.permissions?.split(',') ?? [];
    if (permission !== null && !held.includes(permission)) return refusal(403, 'insufficient_scope');
    const follows = /^[A-Za-z0-9_-]{16,64}$/.test(headers.get('x-rekey-follower') ?? '');
    return new Response(null, {
      status: 204,
      headers: {
        date: new Date(this.now()).toUTCString(),
        'x-rekey-credential': credential.credentialId,
        'x-rekey-user': credential.userId ?? '-',
        'x-rekey-workspace': credential.workspaceId ?? '-',
        'x-rekey-scopes': credential.scopes ?? '-',
        'x-rekey-permissions': credential.permissions ?? '-',
        'x-rekey-expires': credential.expiresAt ?? '-',
        ...(follows && hasLease ? { 'x-rekey-position': `${applied}` } : {}),
        ...this.extraHeaders,
      },
    });
  }

  /** The wall clock of the service: milliseconds since the epoch. */
  now(): number {
    return STARTED_AT + this.time.monotonic() - this.#startedAt;
  }

  #append(kind: string, credentialId: string, event: Partial<FakeEvent> = {}): void {
    this.log.push({
      sequence: `${this.log.length + 1}`,
      credentialId,
      kind,
      effect: 'ENDED',
      reason: 'UNSPECIFIED',
      committedAt: new Date(this.now()).toISOString(),
      userId: null,
      workspaceId: null,
      daemonId: null,
      ...event,
    });
  }
}

const page = (body: object) => Response.json(body);

export function refusal(status: number, error: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error, error_description: `The error ${error}.` }, { status, headers });
}

/** Rejects as `fetch` does when its signal aborts before the answer. */
function aborting(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    answer.then(resolve, reject);
  });
}

/** Holds every answer until `open` is called. `arrived` resolves when the first answer is held. */
export function gate(): { hold: Interference; open: () => void; arrived: Promise<void> } {
  const opened = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  return {
    hold: async (answer) => {
      arrived.resolve();
      await opened.promise;
      return answer();
    },
    open: opened.resolve,
    arrived: arrived.promise,
  };
}
