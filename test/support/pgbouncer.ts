// PgBouncer between a replica and PostgreSQL, as operators run it: in transaction mode, with few connections to the server.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort, reapAtExit } from './ports.ts';

export interface PgBouncer {
  readonly port: number;
  /** The URL of a database of the server, through the pooler. */
  url(serverUrl: string): string;
  /** Kills it, which ends its connections to clients and to the server. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  destroy(): Promise<void>;
}

export interface PgBouncerOptions {
  /** Where the server listens. */
  port: number;
  /** The user of all its connections to the server. It does not depend on the user of the client. */
  user?: string;
  /** More lines of its section `[pgbouncer]`. */
  settings?: Record<string, string>;
}

/** The path of pgbouncer, or null. Debian installs it where only root looks. */
export function findPgBouncer(): string | null {
  if (process.platform === 'win32') return null;
  const directories = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/opt/homebrew/bin',
  ];
  return (
    directories
      .filter((directory) => directory !== '')
      .map((directory) => join(directory, 'pgbouncer'))
      .find((path) => existsSync(path)) ?? null
  );
}

/** Whether this version keeps prepared statements in transaction mode (`max_prepared_statements`): 1.21 or newer. */
export function keepsPreparedStatements(): boolean {
  const found = findPgBouncer();
  const output = found === null ? '' : execFileSync(found, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(output) ?? [];
  return Number(major) > 1 || Number(minor) >= 21;
}

export async function startPgBouncer({
  port: serverPort,
  user = 'postgres',
  settings = {},
}: PgBouncerOptions): Promise<PgBouncer> {
  const found = findPgBouncer();
  if (found === null) throw new Error('No pgbouncer on this machine.');
  const program: string = found;
  const directory = await mkdtemp('/tmp/rekey-pgbouncer-');
  await chmod(directory, 0o777); // It does not run as root.
  const pidFile = join(directory, 'pgbouncer.pid');
  const logFile = join(directory, 'pgbouncer.log');
  const file = join(directory, 'pgbouncer.ini');
  const cancelReaper = reapAtExit(directory, pidFile, 'KILL');
  const port = await freePort();
  const options = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    max_client_conn: '1000',
    // Fewer than one replica opens towards it.
    default_pool_size: '10',
    // A server that comes back is used again at once.
    server_login_retry: '1',
    pidfile: pidFile,
    ...settings,
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}\n`);
  const databases = `[databases]\n* = host=127.0.0.1 port=${serverPort} user=${user}\n`;
  await writeFile(file, `${databases}[pgbouncer]\n${lines.join('')}`);
  let child: ChildProcess | null = null;

  const url = (serverUrl: string) => {
    const through = new URL(serverUrl);
    through.port = String(port);
    return through.href;
  };

  /** It accepts a client only when the server has accepted a connection of its own. */
  async function answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: url('postgres://postgres@127.0.0.1/postgres') });
    client.on('error', () => undefined);
    const connected = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    return connected;
  }

  async function start(): Promise<void> {
    if (child !== null) return;
    const log = openSync(logFile, 'a');
    const argv = process.getuid?.() === 0 ? ['-u', 'postgres', file] : [file];
    const started = spawn(program, argv, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    started.unref();
    child = started;
    for (let attempt = 0; attempt < 400; attempt++) {
      if (started.exitCode !== null || started.signalCode !== null) break;
      if (await answers()) return;
      await sleep(25);
    }
    const output = await readFile(logFile, 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`PgBouncer did not start on port ${port}:\n${output.slice(-2_000)}`);
  }

  async function stop(): Promise<void> {
    const stopped = child;
    child = null;
    if (stopped !== null && stopped.exitCode === null && stopped.signalCode === null) {
      stopped.ref();
      const exit = once(stopped, 'exit');
      stopped.kill('SIGKILL');
      await exit;
    }
    await rm(pidFile, { force: true });
  }

  async function destroy(): Promise<void> {
    await stop();
    await rm(directory, { recursive: true, force: true });
    cancelReaper();
  }

  try {
    await start();
  } catch (error) {
    await destroy();
    throw error;
  }
  return { port, url, stop, start, destroy };
}
