// What the SQL of features may read of the uses of credentials. No other folder names the table.

/**
 * The table of uses, to join: `left join ${usageAs('u')} on u.credential_id = k.id`. Its column `last_used_at` says when
 * the credential last authenticated a request. A credential that never did has no row.
 */
export function usageAs(usage: string): string {
  return `credential_usage ${usage}`;
}
