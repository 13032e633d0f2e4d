// `npm run check`: all checks of the source that need no running service. Every step runs, even after a failed one. The
// summary names the failed steps.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const { scripts } = readJson('package.json');
const GENERATED = ['src/graphql/generated', 'src/graphql/resolvers', 'src/client/generated'];

const steps: { name: string; passes: () => boolean }[] = [
  { name: 'types: tsc', passes: () => run('typescript', scripts.typecheck) },
  { name: 'lint and format: biome', passes: () => run('@biomejs/biome', scripts.lint) },
  { name: 'generated files are up to date: graphql-codegen', passes: regeneratingChangesNothing },
  {
    name: 'import directions: architecture.test.ts',
    passes: () => run('vitest', `${scripts.test} test/architecture.test.ts`),
  },
];

function readJson(path: string) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** Runs a command as the scripts of package.json write it, with the Node of this process and without a shell. */
function run(packageName: string, command: string): boolean {
  const [tool, ...argv] = command.split(' ') as [string, ...string[]];
  const { bin } = readJson(join('node_modules', packageName, 'package.json'));
  const script = join(root, 'node_modules', packageName, typeof bin === 'string' ? bin : bin[tool]);
  const env = {
    ...process.env,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    REKEY_TEST_SERVERS: 'none', // reading the source needs no database
  };
  return spawnSync(process.execPath, [script, ...argv], { cwd: root, stdio: 'inherit', env }).status === 0;
}

// Compares with the files before the step, not with the last commit, so that uncommitted work can be checked.
function regeneratingChangesNothing(): boolean {
  const before = fingerprints();
  if (!run('@graphql-codegen/cli', scripts.generate)) return false;
  const after = fingerprints();
  const files = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  const changed = files.filter((file) => before.get(file) !== after.get(file));
  if (changed.length > 0) say(`Regenerating changed these files. Commit them as they are now:\n${list(changed)}`);
  if (after.size === 0) say(`Nothing was generated in ${GENERATED.join(', ')}.`);
  const untracked = untrackedFiles();
  if (untracked.length > 0) say(`Generated, but not known to git yet:\n${list(untracked)}`);
  return changed.length === 0 && after.size > 0 && untracked.length === 0;
}

function fingerprints(): Map<string, string> {
  const files = globSync(
    GENERATED.map((directory) => `${directory}/**/*.*`),
    { cwd: root },
  );
  return new Map(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest('hex'),
    ]),
  );
}

/** Empty if there is no git repository, as in an unpacked archive. */
function untrackedFiles(): string[] {
  const git = spawnSync('git', ['ls-files', '--others', '--exclude-standard', '--', ...GENERATED], {
    cwd: root,
    encoding: 'utf8',
  });
  return git.status === 0 ? git.stdout.split('\n').filter((file) => file !== '') : [];
}

function list(files: string[]): string {
  return files.map((file) => `  ${file}`).join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const results = steps.map(({ name, passes }) => {
  say(`\n=== ${name}`);
  const start = performance.now();
  const passed = passes();
  return { name, passed, seconds: (performance.now() - start) / 1000 };
});
say('\n=== summary');
for (const { name, passed, seconds } of results) {
  say(`${passed ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
