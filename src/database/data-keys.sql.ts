import type { Statement } from './sql.ts';

/** All keys of one tenant. `uncommitted`: this transaction has made the key, and a rollback removes it. */
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

/** Writes nothing if another replica has made the same version. */
export const INSERT: Statement = {
  name: 'data-keys-insert',
  text: `insert into data_keys (tenant, version, workspace_id, wrapped) values ($1, $2, $3, $4) on conflict do nothing`,
};

/**
 * Adds the encryptions since the last count, and returns the new counts. A key may be in the list twice, because a
 * transaction opens the keys that it has made a second time. Every replica locks the rows in the same order.
 */
export const COUNT: Statement = {
  name: 'data-keys-count',
  text: `with used as materialized (
      select d.tenant, d.version, n.encryptions
        from (select tenant, version, sum(encryptions) as encryptions
          from unnest($1::text[], $2::int[], $3::float8[]) as each (tenant, version, encryptions)
          group by tenant, version) n
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

/** The tenants whose key got a new version recently. Parameter: the number of seconds. */
export const REPLACED: Statement = {
  name: 'data-keys-replaced',
  text: `select distinct tenant from data_keys
    where version > 1 and created_at > clock_timestamp() - make_interval(secs => $1::float8)`,
};

/**
 * The wrapped data key of a sealed value, as a scalar subquery. A read that selects it needs no second round trip for
 * the key.
 *
 * @param tenant SQL for the id of the workspace
 * @param sealed SQL for the sealed value
 */
export function wrappedKeyOf(tenant: string, sealed: string): string {
  return `(select d.wrapped from data_keys d
    where d.tenant = ${tenant} and d.version = split_part(${sealed}, '.', 2)::int)`;
}
