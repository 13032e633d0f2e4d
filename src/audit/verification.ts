import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { SealError } from '../crypto/seal.ts';
import type { Sealer } from '../database/sealer.ts';
import type { Sql } from '../database/sql.ts';
import { sqlIn } from '../database/sql-in.ts';
import { type AuditKey, AuditKeys, isSignedBy } from './audit-keys.ts';
import { chainNames, type LinkRow, linksOf } from './chain-reader.ts';
import { hashOf, INSTALLATION_CHAIN, NO_HASH } from './event-hash.ts';
import { type EventRow, hashedEventOf } from './event-rows.ts';
import { digestOf, openPersonal } from './personal-field.ts';
import {
  CHECKPOINTS,
  type Checkpoint,
  checkpointOf,
  REMOVAL,
  type Removal,
  removalOf,
  type SignedRow,
} from './statements.ts';

/** How many problems the result lists. Further ones are only counted. */
const MOST_PROBLEMS = 1000;
/** How many changed events of a chain are compared with each other. */
const MOST_MISFITS = 100;

/**
 * The kind of a problem of the log.
 * - `CHANGED`: an event is not what was recorded
 * - `REMOVED`: an event is missing
 * - `REORDERED`: two events have each other's place
 * - `INSERTED`: an event was added, but not by this service
 * - `FORGED`: a chain was rewritten, or this service has not made a signature
 */
export type ProblemKind = 'CHANGED' | 'REMOVED' | 'REORDERED' | 'INSERTED' | 'FORGED';

export interface Problem {
  readonly kind: ProblemKind;
  /** The id of a workspace, or `*` for the installation. */
  readonly chain: string;
  /** The place in the chain, if it is known. */
  readonly sequence: number | null;
  readonly message: string;
}

export interface VerificationResult {
  chains: number;
  events: number;
  checkpoints: number;
  /** Personal fields that were erased. */
  erased: number;
  /** Events that were committed within the last second and have no place yet. */
  unchained: number;
  /**
   * Events after the last checkpoint of their chain. Only a comparison with an earlier export shows a change of them.
   */
  unsigned: number;
  problems: Problem[];
  problemCount: number;
}

interface UnlinkedRow {
  id: string;
  chain: string;
  position: number;
}

/**
 * The next events by position: the position of the last one, and those that have no link. Parameter: the position
 * before.
 */
const UNLINKED = `
  with batch as (select id, position, workspace_id from audit_events where position > ? order by position limit 20000)
  select max(b.position)::float8 as last, coalesce(json_agg(json_build_object('id', b.id, 'position', b.position,
      'chain', coalesce(b.workspace_id, '${INSTALLATION_CHAIN}'))) filter (where l.event_id is null), '[]')::text as unlinked
    from batch b left join audit_links l on l.event_id = b.id`;

/** The state of the check of one chain. */
interface Progress {
  readonly chain: string;
  sequence: number;
  hash: string;
  readonly checkpoints: Map<number, SignedRow<Checkpoint>>;
  /** Events whose hash differs from that of their link. */
  readonly misfits: LinkRow[];
}

export interface VerificationOptions {
  fork: () => EntityManager;
  sealer: Sealer;
  /** Called with the number of events that are checked. */
  onProgress?: (events: number) => void;
}

/** Checks all chains of the audit log in one snapshot of the database. It only reads. */
export class Verification {
  readonly #options: VerificationOptions;
  readonly #result: VerificationResult = {
    ...{ chains: 0, events: 0, checkpoints: 0, erased: 0, unchained: 0, unsigned: 0 },
    ...{ problems: [], problemCount: 0 },
  };
  #keys = new Map<string, AuditKey>();
  #sql: Sql | null = null;

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  async run(): Promise<VerificationResult> {
    const em = this.#options.fork();
    this.#sql = sqlIn(em);
    await em.begin({ isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true });
    try {
      const keys = new AuditKeys(this.#options.sealer);
      this.#keys = new Map((await keys.all(em)).map((key) => [key.kid, key]));
      for (const chain of await chainNames(em)) await this.#checkChain(em, chain);
      await this.#checkUnlinked(em);
    } finally {
      await em.rollback();
    }
    return this.#result;
  }

  async #checkChain(em: EntityManager, chain: string): Promise<void> {
    this.#result.chains++;
    const progress = await this.#begin(em, chain);
    for await (const links of linksOf(em, chain)) {
      for (const link of links) await this.#checkLink(progress, link);
      this.#options.onProgress?.(this.#result.events);
    }
    this.#explainMisfits(progress);
    for (const { sequence } of progress.checkpoints.values()) {
      if (sequence > progress.sequence)
        this.#report('REMOVED', chain, sequence, 'A checkpoint signs this event, and the chain ends before it.');
    }
    await this.#checkHead(em, progress);
  }

  /**
   * The state at the start of the chain: before its first event, or after the events that the retention has removed.
   */
  async #begin(em: EntityManager, chain: string): Promise<Progress> {
    const [removal] = await em.execute<SignedRow<Removal>[]>(REMOVAL, [chain]);
    if (removal && !this.#isSigned(removalOf(removal), removal)) {
      const message = 'The summary of removed events is not signed by this service.';
      this.#report('FORGED', chain, removal.lastSequence, message);
    }
    const rows = await em.execute<SignedRow<Checkpoint>[]>(CHECKPOINTS, [chain]);
    const checkpoints = rows.filter((row) => {
      const isSigned = this.#isSigned(checkpointOf(row), row);
      if (!isSigned)
        this.#report('FORGED', chain, row.sequence, 'The checkpoint of this event is not signed by this service.');
      return isSigned;
    });
    this.#result.checkpoints += checkpoints.length;
    const progress = {
      chain,
      sequence: removal?.lastSequence ?? 0,
      hash: removal?.lastHash ?? NO_HASH,
      checkpoints: new Map(checkpoints.map((row) => [row.sequence, row])),
      misfits: [],
    };
    this.#checkCheckpoint(progress, progress.sequence, progress.hash);
    return progress;
  }

  async #checkLink(progress: Progress, link: LinkRow): Promise<void> {
    const { chain } = progress;
    const { sequence, previousHash, hash } = link;
    this.#result.events++;
    const expected = progress.sequence + 1;
    if (sequence < expected)
      this.#report('INSERTED', chain, sequence, `${link.eventId} is before the start of the chain.`);
    else if (sequence > expected) {
      const missing = expected === sequence - 1 ? `event ${expected}` : `events ${expected} to ${sequence - 1}`;
      this.#report('REMOVED', chain, expected, `The ${missing} of the chain are missing.`);
    } else if (previousHash !== progress.hash) {
      this.#report('FORGED', chain, sequence, `${link.eventId} does not continue the event before it.`);
    }
    if (link.id === null) this.#report('REMOVED', chain, sequence, `The event ${link.eventId} is missing.`);
    else if (hashOf(hashedEventOf(link as EventRow), { sequence, previousHash }) !== hash) {
      if (progress.misfits.length < MOST_MISFITS) progress.misfits.push(link);
      else this.#report('CHANGED', chain, sequence, `${link.eventId} is not what was recorded.`);
    }
    if (link.id !== null) await this.#checkPersonal(chain, link as EventRow & LinkRow);
    this.#checkCheckpoint(progress, sequence, hash);
    progress.sequence = Math.max(sequence, progress.sequence);
    progress.hash = hash;
  }

  /** An event whose hash is that of another misfit was moved. Each other misfit was changed. */
  #explainMisfits({ chain, misfits }: Progress): void {
    for (const link of misfits) {
      const event = hashedEventOf(link as EventRow);
      const own = misfits.find((other) => other !== link && hashOf(event, other) === other.hash);
      if (own)
        this.#report('REORDERED', chain, link.sequence, `${link.eventId} was recorded as event ${own.sequence}.`);
      else this.#report('CHANGED', chain, link.sequence, `${link.eventId} is not what was recorded.`);
    }
  }

  async #checkPersonal(chain: string, row: EventRow & LinkRow): Promise<void> {
    const fields = [
      { field: 'ip_address', sealed: row.ipAddressSealed, digest: row.ipAddressDigest },
      { field: 'user_agent', sealed: row.userAgentSealed, digest: row.userAgentDigest },
    ] as const;
    for (const { field, sealed, digest } of fields) {
      if (sealed === null) {
        if (digest !== null) this.#result.erased++;
      } else if (!(await this.#fits({ eventId: row.eventId, field, sealed }, digest))) {
        this.#report('CHANGED', chain, row.sequence, `The field ${field} of ${row.eventId} is not what was recorded.`);
      }
    }
    if (row.ipAddress !== null)
      this.#report('CHANGED', chain, row.sequence, `An unsealed address was added to ${row.eventId}.`);
  }

  async #fits(stored: Parameters<typeof openPersonal>[1], digest: string | null): Promise<boolean> {
    try {
      return digestOf(await openPersonal(this.#options.sealer, stored, this.#sql!)) === digest;
    } catch (error) {
      // A missing master key does not mean that the log was changed.
      if (error instanceof SealError && error.code !== 'UNKNOWN_KEY') return false;
      throw error;
    }
  }

  #checkCheckpoint({ chain, checkpoints }: Progress, sequence: number, hash: string): void {
    const checkpoint = checkpoints.get(sequence);
    if (checkpoint && checkpoint.hash !== hash)
      this.#report('FORGED', chain, sequence, 'The chain up to this event is not the one that a checkpoint signs.');
  }

  /** Compares the end of the chain with its head, after which the service adds the next event. */
  async #checkHead(em: EntityManager, { chain, sequence, hash, checkpoints }: Progress): Promise<void> {
    const [head] = await em.execute<{ sequence: number; hash: string }[]>(
      'select sequence::float8 as sequence, hash from audit_chains where chain = ?',
      [chain],
    );
    this.#result.unsigned += Math.max(0, sequence - Math.max(0, ...checkpoints.keys()));
    if (!head || head.sequence < sequence)
      this.#report('INSERTED', chain, (head?.sequence ?? 0) + 1, 'The chain goes on after its head.');
    else if (head.sequence > sequence)
      this.#report('REMOVED', chain, sequence + 1, `The chain ends before its head, which is event ${head.sequence}.`);
    else if (head.hash !== hash) this.#report('FORGED', chain, sequence, 'The head of the chain is another event.');
  }

  /** Checks the events without a place: the new ones, and those that were added before the last chained event. */
  async #checkUnlinked(em: EntityManager): Promise<void> {
    const [end] = await em.execute<{ last: number | null }[]>('select max(position)::float8 as last from audit_links');
    for (let after = -1; ; ) {
      const [batch] = await em.execute<{ last: number | null; unlinked: string }[]>(UNLINKED, [after]);
      if (!batch || batch.last === null) return;
      for (const { id, chain, position } of JSON.parse(batch.unlinked) as UnlinkedRow[]) {
        if (position > (end?.last ?? 0)) this.#result.unchained++;
        else this.#report('INSERTED', chain, null, `${id} was added between events that are chained.`);
      }
      after = batch.last;
    }
  }

  #isSigned(
    statement: ReturnType<typeof checkpointOf> | ReturnType<typeof removalOf>,
    { signature, kid }: SignedRow<{ kid: string }>,
  ) {
    const key = this.#keys.get(kid);
    return key !== undefined && isSignedBy(statement, signature, key);
  }

  #report(kind: ProblemKind, chain: string, sequence: number | null, message: string): void {
    this.#result.problemCount++;
    if (this.#result.problems.length < MOST_PROBLEMS) this.#result.problems.push({ kind, chain, sequence, message });
  }
}
