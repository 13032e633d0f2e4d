// The change of the master key and of the data keys, while the service runs.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { reencryptData, rewrapDataKeys } from '../../src/database/reencrypt.ts';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { ConfigError } from '../../src/kernel/config-error.ts';
import { backends, MASTER_KEY, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { inSeconds } from '../support/values.ts';

const aKey = () => randomBytes(32).toString('base64');
const quiet = () => undefined;

/** The versions of the data keys in all sealed columns, and the number of values of each. */
async function versionsIn(app: TestApp): Promise<Record<string, number>> {
  const values = app.app.sealedFields.map(({ table, column }) => `select ${column} as sealed from ${table}`);
  const rows = await app.sql(`select split_part(sealed, '.', 2) as version, count(*)::int as count
    from (${values.join(' union all ')}) as fields where sealed is not null group by 1`);
  return Object.fromEntries(rows.map(({ version, count }) => [version, count]));
}

describe.each(backends())('new data keys on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_MASTER_KEY: MASTER_KEY } });
    const admin = await app.admin();
    for (let n = 0; n < 3; n++) {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      await app.signingKey(member, workspaceId);
      await app.apiKey(member, { metadata: [{ key: 'n', value: `${n}` }] });
    }
    await app.workspace(admin);
  });
  afterAll(() => app.close());

  const reencrypt = (onProgress = quiet as (done: number, total: number) => void) =>
    reencryptData(app.app.database.fork(), {
      ...{ fields: app.app.sealedFields, sealer: app.app.sealer, onProgress, onUnopened, settleMs: 0 },
    });
  const unopened: string[] = [];
  const onUnopened = (place: string) => void unopened.push(place);

  test('seal all values again, also those that a stopped run has left', async () => {
    const before = await versionsIn(app);
    expect(Object.keys(before)).toEqual(['1']);
    let pages = 0;
    const stopped = reencrypt(() => {
      if (++pages === 3) throw new Error('stopped');
    });
    await expect(stopped).rejects.toThrow('stopped');
    expect(Object.keys(await versionsIn(app))).toEqual(['1', '2']);
    const progress: [number, number][] = [];
    await reencrypt((done, total) => void progress.push([done, total]));
    // The second run made no further versions, and all values are sealed with those of the first run.
    expect(await versionsIn(app)).toEqual({ 2: before[1] });
    expect(await app.sql('select 1 from reencryption')).toEqual([]);
    for (const [done, total] of progress) expect(done).toBeLessThanOrEqual(total);
    const versions = await app.sql('select tenant, max(version) as newest from data_keys group by tenant');
    for (const { tenant, newest } of versions) expect(newest, tenant).toBe(2);
  });

  test('one value that does not open is named, stays as it is, and keeps no other from its new key', async () => {
    const member = await app.member();
    const forged = `s2.1.${'A'.repeat(60)}`;
    await app.sql('update users set display_name = ? where id = ?', [forged, member.id]);
    await reencrypt();
    expect([...new Set(unopened)]).toEqual([`users.display_name of ${member.id}`]);
    const [row] = await app.sql('select display_name, email_sealed from users where id = ?', [member.id]);
    expect(row.display_name).toBe(forged);
    expect(row.email_sealed).not.toMatch(/^s2\.1\./);
    await app.sql('delete from users where id = ?', [member.id]);
  });

  test('are used for everything that is sealed afterwards, and addresses are still found', async () => {
    await reencrypt();
    const newest = Math.max(...Object.keys(await versionsIn(app)).map(Number));
    const member = await app.member();
    const [row] = await app.sql('select email_sealed from users where id = ?', [member.id]);
    expect(row.email_sealed).toMatch(new RegExp(`^s2\\.${newest}\\.`));
    const input = { email: member.email.toUpperCase(), password: PASSWORD, displayName: 'x' };
    await app.as().register(input).expect('EmailTakenError');
  });

  test('fail no write of a signing key whose secret is sealed again between its check and the write', async () => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    const signing = await app.signingKey(member, workspaceId, { scopes: ['DAEMON_TOKENS_WRITE'] });
    const transaction = UnitOfWork.prototype.transaction;
    const spy = vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementationOnce(async function (
      this: UnitOfWork,
      ...work
    ) {
      await reencrypt();
      return transaction.apply(this, work) as never;
    });
    onTestFinished(() => spy.mockRestore());
    const input = { workspaceId, daemonId: 'in time', expiresAt: inSeconds(60) };
    await app.as({ signedBy: signing }).createDaemonToken(input).expectSuccess();
    expect(spy).toHaveBeenCalled();
  });

  test('fail no read and no login while they are made', async () => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    const signing = await app.signingKey(member, workspaceId);
    const key = await app.apiKey(member, { metadata: [{ key: 'team', value: 'payments' }] });
    let isDone = false;
    let reads = 0;
    const reading = async () => {
      while (!isDone) {
        const viewed = await app.graphql(
          '{ viewer { user { email displayName } } }',
          {},
          { bearer: member.accessToken },
        );
        expect(viewed.errors).toBeUndefined();
        expect(viewed.data.viewer.user).toEqual({ email: member.email, displayName: 'Ann' });
        expect((await app.as(member).apiKey({ id: key.id }))!.metadata).toEqual([{ key: 'team', value: 'payments' }]);
        const signed = await app.graphql('{ viewer { workspace { id } } }', {}, { signedBy: signing });
        expect(signed.data.viewer.workspace.id).toBe(workspaceId);
        const sessions = await app.graphql(
          '{ sessions { nodes { userAgent ipAddress } } }',
          {},
          {
            bearer: member.accessToken,
          },
        );
        expect(sessions.errors).toBeUndefined();
        await app.as().login({ email: member.email, password: PASSWORD }).expectSuccess();
        reads++;
      }
    };
    const readers = Array.from({ length: 3 }, reading);
    for (let run = 0; run < 3; run++) await reencrypt();
    await vi.waitUntil(() => reads > 10, 60_000);
    isDone = true;
    await Promise.all(readers);
  });
});

describe.skipIf(inject('postgresUrl') === null)('another master key on PostgreSQL', () => {
  const start = async (databaseUrl: string, current: string, retired?: string) => {
    const env = { REKEY_MASTER_KEY: current, ...(retired ? { REKEY_RETIRED_MASTER_KEYS: retired } : {}) };
    const app = await startTestApp({ databaseUrl, env });
    let isClosed = false;
    const close = async () => {
      if (!isClosed) await app.close();
      isClosed = true;
    };
    onTestFinished(close);
    return Object.assign(app, { closeNow: close });
  };

  test('needs the earlier one until all data keys are wrapped again, and not after that', async () => {
    const databaseUrl = await migratedDatabase();
    const [former, current] = [aKey(), aKey()];
    const first = await start(databaseUrl, former);
    const member = await first.register();
    await first.workspace(member);
    await first.closeNow();
    await expect(startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: current } })).rejects.toThrow(ConfigError);

    const both = await start(databaseUrl, current, former);
    const values = await both.sql('select email_sealed, email_index from users order by id');
    const rewrap = () => rewrapDataKeys(both.app.database.fork(), both.app.keyManagement, quiet);
    expect(await rewrap()).toBe(2);
    expect(await rewrap()).toBe(0);
    expect(await both.sql('select email_sealed, email_index from users order by id')).toEqual(values);
    await both.closeNow();

    const last = await start(databaseUrl, current);
    const { user } = await last.as().login({ email: member.email, password: PASSWORD }).expectSuccess();
    expect(user.email).toBe(member.email);
    await last.closeNow();
    await expect(startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: former } })).rejects.toThrow(ConfigError);
  });

  test('F3.26: during a rolling change, no address gets two accounts', async () => {
    const databaseUrl = await migratedDatabase();
    const [former, current] = [aKey(), aKey()];
    const [one, two] = [await start(databaseUrl, former, current), await start(databaseUrl, current, former)];
    for (let round = 0; round < 10; round++) {
      const email = `rolling-${round}@example.com`;
      const register = (app: TestApp) => app.as().register({ email, password: PASSWORD, displayName: 'x' });
      const results = await Promise.all([register(one), register(two), register(one)]);
      expect(results.map(({ __typename }) => __typename).toSorted()).toEqual([
        ...['EmailTakenError', 'EmailTakenError', 'RegisterSuccess'],
      ]);
      for (const app of [one, two]) await app.as().login({ email, password: PASSWORD }).expectSuccess();
    }
  });

  test('F3.26: a replica at once opens values under a new key of another one, and then uses that key', async () => {
    const databaseUrl = await migratedDatabase();
    const key = aKey();
    const [one, two] = [await start(databaseUrl, key), await start(databaseUrl, key)];
    const member = await one.member();
    await reencryptData(one.app.database.fork(), {
      ...{ fields: one.app.sealedFields, sealer: one.app.sealer, onProgress: quiet, onUnopened: quiet, settleMs: 0 },
    });
    const viewed = await two.graphql('{ viewer { user { email } } }', {}, { bearer: member.accessToken });
    expect(viewed.data.viewer.user).toEqual({ email: member.email });
    await two.app.sealer.keys.refresh();
    const later = await two.register();
    const [row] = await two.sql('select email_sealed from users where id = ?', [later.id]);
    expect(row.email_sealed).toMatch(/^s2\.2\./);
  });

  test('without the data keys, the service does not start and makes no new ones', async () => {
    const databaseUrl = await migratedDatabase();
    const key = aKey();
    const first = await start(databaseUrl, key);
    await first.admin();
    await first.sql('delete from data_keys');
    await first.closeNow();
    const starting = startTestApp({ databaseUrl, env: { REKEY_MASTER_KEY: key } });
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/Restore data_keys from your backup/);
  });
});
