// `rekey reencrypt` on the embedded database. For a running service see test/database/reencrypt.test.ts.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runRekey } from '../support/command.ts';
import { PASSWORD } from '../support/constants.ts';
import { migratedDirectory } from '../support/embedded-template.ts';

const TEST_MS = 180_000;

const run = (directory: string, args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  runRekey(args, { directory, ...options });

test('moves to another master key and to new data keys, and the earlier master key opens nothing any more', {
  timeout: TEST_MS,
}, async () => {
  const directory = migratedDirectory();
  const ada = ['bootstrap', '--email', 'ada@example.com', '--display-name', 'Ada'];
  expect((await run(directory, ada, { input: `${PASSWORD}\n` })).code).toBe(0);
  const earlier = readFileSync(join(directory, '.rekey', 'master.key'), 'utf8').trim();
  const REKEY_MASTER_KEY = randomBytes(32).toString('base64');

  const lost = await run(directory, ['reencrypt'], { env: { REKEY_MASTER_KEY } });
  expect(lost).toMatchObject({ code: 78, stdout: '' });
  expect(lost.stderr).toContain('list the earlier one in REKEY_RETIRED_MASTER_KEYS');

  const both = { env: { REKEY_MASTER_KEY, REKEY_RETIRED_MASTER_KEYS: earlier } };
  const moved = await run(directory, ['reencrypt'], both);
  expect(moved).toMatchObject({ code: 0, stderr: '' });
  expect(moved.stdout).toMatch(
    /^Data keys wrapped again: 1\. All of them are wrapped with the master key [0-9a-f]{8}\.\n$/,
  );
  const again = await run(directory, ['reencrypt', '--data'], { env: { REKEY_MASTER_KEY } });
  expect(again.stdout).toMatch(/^Data keys wrapped again: 0\..*\nValues encrypted again, with new data keys: \d+\.\n$/);

  const listed = await run(directory, ['users', 'list'], { env: { REKEY_MASTER_KEY } });
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/ada@example\.com {2}Ada\n$/) });
  expect((await run(directory, ['users', 'list'])).code).toBe(78);
});
