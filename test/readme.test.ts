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

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What stands under this heading. */
const sectionOf = (heading: string) => readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;

/** What differs from run to run: ids, secrets, times, durations, addresses. */
const masked = (text: string) =>
  text
    .replace(/eyJ[\w.…-]+/g, '<token>')
    .replace(/\b(usr|key|ses)_\w{26}/g, '<$1>')
    .replace(/rka_\w{36}/g, '<secret>')
    .replace(/rka_…\w{4}/g, '<hint>')
    .replace(/"settledInMilliseconds":[\d.]+/g, '"settledInMilliseconds":<n>')
    .replace(/X-Request-Id: .*/g, 'X-Request-Id: <uuid>')
    .replace(/Date: .*/g, 'Date: <now>')
    .replace(/Keep-Alive: .*\n?/g, '')
    .replaceAll('\r', '')
    .trim();

/** How to run a script so that the first command that fails ends it. */
const SHELLS = { bash: ['-euo', 'pipefail', '-c'], zsh: ['-f', '-euo', 'pipefail', '-c'], dash: ['-eu', '-c'] };
const shells = Object.keys(SHELLS) as (keyof typeof SHELLS)[];
const run = promisify(execFile);

/** Shells that this machine has. In CI, one that is missing is a failure. */
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
  test.each(shells)('the tour works in %s as it is printed, and answers what it says', async (shell) => {
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
  [...text.matchAll(/```(sh|json|)\n([\s\S]*?)```/g)].map(([, language, block]) => ({ language, text: block! }));
const scripts = blocksOf(readme).filter(({ language }) => language === 'sh');

test('what is to be pasted has no comments: a shell that is typed into may take them for arguments', () => {
  expect(scripts.length).toBeGreaterThan(5);
  for (const { text } of scripts) expect(text).not.toMatch(/(^|\s)#/m);
});

test.each(shells)('a value that an answer does not have is empty in %s', async (shell) => {
  if (!(await isInstalled(shell))) return;
  const functions = scripts.find(({ text }) => text.includes('field()'))!.text;
  const script = `${functions}\nANSWER='{"message":"a \\\\ b","id":"x"}'; printf '[%s][%s]' "$(field secret)" "$(field id)"`;
  expect((await run(shell, [...SHELLS[shell], script])).stdout).toBe('[][x]');
});

test.each(shells)('a master key that exists is kept, however often the command is pasted: %s', async (shell) => {
  if (!(await isInstalled(shell))) return;
  const directory = mkdtempSync(join(tmpdir(), 'rekey-readme-'));
  try {
    const { text } = scripts.find((script) => script.text.includes('openssl'))!;
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
])('no password that %s prints is accepted as one', (_, text) => {
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

test('the table of variables says what the features declare: name, default, meaning', () => {
  const withoutLinks = sectionOf('Configuration').replace(/ \(\[[^\]]*\]\([^)]*\)\)/g, '');
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

test('the defaults that the features declare are those that apply', () => {
  const config: Record<string, unknown> = readConfig({});
  for (const [key, { name, default: fallback }] of Object.entries(variables)) {
    if (typeof config[key] === 'number') expect(fallback, name).toBe(String(config[key]));
  }
});
