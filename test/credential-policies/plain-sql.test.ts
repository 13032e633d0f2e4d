// Policies that an operator changes in plain SQL.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { age } from '../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { inSeconds } from '../support/values.ts';

const DAY = 86_400;

describe.each(backends())('a policy in plain SQL, on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());

  const insert = (workspaceId: string, seconds: number) =>
    app.sql(`insert into credential_policies (subject, workspace_id, maximum_lifetime_seconds) values (?, ?, ?)`, [
      workspaceId,
      workspaceId,
      seconds,
    ]);
  const update = (workspaceId: string, assignment: string) =>
    app.sql(`update credential_policies set ${assignment} where subject = ?`, [workspaceId]);
  const statusOf = async ({ id }: { id: string }) => (await app.as(owner).apiKey({ id }))!.status;

  /** A key of this age, which every cache knows. */
  async function keyOf(workspaceId: string, { days, expiresAt }: { days: number; expiresAt?: string }) {
    const key = await app.apiKey(owner, { workspaceId, ...(expiresAt && { expiresAt }) });
    if (days > 0) await age(app, key.id, days * DAY);
    expect(await app.accepts(key.secret)).toBe(true);
    return key;
  }

  test('a new policy revokes what is over it, and what remains expires by it', async () => {
    const workspaceId = await app.workspace(owner);
    const [old, young] = [await keyOf(workspaceId, { days: 2 }), await keyOf(workspaceId, { days: 0 })];
    await insert(workspaceId, DAY);
    await expect.poll(() => app.accepts(old.secret)).toBe(false);
    expect(await statusOf(old)).toBe('REVOKED');
    expect(await app.accepts(young.secret)).toBe(true);
    const { createdAt, expiresAt } = (await app.as(owner).apiKey({ id: young.id }))!;
    expect(Date.parse(expiresAt!) - Date.parse(createdAt)).toBe(DAY * 1000);
  });

  test('a stricter bound revokes what is over it, and a looser one makes nothing valid again', async () => {
    const workspaceId = await app.workspace(owner);
    await insert(workspaceId, 10 * DAY);
    const [old, without] = [await keyOf(workspaceId, { days: 2 }), await keyOf(workspaceId, { days: 0 })];
    const kept = await keyOf(workspaceId, { days: 0, expiresAt: inSeconds(600) });
    await app.sql('update api_keys set expires_at = null where id in (?, ?)', [old.id, without.id]);
    await update(workspaceId, `maximum_lifetime_seconds = ${DAY}`);
    await expect.poll(() => app.accepts(old.secret)).toBe(false);
    expect(await app.accepts(without.secret)).toBe(true);
    await update(workspaceId, 'requires_expiry = true');
    await expect.poll(() => app.accepts(without.secret)).toBe(false);
    await update(workspaceId, 'maximum_lifetime_seconds = null, requires_expiry = false');
    for (const key of [old, without]) {
      expect(await app.accepts(key.secret)).toBe(false);
      expect(await statusOf(key)).toBe('REVOKED');
    }
    expect(await app.accepts(kept.secret)).toBe(true);
  });

  test('a deleted policy bounds no new key, and makes nothing valid again', async () => {
    const workspaceId = await app.workspace(owner);
    const old = await keyOf(workspaceId, { days: 2 });
    await insert(workspaceId, DAY);
    await expect.poll(() => app.accepts(old.secret)).toBe(false);
    await app.sql('delete from credential_policies where subject = ?', [workspaceId]);
    expect(await app.accepts(old.secret)).toBe(false);
    expect(await statusOf(old)).toBe('REVOKED');
    const { apiKey } = await app.as(owner).createApiKey({ name: 'x', workspaceId }).expectSuccess();
    expect(apiKey.expiresAt).toBeNull();
  });

  test('the database rejects a bound that is no duration', async () => {
    const workspaceId = await app.workspace(owner);
    for (const seconds of [0, -1]) await expect(insert(workspaceId, seconds)).rejects.toThrow(/check/);
  });
});
