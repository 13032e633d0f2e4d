import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { embeddedMasterKey, lockDataDirectory } from '../../src/database/data-directory.ts';

const MODULE = join(import.meta.dirname, '..', '..', 'src', 'database', 'data-directory.ts');

function directoryOfItsOwn(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-data-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs this in processes of their own, which all live until each has printed its line. Answers those lines. */
async function atTheSameTime(processes: number, script: string): Promise<string[]> {
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

test('a directory belongs to one, until it is given free', () => {
  const directory = directoryOfItsOwn();
  const release = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(
    `The embedded database in ${directory} is in use by process ${process.pid}. Stop that process, or set DATABASE_URL to use PostgreSQL, which several processes can share.`,
  );
  release();
  lockDataDirectory(directory)();
});

test('who owns it is decided by the operating system, not by what is written there', () => {
  const directory = directoryOfItsOwn();
  // A process that is alive, but a stranger: ids are used again. And one with our own id, as in every container.
  for (const owner of ['1', String(process.pid), String(process.ppid), '', 'nonsense']) {
    writeFileSync(join(directory, 'owner'), owner);
    lockDataDirectory(directory)();
  }
  const release = lockDataDirectory(directory);
  rmSync(join(directory, 'owner'));
  expect(() => lockDataDirectory(directory)).toThrow('in use by another process.');
  release();
});

test('of several that come at the same moment after a crash, one gets it', async () => {
  const directory = directoryOfItsOwn();
  const contender = `(globalThis.release = lockDataDirectory(${JSON.stringify(directory)})) && 'mine'`;
  expect(await atTheSameTime(1, contender)).toEqual(['mine']); // And ended by SIGKILL.
  expect(readdirSync(directory)).toContain('owner');
  const outcomes = await atTheSameTime(4, contender);
  expect(outcomes.filter((outcome) => outcome === 'mine')).toHaveLength(1);
  for (const outcome of outcomes) expect(outcome).toMatch(/^mine$|is in use by (process \d+|another process)\./);
});

test('the master key is made once, whoever comes at the same moment, and is nobody else’s to read', async () => {
  const directory = join(directoryOfItsOwn(), 'below');
  const keys = await atTheSameTime(4, `embeddedMasterKey(${JSON.stringify(directory)}).toString('base64')`);
  expect(new Set(keys).size).toBe(1);
  expect(readdirSync(directory)).toEqual(['master.key']);
  expect(readFileSync(join(directory, 'master.key'), 'utf8')).toBe(`${keys[0]}\n`);
  expect(statSync(join(directory, 'master.key')).mode & 0o777).toBe(0o600);
  expect(embeddedMasterKey(directory).toString('base64')).toBe(keys[0]);
});

test('a database in memory has a key of its own each time', () => {
  expect(embeddedMasterKey(null)).not.toEqual(embeddedMasterKey(null));
});
