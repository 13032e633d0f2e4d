// The vitest project of each test file. Its folder and its imports decide, so that no file is in the wrong one by
// mistake.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PROJECTS = ['fast', 'service', 'stories'] as const;
export type ProjectName = (typeof PROJECTS)[number];

const ROOT = join(import.meta.dirname, '..', '..');
/** Tests with several real servers, in real time, or with a long search. */
const STORIES = /^test\/(stories|gateways)\/|^test\/revocation\/(model|variants)\./;
/** Starts a process or a server, opens a database, or uses what global-setup.ts provides. */
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
/** An import or a re-export, static or dynamic, and its names. An import of types only loads nothing and is ignored. */
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)([^'"`;]*?)\bfrom\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'/g;

/** Reads a file, or returns null if it does not exist. */
export type Read = (file: string) => string | null;

const readSource: Read = (file) => (existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : null);

/** The project of a test file, and the reason why it is not in `fast`: a slow import, and the file that has it. */
export function projectOf(file: string, read: Read = readSource): { project: ProjectName; because: string | null } {
  const because = reasonToBeSlow(file, read, new Set());
  if (STORIES.test(file)) return { project: 'stories', because };
  return { project: because ? 'service' : 'fast', because };
}

/** Whether a file replaces a module. Such a file needs modules of its own, and must not leave them to other files. */
export function replacesModules(file: string, read: Read = readSource): boolean {
  return /\bvi\.(do)?[mM]ock\(/.test(read(file) ?? '');
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
    const injects = target === 'vitest' && /\binject\b/.test(names);
    if (injects || SLOW.some((slow) => slow.test(target))) return `${file} imports ${injects ? 'inject' : target}`;
    // Imports of the code under test do not matter. Only what the tests start is slow.
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
