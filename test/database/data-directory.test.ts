import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { embeddedMasterKey, lockDataDirectory } from '../../src/database/data-directory.ts';

const MODULE = join(import.meta.dirname, '..', '..', 'src', 'database', 'data-directory.ts');

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-data-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs this in several processes. Each one runs until all have printed a line. Returns those lines. */
async function concurrently(processes: number, script: string): Promise<string[]> {
  const source = `
    import { embeddedMasterKey, lockDataDirectory } from ${JSON.stringify(MODULE)};
    process.stdin.resume();
    try { console.log(${script}); } catch (error) { console.log(error.message); }`;
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const lines = await Promise.all(children.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()));
  await Promise.all(
    children.map(async (child) => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  return lines;
}

test('a data directory can be locked once, until it is released', () => {
  const directory = newDirectory();
  const release = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(
    `The embedded database in ${directory} is in use by process ${process.pid}. Stop that process, or set DATABASE_URL to use PostgreSQL, which several processes can share.`,
  );
  release();
  lockDataDirectory(directory)();
});

test('the lock is held by the operating system and does not depend on the content of the owner file', () => {
  const directory = newDirectory();
  // A running process that is unrelated, because ids are reused, and one with our own id, as in every container.
  for (const owner of ['1', String(process.pid), String(process.ppid), '', 'nonsense']) {
    writeFileSync(join(directory, 'owner'), owner);
    lockDataDirectory(directory)();
  }
  const release = lockDataDirectory(directory);
  rmSync(join(directory, 'owner'));
  expect(() => lockDataDirectory(directory)).toThrow('in use by another process.');
  release();
});

test('one of several concurrent processes gets the lock after a crash', async () => {
  const directory = newDirectory();
  const contender = `(globalThis.release = lockDataDirectory(${JSON.stringify(directory)})) && 'mine'`;
  expect(await concurrently(1, contender)).toEqual(['mine']); // SIGKILL ends the process.
  expect(readdirSync(directory)).toContain('owner');
  const outcomes = await concurrently(4, contender);
  expect(outcomes.filter((outcome) => outcome === 'mine')).toHaveLength(1);
  for (const outcome of outcomes) expect(outcome).toMatch(/^mine$|is in use by (process \d+|another process)\./);
});

test('concurrent processes generate one master key, and only its owner can read the file', async () => {
  const directory = join(newDirectory(), 'below');
  const keys = await concurrently(4, `embeddedMasterKey(${JSON.stringify(directory)}).toString('base64')`);
  expect(new Set(keys).size).toBe(1);
  expect(readdirSync(directory)).toEqual(['master.key']);
  expect(readFileSync(join(directory, 'master.key'), 'utf8')).toBe(`${keys[0]}\n`);
  expect(statSync(join(directory, 'master.key')).mode & 0o777).toBe(0o600);
  expect(embeddedMasterKey(directory).toString('base64')).toBe(keys[0]);
});

test('each database in memory has a new master key', () => {
  expect(embeddedMasterKey(null)).not.toEqual(embeddedMasterKey(null));
});
