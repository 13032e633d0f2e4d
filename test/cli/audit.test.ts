// `rekey audit`: the exit code of a verification, and an export that another program verifies without the service.
import { execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { canonicalJson } from '../../src/audit/canonical-json.ts';
import { MASTER_KEY, PASSWORD, startTestApp } from '../support/app.ts';
import { runProgram, runRekey } from '../support/command.ts';
import { fillDirectory } from '../support/embedded-template.ts';
import { migratedDatabase } from '../support/postgres-template.ts';

const TEST_MS = 180_000;
/** The program of the documentation, between the marks of its block of code. */
const [, PROGRAM] = /```python\n(.*?)```/s.exec(
  readFileSync(join(import.meta.dirname, '..', '..', 'src', 'cli', 'README.md'), 'utf8'),
) as unknown as [string, string];
const hasPython = (() => {
  try {
    execFileSync('python3', ['--version']);
    return true;
  } catch {
    return false;
  }
})();
const mustHavePython = process.env.CI === 'true';

describe('on the embedded database', () => {
  let directory: string;
  let exported: string;
  const check = (lines: string) => runProgram('python3', ['-c', PROGRAM], { input: lines });
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rekey-audit-'));
    fillDirectory(directory);
    const ada = ['bootstrap', '--email', 'ada@example.com', '--display-name', 'Ada'];
    expect((await runRekey(ada, { directory, input: `${PASSWORD}\n` })).code).toBe(0);
    const result = await runRekey(['audit', 'export'], { directory });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    exported = result.stdout;
  }, TEST_MS);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('verify says that the log holds', { timeout: TEST_MS }, async () => {
    expect(await runRekey(['audit', 'verify'], { directory })).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: expect.stringMatching(/^Checked \d+ events in 1 chains with 1 checkpoints\..*\nThe audit log holds\.\n$/),
    });
  });

  test('an export holds no address and no user agent, and its checkpoint is signed by its key', () => {
    const rows = exported
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['key', 'event', 'checkpoint']));
    expect(exported).not.toContain('rekey bootstrap');
    const { publicJwk } = rows.find(({ kind }) => kind === 'key');
    const { statement, signature } = rows.find(({ kind }) => kind === 'checkpoint');
    const key = createPublicKey({ key: publicJwk, format: 'jwk' });
    expect(verify(null, Buffer.from(canonicalJson(statement)), key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  test('an export with --personal holds what the digests cover', { timeout: TEST_MS }, async () => {
    const { stdout } = await runRekey(['audit', 'export', '--personal'], { directory });
    expect(stdout).toContain('rekey bootstrap');
  });

  describe.skipIf(!hasPython && !mustHavePython)('the program of the documentation', () => {
    test('accepts the export', async () => {
      expect(await check(exported)).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringMatching(/^\d+ events/),
      });
    });

    test.each([
      ['an event is changed', (lines: string) => lines.replace('ADMIN', 'MEMBER')],
      ['an event is left out', (lines: string) => lines.replace(/\{"kind":"event".*?\n/, '')],
      [
        'the last event is left out',
        (lines: string) => lines.replace(/\{"kind":"event".*\n(?=\{"kind":"checkpoint")/, ''),
      ],
    ])('rejects it if %s', async (_name, change) => {
      const changed = change(exported);
      expect(changed).not.toBe(exported);
      expect((await check(changed)).code).toBe(1);
    });
  });
});

test.skipIf(inject('postgresUrl') === null)(
  'beside a running replica, verify names the event that was changed, and the exit code is 1',
  { timeout: TEST_MS },
  async () => {
    const databaseUrl = await migratedDatabase();
    const app = await startTestApp({ databaseUrl });
    try {
      const key = await app.apiKey(await app.admin());
      await app.app.audit.chain.chain();
      const env = { DATABASE_URL: databaseUrl, REKEY_MASTER_KEY: MASTER_KEY };
      expect((await runRekey(['audit', 'verify'], { env })).code).toBe(0);
      await app.sql('alter table audit_events disable trigger user');
      await app.sql(`update audit_events set type = 'x' where subject_id = ?`, [key.id]);
      const [{ id }] = await app.sql('select id from audit_events where subject_id = ?', [key.id]);
      expect(await runRekey(['audit', 'verify'], { env })).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(
          new RegExp(`^CHANGED installation event \\d+: ${id} is not what was recorded\\.\n`),
        ),
        stderr: 'The audit log has 1 problems.\n',
      });
    } finally {
      await app.close();
    }
  },
);
