import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { backends, SETUP_TOKEN } from './support/app.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What differs from run to run: ids, secrets, times, durations, addresses. */
const masked = (text: string) =>
  text
    .replace(/eyJ[\w.…-]+/g, '<token>')
    .replace(/\b(usr|key|ses)_\w{26}/g, '<$1>')
    .replace(/rka_\w{36}/g, '<secret>')
    .replace(/rka_…\w{4}/g, '<hint>')
    .replace(/"settledInMilliseconds":[\d.]+/g, '"settledInMilliseconds":<n>')
    .replace(/Date: .*/g, 'Date: <now>')
    .replace(/Keep-Alive: .*\n?/g, '')
    .replaceAll('\r', '')
    .trim();

describe.each(backends())('on $name', ({ start }) => {
  test('the tour works as it is printed, and answers what it says', async () => {
    const app = await start();
    try {
      const { printed, answered } = await tourAt(app.url);
      expect(answered).toEqual(printed);
    } finally {
      await app.close();
    }
  });
});

async function tourAt(url: string) {
  const tour = readme.split('## A tour in five minutes')[1]!.split('The same on PostgreSQL')[0]!;
  const blocks = [...tour.matchAll(/```(sh|json|)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
    language,
    text: text!,
  }));
  const script = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  script[0] = script[0]!.replace(/REKEY=\S+/, `REKEY=${url}`).replace(/SETUP_TOKEN=\S+/, `SETUP_TOKEN=${SETUP_TOKEN}`);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script.join('\n')]);
  const printed = blocks.filter(({ language }) => language !== 'sh').map(({ text }) => text.trim());
  const linesOf = (text: string) => masked(text).split('\n').filter(Boolean);
  return { printed: linesOf(printed.join('\n')), answered: linesOf(stdout) };
}

test('every variable is in the table of the configuration with its default, and no other is', () => {
  const section = readme.split('## Configuration')[1]!.split('## Operations')[0]!;
  const documented = new Set(
    [...section.matchAll(/`((?:REKEY|HOST|PORT|DATABASE|REDIS)\w*)`/g)].map(([, name]) => name),
  );
  const source = readFileSync(new URL('../src/config.ts', import.meta.url), 'utf8');
  const known = new Set([...source.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name));
  expect([...documented].sort()).toEqual([...known].sort());
  const defaults: Record<string, unknown> = readConfig({});
  const keyOf = (name: string) => name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  const numbers = [...section.matchAll(/`REKEY_(\w+)`[^|]*\| (\d[\d ]*) \|/g)];
  expect(numbers).toHaveLength(Object.values(defaults).filter((value) => typeof value === 'number').length - 1); // PORT
  for (const [, name, shown] of numbers) expect(Number(shown!.replaceAll(' ', '')), name).toBe(defaults[keyOf(name!)]);
});
