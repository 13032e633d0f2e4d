// The service, or another program, in its own process, as an operator starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const SERVER = join(import.meta.dirname, '..', '..', 'src', 'server.ts');
/**
 * What every process of Node gets, and nothing else of the environment of the tests. Most of the time of a start is
 * compilation, and tests start hundreds of processes.
 */
export const ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  NODE_COMPILE_CACHE: join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'rekey-tests'),
};
/** Node for short-lived processes: the WebAssembly of the embedded database runs too briefly to be worth optimising. */
export const NODE = [process.execPath, '--liftoff-only'] as const;
/** Longer than any start or stop on a busy machine. */
const TIMEOUT_MS = 60_000;
/** How long a server may take to stop before it is killed. */
const STOP_MS = 5000;
/** The output that contains its address. */
const READY = /^(?:Rekey is ready|ready): (http:\/\/[^/\s]+)/m;

export interface ServerProcessOptions {
  /** Its working directory. */
  directory?: string;
  environment?: Record<string, string>;
  /** The program and its arguments. The default is the service. */
  command?: readonly [string, ...string[]];
  /** A module of this folder that is loaded before its own code and answers `ask`. */
  preload?: 'report-load.ts' | 'skew-clock.ts';
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class ServerProcess {
  /** All output so far. */
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #exit: Exit | null = null;

  constructor({ directory, environment = {}, command = [...NODE, SERVER], preload }: ServerProcessOptions) {
    const [program, ...argv] = command;
    const first = preload ? ['--import', new URL(preload, import.meta.url).href] : [];
    this.#child = spawn(program, [...first, ...argv], {
      cwd: directory,
      // No gateway waits for these replicas, unless the test has one.
      env: { ...ENVIRONMENT, PORT: '0', REKEY_STOP_DELAY_SECONDS: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', ...(preload ? (['ipc'] as const) : [])],
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream]!.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text;
        this.#changed();
      });
    }
    this.#child.on('close', (code, signal) => {
      this.#exit = { code, signal };
      this.#changed();
    });
  }

  /** One replica that answers the questions below, ready. */
  static replica(environment: Record<string, string>): Promise<ServerProcess> {
    return ServerProcess.measured([SERVER], { REKEY_LOG_LEVEL: 'error', ...environment });
  }

  /** A script of Node that answers the questions below, ready. */
  static async measured(argv: string[], environment: Record<string, string> = {}): Promise<ServerProcess> {
    const command = [process.execPath, ...argv] as const;
    const server = new ServerProcess({ command, environment, preload: 'report-load.ts' });
    await server.ready();
    return server;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The address on which it listens. */
  get url(): string {
    const url = READY.exec(this.stdout)?.[1];
    if (!url) throw new Error('The server is not ready.');
    return url;
  }

  /** Resolves with the address when it is ready. Rejects with its output if it ends before. */
  ready(): Promise<string> {
    return this.#until('ready', () => READY.exec(this.stdout)?.[1] ?? null);
  }

  /** Resolves once this has been written to standard output. */
  async printed(text: string | RegExp): Promise<void> {
    await this.#until(`printed ${text}`, () => (this.stdout.match(text) ? true : null));
  }

  /** Resolves when it has ended. */
  exited(): Promise<Exit> {
    return this.#until('exited', () => this.#exit, true);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Pauses the process: its connections stay open, and it does not answer. */
  pause(): void {
    this.kill('SIGSTOP');
  }

  resume(): void {
    this.kill('SIGCONT');
  }

  /** Stops it as an operator does. Kills it if it does not stop. */
  async stop(): Promise<void> {
    this.resume();
    this.kill('SIGTERM');
    const lastResort = setTimeout(() => this.kill('SIGKILL'), STOP_MS);
    await this.exited();
    clearTimeout(lastResort);
  }

  /** Sends a message to the module that was preloaded, and resolves with its answer. */
  async ask(message: string | object): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(message);
    return (await answer)[0];
  }

  /** CPU time used so far, in microseconds, all threads together. */
  async cpu(): Promise<number> {
    const { user, system } = (await this.ask('cpu')) as NodeJS.CpuUsage;
    return user + system;
  }

  /** What it holds in memory after a garbage collection, in bytes. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    return (await this.ask('memory')) as NodeJS.MemoryUsage;
  }

  /** The handles, requests and timers that are active, by kind, as Node names them. */
  async resources(): Promise<Record<string, number>> {
    return (await this.ask('resources')) as Record<string, number>;
  }

  /** How many file descriptors it has open. Linux only. */
  async descriptors(): Promise<number> {
    return (await readdir(`/proc/${this.pid}/fd`)).length;
  }

  /** CPU time used so far by the main thread, in milliseconds. */
  async mainThread(): Promise<number> {
    return (await this.ask('main')) as number;
  }

  /**
   * The longest turn of the event loop since the last call, in milliseconds of CPU time of the main thread. The first
   * call starts the measurement.
   */
  async longestTurn(): Promise<number> {
    return (await this.ask('turn')) as number;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #until<T>(what: string, look: () => T | null, mayEnd = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        finish();
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${what}: ${why}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`)));
      const timer = setTimeout(() => fail(`not within ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
      const check = () => {
        const found = look();
        if (found !== null) settle(() => resolve(found));
        else if (this.#exit && !mayEnd) fail(`the process exited with ${this.#exit.code ?? this.#exit.signal}`);
      };
      this.#listeners.add(check);
      check();
    });
  }
}

/** An empty directory that is removed at the end of the test. */
export function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-server-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts the service in this directory. The process ends with the test. */
export function startServer(
  directory: string,
  environment: Record<string, string> = {},
  command?: readonly [string, ...string[]],
): ServerProcess {
  const server = new ServerProcess({ directory, environment, command });
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await server.exited();
  });
  return server;
}
