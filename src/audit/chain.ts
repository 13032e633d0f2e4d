import { setTimeout as sleep } from 'node:timers/promises';
import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import { unavailable } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { countedWait } from '../kernel/request-context.ts';
import { withTimeout } from '../kernel/timeout.ts';
import { ADD_LINKS, HAS_UNCHAINED, HEADS, MOVE_HEADS, SEAL_ADDRESSES, UNCHAINED, WRITERS } from './chain.statements.ts';
import { chainOf, hashOf, NO_HASH } from './event-hash.ts';
import { type EventRow, hashedEventOf } from './event-rows.ts';
import { PERSONAL_FIELDS, salted } from './personal-field.ts';

/** The most events that one transaction chains. A statement must end before its timeout. */
const BATCH = 1000;
/** How long a reader waits for the chain, and how long the chain waits for a gap, in milliseconds. */
const LONGEST_WAIT_MS = 2000;
/** The first and the longest pause between two looks at a gap, in milliseconds. */
const PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

export interface AuditChainOptions {
  reads: Sql;
  fork: () => EntityManager;
  sealer: Sealer;
  clock: Pick<Clock, 'monotonic'>;
}

interface UnchainedRow extends EventRow {
  position: number;
  /** The position up to which the log is chained. */
  chained: number;
}

/** A wait for the transactions that may fill the gaps up to a position. */
interface Wait {
  /** See `WRITERS`. */
  writers: readonly string[];
  upTo: number;
  begunAt: number;
}

interface Head {
  chain: string;
  sequence: number;
  hash: string;
}

/**
 * Gives each committed event its place in the hash chain of its workspace, or of the installation, in the order of the
 * positions. It does so after the commit, in a transaction of its own, so no change waits for it. One replica at a time
 * chains: it holds an advisory lock.
 *
 * A gap in the positions may belong to a transaction that is about to commit. The chain ends before the gap until every
 * transaction that can fill it has ended; see `WRITERS`.
 */
export class AuditChain {
  readonly #options: AuditChainOptions;
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(options: AuditChainOptions) {
    this.#options = options;
  }

  /**
   * Chains every event that is committed when this is called. Calls during a run share the next run.
   *
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if a transaction that may hold an earlier event does not end
   */
  chain(): Promise<void> {
    this.#next ??= this.#runAfter(this.#current);
    return this.#next;
  }

  /**
   * Does the same as `chain`, with a time limit. A reader that awaits it finds the event of each change whose response
   * was sent before.
   *
   * @throws AccessError `AUTHENTICATION_UNAVAILABLE` if it takes longer than `LONGEST_WAIT_MS`
   */
  upToDate(): Promise<void> {
    const late = () => unavailable(new Error('Chaining the log timed out.'));
    return countedWait(withTimeout(LONGEST_WAIT_MS, this.chain(), late));
  }

  /** Waits for the runs that have begun. Call it before the database is closed. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#current, this.#next]);
  }

  async #runAfter(current: Promise<void>): Promise<void> {
    await current.catch(() => undefined);
    if (this.#next) this.#current = this.#next;
    this.#next = null;
    await this.#chainAll();
  }

  async #chainAll(): Promise<void> {
    const [unchained] = await this.#options.reads.query<{ found: boolean }>(HAS_UNCHAINED);
    if (!unchained?.found) return;
    const { clock } = this.#options;
    let waiting: Wait | null = null;
    let pause = PAUSE_MS;
    for (let passable = 0; ; ) {
      const { chained, gapBefore, isFull } = await this.#chainBatch(passable);
      if (gapBefore === null && !isFull) return;
      if (chained > 0) {
        waiting = null; // The gap was passed or filled. The next one has a wait of its own.
        pause = PAUSE_MS;
      }
      if (gapBefore === null) continue;
      const writers = await this.#writers();
      waiting ??= { writers, upTo: gapBefore, begunAt: clock.monotonic() };
      const { writers: awaited, upTo, begunAt }: Wait = waiting;
      if (!awaited.some((id) => writers.includes(id))) passable = upTo;
      else if (clock.monotonic() - begunAt > LONGEST_WAIT_MS)
        throw unavailable(new Error('A transaction that may hold an earlier event of the audit log does not end.'));
      else {
        // The transaction of the gap may commit long before the others.
        await sleep(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
  }

  /**
   * Chains the next events, up to the first gap after the position `passable`.
   *
   * @returns `gapBefore`: the last position that was read, if there is such a gap; else null
   */
  #chainBatch(passable: number): Promise<{ chained: number; gapBefore: number | null; isFull: boolean }> {
    const work = async (em: EntityManager) => {
      await em.execute(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.auditChain})`);
      const rows = await em.execute<UnchainedRow[]>(UNCHAINED, [BATCH]);
      const ready = beforeGap(rows, passable);
      if (ready.length > 0) await this.#addLinks(em, ready);
      const last = rows.at(-1)?.position ?? null;
      const gapBefore = ready.length < rows.length ? last : null;
      return { chained: ready.length, gapBefore, isFull: rows.length === BATCH };
    };
    // After the wait for the lock, the transaction must see what the previous holder has committed.
    return this.#options.fork().transactional(work, { isolationLevel: IsolationLevel.READ_COMMITTED });
  }

  async #addLinks(em: EntityManager, rows: readonly UnchainedRow[]): Promise<void> {
    const events = await this.#sealAddresses(em, rows);
    const names = JSON.stringify([...new Set(events.map(chainOf))]);
    const heads = new Map((await em.execute<Head[]>(HEADS, [names])).map((head) => [head.chain, head]));
    const moved = new Map<string, Head>();
    const links = events.map((row) => {
      const chain = chainOf(row);
      const head = moved.get(chain) ?? heads.get(chain) ?? { chain, sequence: 0, hash: NO_HASH };
      const place = { sequence: head.sequence + 1, previousHash: head.hash };
      const hash = hashOf(hashedEventOf(row), place);
      moved.set(chain, { chain, sequence: place.sequence, hash });
      const { id: event_id, position } = row;
      return { event_id, chain, sequence: place.sequence, position, previous_hash: place.previousHash, hash };
    });
    await em.execute(ADD_LINKS, [JSON.stringify(links)]);
    await em.execute(MOVE_HEADS, [JSON.stringify([...moved.values()])]);
  }

  /** Seals the addresses that an earlier release wrote. An address that is erased meanwhile is not sealed. */
  async #sealAddresses(em: EntityManager, rows: readonly UnchainedRow[]): Promise<readonly UnchainedRow[]> {
    const { sealer } = this.#options;
    const plain = rows.filter(({ ipAddress }) => ipAddress !== null);
    if (plain.length === 0) return rows;
    const seal = async ({ id, ipAddress }: UnchainedRow) => {
      const { text: plaintext, digest } = salted(ipAddress!);
      const sealed = await sealer.seal(PERSONAL_FIELDS.ip_address, { id }, { plaintext, sql: sqlIn(em) });
      return { id, sealed, digest };
    };
    const sealed = await Promise.all(plain.map(seal));
    const done = await em.execute<{ id: string }[]>(SEAL_ADDRESSES, [JSON.stringify(sealed)]);
    const kept = new Set(done.map(({ id }) => id));
    const digests = new Map(sealed.filter(({ id }) => kept.has(id)).map(({ id, digest }) => [id, digest]));
    return rows.map((row) => ({ ...row, ipAddressDigest: digests.get(row.id) ?? row.ipAddressDigest }));
  }

  async #writers(): Promise<string[]> {
    const rows = await this.#options.reads.query<{ id: string }>(WRITERS);
    return rows.map(({ id }) => id);
  }
}

/** The rows before the first gap that may still be filled. */
function beforeGap(rows: readonly UnchainedRow[], passable: number): readonly UnchainedRow[] {
  let previous = rows[0]?.chained ?? 0;
  for (const [index, { position }] of rows.entries()) {
    if (position !== previous + 1 && position > passable) return rows.slice(0, index);
    previous = position;
  }
  return rows;
}
