// A bound on idle keys on two replicas: each of them knows the uses of the other one only from the database.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Account, pairs, type TestApp } from '../support/app.ts';
import { until } from '../support/until.ts';

/** A key ends this long after its last use: see `idleSeconds` in the schema. */
const IDLE_SECONDS = 3;
const LAST_USED_SECONDS = 1;
const ENDS_AFTER_MS = (IDLE_SECONDS + LAST_USED_SECONDS + 2) * 1000;

describe.each(pairs())('the end of an idle key on $name', { timeout: 60_000 }, ({ start }) => {
  let near: TestApp;
  let far: TestApp;
  let close: () => Promise<void>;
  let owner: Account;
  beforeAll(async () => {
    ({ near, far, close } = await start({ env: { REKEY_LAST_USED_SECONDS: String(LAST_USED_SECONDS) } }));
    owner = await near.member();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => close());

  test('a key that one replica uses stays valid on the other one, and a key that none uses ends on both', async () => {
    const workspaceId = await near.workspace(owner);
    const [used, unused] = [await near.apiKey(owner, { workspaceId }), await near.apiKey(owner, { workspaceId })];
    await near.as(owner).setCredentialPolicy({ workspaceId, idleSeconds: IDLE_SECONDS }).expectSuccess();
    for (const app of [near, far])
      for (const { secret } of [used, unused]) expect(await app.accepts(secret)).toBe(true);
    const cachedAt = Date.now();
    const lastUse = async () => {
      const sql = 'select last_used_at as at from credential_usage where credential_id = ?';
      return new Date((await near.sql(sql, [used.id]))[0]?.at ?? 0).getTime();
    };
    // Until the end that the far replica has cached has passed, and the database knows of a later use.
    await until('the near replica has used the key for long enough', async () => {
      expect(await near.accepts(used.secret)).toBe(true);
      return Date.now() > cachedAt + ENDS_AFTER_MS && (await lastUse()) > cachedAt + 2000;
    });
    expect(await far.accepts(used.secret)).toBe(true);
    for (const app of [near, far]) expect(await app.accepts(unused.secret)).toBe(false);
    expect(await near.as(owner).apiKey({ id: unused.id })).toMatchObject({ status: 'EXPIRED', revokedAt: null });
  });

  test('the uses in the database count, and not the entry that a replica has cached', async () => {
    const workspaceId = await near.workspace(owner);
    const { id, secret } = await near.apiKey(owner, { workspaceId });
    expect(await far.accepts(secret)).toBe(true);
    await until(
      'the use is written',
      async () =>
        (await far.sql('select 1 from credential_usage where credential_id = ? and last_used_at is not null', [id]))
          .length > 0,
    );
    // The use was long ago, and a policy makes it count: the cached entry of the far replica must not decide.
    await near.sql(`update credential_usage set last_used_at = now() - interval '1 hour' where credential_id = ?`, [
      id,
    ]);
    await near.sql(`update api_keys set created_at = now() - interval '1 day' where id = ?`, [id]);
    const { endedCount } = await near.as(owner).setCredentialPolicy({ workspaceId, idleSeconds: 60 }).expectSuccess();
    expect(endedCount).toBe(1);
    expect(await far.accepts(secret)).toBe(false);
  });
});
