import { sha256 } from '../crypto/hash.ts';
import type { Sql, Statement } from '../database/sql.ts';

/** What became of a nonce. `tooLate`: the request was signed at a time that the database does not accept. */
export type NonceOutcome = 'fresh' | 'replayed' | 'tooLate';

/** One use of a nonce. */
export interface NonceUse {
  keyId: string;
  nonce: string;
  /** When the client signed the request, in milliseconds since the epoch. */
  signedAt: number;
}

export interface NoncesOptions {
  /** Connections of their own: a flood of signed requests must not delay the reads of other ones. */
  sql: Sql;
  /** How far the time of a request may be from the time of the database, in milliseconds. */
  windowMs: number;
}

/** A nonce is kept for this much longer than its request is acceptable, so that no replica is in doubt. */
const MARGIN_MS = 60_000;
const PURGE_BATCH = 2000;

// One statement, one commit. The time is checked again here, by the clock that housekeeping uses: what it has deleted is
// too late for ever. The COMMIT must survive a crash, as in `revocation/statements.ts`.
const CONSUME: Statement = {
  name: 'nonce-consume',
  text: `with durable as materialized (select set_config('synchronous_commit', 'on', true)
      where current_setting('synchronous_commit') in ('off', 'local')),
    timely as materialized (select (select count(*) from durable) as set
      where abs($2::float8 - extract(epoch from clock_timestamp())::float8 * 1000) <= $3::float8
        and $2::float8 > (select signed_at from request_nonce_horizon)),
    fresh as (insert into request_nonces (digest, signed_at)
      select decode($1, 'hex'), $2::float8::bigint from timely on conflict (digest) do nothing returning 1)
    select exists (select from timely) as timely, exists (select from fresh) as fresh`,
};

// The horizon moves in the commit that deletes, to the latest time that is deleted and no further: a clock that was wrong
// for a while must not make the service reject what clients sign afterwards.
const PURGE: Statement = {
  name: 'nonce-purge',
  text: `with old as materialized (select digest, signed_at from request_nonces
      where signed_at < extract(epoch from clock_timestamp())::float8 * 1000 - $1::float8
      order by signed_at limit $2::int for update skip locked),
    gone as (delete from request_nonces n using old where n.digest = old.digest returning n.signed_at),
    moved as (update request_nonce_horizon h set signed_at = greatest(h.signed_at, (select max(signed_at) from gone))
      where exists (select from gone))
    select count(*)::int as deleted from gone`,
};

/**
 * The nonces of accepted requests. Each is used once over all replicas, and stays used after a restart of everything: they
 * are rows, and the primary key decides.
 *
 * A nonce is kept as long as its request could be accepted. A clock that was set back, or a longer
 * `REKEY_SIGNATURE_WINDOW_SECONDS`, makes no request acceptable again: what is deleted moves a horizon, and a request from
 * before it is too late.
 */
export class Nonces {
  readonly #options: NoncesOptions;

  constructor(options: NoncesOptions) {
    this.#options = options;
  }

  /** Uses a nonce up. Call it only for a request whose signature is good: others must not use the nonces of a key up. */
  async consume({ keyId, nonce, signedAt }: NonceUse): Promise<NonceOutcome> {
    const { sql, windowMs } = this.#options;
    const digest = sha256(`${keyId} ${nonce}`).toString('hex');
    const [row] = await sql.query<{ timely: boolean; fresh: boolean }>(CONSUME, [digest, signedAt, windowMs]);
    if (!row?.timely) return 'tooLate';
    return row.fresh ? 'fresh' : 'replayed';
  }

  /** Deletes nonces whose requests cannot be accepted any more. Every replica calls it about once a minute. */
  async purge(): Promise<void> {
    const { sql, windowMs } = this.#options;
    for (let deleted = PURGE_BATCH; deleted === PURGE_BATCH; ) {
      const [row] = await sql.query<{ deleted: number }>(PURGE, [windowMs + MARGIN_MS, PURGE_BATCH]);
      deleted = row?.deleted ?? 0;
    }
  }
}
