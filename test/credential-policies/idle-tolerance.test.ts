// By how much a credential may be idle for longer, because its last use is written later: a part of the policy.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { age } from '../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { tagsOf } from '../support/workspaces.ts';

const IDLE = 3600;
/** What the configuration of the tests gives: `REKEY_LAST_USED_SECONDS` and two seconds. */
const CONFIGURED = 62;

describe.each(backends())('the tolerance for idle credentials, on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  beforeEach(async () => {
    workspaceId = await app.workspace(owner);
    await app.as(owner).setCredentialPolicy({ workspaceId, idleSeconds: IDLE }).expectSuccess();
  });
  // At the start of a replica, the policies of the other tests must not count.
  afterEach(() => app.as(owner).setCredentialPolicy({ workspaceId }).expectSuccess());
  afterAll(() => app.close());

  const setTolerance = (seconds: number) =>
    app.sql('update credential_policies set idle_tolerance_seconds = ? where subject = ?', [seconds, workspaceId]);
  const tolerance = async () => {
    const read = 'select idle_tolerance_seconds as seconds from credential_policies where subject = ?';
    return (await app.sql(read, [workspaceId]))[0].seconds;
  };
  const former = () => app.sql('select 1 from former_credential_policies where subject = ?', [workspaceId]);
  const startReplica = () => app.app.services.credentialPolicies.applyIdleTolerance(app.app.database.fork());
  const statusOf = async ({ id }: { id: string }) => {
    const { status, revocationReason } = (await app.as(owner).apiKey({ id }))!;
    return [status, revocationReason];
  };
  /** A key that was never used and is older than the bound, but not older than the bound and the tolerance. */
  async function idleKey() {
    const key = await app.apiKey(owner, { workspaceId });
    await age(app, key.id, IDLE + 30);
    expect(await statusOf(key)).toEqual(['ACTIVE', null]);
    return key;
  }

  test('a smaller one, by plain SQL, revokes what is idle for longer, by one row in the log', async () => {
    const [idle, fresh] = [await idleKey(), await app.apiKey(owner, { workspaceId })];
    expect(await tagsOf(app, () => setTolerance(0))).toEqual([`workspace:${workspaceId}`]);
    expect(await statusOf(idle)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
    expect([await app.accepts(idle.secret), await app.accepts(fresh.secret)]).toEqual([false, true]);
  });

  test('a larger one makes nothing valid again, and is no row in the log', async () => {
    const idle = await idleKey();
    await setTolerance(0);
    expect(await tagsOf(app, () => setTolerance(1000))).toEqual([]);
    expect(await statusOf(idle)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
    expect(await app.accepts(idle.secret)).toBe(false);
  });

  test('a replica raises it to the one of its configuration when it starts, and nothing is valid again', async () => {
    const idle = await idleKey();
    await setTolerance(0);
    expect(await tagsOf(app, startReplica)).toEqual([]);
    expect(await tolerance()).toBe(CONFIGURED);
    expect(await statusOf(idle)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
    // A process with a shorter window ends nothing: another one may not have recorded the last use yet.
    await setTolerance(100_000);
    expect(await tagsOf(app, startReplica)).toEqual([]);
    expect(await tolerance()).toBe(100_000);
  });

  test('one that ended nothing leaves no trace after the next start', async () => {
    await setTolerance(1);
    await app.sql('delete from former_credential_policies where subject = ?', [workspaceId]);
    await startReplica();
    expect(await tolerance()).toBe(CONFIGURED);
    expect(await former()).toEqual([]);
  });

  test('without a bound on idle credentials it decides nothing', async () => {
    await app.as(owner).setCredentialPolicy({ workspaceId, maximumLifetimeSeconds: IDLE }).expectSuccess();
    await app.sql('delete from former_credential_policies where subject = ?', [workspaceId]);
    for (const seconds of [0, 1000]) expect(await tagsOf(app, () => setTolerance(seconds))).toEqual([]);
    expect(await former()).toEqual([]);
  });
});
