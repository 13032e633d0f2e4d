import { type GovernedColumns, governed } from '../credential-policies/credential-policy.sql.ts';

/** From when on the lifetime of a key counts. A rotation does not restart it. @param key the alias of the table */
export const lifetimeFrom = (key: string) => `coalesce(${key}.lifetime_from, ${key}.created_at)`;

/** The columns that credential policies depend on. */
export function governedKey(key: string): GovernedColumns {
  return { ...governed(key), lifetimeFrom: lifetimeFrom(key) };
}
