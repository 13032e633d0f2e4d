// A database in which every default differs from what the service expects.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { databasesAt } from './postgres.ts';

/** Defaults that change what a statement means, how its values read, or how long it may take. */
export const HOSTILE: Record<string, string> = {
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  search_path: '',
  client_encoding: 'LATIN1',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  exit_on_error: 'on',
  idle_session_timeout: '1ms',
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1ms',
  jit: 'on',
  jit_above_cost: '0',
  synchronous_commit: 'off',
};

export interface HostileDatabase {
  url: string;
  /** Drops the database and its role. */
  drop(): Promise<void>;
}

/**
 * A database with these defaults, owned by a new role that is not a superuser.
 *
 * @param where the place of the defaults: the database, the role, the role in this database, or the connection URL
 */
export async function hostileDatabase(
  serverUrl: string,
  where: 'database' | 'role' | 'role in database' | 'url',
  settings: Record<string, string> = HOSTILE,
): Promise<HostileDatabase> {
  const server = databasesAt(serverUrl);
  const name = `hostile_${randomBytes(6).toString('hex')}`;
  await server.query(`create role ${name} login`);
  const url = new URL(await server.createDatabase(name));
  await server.query(`alter database ${name} owner to ${name}`);
  // With the search path of the URL, these tables would be found first.
  await server.query(`create schema decoy authorization ${name}`, [], name);
  await server.query('create table decoy.users (id text)', [], name);
  const target = {
    database: `database ${name}`,
    role: `role ${name}`,
    'role in database': `role ${name} in database ${name}`,
    url: null,
  }[where];
  if (target) {
    for (const [setting, value] of Object.entries(settings)) {
      const list = setting === 'search_path' && value !== '' ? value : pg.escapeLiteral(value);
      await server.query(`alter ${target} set ${setting} = ${list}`);
    }
  } else {
    const escaped = Object.entries(settings).map(([setting, value]) => `-c ${setting}=${value.replace(/\s/g, '\\ ')}`);
    url.searchParams.set('options', escaped.join(' '));
    const timeouts = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'query_timeout'];
    for (const timeout of timeouts) url.searchParams.set(timeout, '1');
    url.searchParams.set('schema', 'decoy');
    url.searchParams.set('application_name', 'a outsider');
    url.searchParams.set('client_encoding', 'LATIN1');
  }
  url.username = name;
  return {
    url: url.href,
    async drop() {
      await server.dropDatabase(name);
      await server.query(`drop role ${name}`);
    },
  };
}
