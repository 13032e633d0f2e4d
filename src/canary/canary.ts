import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Keyring } from '../crypto/keyring.ts';
import { open, seal } from '../crypto/seal.ts';
import { makeSecret } from '../crypto/secret-text.ts';
import type { Sql } from '../database/sql.ts';
import type { Principal } from '../identity/principal.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { PropagationBarrier } from '../revocation/propagation-barrier.ts';
import { apiKeyTag } from '../revocation/tags.ts';
import {
  CONCLUDE,
  CONFIRM,
  FIND,
  LIFETIME_SECONDS,
  PURGE,
  REPORT,
  REVOKE,
  type Run,
  TALLY,
  type Tally,
  type TallyRow,
} from './canary.statements.ts';
import type { CanaryMetrics } from './metrics.ts';

const SEAL_PURPOSE = 'canary';
/** Milliseconds between two lookups in the memory of this process, which cost nothing: the precision of the result. */
const ASK_MS = 5;
/** Lookups in memory between two reads of the database. */
const ASKS_PER_LOOK = 10;
const LOOK_MS = ASK_MS * ASKS_PER_LOOK;

/** The key of a run. */
export interface CanaryKey {
  id: string;
  ownerId: string;
  secret: string;
  createdAt: Date;
  expiresAt: Date;
}

export interface CanaryOptions {
  sql: Sql;
  fork: () => EntityManager;
  /** The lookup that every request uses, through the same caches. */
  introspect: (credential: string) => Promise<Principal | null>;
  barrier: PropagationBarrier;
  /** Persists an API key without scopes, and a user without a way to log in as its owner. */
  persistKey: (em: EntityManager, key: CanaryKey) => void;
  keyring: Keyring;
  /** Database time, and the monotonic clock of this process for durations. */
  clock: Clock;
  /** The name of this process in the database and in the log. */
  replica: string;
  everyMs: number;
  logger: Logger;
  metrics: CanaryMetrics;
}

/**
 * Proves the promise in the operator's own deployment, with an API key that holds no scope and no permission.
 *
 * One replica, the coordinator, issues it. Every replica that takes part, the coordinator too, is a participant: it
 * accepts the key, so that the key is in its memory, and confirms. Then the coordinator revokes the key, waits for the
 * receipt, and writes `settled_at`. A participant that reads `settled_at` and then looks up the key does so after the
 * receipt, whatever any clock says. If the key is accepted, the promise is broken.
 *
 * The replicas meet in a row of the database and nowhere else. Each one reads it by itself instead of waiting for the
 * invalidation log or its notifications, because those are under test.
 */
export class Canary {
  readonly #options: CanaryOptions;
  /** The last run that this replica took part in, and when it began here. */
  #last: { keyId: string | null; at: number };
  #working: Promise<void> | null = null;
  #stopped = false;

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#last = { keyId: null, at: options.clock.monotonic() };
  }

  /**
   * Takes part in the current run, or begins the next one when it is due. Every participant calls this, more often than
   * a run waits for replicas. The first one to call it when a run is due is the coordinator.
   */
  async look(): Promise<void> {
    if (this.#working) return;
    this.#working = this.#look();
    try {
      await this.#working;
    } finally {
      this.#working = null;
    }
  }

  /** Coordinates one run from beginning to end. Does nothing if one is in progress. */
  async run(): Promise<void> {
    const { sql } = this.#options;
    const run = await this.#announce();
    if (!run) return;
    const participation = this.#participate(run);
    try {
      await this.#coordinate(run);
    } finally {
      await sql.query(PURGE, [run.keyId]);
      await participation;
    }
  }

  /** Begins no more runs, and ends the current one unless that has to wait for other replicas. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const tooLate = sleep(this.#longestWaitMs, undefined, { ref: false });
    await Promise.race([this.#working?.catch(() => undefined), tooLate]);
  }

  /** How long a run waits for replicas, which may not even take part. */
  get #longestWaitMs(): number {
    return this.#options.everyMs / 10;
  }

  async #look(): Promise<void> {
    const { clock, everyMs } = this.#options;
    const run = await this.#find();
    if (run && run.keyId !== this.#last.keyId) {
      this.#last = { keyId: run.keyId, at: clock.monotonic() };
      await this.#participate(run);
    } else if (!run && clock.monotonic() - this.#last.at >= everyMs) {
      await this.run();
    }
  }

  async #find(): Promise<Run | undefined> {
    const [run] = await this.#options.sql.query<Run>(FIND);
    return run;
  }

  /** Issues the key and announces it, in one commit. Null if another run is in progress. */
  async #announce(): Promise<Run | null> {
    const { sql, fork, persistKey, keyring, clock } = this.#options;
    const [keyId, ownerId, secret, now] = [newId('key'), newId('usr'), makeSecret('rka'), clock.now()];
    const secretSealed = seal(keyring, { purpose: SEAL_PURPOSE, aad: keyId, plaintext: secret });
    const run = { keyId, secretSealed, concluded: false };
    this.#last = { keyId, at: clock.monotonic() };
    await sql.query(PURGE, [keyId]);
    const announce = async (em: EntityManager) => {
      const claimed = await em.execute(
        `insert into canary (key_id, owner_id, secret_sealed) values (?, ?, ?)
          on conflict (one) do nothing returning key_id`,
        [keyId, ownerId, run.secretSealed],
      );
      if (claimed.length === 0) return null;
      const expiresAt = new Date(now.getTime() + LIFETIME_SECONDS * 1000);
      persistKey(em, { id: keyId, ownerId, secret, createdAt: now, expiresAt });
      return run;
    };
    return fork().transactional(announce, { isolationLevel: IsolationLevel.READ_COMMITTED });
  }

  async #coordinate({ keyId }: Run): Promise<void> {
    const { sql, barrier, clock, metrics, replica } = this.#options;
    if (!(await this.#wait(keyId, ({ registered, confirmed }) => confirmed >= registered))) return;
    await sql.query(REVOKE, [keyId]);
    const receipt = await barrier.waitUntilPropagated(apiKeyTag(keyId), clock.now());
    await sql.query(CONCLUDE, [keyId]);
    const tally = await this.#wait(
      keyId,
      ({ confirmed, refused, accepting }) => refused + accepting.length >= confirmed,
    );
    if (!tally) return;

    const { registered, refused, accepting, seconds } = tally;
    metrics.canaryReplicas.inc({ outcome: 'refused' }, refused);
    metrics.canaryReplicas.inc({ outcome: 'accepted' }, accepting.length);
    metrics.canaryReplicas.inc({ outcome: 'silent' }, Math.max(0, registered - refused - accepting.length));
    if (seconds !== null && accepting.length === 0) {
      metrics.canary.observe({ propagation: receipt.propagation.toLowerCase() }, Math.max(0, seconds));
    }
    // These replicas count and log it, too. But a broken replica may be unable to.
    const others = accepting.filter((each) => each !== replica);
    if (others.length > 0) this.#broken(keyId, others);
  }

  /** Reads until this holds, or until the wait is over. Undefined if the run has ended. */
  async #wait(keyId: string, holds: (tally: Tally) => boolean): Promise<Tally | undefined> {
    const { sql, clock } = this.#options;
    const end = clock.monotonic() + this.#longestWaitMs;
    while (!this.#stopped) {
      const [row] = await sql.query<TallyRow>(TALLY, [keyId]);
      if (!row) return undefined;
      const tally = { ...row, accepting: JSON.parse(row.accepted) as string[] };
      if (holds(tally) || clock.monotonic() > end) return tally;
      await sleep(LOOK_MS);
    }
    return undefined;
  }

  /** Never throws: a participant that cannot report counts as silent. */
  async #participate(found: Run): Promise<void> {
    try {
      await this.#observe(found);
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'canary report failed');
    }
  }

  async #observe({ keyId, secretSealed }: Run): Promise<void> {
    const { sql, keyring, introspect, clock, replica } = this.#options;
    const secret = open(keyring, { purpose: SEAL_PURPOSE, aad: keyId, sealed: secretSealed }).toString('utf8');
    const ask = async (since: number | null) => ((await introspect(secret)) ? null : (since ?? clock.monotonic()));
    let refusedSince: number | null = null;
    let confirmed = false;
    while (!this.#stopped) {
      // In this order: a lookup after `settled_at` was read is a lookup after the receipt.
      const run = await this.#find();
      if (run?.keyId !== keyId) return;
      refusedSince = await ask(refusedSince);
      if (run.concluded) return this.#report(keyId, refusedSince);
      if (!confirmed && refusedSince === null) {
        await sql.query(CONFIRM, [keyId, replica]);
        confirmed = true;
      }
      for (let asks = 0; asks < ASKS_PER_LOOK; asks++) {
        await sleep(ASK_MS);
        refusedSince = await ask(refusedSince);
      }
    }
  }

  async #report(keyId: string, refusedSince: number | null): Promise<void> {
    const { sql, clock, replica } = this.#options;
    // Logs first, because a broken replica may not reach the database.
    if (refusedSince === null) this.#broken(keyId, [replica]);
    const seconds = refusedSince === null ? null : (clock.monotonic() - refusedSince) / 1000;
    await sql.query(REPORT, [keyId, replica, seconds]);
  }

  #broken(keyId: string, replicas: string[]): void {
    const { metrics, logger } = this.#options;
    metrics.canaryFailures.inc(replicas.length);
    logger.fatal(
      { credential: keyId, replicas },
      'BROKEN PROMISE: a revoked credential was accepted after its receipt',
    );
  }
}
