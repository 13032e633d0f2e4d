// What the statements mean, without a database: each runs at one moment, sees everything that was committed before, and
// commits at that moment. The other tests of this folder check that PostgreSQL does the same.

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
  /** The revoked tags, and the position of each revocation. */
  revoked: Map<string, number>;
}

export class Database {
  readonly #time: () => number;
  state: State;
  down = false;
  /** How far its wall clock was set. */
  wallOffset = 0;
  wallWasSet = false;
  identity = 'server 0';
  /** The last position that each replica confirmed. */
  readonly confirmed = new Map<string, number>();
  /** How many replicas left, were removed, or were lost in a failover. */
  departures = 0;
  leasesAreAlike = true;
  /** How often a backup was restored. */
  restores = 0;
  #starts = 0;
  /** The former states that a standby or a backup may still hold. */
  readonly #past: { at: number; state: State }[] = [];
  /** Called at each commit that invalidates something. */
  notify: () => void = () => undefined;

  constructor(time: () => number) {
    this.#time = time;
    this.state = { seq: 0, log: [], replicas: new Map(), confirmedIdentity: this.identity, revoked: new Map() };
    this.#remember();
  }

  now(): number {
    return this.#time() + this.wallOffset;
  }

  /** An update of the row: the trigger appends in the same commit, unless nothing changes. */
  change(tag: string, active: boolean): void {
    if (active !== this.state.revoked.has(tag)) return;
    this.append(tag);
    if (active) this.state.revoked.delete(tag);
    else this.state.revoked.set(tag, this.state.seq);
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

  /** Starts another server on the same data. */
  start(): void {
    this.down = false;
    this.identity = `server ${++this.#starts}`;
  }

  /**
   * Fails over to a standby that has every revocation and lacks the latest registrations. Only if all leases are equal:
   * no revocation can wait for the longer lease of an unknown replica.
   */
  failOver(behindMs: number): void {
    if (this.leasesAreAlike) {
      const before = this.state.replicas;
      this.state.replicas = this.#pastState(behindMs).replicas;
      for (const id of before.keys()) if (!this.state.replicas.has(id)) this.departures++;
    }
    this.start();
  }

  /** Restores a backup: everything since then is lost, also revocations. */
  restore(behindMs: number): void {
    this.state = this.#pastState(behindMs);
    this.#past.splice(0); // No standby has the lost history.
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
      return [{ asOf: this.state.seq, now: this.now(), revoked: tags.some((tag) => this.state.revoked.has(tag)) }];
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
          log: news.length > 0 ? JSON.stringify(news.map((each) => [...each, null])) : null,
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
    'log-purge': (retentionMs: number) => {
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
  return { ...state, replicas, log: [...state.log], revoked: new Map(state.revoked) };
}
