import type pg from 'pg';

/**
 * Every setting of a PostgreSQL session that this service relies on. Each connection of each kind is opened with all of
 * them, so no default of a server, a database, a role, a connection URL or an environment variable decides what a
 * statement means. Behind a pooler, each transaction begins with them instead. This is the only list.
 *
 * Deliberately not listed: `synchronous_commit`, which the statements that need it raise for their own
 * transaction and never lower, and settings that only a superuser may change (`session_replication_role`: all
 * triggers are `enable always`).
 */
const SESSION_SETTINGS = {
  // Locks, quotas and the ledger of revoked tokens must see what was committed while they waited. A snapshot of the
  // whole transaction would not show it.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  // All tables are in `public`. `pg_temp` is last, not first as by default: a temporary table must not replace a table.
  search_path: 'public, pg_temp',
  // How values are written and read.
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  // A failed statement must not end its session, and a session may be idle for any time.
  exit_on_error: 'off',
  idle_session_timeout: '0',
  // Compiling a plan takes longer than any statement of this service.
  jit: 'off',
} as const;

/** Timeouts of the server for a session, in milliseconds. 0, the default here, means no limit. */
export interface SessionTimeouts {
  statementMs?: number;
  lockMs?: number;
  idleInTransactionMs?: number;
}

/** The settings of a session, by their names in PostgreSQL. */
export function sessionSettings({ statementMs = 0, lockMs = 0, idleInTransactionMs = 0 }: SessionTimeouts = {}) {
  return {
    ...SESSION_SETTINGS,
    statement_timeout: String(statementMs),
    lock_timeout: String(lockMs),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
  };
}

/** The settings that mean nothing within a transaction: they are defaults of the next one, or end an idle session. */
const BETWEEN_TRANSACTIONS = [
  ...['default_transaction_isolation', 'default_transaction_read_only', 'default_transaction_deferrable'],
  'idle_session_timeout',
];

/** The other settings as SQL for the beginning of a transaction, until its end. */
export function settingsOfTransaction(timeouts: SessionTimeouts): string {
  return Object.entries(sessionSettings(timeouts))
    .filter(([name]) => !BETWEEN_TRANSACTIONS.includes(name))
    .map(([name, value]) => `set local ${name} = ${name === 'search_path' ? value : `'${value}'`}`)
    .join('; ');
}

/** The parameters of a connection URL that say how to reach the server. Any other one could override our settings. */
const REACHING = [
  ...['host', 'port', 'user', 'password', 'db'],
  ...['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation', 'uselibpqcompat'],
];

/**
 * The options of a connection to `url`, with every setting in its start-up packet, where only a superuser's later
 * `SET` takes precedence. The driver lets parameters of the URL override its options, so the URL keeps only those that
 * say how to reach the server.
 */
export function connectionTo(
  url: string,
  { applicationName, ...timeouts }: SessionTimeouts & { applicationName: string },
): pg.ClientConfig {
  return {
    connectionString: addressIn(url),
    application_name: applicationName,
    keepAlive: true,
    options: startUpOptions(sessionSettings(timeouts)),
  };
}

/**
 * The same for a connection through a pooler in transaction mode. It has no settings, which a pooler rejects or ignores:
 * each transaction begins with them (`setByTransaction`).
 */
export function pooledConnectionTo(url: string, { applicationName }: { applicationName: string }): pg.ClientConfig {
  return { connectionString: addressIn(url), application_name: applicationName, keepAlive: true };
}

/** The connection URL without the parameters that do not say how to reach the server. */
export function addressIn(url: string): string {
  const withoutFragment = url.replace(/#.*$/s, '');
  const query = withoutFragment.indexOf('?');
  if (query < 0) return withoutFragment;
  const given = new URLSearchParams(withoutFragment.slice(query));
  const kept = new URLSearchParams([...given].filter(([name]) => REACHING.includes(name)));
  return `${withoutFragment.slice(0, query)}${kept.size > 0 ? `?${kept}` : ''}`;
}

/** Formats settings as the `options` of a start-up packet. White space separates them, so a value escapes its own. */
function startUpOptions(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`)
    .join(' ');
}
