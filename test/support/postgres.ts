// A PostgreSQL for the tests: new data, a free port, and stopped at the end of the test run. Tests can stop, crash and
// freeze it, because most promises are about what a replica does then.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort, reapAtExit } from './ports.ts';

const OLDEST_MAJOR = 15;

/** Databases on a running server. This is all that a test file needs of the server that the whole run shares. */
export interface Databases {
  url(database?: string): string;
  /** Creates a database with a new name, empty or as a copy of `template`. Returns its URL. */
  createDatabase(name?: string, template?: string): Promise<string>;
  /** Terminates all connections to it first. */
  dropDatabase(name: string): Promise<void>;
  /** Runs one statement over a new connection. Returns the rows. */
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    parameters?: unknown[],
    database?: string,
  ): Promise<Row[]>;
}

export interface PostgresServer extends Databases {
  readonly port: number;
  /** `fast` rolls back and closes connections; `immediate` is a crash. Committed data survives both. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Starts it with the same data on the same port. */
  start(): Promise<void>;
  restart(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Pauses all of its processes: connections stay open, but nothing answers. */
  pause(): void;
  resume(): void;
  destroy(): Promise<void>;
}

/** The directory with initdb, pg_ctl and postgres, 15 or newer, or null. */
export function findPostgres(): string | null {
  if (process.platform === 'win32') return null;
  return candidates().find((directory) => majorOf(directory) >= OLDEST_MAJOR) ?? null;
}

function* candidates(): Generator<string> {
  if (process.env.PG_BINDIR) yield process.env.PG_BINDIR;
  yield* (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  const reported = outputOf('pg_config', '--bindir').trim();
  if (reported !== '') yield reported;
  yield* versionsIn('/usr/lib/postgresql', /^(\d+)$/);
  for (const homebrew of ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt']) {
    yield* versionsIn(homebrew, /^postgresql@(\d+)$/);
    yield join(homebrew, 'postgresql', 'bin');
  }
}

function versionsIn(parent: string, name: RegExp): string[] {
  const major = (entry: string) => Number(name.exec(entry)?.[1]);
  const entries = existsSync(parent) ? readdirSync(parent).filter((entry) => name.test(entry)) : [];
  return entries.sort((a, b) => major(b) - major(a)).map((entry) => join(parent, entry, 'bin'));
}

function majorOf(directory: string): number {
  if (!['initdb', 'pg_ctl', 'postgres'].every((name) => existsSync(join(directory, name)))) return 0;
  return Number(/(\d+)/.exec(outputOf(join(directory, 'postgres'), '--version'))?.[1] ?? 0);
}

function outputOf(command: string, ...argv: string[]): string {
  try {
    return execFileSync(command, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** The databases of the server at `serverUrl`. */
export function databasesAt(serverUrl: string): Databases {
  function url(database = 'postgres'): string {
    const result = new URL(serverUrl);
    result.pathname = `/${encodeURIComponent(database)}`;
    return result.href;
  }

  async function query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[], database?: string) {
    const client = new pg.Client({ connectionString: url(database), connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined); // the query rejects
    try {
      await client.connect();
      return (await client.query<Row>(sql, parameters)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  return {
    url,
    query,
    async createDatabase(name = `test_${randomBytes(8).toString('hex')}`, template = 'template1') {
      await query(`create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(template)}`);
      return url(name);
    },
    async dropDatabase(name) {
      await query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    },
  };
}

// The server is fast because it does not flush to disk, which matters only at a power failure. Visibility, and the data
// after a crash of the server, are as in production: synchronous_commit is not changed.
const SETTINGS: Record<string, string> = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '300',
  max_prepared_transactions: '5',
  shared_buffers: '32MB',
  checkpoint_timeout: '30min',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

export async function startPostgres(options: { settings?: Record<string, string> } = {}): Promise<PostgresServer> {
  const bin = findPostgres();
  if (bin === null) throw new Error('No PostgreSQL 15 or newer on this machine.');
  const user = unprivilegedUser();
  // If root has a private TMPDIR, the user of PostgreSQL could not read it.
  const directory = await mkdtemp(join(user === null ? tmpdir() : '/tmp', 'rekey-postgres-'));
  const data = join(directory, 'data');
  const logFile = join(directory, 'postgres.log');
  const cancelReaper = reapAtExit(directory, join(data, 'postmaster.pid'), 'QUIT');
  const port = await freePort();
  const databases = databasesAt(`postgres://postgres@127.0.0.1:${port}/postgres`);
  // PGDATA, PGPORT and PGOPTIONS of the developer must not affect this server.
  const environment: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: directory, LC_ALL: 'C', TZ: 'UTC' };
  const execution = { cwd: directory, env: environment, ...user };
  let postmaster: ChildProcess | null = null;

  async function initialize(): Promise<void> {
    if (user !== null) await chown(directory, user.uid, user.gid);
    const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    await promisify(execFile)(join(bin as string, 'initdb'), [`--pgdata=${data}`, ...flags], execution);
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: directory,
      ...SETTINGS,
      ...options.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    await appendFile(join(data, 'postgresql.conf'), lines.join(''));
  }

  async function start(): Promise<void> {
    if (isRunning(postmaster)) return;
    const log = openSync(logFile, 'a');
    const started = spawn(join(bin as string, 'postgres'), ['-D', data], {
      ...execution,
      detached: true, // Ctrl-C ends the tests first, then the server
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    started.unref();
    postmaster = started;
    for (let attempt = 0; attempt < 600 && isRunning(started); attempt++) {
      if (await databases.query('select 1').then(Boolean, () => false)) return;
      await sleep(25);
    }
    const output = await readFile(logFile, 'utf8').catch(() => '(no log)');
    await stop('immediate');
    throw new Error(`PostgreSQL did not start on port ${port}:\n${output.slice(-2_000)}`);
  }

  async function stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const stopped = postmaster;
    postmaster = null;
    if (!isRunning(stopped)) return;
    stopped.ref(); // keeps this process running while it waits
    const exit = once(stopped, 'exit');
    stopped.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    for (const pid of processTree(stopped.pid as number)) signal(pid, 'SIGCONT'); // in case it is paused
    const lastResort = setTimeout(() => {
      for (const pid of processTree(stopped.pid as number)) signal(pid, 'SIGKILL');
    }, 20_000);
    await exit;
    clearTimeout(lastResort);
  }

  async function destroy(): Promise<void> {
    await stop('immediate');
    await rm(directory, { recursive: true, force: true });
    cancelReaper();
  }

  function pause(): void {
    if (!isRunning(postmaster)) throw new Error('PostgreSQL is not running: there is nothing to pause.');
    // The parent first, so that it starts no child unnoticed. Then again, for a child that was just starting.
    const paused = new Set<number>();
    for (let found = 1; found > 0; ) {
      const news = processTree(postmaster.pid as number).filter((pid) => !paused.has(pid));
      for (const pid of news) {
        signal(pid, 'SIGSTOP');
        paused.add(pid);
      }
      found = news.length;
    }
  }

  function resume(): void {
    if (!isRunning(postmaster)) return;
    for (const pid of processTree(postmaster.pid as number).reverse()) signal(pid, 'SIGCONT');
  }

  try {
    await initialize();
    await start();
  } catch (error) {
    await destroy();
    throw error;
  }
  return {
    ...databases,
    port,
    stop,
    start,
    async restart(mode) {
      await stop(mode);
      await start();
    },
    pause,
    resume,
    destroy,
  };
}

function isRunning(child: ChildProcess | null): child is ChildProcess {
  return child !== null && child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** PostgreSQL does not run as root. This is the user to run it as; null if this process does not run as root. */
function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const uid = Number(outputOf('id', '-u', name) || Number.NaN);
    const gid = Number(outputOf('id', '-g', name) || Number.NaN);
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as.');
}

/** A process and its descendants, parents first. (Each backend leads a group of its own: a group signal misses them.) */
function processTree(root: number): number[] {
  const childrenOf = Map.groupBy(parents(), ([, parent]) => parent);
  const tree = [root];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []).map(([child]) => child));
  return tree;
}

function parents(): [pid: number, parent: number][] {
  if (!existsSync('/proc/self/stat')) {
    const lines = outputOf('ps', '-A', '-o', 'pid=,ppid=').trim().split('\n');
    return lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8'); // "pid (any name) state parent ..."
        return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])] as [number, number]];
      } catch {
        return []; // has ended meanwhile
      }
    });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // has ended meanwhile
  }
}
