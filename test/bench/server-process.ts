import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REPORT_LOAD = fileURLToPath(new URL('../support/report-load.ts', import.meta.url));
const BARE_SERVER = fileURLToPath(new URL('bare-server.ts', import.meta.url));
const BARE_YOGA = fileURLToPath(new URL('bare-yoga.ts', import.meta.url));
const SERVER = join(import.meta.dirname, '..', '..', 'src', 'server.ts');

/** A server in a process of its own, on a port of its own. */
export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** One replica, as `npm start` runs it. */
  static replica(environment: Record<string, string>): Promise<ServerProcess> {
    return ServerProcess.#start([SERVER], { PORT: '0', REKEY_LOG_LEVEL: 'error', ...environment });
  }

  static bare(headers: Record<string, string>): Promise<ServerProcess> {
    return ServerProcess.#start([BARE_SERVER, JSON.stringify(headers)], {});
  }

  static bareYoga(): Promise<ServerProcess> {
    return ServerProcess.#start([BARE_YOGA], {});
  }

  /** CPU time used so far, in microseconds, all threads together. */
  async cpu(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('cpu');
    const [{ user, system }] = (await answer) as [NodeJS.CpuUsage];
    return user + system;
  }

  /**
   * The longest turn of the event loop since the last question, in milliseconds of CPU time of the main thread. The first
   * question begins the watch.
   */
  async longestTurn(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('turn');
    const [milliseconds] = (await answer) as [number];
    return milliseconds;
  }

  /** It stops where it stands: its connections stay open, and it answers nobody. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const lastResort = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await exit;
    clearTimeout(lastResort);
  }

  static async #start(argv: string[], environment: Record<string, string>): Promise<ServerProcess> {
    const child = spawn(process.execPath, ['--import', REPORT_LOAD, ...argv], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      const url = /ready: (\S+)/.exec(line)?.[1];
      if (!url) continue;
      child.stdout!.resume();
      return new ServerProcess(child, new URL(url).origin);
    }
    throw new Error(`${argv[0]} ended before it was ready.`);
  }
}
