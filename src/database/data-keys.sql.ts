import type { Statement } from './sql.ts';

/** All keys of one tenant. A key that this transaction itself has made is lost if it rolls back: `uncommitted`. */
export const LOAD: Statement = {
  name: 'data-keys-load',
  text: `select version, wrapped, xmin = pg_current_xact_id_if_assigned()::xid as uncommitted
    from data_keys where tenant = $1 order by version`,
};

export interface LoadRow {
  version: number;
  wrapped: string;
  /** Null in a transaction that has written nothing. */
  uncommitted: boolean | null;
}

/** Another replica may have made the same version: then this writes nothing. */
export const INSERT: Statement = {
  name: 'data-keys-insert',
  text: `insert into data_keys (tenant, version, workspace_id, wrapped) values ($1, $2, $3, $4) on conflict do nothing`,
};

/** Adds what was sealed since the last count, and returns the counts. Every replica locks the rows in one order. */
export const COUNT: Statement = {
  name: 'data-keys-count',
  text: `with used as materialized (
      select d.tenant, d.version, n.encryptions
        from unnest($1::text[], $2::int[], $3::float8[]) as n (tenant, version, encryptions)
        join data_keys d on d.tenant = n.tenant and d.version = n.version
        order by d.tenant, d.version for update of d)
    update data_keys d set encryptions = d.encryptions + used.encryptions::bigint from used
      where d.tenant = used.tenant and d.version = used.version
    returning d.tenant, d.version, d.encryptions::float8 as encryptions`,
};

export interface CountRow {
  tenant: string;
  version: number;
  encryptions: number;
}

/** The tenants whose keys got a new version lately. */
export const REPLACED: Statement = {
  name: 'data-keys-replaced',
  text: `select distinct tenant from data_keys
    where version > 1 and created_at > clock_timestamp() - make_interval(secs => $1::float8)`,
};

/**
 * The wrapped data key of a sealed value, as a scalar subquery. With it, a read needs no second round trip for the key.
 *
 * @param tenant SQL for the id of the workspace
 * @param sealed SQL for the sealed value
 */
export function wrappedKeyOf(tenant: string, sealed: string): string {
  return `(select d.wrapped from data_keys d
    where d.tenant = ${tenant} and d.version = split_part(${sealed}, '.', 2)::int)`;
}
