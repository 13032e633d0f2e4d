// Several replicas in one process, each with the real code, on a simulated database, Redis and network.

import type { AuthCache } from '../../../src/credentials/cache/auth-cache.ts';
import type { SharedCacheOptions } from '../../../src/credentials/cache/shared-cache.ts';
import type { Principal } from '../../../src/identity/principal.ts';
import type { PropagationBarrier } from '../../../src/revocation/propagation-barrier.ts';
import type { Replica } from '../../../src/revocation/replica.ts';
import { silentOutage } from '../../support/loggers.ts';
import type { Code } from './code.ts';
import { Database } from './database.ts';
import { Network } from './network.ts';
import { type Moment, Oracle, Violation } from './oracle.ts';
import { SharedStore } from './shared-store.ts';
import { Process, Timeline } from './timeline.ts';

export const LEASE_MS = 1000;
export const LONG_LEASE_MS = 2500;
export const KEYS = ['a', 'b', 'c', 'd'];
/** Two users: one has the keys a and b, the other one c and d. */
const ownerOf = (key: string) => (key < 'c' ? '1' : '2');
export const tagsOf = (key: string) => [`key:${key}`, `user:${ownerOf(key)}`];

const BULKHEAD = 32;

/** Mostly the fastest or the slowest rate that is allowed. */
const someRate = (chance: number) => (chance < 0.4 ? 1 : chance < 0.8 ? 1 / 1.01 : 1 - (chance - 0.8) / 25);

/** The machine of one replica. Its process may end and start again. */
export class Machine {
  readonly name: string;
  readonly network: Network;
  dropsNotifications = false;
  leaseMs = LEASE_MS;
  process!: Process;
  replica!: Replica;
  barrier!: PropagationBarrier;
  cache!: AuthCache;
  onNotify: (() => void) | null = null;
  /** Requests in flight. */
  verifying = 0;
  /** Revocations that will return unless the process ends. */
  waiting = 0;

  constructor(name: string, network: Network) {
    this.name = name;
    this.network = network;
  }

  get runs(): boolean {
    return !this.process.ended && this.process.paused === 'no';
  }
}

export class World {
  readonly timeline: Timeline;
  readonly database: Database;
  readonly store: SharedStore;
  readonly machines: Machine[];
  /** False if only the answers to requests are checked. */
  checksReceipts = true;
  readonly #code: Code;
  readonly #oracle: Oracle;
  #processes = 0;
  #longestLeaseMs = 0;

  constructor(code: Code, seed: number, machines: number) {
    this.#code = code;
    this.timeline = new Timeline(seed);
    this.database = new Database(() => this.timeline.now);
    this.store = new SharedStore(this.timeline);
    this.#oracle = new Oracle(this.timeline);
    this.machines = Array.from(
      { length: machines },
      (_, index) => new Machine(`replica ${index}`, new Network(this.timeline, this.database)),
    );
    this.database.notify = () => this.#notify();
    this.timeline.observe = () => this.#observe();
    for (const machine of this.machines) this.boot(machine);
  }

  /** Starts a new process, with an id of its own and without any memory. */
  boot(machine: Machine, leaseMs = machine.leaseMs): void {
    const { timeline } = this;
    const { Replica, PropagationBarrier, InvalidationFeed, AuthCache, SharedCache, queryTimeoutMs, keyring, logger } =
      this.#code;
    const { revocationMetrics, sharedCacheMetrics } = this.#code;
    const process = new Process(timeline, someRate(timeline.random()));
    const { clock } = process;
    const sql = machine.network.connect(process, queryTimeoutMs(leaseMs));
    const notifications = {
      listen: async (onNotify: () => void) => {
        machine.onNotify = onNotify;
      },
      close: async () => {
        machine.onNotify = null;
      },
    };
    const keyv = this.store.connect(process) as unknown as SharedCacheOptions['keyv'];
    const common = { clock, logger, outage: silentOutage, metrics: revocationMetrics };
    const newReplicaId = () => `${machine.name}, process ${++this.#processes}`;
    machine.leaseMs = leaseMs;
    this.#longestLeaseMs = Math.max(this.#longestLeaseMs, leaseMs);
    machine.process = process;
    machine.replica = new Replica({
      ...common,
      feed: new InvalidationFeed(logger),
      sql,
      notifications,
      newReplicaId,
      leaseMs,
      longestEntryMs: 600_000,
    });
    const spare = machine.network.connect(process, 1000);
    machine.barrier = new PropagationBarrier({
      ...common,
      sql: machine.network.connect(process, queryTimeoutMs(leaseMs)),
      spare,
      housekeeping: spare,
      replica: machine.replica,
    });
    machine.cache = new AuthCache({
      replica: machine.replica,
      shared: new SharedCache({ keyv, keyring, clock, logger, outage: silentOutage, metrics: sharedCacheMetrics }),
      logger,
      longestEntryMs: 600_000,
      entries: 100,
    });
    machine.verifying = 0;
    machine.waiting = 0;
    const { replica } = machine;
    // A service that cannot start is started again.
    timeline.in(0, process, () => void replica.start().catch(() => this.#bootAgain(machine, process)));
  }

  crash(machine: Machine): void {
    machine.process.ended = true;
    machine.onNotify = null;
  }

  /** Deregisters if it can, and starts again. */
  leave(machine: Machine): void {
    const { process, replica } = machine;
    this.timeline.in(0, process, () => {
      const ended = () => {
        process.ended = true;
        if (machine.process === process) this.boot(machine);
      };
      replica.stop().then(ended, ended);
    });
  }

  verify(machine: Machine, key: string): void {
    const began = this.#oracle.moment();
    const { process, cache } = machine;
    this.timeline.in(0, process, () => {
      machine.verifying++;
      const crowded = machine.verifying > BULKHEAD;
      const sql = machine.network.connect(process, 1000);
      cache
        .resolve(key, () => this.#load(sql, key))
        .then(
          ({ principal }) => this.#check(machine, key, principal, began),
          (error) => {
            if (error.code !== 'AUTHENTICATION_UNAVAILABLE') throw error;
            const failed = crowded || machine.network.failedAt > began.tick;
            if (!failed) throw new Violation(`${machine.name} was unavailable, and its database was not`);
          },
        )
        .catch((error) => this.#fail(error))
        .finally(() => machine.verifying--);
    });
  }

  /** A mutation: commits, and returns when the change has taken effect. */
  revoke(machine: Machine, tag: string): void {
    const { process, barrier, network } = machine;
    this.timeline.in(0, process, () => {
      const sql = network.connect(process, 5000);
      sql.query({ name: 'commit', text: '' }, [tag]).then(
        () => this.#awaitReceipt(machine, barrier, tag).catch((error) => this.#fail(error)),
        () => undefined, // The outcome is unknown: nothing was answered.
      );
    });
  }

  purge(machine: Machine): void {
    const { process, barrier } = machine;
    this.timeline.in(0, process, () => void barrier.purge().catch(() => undefined));
  }

  /** Repairs everything and lets enough time pass. Then every mutation has returned, and every replica is up to date. */
  async recover(): Promise<void> {
    this.database.down = false;
    this.store.state = 'ok';
    for (const machine of this.machines) {
      machine.network.heal();
      machine.dropsNotifications = false;
    }
    await this.timeline.pass(10); // For processes that are about to end.
    for (const machine of this.machines) {
      if (machine.process.ended) this.boot(machine);
      machine.process.resume();
    }
    await this.timeline.pass(1.5 * LONG_LEASE_MS);
    this.revoke(this.machines[0]!, 'key:unused');
    await this.timeline.pass(2.2 * LONG_LEASE_MS);
    for (const machine of this.machines) {
      if (machine.waiting > 0) this.#fail(new Violation(`${machine.name} never answered a revocation`));
      if (machine.replica.leaseRemaining() <= 0) this.#fail(new Violation(`${machine.name} has no lease`));
    }
    const { replicas } = this.database.state;
    if (replicas.size !== this.machines.length)
      this.#fail(new Violation(`still registered: ${[...replicas.keys()].join('; ')}`));
    for (const machine of this.machines) for (const key of KEYS) this.verify(machine, key);
    await this.timeline.pass(100);
  }

  #bootAgain(machine: Machine, process: Process): void {
    process.ended = true;
    this.timeline.in(500, null, () => {
      if (machine.process === process) this.boot(machine);
    });
  }

  async #awaitReceipt(machine: Machine, barrier: PropagationBarrier, tag: string): Promise<void> {
    machine.waiting++;
    const committed = this.#oracle.moment();
    const { process, network, replica } = machine;
    const knew = replica.leaseRemaining() > 0;
    const { departures } = this.database;
    const changed = { seq: this.database.state.revoked.get(tag) ?? 0, at: 0 };
    changed.at = this.database.state.log.find(({ seq }) => seq === changed.seq)?.at ?? 0;
    const receipt = await barrier.waitUntilPropagated(tag, new Date(changed.at));
    machine.waiting--;
    // A revoker that held a lease or got an answer knows how long to wait. (One that was paused is late for other reasons.)
    if (process.resumedAtTick < committed.tick && (knew || network.failedAt < committed.tick)) {
      this.#oracle.prompt(receipt, tag, this.#longestLeaseMs);
    }
    this.#oracle.record(this.database);
    const holders = this.machines
      .filter((each) => !each.process.ended && each.replica.leaseRemaining() > 0)
      .map(({ name, replica }) => ({ name, applied: replica.applied }));
    // After a restore, a position means nothing in the log of the other history.
    const comparable = this.database.restores === 0;
    const departed = this.database.departures - departures;
    const known = { holders, database: this.database, departed };
    if (comparable && this.checksReceipts) this.#oracle.receipt(receipt, tag, changed, known);
    this.#oracle.answered(tag, committed, comparable ? Number(receipt.sequence) : -1);
    // Every client that learns of it tries the credential at once, on every replica.
    for (const key of KEYS.filter((each) => tagsOf(each).includes(tag))) {
      for (const each of this.machines) this.verify(each, key);
    }
  }

  async #load(sql: ReturnType<Network['connect']>, key: string) {
    const { accepted, rejected } = this.#code;
    const tags = tagsOf(key);
    const [row] = await sql.query<{ asOf: number; now: number; revoked: boolean }>({ name: 'load', text: '' }, [tags]);
    return row!.revoked ? rejected(row!, tags) : accepted(row!, { credentialId: key } as Principal, tags, []);
  }

  #check(machine: Machine, key: string, principal: Principal | null, began: Moment): void {
    this.#oracle.record(this.database);
    if (principal) this.#oracle.accepted(tagsOf(key), began, machine.leaseMs, machine.name);
    else this.#oracle.refused(tagsOf(key), began, machine.leaseMs, machine.name);
  }

  /** After each event, every running replica is asked for everything that it can answer from memory. */
  #observe(): void {
    if (this.#violation) throw this.#violation;
    this.#oracle.record(this.database);
    for (const machine of this.machines) {
      if (!machine.runs) continue;
      for (const key of KEYS) {
        const known = machine.cache.recall(key);
        if (known !== undefined) this.#check(machine, key, known.principal, this.#oracle.moment());
      }
    }
  }

  #violation: unknown = null;

  #fail(error: unknown): void {
    this.#violation ??= error;
  }

  #notify(): void {
    for (const machine of this.machines) {
      const { process, network, onNotify, dropsNotifications } = machine;
      if (dropsNotifications || network.state !== 'open' || !onNotify) continue;
      this.timeline.in(this.timeline.random() * 3, process, () => machine.onNotify === onNotify && onNotify());
    }
  }
}
