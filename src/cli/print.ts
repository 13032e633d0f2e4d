import { once } from 'node:events';

/** Prints one line on standard output. It waits for a reader that is slower. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}
