// `rekey bootstrap` on a terminal and with a pipe.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PASSWORD } from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { ENVIRONMENT, NODE } from '../support/server-process.ts';

const CLI = join(import.meta.dirname, '..', '..', 'src', 'cli');
const MAIN = join(CLI, 'main.ts');
const BOOTSTRAP = ['bootstrap', '--email', 'ada@example.com', '--display-name', 'Ada'];
const COMMAND = [...NODE, MAIN, ...BOOTSTRAP];
const TEST_MS = 180_000;

/** Runs the command and answers each prompt, in order, as soon as it appears. */
async function run(
  directory: string,
  [program, ...args]: string[],
  answers: [prompt: string, answer: string][] = [],
): Promise<{ code: number | null; shown: string }> {
  const child = spawn(program as string, args, { cwd: directory, env: ENVIRONMENT });
  let shown = '';
  const pending = [...answers];
  const look = () => {
    const [next] = pending;
    if (!next || !shown.includes(next[0])) return;
    pending.shift();
    child.stdin.write(next[1]);
    if (pending.length === 0 && program !== 'script') child.stdin.end();
    look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      look();
    });
  }
  look();
  if (answers.length === 0) child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, shown };
}

const quoted = (words: string[]) => words.map((word) => `'${word}'`).join(' ');
/** The command on a new terminal (util-linux). */
const onTerminal = (command: string) => ['script', '--quiet', '--return', '--command', command, '/dev/null'];

describe.skipIf(process.platform !== 'linux')('on a terminal', () => {
  const AGAIN = 'Password again: ';

  test('asks for the password twice and never shows it', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    const { code, shown } = await run(directory, onTerminal(quoted(COMMAND)), [
      ['Password: ', `${PASSWORD}\r`],
      [AGAIN, `${PASSWORD}\r`],
    ]);
    expect(shown).toContain('Created the administrator ada@example.com (usr_');
    expect(code).toBe(0);
    for (const part of PASSWORD.split(' ')) expect(shown).not.toContain(part);

    const again = await run(directory, onTerminal(quoted(COMMAND)));
    expect(again.code).toBe(1);
    expect(again.shown).toContain('An administrator already exists.');
    expect(again.shown).not.toContain('Password');
  });

  test('hides input before the launcher has loaded the program', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    // Types the password when the first file after the launcher is loaded, long before the prompt.
    const report = `import { registerHooks } from 'node:module';
      let loaded = 0;
      registerHooks({ load(url, context, next) {
        if (url.startsWith('file:') && ++loaded === 2) process.stderr.write('[loading]');
        return next(url, context);
      } });`;
    const preload = `data:text/javascript,${encodeURIComponent(report.replaceAll("'", '"'))}`;
    const launcher = [...NODE, '--import', preload, join(CLI, 'rekey.mjs'), ...BOOTSTRAP];
    const { code, shown } = await run(directory, onTerminal(quoted(launcher)), [
      ['[loading]', `${PASSWORD}\r`],
      [AGAIN, `${PASSWORD}\r`],
    ]);
    expect(shown).toContain('Created the administrator ada@example.com (usr_');
    expect(code).toBe(0);
    for (const part of PASSWORD.split(' ')) expect(shown).not.toContain(part);
  });

  test('changes nothing after two different passwords or Ctrl-C', { timeout: TEST_MS }, async () => {
    const directory = migratedDirectory();
    const different = await run(directory, onTerminal(quoted(COMMAND)), [
      ['Password: ', `${PASSWORD}\r`],
      [AGAIN, `${PASSWORD}!\r`],
    ]);
    expect(different).toMatchObject({ code: 1, shown: expect.stringContaining('The two inputs differ.') });
    const canceled = await run(directory, onTerminal(quoted(COMMAND)), [['Password: ', `${PASSWORD}\x03`]]);
    expect(canceled).toMatchObject({ code: 130, shown: expect.stringContaining('Canceled.') });
    for (const { shown } of [different, canceled]) {
      for (const part of PASSWORD.split(' ')) expect(shown).not.toContain(part);
    }
    // Nothing was changed: the command can still create an administrator.
    const { code } = await run(directory, COMMAND, [['', `${PASSWORD}\n`]]);
    expect(code).toBe(0);
  });
});

test('with a pipe, reads the password once from the first line', { timeout: TEST_MS }, async () => {
  const directory = migratedDirectory();
  const missing = await run(directory, COMMAND);
  expect(missing).toMatchObject({ code: 1, shown: expect.stringContaining('Password is missing') });
  const weak = await run(directory, COMMAND, [['', 'correcthorsebatterystaple\n']]);
  expect(weak).toMatchObject({ code: 1, shown: expect.stringContaining('password: Must not be well known') });
  const { code, shown } = await run(directory, COMMAND, [['', `${PASSWORD}\n`]]);
  expect(shown).toMatch(/^Created the administrator ada@example\.com \(usr_\w{26}\)\.\n$/);
  expect(code).toBe(0);
  const second = await run(directory, COMMAND);
  expect(second).toMatchObject({ code: 1, shown: 'An administrator already exists. No change was made.\n' });
});
