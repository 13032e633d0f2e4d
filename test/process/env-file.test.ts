// `.env` in the folder of the package, which the npm scripts read.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENVIRONMENT, emptyDirectory } from '../support/server-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** A folder with the package and this `.env`. */
function folderWith(content: string): string {
  const folder = emptyDirectory();
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['src', 'schema', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
  writeFileSync(join(folder, '.env'), content);
  return folder;
}

const run = (folder: string, argv: string[], environment: Record<string, string> = {}) =>
  spawnSync('npm', argv, { cwd: folder, env: { ...ENVIRONMENT, ...environment }, encoding: 'utf8' });

test.each([
  ['npm start', ['start']],
  ['npm run dev', null],
  ['npm run rekey', ['run', 'rekey', '--', 'migrate']],
  ['npm run db:migrate', ['run', 'db:migrate']],
])(
  '%s reads it',
  (command, argv) => {
    const script = scripts[command.replace(/^npm (run )?/, '')];
    expect(script).toContain('node --env-file-if-exists=.env ');
    if (argv === null) return; // It waits for changes after an error.
    const { status, stderr } = run(folderWith('# of this machine\nPORT="from the file"\n'), argv);
    expect([status, stderr]).toEqual([78, expect.stringContaining('PORT must be a whole number')]);
  },
  180_000,
);

test('the environment wins, and an empty value there unsets a variable', () => {
  const folder = folderWith('PORT=x\nREKEY_LEASE_MS=y\nREKEY_CANARY=z\n');
  const { status, stderr } = run(folder, ['start'], { PORT: '0', REKEY_LEASE_MS: '' });
  expect(status).toBe(78);
  expect(stderr).toContain('REKEY_CANARY must be');
  expect(stderr).not.toMatch(/PORT|REKEY_LEASE_MS/);
}, 180_000);
