// A Redis for the tests: on a free port, without persistence, and stopped at the end of the test run.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@keyv/redis';
import { freePort, reapAtExit } from './ports.ts';

const OLDEST_MAJOR = 7;

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends it with SIGKILL, so that it closes nothing properly. */
  stop(): Promise<void>;
  /** Starts it on the same port, empty. */
  start(): Promise<void>;
  /** Accepts connections but answers none of them. No connection error reports this. */
  freeze(): void;
  thaw(): void;
  /** Deletes all data. On the shared server, this includes the data of other test files. */
  flush(): Promise<void>;
  command(...command: string[]): Promise<unknown>;
  destroy(): Promise<void>;
}

/** The path of redis-server or valkey-server, 7 or newer, or null. */
export function findRedis(): string | null {
  if (process.platform === 'win32') return null;
  const directories = [
    ...(process.env.REDIS_BINDIR ? [process.env.REDIS_BINDIR] : []),
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
    '/home/linuxbrew/.linuxbrew/bin',
  ];
  for (const directory of directories) {
    for (const name of ['redis-server', 'valkey-server']) {
      const path = join(directory, name);
      if (directory !== '' && existsSync(path) && majorOf(path) >= OLDEST_MAJOR) return path;
    }
  }
  return null;
}

function majorOf(server: string): number {
  try {
    const output = execFileSync(server, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(/\bv=(\d+)/.exec(output)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Sends one command over a new connection. Throws after a limited time if the server is down or frozen. */
export async function redisCommand(url: string, ...command: string[]): Promise<unknown> {
  const client = createClient({ url, socket: { connectTimeout: 2_000, reconnectStrategy: false } });
  client.on('error', () => undefined); // the promise rejects
  const deadline = new AbortController();
  try {
    return await Promise.race([
      client.connect().then(() => client.sendCommand(command)),
      sleep(5_000, undefined, { signal: deadline.signal }).then(() => {
        throw new Error(`Redis did not answer ${command[0]} within 5 s.`);
      }),
    ]);
  } finally {
    deadline.abort();
    client.destroy();
  }
}

export async function startRedis(): Promise<RedisServer> {
  const found = findRedis();
  if (found === null) throw new Error('No redis-server 7 or newer on this machine.');
  const binary: string = found;
  const directory = await mkdtemp(join(tmpdir(), 'rekey-redis-'));
  const pidFile = join(directory, 'redis.pid');
  const logFile = join(directory, 'redis.log');
  const cancelReaper = reapAtExit(directory, pidFile, 'KILL');
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    if (child !== null) return;
    const options: Record<string, string> = {
      port: String(port),
      bind: '127.0.0.1',
      save: '',
      appendonly: 'no',
      dir: directory,
      pidfile: pidFile,
      logfile: logFile,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const started = spawn(binary, flags, { cwd: directory, detached: true, stdio: 'ignore' });
    started.unref();
    child = started;
    for (let attempt = 0; attempt < 400; attempt++) {
      if (started.exitCode !== null || started.signalCode !== null) break;
      if ((await redisCommand(url, 'PING').catch(() => null)) === 'PONG') return;
      await sleep(25);
    }
    const log = await readFile(logFile, 'utf8').catch(() => '(no log)');
    await stop();
    throw new Error(`Redis did not start on port ${port}:\n${log.slice(-2_000)}`);
  }

  async function stop(): Promise<void> {
    const stopped = child;
    child = null;
    if (stopped === null || stopped.exitCode !== null || stopped.signalCode !== null) return;
    stopped.ref(); // keeps this process running while it waits
    const exit = once(stopped, 'exit');
    stopped.kill('SIGKILL');
    await exit;
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
  return {
    url,
    port,
    stop,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    flush: async () => void (await redisCommand(url, 'FLUSHALL')),
    command: (...command) => redisCommand(url, ...command),
    destroy,
  };
}
