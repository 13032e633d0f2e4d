// What the statements mean, without a database: each runs at one moment, sees all that was committed before it, and
// commits at that moment. Whether PostgreSQL means the same by them is asked in the other tests of this folder.

export interface Row {
  id: string;
  applied: number;
  suspect: boolean;
  leaseMs: number;
}

interface State {
  seq: number;
  log: { seq: number; tag: string; at: number }[];
  replicas: Map<string, Row>;
  confirmedIdentity: string;
  /** The tags that are revoked, and since which position. */
  dead: Map<string, number>;
}

export class Database {
  readonly #time: () => number;
  state: State;
  down = false;
  /** Its calendar, which somebody may set. */
  wallOffset = 0;
  wallWasSet = false;
  identity = 'server 0';
  /** Whoever confirmed a position, and the last one. */
  readonly confirmed = new Map<string, number>();
  /** How many left, were expelled, or were lost in a failover. */
  departures = 0;
  leasesAreAlike = true;
  /** How often its history was taken back. */
  restores = 0;
  #starts = 0;
  /** Everything of the past that a standby or a backup may still hold. */
  readonly #past: { at: number; state: State }[] = [];
  /** Rung with each commit that has something to invalidate. */
  notify: () => void = () => undefined;

  constructor(time: () => number) {
    this.#time = time;
    this.state = { seq: 0, log: [], replicas: new Map(), confirmedIdentity: this.identity, dead: new Map() };
    this.#remember();
  }

  now(): number {
    return this.#time() + this.wallOffset;
  }

  /** What an update of the row does: the trigger appends in the same commit, unless nothing is changed. */
  change(tag: string, alive: boolean): void {
    if (alive !== this.state.dead.has(tag)) return;
    this.append(tag);
    if (alive) this.state.dead.delete(tag);
    else this.state.dead.set(tag, this.state.seq);
  }

  append(tag: string): void {
    this.state.seq++;
    this.state.log.push({ seq: this.state.seq, tag, at: this.now() });
    this.#remember();
    this.notify();
  }

  trim(): void {
    this.state.log = [];
  }

  stop(): void {
    this.down = true;
  }

  /** The same data, by another server. */
  start(): void {
    this.down = false;
    this.identity = `server ${++this.#starts}`;
  }

  /**
   * By a standby that has all that was revoked, but is behind in who is registered. Only where all leases are alike:
   * nobody can wait for a longer lease of somebody whom nobody knows.
   */
  failOver(behindMs: number): void {
    if (this.leasesAreAlike) {
      const before = this.state.replicas;
      this.state.replicas = this.#pastState(behindMs).replicas;
      for (const id of before.keys()) if (!this.state.replicas.has(id)) this.departures++;
    }
    this.start();
  }

  /** From a backup: what happened since is gone, revocations and all. */
  restore(behindMs: number): void {
    this.state = this.#pastState(behindMs);
    this.#past.splice(0); // No standby knows of what never was.
    this.restores++;
    this.start();
    this.#remember();
  }

  execute(name: string, values: readonly unknown[]): unknown[] {
    const statement = this.#statements[name];
    if (!statement) throw new Error(`The oracle does not know ${name}.`);
    const rows = statement(...(values as never[]));
    if (/register|acknowledge|fence/.test(name)) this.#remember();
    return rows;
  }

  readonly #statements: Record<string, (...values: never[]) => unknown[]> = {
    load: (tags: string[]) => {
      return [{ asOf: this.state.seq, now: this.now(), dead: tags.some((tag) => this.state.dead.has(tag)) }];
    },
    commit: (tag: string) => {
      this.change(tag, false);
      return [];
    },
    'replica-register': (id: string, formerId: string | null, leaseMs: number) => {
      if (formerId) this.#leaves(formerId);
      if (!this.state.replicas.has(id)) this.state.replicas.set(id, { id, applied: 0, suspect: false, leaseMs });
      return [];
    },
    'replica-deregister': (id: string) => {
      this.#leaves(id);
      return [];
    },
    'replica-sync': (id: string, applied: number, longest: number) => {
      const { seq, log, replicas, confirmedIdentity } = this.state;
      const row = replicas.get(id);
      const leases = [...replicas.values()].map(({ leaseMs }) => leaseMs);
      const missing = applied >= 0 && seq - applied >= 1 && seq - applied <= longest;
      const news = missing ? log.filter((each) => each.seq > applied).map((each) => [each.seq, each.tag]) : [];
      return [
        {
          seq,
          registered: row !== undefined,
          suspect: row?.suspect ?? false,
          acknowledged: row?.applied ?? 0,
          inRecovery: false,
          longestLeaseMs: leases.length > 0 ? Math.max(...leases) : null,
          shortestLeaseMs: leases.length > 0 ? Math.min(...leases) : null,
          replicas: leases.length,
          identity: this.identity,
          confirmedIdentity,
          now: this.now(),
          log: news.length > 0 ? JSON.stringify(news) : null,
        },
      ];
    },
    'replica-acknowledge': (id: string, applied: number) => {
      const row = this.state.replicas.get(id);
      if (row && row.applied < applied) {
        row.applied = applied;
        this.confirmed.set(id, applied);
      }
      return [];
    },
    'primary-confirm': (identity: string) => {
      if (identity === this.identity) this.state.confirmedIdentity = identity;
      return [];
    },
    propagation: (tag: string, changedAt: number, retentionMs: number) => {
      const { seq, log, replicas, confirmedIdentity } = this.state;
      const moments = log.filter((each) => each.tag === tag).map(({ at }) => at);
      const since = moments.filter((at) => at >= changedAt);
      const known = changedAt > this.now() - retentionMs && moments.length > 0;
      const committedAt = since.length > 0 ? Math.min(...since) : Math.max(...moments);
      return [
        {
          seq,
          committedAt: known ? committedAt : null,
          primaryConfirmed: confirmedIdentity === this.identity,
          replicas: JSON.stringify([...replicas.values()]),
        },
      ];
    },
    'fence-suspect': (ids: string[], seq: number) => {
      const marked = ids
        .map((id) => this.state.replicas.get(id))
        .filter((row) => row && (row.suspect || row.applied < seq)) as Row[];
      for (const row of marked) row.suspect = true;
      return marked.map(({ id }) => ({ id }));
    },
    'fence-expel': (ids: string[]) => {
      for (const id of ids) if (this.state.replicas.get(id)?.suspect) this.#leaves(id);
      return [];
    },
    'log-trim': (retentionMs: number) => {
      const before = this.state.log.length;
      this.state.log = this.state.log.filter(({ at }) => at >= this.now() - retentionMs);
      return [{ deleted: before - this.state.log.length }];
    },
    'replica-probe': (seconds: number) => {
      const lately = this.now() - seconds * 1000;
      if (this.state.log.some(({ tag, at }) => tag === 'probe' && at > lately)) return [];
      this.append('probe');
      return [{}];
    },
  };

  #leaves(id: string): void {
    if (this.state.replicas.delete(id)) this.departures++;
  }

  #remember(): void {
    this.#past.push({ at: this.#time(), state: copyOf(this.state) });
  }

  #pastState(behindMs: number): State {
    const moment = this.#time() - behindMs;
    return copyOf((this.#past.findLast(({ at }) => at <= moment) ?? this.#past[0]!).state);
  }
}

function copyOf(state: State): State {
  const replicas = new Map([...state.replicas].map(([id, row]) => [id, { ...row }]));
  return { ...state, replicas, log: [...state.log], dead: new Map(state.dead) };
}
