// Which project of vitest a test file belongs to. Its place and its imports decide, so no file is in the wrong one by
// mistake.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROJECTS = ['fast', 'service', 'stories'] as const;
export type ProjectName = (typeof PROJECTS)[number];

const ROOT = join(import.meta.dirname, '..', '..');
/** Whole promises: with real servers, in real time, or by a long search. */
const STORIES = /^test\/(stories|gateways)\/|^test\/revocation\/(model|variants)\./;
/** Starts a process or a server, opens a database, or asks for what global-setup.ts provides. */
const SLOW = [
  /^src\/(app|server)\.ts$/,
  /^src\/cli\//,
  /^src\/database\/database\.ts$/,
  /^@mikro-orm\/(pglite|postgresql|cli)$/,
  /^@electric-sql\/pglite$/,
  /^@keyv\/redis$/,
  /^@redis\/client$/,
  /^node:(child_process|cluster|worker_threads)$/,
  /^pg$/,
  /^playwright-core$/,
];
/** An import or a re-export, static or dynamic, and its names. Types alone are no import: nothing is loaded. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)([^'"`;]*?)\bfrom\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/g;

/** Reads a file, or answers null where there is none. */
export type Read = (file: string) => string | null;

const readSource: Read = (file) => (existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : null);

/** The project of a test file, and why it is not in `fast`: the file that imports what is slow, and what that is. */
export function projectOf(file: string, read: Read = readSource): { project: ProjectName; because: string | null } {
  const because = reasonToBeSlow(file, read, new Set());
  if (STORIES.test(file)) return { project: 'stories', because };
  return { project: because ? 'service' : 'fast', because };
}

/** Every test file of a project. */
export function filesOf(project: ProjectName): string[] {
  const files = globSync('test/**/*.test.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'));
  return files.filter((file) => projectOf(file).project === project).toSorted();
}

function reasonToBeSlow(file: string, read: Read, seen: Set<string>): string | null {
  if (seen.has(file)) return null;
  seen.add(file);
  for (const { names, path } of importsOf(read(file) ?? '')) {
    const target = path.startsWith('.') ? join(file, '..', path).replaceAll('\\', '/') : path;
    const asks = target === 'vitest' && /\binject\b/.test(names);
    if (asks || SLOW.some((slow) => slow.test(target))) return `${file} imports ${asks ? 'inject' : target}`;
    // The code under test may import what it likes: what matters is what the tests start.
    const reason = target.startsWith('test/') ? reasonToBeSlow(target, read, seen) : null;
    if (reason) return reason;
  }
  return null;
}

function importsOf(source: string): { names: string; path: string }[] {
  return [...source.matchAll(IMPORT)]
    .map(([, names = '', ...paths]) => ({ names, path: paths.find((path) => path !== undefined) as string }))
    .filter(({ names }) => !/^\{(\s*type\s[^,}]+,?)+\s*\}\s*$/.test(names));
}
