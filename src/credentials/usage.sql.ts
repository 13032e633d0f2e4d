// What the SQL of features may read of the uses of credentials. No other folder names the table.

/** A left join with the last use of a credential, whose column is `lastUsedAt(usage)`. @param id SQL for the id */
export function joinUsage(usage: string, id: string): string {
  return `left join credential_usage ${usage} on ${usage}.credential_id = ${id}`;
}

/** When the joined credential was last used; null if it never was. */
export function lastUsedAt(usage: string): string {
  return `${usage}.last_used_at`;
}

/** The same for one credential, as a scalar subquery. @param id SQL for the id */
export function lastUseOf(id: string): string {
  return `(select u.last_used_at from credential_usage u where u.credential_id = ${id})`;
}
