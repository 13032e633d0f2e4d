// slowhttptest, the program that shows whether slow clients exhaust a server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const CONNECTIONS = 100;
/** Colors, and the movement of the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: how these sequences begin
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Debian's package has the same name. */
export const SLOW_HTTP_TEST = 'slowhttptest';

export function findSlowHttpTest(): string | null {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.map((directory) => join(directory, SLOW_HTTP_TEST)).find((path) => existsSync(path)) ?? null;
}

/** What the program has reported. */
export interface SlowHttpReport {
  /** Its last words, such as `No open connections left`. */
  end: string;
  /** Whether a new connection of it was answered, at each of its reports. */
  available: string[];
}

/**
 * Opens many connections, and attacks on each of them until the server has ended all, or these seconds have passed.
 *
 * @param options.attack the arguments that select the attack
 * @param options.meanwhile runs after each report of the program, while the connections are open
 */
export async function slowHttp(
  url: string,
  { attack, seconds, meanwhile }: { attack: readonly string[]; seconds: number; meanwhile: () => Promise<void> },
): Promise<SlowHttpReport> {
  const size = ['-c', String(CONNECTIONS), '-r', String(CONNECTIONS), '-l', String(seconds), '-p', '10'];
  const child = spawn(findSlowHttpTest() as string, [...attack, ...size, '-u', url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    let isOver = false;
    const over = once(child, 'close').then(() => (isOver = true));
    while (!isOver) {
      await Promise.race([once(child.stdout, 'data'), over]);
      if (output.includes('service available')) await meanwhile();
    }
    const text = output.replace(ESCAPES, '');
    return {
      end: /^Exit status: (.*)$/m.exec(text)?.[1]?.trim() ?? text,
      available: [...text.matchAll(/^service available: +(\w+)/gm)].map(([, answer]) => answer!),
    };
  } finally {
    child.kill('SIGKILL');
  }
}
