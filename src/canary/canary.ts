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
  CLEAN,
  CONCLUDE,
  CONFIRM,
  FIND,
  LIFETIME_SECONDS,
  REVOKE,
  type Run,
  TALLY,
  type Tally,
  type TallyRow,
  TESTIFY,
} from './canary.statements.ts';
import type { CanaryMetrics } from './metrics.ts';

const SEAL_PURPOSE = 'canary';
/** Between two questions to our own memory, which cost nothing: this is how finely a refusal is timed. */
const ASK_MS = 5;
/** How often the memory is asked between two looks at the database. */
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
  /** The way that every request takes, through the same caches. */
  introspect: (credential: string) => Promise<Principal | null>;
  barrier: PropagationBarrier;
  /** Persists an API key without scopes, and a user without a way to log in as its owner. */
  persistKey: (em: EntityManager, key: CanaryKey) => void;
  keyring: Keyring;
  /** Database time, and our own for durations. */
  clock: Clock;
  /** What this process is called in the database and in the log. */
  replica: string;
  everyMs: number;
  logger: Logger;
  metrics: CanaryMetrics;
}

/**
 * Proves the promise on the operator's own deployment, with an API key that holds no scope and no permission.
 *
 * One replica, the keeper, issues it. Every replica that takes part, the keeper too, is a witness: it lets the key in, so
 * that it is in that replica's memory, and confirms. Then the keeper revokes it, and once the receipt is there it writes
 * *settled*. A witness that reads *settled* from the database and then asks its memory has asked after the receipt,
 * whatever any clock says: if the key gets in, the promise is broken.
 *
 * They meet in a row of the database and nowhere else. They look there by themselves instead of waiting for the
 * invalidation log or its bell: those are what is on trial.
 */
export class Canary {
  readonly #options: CanaryOptions;
  /** The last run that we had a part in, and when it began here. */
  #last: { keyId: string | null; at: number };
  #working: Promise<void> | null = null;
  #stopped = false;

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#last = { keyId: null, at: options.clock.monotonic() };
  }

  /**
   * Takes part in the run that is under way, or begins the next one when it is time. Every replica that takes part looks,
   * and more often than a run is patient: whoever looks first when it is time is the keeper.
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

  /** Keeps one run from beginning to end; none where one is under way. */
  async run(): Promise<void> {
    const { sql } = this.#options;
    const run = await this.#announce();
    if (!run) return;
    const testimony = this.#witness(run);
    try {
      await this.#keep(run);
    } finally {
      await sql.query(CLEAN, [run.keyId]);
      await testimony;
    }
  }

  /** Begins nothing any more, and ends what is under way, unless that has to wait for others. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const tooLate = sleep(this.#patienceMs, undefined, { ref: false });
    await Promise.race([this.#working?.catch(() => undefined), tooLate]);
  }

  /** How long a run waits for replicas that may not even take part. */
  get #patienceMs(): number {
    return this.#options.everyMs / 10;
  }

  async #look(): Promise<void> {
    const { clock, everyMs } = this.#options;
    const run = await this.#find();
    if (run && run.keyId !== this.#last.keyId) {
      this.#last = { keyId: run.keyId, at: clock.monotonic() };
      await this.#witness(run);
    } else if (!run && clock.monotonic() - this.#last.at >= everyMs) {
      await this.run();
    }
  }

  async #find(): Promise<Run | undefined> {
    const [run] = await this.#options.sql.query<Run>(FIND);
    return run;
  }

  /** Issues the key and makes it known, in one commit. Null where another run is under way. */
  async #announce(): Promise<Run | null> {
    const { sql, fork, persistKey, keyring, clock } = this.#options;
    const [keyId, ownerId, secret, now] = [newId('key'), newId('usr'), makeSecret('rka'), clock.now()];
    const secretSealed = seal(keyring, { purpose: SEAL_PURPOSE, aad: keyId, plaintext: secret });
    const run = { keyId, secretSealed, concluded: false };
    this.#last = { keyId, at: clock.monotonic() };
    await sql.query(CLEAN, [keyId]);
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

  async #keep({ keyId }: Run): Promise<void> {
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
    // They have counted and logged it themselves. But a replica that is broken may not be heard.
    const others = accepting.filter((each) => each !== replica);
    if (others.length > 0) this.#broken(keyId, others);
  }

  /** Looks until this holds, and not for too long. Undefined where the run is over. */
  async #wait(keyId: string, holds: (tally: Tally) => boolean): Promise<Tally | undefined> {
    const { sql, clock } = this.#options;
    const end = clock.monotonic() + this.#patienceMs;
    while (!this.#stopped) {
      const [row] = await sql.query<TallyRow>(TALLY, [keyId]);
      if (!row) return undefined;
      const tally = { ...row, accepting: JSON.parse(row.accepted) as string[] };
      if (holds(tally) || clock.monotonic() > end) return tally;
      await sleep(LOOK_MS);
    }
    return undefined;
  }

  /** Never throws: a witness that cannot testify is silent. */
  async #witness(found: Run): Promise<void> {
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
      // In this order: what is asked after *settled* was read is asked after the receipt.
      const run = await this.#find();
      if (run?.keyId !== keyId) return;
      refusedSince = await ask(refusedSince);
      if (run.concluded) return this.#testify(keyId, refusedSince);
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

  async #testify(keyId: string, refusedSince: number | null): Promise<void> {
    const { sql, clock, replica } = this.#options;
    // Said here first: whoever is broken may not reach the database.
    if (refusedSince === null) this.#broken(keyId, [replica]);
    const seconds = refusedSince === null ? null : (clock.monotonic() - refusedSince) / 1000;
    await sql.query(TESTIFY, [keyId, replica, seconds]);
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
