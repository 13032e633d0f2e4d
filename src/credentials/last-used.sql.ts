// What the SQL of features may read of the uses of credentials. No other folder names the table.

/**
 * The table of uses, to join: `left join ${usageAs('u')} on u.credential_id = k.id`. Its column `last_used_at` says when
 * the credential last authenticated a request. A credential that never did has no row.
 */
export function usageAs(usage: string): string {
  return `credential_usage ${usage}`;
}

/** When a credential last authenticated a request, as a scalar subquery; null if it never did. @param id SQL for the id */
export function lastUseOf(id: string): string {
  return `(select u.last_used_at from credential_usage u where u.credential_id = ${id})`;
}

/**
 * A statement that erases the addresses from which these credentials were last used.
 *
 * @param credentials SQL that selects their ids
 */
export function eraseUsesOf(credentials: string): string {
  return `update credential_usage set last_used_from = null
    where last_used_from is not null and credential_id in (${credentials})`;
}
