/** The statement of a checkpoint: this event was the last one of its chain at that time. */
export interface Checkpoint {
  readonly chain: string;
  readonly sequence: number;
  readonly hash: string;
  /** RFC 3339, UTC, with milliseconds. */
  readonly madeAt: string;
  readonly kid: string;
}

/** The statement of a retention summary: these events were removed, and the chain continues after the last of them. */
export interface Removal {
  readonly chain: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastHash: string;
  /** How many events were removed. */
  readonly count: number;
  /** RFC 3339, UTC, with milliseconds. */
  readonly removedAt: string;
  readonly kid: string;
}

/** A statement with its signature, as it is stored. */
export type SignedRow<Statement> = Statement & { readonly signature: string };

export function checkpointOf({ chain, sequence, hash, madeAt, kid }: Checkpoint) {
  return { type: 'checkpoint', chain, sequence, hash, madeAt, kid } as const;
}

export function removalOf({ chain, firstSequence, lastSequence, lastHash, count, removedAt, kid }: Removal) {
  return { type: 'removal', chain, firstSequence, lastSequence, lastHash, count, removedAt, kid } as const;
}

/** SQL for a time as RFC 3339, UTC, with milliseconds. */
export const moment = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The checkpoints of a chain, in its order. Parameter: the chain. */
export const CHECKPOINTS = `
  select chain, sequence::float8 as sequence, hash, ${moment('made_at')} as "madeAt", kid, signature
    from audit_checkpoints where chain = ? order by sequence`;

/** The retention summary of a chain. Parameter: the chain. */
export const REMOVAL = `
  select chain, first_sequence::float8 as "firstSequence", last_sequence::float8 as "lastSequence", last_hash as "lastHash",
      count::float8 as count, ${moment('removed_at')} as "removedAt", kid, signature
    from audit_removals where chain = ?`;
