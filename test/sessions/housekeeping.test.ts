// Housekeeping that every replica does by itself, and that an operator can run now.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { backends, startTestApp, testEnvironment } from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { ENVIRONMENT, NODE } from '../support/server-process.ts';
import { later, login, sessionRow, UNLIMITED } from '../support/sessions.ts';

const DAY = 86_400;
const REKEY = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

describe.each(backends())('housekeeping on $name', ({ start }) => {
  test('F2.5: runs on every replica without a command', async () => {
    const app = await start({ env: UNLIMITED, overrides: { housekeepingMs: 50 } });
    try {
      const member = await app.member();
      const { sessionId } = await login(app, member);
      await later(app, sessionId, 61 * DAY);
      const [{ kid }] = await app.sql(`select kid from jwt_keys where state = 'CURRENT'`);
      await app.sql(
        `update jwt_keys set created_at = now() - interval '40 days', activated_at = activated_at - interval '31 days'`,
      );
      await app.sql(`insert into auth_inval (seq, tag, at) values (0, 'long ago', now() - interval '2 hours')`);
      await app.sql(`insert into auth_limits values ('long ago', array[now() - interval '1 hour'], true)`);
      await expect.poll(() => sessionRow(app, sessionId), { timeout: 10_000 }).toBeUndefined();
      const stateOf = async () => (await app.sql('select state from jwt_keys where kid = ?', [kid]))[0].state;
      await expect.poll(stateOf, { timeout: 10_000 }).toBe('RETIRED');
      const oldest = () => app.sql(`select 1 from auth_inval where tag = 'long ago'`);
      await expect.poll(oldest, { timeout: 10_000 }).toEqual([]);
      await expect.poll(() => app.sql('select 1 from auth_limits'), { timeout: 10_000 }).toEqual([]);
    } finally {
      await app.close();
    }
  });
});

test('the commands of the operator do the housekeeping at once and report what they did', {
  timeout: 180_000,
}, async () => {
  const REKEY_DATA_DIR = join(migratedDirectory(), '.rekey');
  const env = {
    ...ENVIRONMENT,
    ...testEnvironment({ env: { REKEY_DATA_DIR, REKEY_LOG_LEVEL: 'warn' } }),
  };
  const [node, ...flags] = NODE;
  const rekey = async (...command: string[]) =>
    (await promisify(execFile)(node, [...flags, REKEY, ...command], { env })).stdout;
  // The embedded database belongs to one process, so the rows to purge are written before the commands run.
  const inDirectory = {
    env: { ...UNLIMITED, REKEY_DATA_DIR },
    overrides: { inMemory: false, embeddedTemplate: undefined },
  };
  const app = await startTestApp(inDirectory);
  const { sessionId } = await app.member();
  await later(app, sessionId, 61 * DAY);
  await app.sql(`update jwt_keys set created_at = now() - interval '1 day'`);
  const states = () => app.sql('select kid, state from jwt_keys order by state');
  const [current, next] = await states();
  await app.close();

  expect(await rekey('purge')).toBe('Deleted 1 sessions and 0 revocations of access tokens.\n');
  expect(await rekey('jwt-keys', 'rotate')).toMatch(/^Key rotated\./);
  const listed = await rekey('jwt-keys', 'list');
  expect(listed).toMatch(new RegExp(`^${current.kid}  RETIRED`, 'm'));
  expect(listed).toMatch(new RegExp(`^${next.kid}  CURRENT`, 'm'));
  await expect(rekey('jwt-keys', 'rotate')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Try again after 2/),
  });
  expect(await rekey('jwt-keys', 'revoke', next.kid)).toMatch(
    /^Key revoked; 1 of 1 replicas confirmed, 0 left \(ACKNOWLEDGED\)\.\n$/,
  );
  expect(await rekey('jwt-keys', 'list')).not.toContain(next.kid);
  await expect(rekey('jwt-keys', 'revoke', 'unknown-kid')).rejects.toMatchObject({
    code: 1,
    stderr: 'Unknown key unknown-kid. Run `rekey jwt-keys list` to list all keys.\n',
  });

  const afterwards = await startTestApp(inDirectory);
  const recorded = await afterwards.sql(`select type, subject_id, data ->> 'how' as how, actor_user_id, request_id
    from audit_events where type like 'jwt-key.%' order by position`);
  const [{ kid }] = await afterwards.sql(`select kid from jwt_keys where state = 'CURRENT'`);
  await afterwards.close();
  const noActor = { actor_user_id: null, request_id: null };
  expect(recorded).toEqual([
    { type: 'jwt-key.activated', subject_id: current.kid, how: 'repair', ...noActor },
    { type: 'jwt-key.rotated', subject_id: next.kid, how: 'command', ...noActor },
    { type: 'jwt-key.revoked', subject_id: next.kid, how: 'command', ...noActor },
    { type: 'jwt-key.activated', subject_id: kid, how: 'command', ...noActor },
  ]);
});
