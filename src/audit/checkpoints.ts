import { IsolationLevel } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import { ADVISORY_LOCKS } from '../database/advisory-lock.ts';
import type { Clock } from '../kernel/clock.ts';
import { type AuditKeys, signStatement } from './audit-keys.ts';
import { checkpointOf } from './statements.ts';

/** A chain gets a checkpoint when this many events follow its last one. */
const EVERY_EVENTS = 1000;
/** A chain also gets a checkpoint this long after its first event without one, in seconds. */
const EVERY_SECONDS = 300;
/** The most chains that one transaction signs. */
const BATCH = 100;

/** Chains whose last events have no checkpoint. A head that differs from its link is not signed. */
const DUE = `
  select c.chain, c.sequence::float8 as sequence, c.hash
    from audit_chains c join audit_links l on l.chain = c.chain and l.sequence = c.sequence and l.hash = c.hash
    where c.unsigned_since is not null
      and (c.sequence - c.signed_sequence >= ? or c.unsigned_since <= clock_timestamp() - make_interval(secs => ?))
    order by c.unsigned_since limit ?`;

const ADD = `
  insert into audit_checkpoints (chain, sequence, hash, made_at, kid, signature)
    select chain, sequence, hash, made_at, kid, signature from jsonb_to_recordset(?::text::jsonb)
      as c (chain text, sequence bigint, hash text, made_at timestamptz, kid text, signature text)
    on conflict (chain, sequence) do nothing`;

const SIGNED = `
  update audit_chains c set signed_sequence = s.sequence, unsigned_since = null
    from jsonb_to_recordset(?::text::jsonb) as s (chain text, sequence bigint) where c.chain = s.chain`;

export interface CheckpointsOptions {
  fork: () => EntityManager;
  keys: AuditKeys;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** Signs the last event of each chain from time to time. The verification finds a chain that was rewritten. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** Signs the chains that are due; with `all`, every chain that has events after its last checkpoint. */
  async sign({ all = false } = {}): Promise<void> {
    if ((await dueChains(this.#options.fork(), all)).length === 0) return; // Most calls do not wait for the lock.
    for (let signed = BATCH; signed === BATCH; ) signed = await this.#signBatch(all);
  }

  #signBatch(all: boolean): Promise<number> {
    const { fork, keys, clock } = this.#options;
    const work = async (em: EntityManager) => {
      await em.execute(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.auditChain})`);
      const due = await dueChains(em, all);
      if (due.length === 0) return 0;
      const now = clock.now();
      const key = await keys.signing(em, now);
      const madeAt = now.toISOString();
      const rows = due.map((head) => {
        const statement = checkpointOf({ ...head, madeAt, kid: key.kid });
        return { ...head, made_at: madeAt, kid: key.kid, signature: signStatement(statement, key) };
      });
      await em.execute(ADD, [JSON.stringify(rows)]);
      await em.execute(SIGNED, [JSON.stringify(rows)]);
      return due.length;
    };
    return fork().transactional(work, { isolationLevel: IsolationLevel.READ_COMMITTED });
  }
}

function dueChains(em: EntityManager, all: boolean): Promise<{ chain: string; sequence: number; hash: string }[]> {
  return em.execute(DUE, [...(all ? [0, 0] : [EVERY_EVENTS, EVERY_SECONDS]), BATCH]);
}
