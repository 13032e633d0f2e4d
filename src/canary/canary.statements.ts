import type { Statement } from '../database/sql.ts';

/** Longer than any run takes, including the longest lease. After it, the coordinator of a run must have stopped. */
export const LIFETIME_SECONDS = 120;

/** A run that was announced in the future is from before the clock was set back. Its coordinator is not waited for. */
const IS_CURRENT = `announced_at > clock_timestamp() - make_interval(secs => ${LIFETIME_SECONDS})
      and announced_at < clock_timestamp() + make_interval(secs => ${LIFETIME_SECONDS})`;

/** The current run, if its coordinator can still be running. */
export const FIND: Statement = {
  name: 'canary-find',
  text: `select key_id as "keyId", secret_sealed as "secretSealed", settled_at is not null as concluded
    from canary where ${IS_CURRENT}`,
};
export interface Run {
  keyId: string;
  secretSealed: string;
  concluded: boolean;
}

export const CONFIRM: Statement = {
  name: 'canary-confirm',
  text: 'insert into canary_witnesses (key_id, replica) select key_id, $2::uuid from canary where key_id = $1',
};

/** Plain SQL on purpose: no event of the ORM evicts anything, so only the protocol can make a cache reject the key. */
export const REVOKE: Statement = {
  name: 'canary-revoke',
  text: `with run as (update canary set revoked_at = clock_timestamp() where key_id = $1 returning key_id, revoked_at)
    update api_keys k set revoked_at = run.revoked_at, revocation_reason = 'UNSPECIFIED' from run where k.id = run.key_id`,
};

export const CONCLUDE: Statement = {
  name: 'canary-conclude',
  text: 'update canary set settled_at = clock_timestamp() where key_id = $1',
};

/**
 * The report of a participant. It says for how long it has rejected the key, by its own clock. The database computes
 * when that began: one clock for all. Parameters: key, replica, seconds; null if it accepted.
 */
export const REPORT: Statement = {
  name: 'canary-report',
  text: `update canary_witnesses set refused_at = clock_timestamp() - make_interval(secs => $3::float8),
      accepted_at = case when $3::float8 is null then clock_timestamp() end
    where key_id = $1 and replica = $2::uuid`,
};

export const TALLY: Statement = {
  name: 'canary-tally',
  text: `select (select count(*) from auth_replica where not suspect)::int as registered,
      count(w.replica)::int as confirmed, count(w.refused_at)::int as refused,
      coalesce(json_agg(w.replica) filter (where w.accepted_at is not null), '[]')::text as accepted,
      extract(epoch from max(w.refused_at) - c.revoked_at)::float8 as seconds
    from canary c left join canary_witnesses w on w.key_id = c.key_id where c.key_id = $1 group by c.revoked_at`,
};
export interface TallyRow {
  registered: number;
  confirmed: number;
  refused: number;
  /** JSON: the replicas that accepted after the receipt. */
  accepted: string;
  /** Seconds from the revocation to the last rejection so far. */
  seconds: number | null;
}
export type Tally = Omit<TallyRow, 'accepted'> & { accepting: string[] };

/** Deletes this run, and any whose coordinator has stopped. The key is deleted with its owner, and its row of last uses here. */
export const PURGE: Statement = {
  name: 'canary-purge',
  text: `with run as (
      delete from canary
      where key_id = $1 or not (${IS_CURRENT})
      returning owner_id, key_id),
    usage as (delete from credential_usage where credential_id in (select key_id from run))
    delete from users where id in (select owner_id from run)`,
};
