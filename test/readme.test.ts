import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PLACEHOLDER_PASSWORD } from '../src/accounts/famous-phrases.ts';
import { Passwords } from '../src/accounts/password.ts';
import { readConfig, variables } from '../src/config.ts';
import { GRAPHIQL } from '../src/graphql/graphiql.ts';
import { InputCheck } from '../src/kernel/input.ts';
import { backends, PASSWORD, SETUP_TOKEN } from './support/app.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');
const operations = read('src/cli/README.md');

/** The text under this heading. */
const sectionOf = (heading: string, document = readme) => document.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;

/** Replaces what differs between runs: ids, secrets, times, durations, addresses. */
const masked = (text: string) =>
  text
    .replace(/eyJ[\w.…-]+/g, '<token>')
    .replace(/\b(usr|key|ses)_\w{26}/g, '<$1>')
    .replace(/rka_\w{36}/g, '<secret>')
    .replace(/rka_…\w{4}/g, '<hint>')
    .replace(/"settledInMilliseconds":[\d.]+/g, '"settledInMilliseconds":<n>')
    .replaceAll('\r', '')
    .trim();

/** How to run a script that stops at the first failed command. */
const SHELLS = { bash: ['-euo', 'pipefail', '-c'], zsh: ['-f', '-euo', 'pipefail', '-c'], dash: ['-eu', '-c'] };
const shells = Object.keys(SHELLS) as (keyof typeof SHELLS)[];
const run = promisify(execFile);

/** Whether this machine has this shell. In CI, a missing shell is a failure. */
async function isInstalled(shell: string): Promise<boolean> {
  const installed = await run(shell, ['-c', ':']).then(
    () => true,
    () => false,
  );
  if (!installed && process.env.CI) throw new Error(`Nothing is skipped in CI, and this machine lacks ${shell}.`);
  if (!installed) process.stderr.write(`SKIPPED: README in ${shell}. To run it: apt-get install ${shell}\n`);
  return installed;
}

describe.each(backends())('on $name', ({ start }) => {
  test.each(shells)('the printed commands of the tour work in %s and print the documented output', async (shell) => {
    if (!(await isInstalled(shell))) return;
    const app = await start();
    try {
      const { printed, answered } = await tourAt(app.url, shell);
      expect(answered).toEqual(printed);
    } finally {
      await app.close();
    }
  });
});

const blocksOf = (text: string) =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, block]) => ({ language, text: block! }));
const scripts = blocksOf(readme + operations).filter(({ language }) => language === 'sh');

test('scripts have no comments, because an interactive shell may read them as arguments', () => {
  expect(scripts.length).toBeGreaterThan(5);
  for (const { text } of scripts) expect(text).not.toMatch(/(^|\s)#/m);
});

test.each(shells)('a field that is missing in a response is empty in %s', async (shell) => {
  if (!(await isInstalled(shell))) return;
  const functions = scripts.find(({ text }) => text.includes('field()'))!.text;
  const script = `${functions}\nANSWER='{"message":"a \\\\ b","id":"x"}'; printf '[%s][%s]' "$(field secret)" "$(field id)"`;
  expect((await run(shell, [...SHELLS[shell], script])).stdout).toBe('[][x]');
});

test.each(shells)('the command for a master key does not overwrite an existing key in %s', async (shell) => {
  if (!(await isInstalled(shell))) return;
  const directory = mkdtempSync(join(tmpdir(), 'rekey-readme-'));
  try {
    const { text } = scripts.find((script) => script.text.includes('> rekey-master.key'))!;
    await run(shell, [...SHELLS[shell], text], { cwd: directory });
    const key = readFileSync(join(directory, 'rekey-master.key'), 'utf8');
    expect(readConfig({ REKEY_MASTER_KEY: key.trim() }).masterKey).toHaveLength(32);
    await expect(run(shell, [...SHELLS[shell], text], { cwd: directory })).rejects.toThrow('rekey-master.key');
    expect(readFileSync(join(directory, 'rekey-master.key'), 'utf8')).toBe(key);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.each([
  ['README', readme],
  ['GraphiQL', GRAPHIQL.defaultQuery as string],
])('every password in %s is rejected as a password', (_, text) => {
  const printed = [...text.matchAll(/password\w*["']?\s*[:=]\s*["']([^"'\n]+)["']/gi)].map(([, password]) => password!);
  expect(printed).toContain(PLACEHOLDER_PASSWORD);
  const passwords = new Passwords(8);
  for (const password of printed) {
    const check = new InputCheck();
    passwords.check(check, { password, path: 'input.password', about: [] });
    expect(check.outcome, password).not.toBeNull();
  }
});

async function tourAt(url: string, shell: keyof typeof SHELLS) {
  const tour = sectionOf('A tour in five minutes');
  const blocks = blocksOf(tour);
  const script = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  script[0] = script[0]!
    .replace(/REKEY=\S+/, `REKEY=${url}`)
    .replace(/SETUP_TOKEN=\S+/, `SETUP_TOKEN=${SETUP_TOKEN}`)
    .replace(/PASSWORD='[^']+'/, `PASSWORD='${PASSWORD}'`);
  const { stdout } = await run(shell, [...SHELLS[shell], script.join('\n')]);
  const printed = blocks.filter(({ language }) => language !== 'sh').map(({ text }) => text.trim());
  const linesOf = (text: string) => masked(text).split('\n').filter(Boolean);
  return { printed: linesOf(printed.join('\n')), answered: linesOf(stdout) };
}

test('the two tables of variables contain the declared names, defaults and meanings', () => {
  const tables = sectionOf('Configuration') + sectionOf('Limits and lifetimes', operations);
  const withoutLinks = tables.replace(/ \(\[[^\]]*\]\([^)]*\)\)/g, '');
  const rows = [...withoutLinks.matchAll(/^\| `(\w+)` \| (.*?) \| (.*) \|$/gm)].map(([, name, shown, meaning]) => {
    const text = /^\d[\d ]*$/.test(shown!) ? shown!.replaceAll(' ', '') : shown!.replace(/^`(.*)`$/, '$1');
    return { name, default: text, meaning };
  });
  const declared = Object.values(variables).map(({ name, default: fallback, meaning }) => ({
    name,
    default: fallback,
    meaning,
  }));
  expect(declared.length).toBeGreaterThan(20);
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) => (a.name! < b.name! ? -1 : 1);
  expect(rows.toSorted(byName)).toEqual(declared.toSorted(byName));
});

test('the declared defaults are the effective defaults', () => {
  const config: Record<string, unknown> = readConfig({});
  for (const [key, { name, default: fallback }] of Object.entries(variables)) {
    if (typeof config[key] === 'number') expect(fallback, name).toBe(String(config[key]));
  }
});
