// Runs the operator's commands as processes.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ENVIRONMENT, NODE } from './server-process.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs another program to its end. */
export async function runProgram(
  program: string,
  args: string[],
  { directory = '.', env = {}, input = '' }: { directory?: string; env?: Record<string, string>; input?: string } = {},
): Promise<CommandResult> {
  const child = spawn(program, args, { cwd: directory, env: { PATH: process.env.PATH ?? '', ...env } });
  child.stdin.on('error', () => undefined); // It may end before it has read everything.
  child.stdin.end(input);
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      result[name] += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  return { code, ...result };
}

/** Runs `rekey` with these arguments. */
export function runRekey(
  args: string[],
  { env, ...options }: { directory?: string; env?: Record<string, string>; input?: string } = {},
): Promise<CommandResult> {
  const [node, ...flags] = NODE;
  return runProgram(node, [...flags, MAIN, ...args], { ...options, env: { ...ENVIRONMENT, ...env } });
}
