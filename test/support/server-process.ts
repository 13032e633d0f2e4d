// The service as an operator starts it: a process of its own, in a directory of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const SERVER = join(import.meta.dirname, '..', '..', 'src', 'server.ts');
/** Longer than any start or stop takes on a busy machine. */
const PATIENCE_MS = 60_000;

export interface ServerProcess {
  readonly pid: number;
  /** Everything it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the address once it is ready; rejects with all it has said where it ends before. */
  ready(): Promise<string>;
  /** Resolves once this has been written to standard output. */
  said(text: string | RegExp): Promise<void>;
  /** Resolves once it is gone. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

/** An empty directory, gone when the test is. */
export function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-server-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts the service in this directory. Whatever becomes of the test, the process does not outlive it. */
export function startServer(
  directory: string,
  environment: Record<string, string> = {},
  command?: [string, ...string[]],
): ServerProcess {
  const server = spawnServer(directory, environment, command);
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await server.exited();
  });
  return server;
}

/** The same outside of a test. Whoever starts it ends it. */
export function spawnServer(
  directory: string,
  environment: Record<string, string> = {},
  [command, ...args]: [string, ...string[]] = [process.execPath, SERVER],
): ServerProcess {
  const child: ChildProcess = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
      changed();
    });
  }
  let exit: { code: number | null; signal: NodeJS.Signals | null } | null = null;
  child.on('close', (code, signal) => {
    exit = { code, signal };
    changed();
  });
  function until<T>(what: string, look: () => T | null, mayEnd = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        listeners.delete(check);
        finish();
      };
      const give = (why: string) =>
        settle(() => reject(new Error(`${what}: ${why}\nstdout: ${written.stdout}\nstderr: ${written.stderr}`)));
      const timer = setTimeout(() => give('not in time'), PATIENCE_MS);
      const check = () => {
        const found = look();
        if (found !== null) settle(() => resolve(found));
        else if (exit && !mayEnd) give(`the process has ended with ${exit.code ?? exit.signal}`);
      };
      listeners.add(check);
      check();
    });
  }

  return {
    pid: child.pid as number,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    ready: () => until('ready', () => /^Rekey is ready: (http:\/\/\S+)\/graphql$/m.exec(written.stdout)?.[1] ?? null),
    said: async (text) => {
      await until(`said ${text}`, () => (written.stdout.match(text) ? true : null));
    },
    exited: () => until('exited', () => exit, true),
    kill: (signal) => void child.kill(signal),
  };
}
