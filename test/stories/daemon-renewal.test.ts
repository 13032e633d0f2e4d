// The renewal of a daemon token on several replicas that have cached its earlier end.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { inSeconds, times } from '../support/values.ts';

const caches = [
  ['without Redis', null],
  ['with Redis', inject('redisUrl')],
] as const;

describe.skipIf(!inject('postgresUrl')).each(caches)('two replicas %s', (_name, redisUrl) => {
  let replicas: [TestApp, TestApp];
  let databaseUrl: string;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    replicas = [await startTestApp({ databaseUrl, redisUrl }), await startTestApp({ databaseUrl, redisUrl })];
    member = await replicas[0].member();
    workspaceId = await replicas[0].workspace(member);
  });
  afterAll(() => Promise.all(replicas?.map((each) => each.close()) ?? []));

  /** The status of /v1/verify at this replica, and the end of the credential that it shows. */
  async function verify(replica: TestApp, secret: string): Promise<[status: number, expires: string | null]> {
    const { status, headers } = await fetch(`${replica.url}/v1/verify`, { headers: { 'x-api-key': secret } });
    return [status, headers.get('x-rekey-expires')];
  }
  const loads = (replica: TestApp) => replica.app.cache.counts.database + replica.app.cache.counts.direct;
  const endOfLog = async () => Number((await replicas[0].sql('select seq::float8 as seq from auth_epoch'))[0].seq);
  const until = (moment: string) => sleep(Math.max(0, Date.parse(moment) - Date.now()));

  test('a replica with the earlier end in its cache reads again when it passes, and rejects no request', async () => {
    const [here, there] = replicas;
    const first = inSeconds(8);
    const { secret } = await here.daemonToken(member, workspaceId, { daemonId: 'cached', expiresAt: first });
    for (const replica of replicas) expect(await verify(replica, secret)).toEqual([204, first]);

    const early = await here.as({ secret }).renewDaemonToken().expect('TooEarlyToRenewError');
    await until(early.renewableAt);
    const before = await endOfLog();
    const { daemonToken } = await here.as({ secret }).renewDaemonToken().expectSuccess();
    const next = daemonToken.expiresAt!;
    expect(Date.parse(next) - Date.parse(first)).toBeGreaterThan(5000);
    expect(await endOfLog()).toBe(before);
    expect(await verify(here, secret)).toEqual([204, next]);
    expect(await verify(there, secret)).toEqual([204, first]);

    const read = loads(there);
    const seen: [number, string | null][] = [];
    while (Date.now() < Date.parse(first) + 500) {
      seen.push(await verify(there, secret));
      await sleep(5);
    }
    expect(new Set(seen.map(([status]) => status))).toEqual(new Set([204]));
    expect(new Set(seen.map(([, expires]) => expires))).toEqual(new Set([first, next]));
    expect(seen.at(-1)).toEqual([204, next]);
    // From Redis or from the database, once.
    expect(loads(there) - read).toBeLessThanOrEqual(1);
    // A revocation after it is seen everywhere, whichever end was cached.
    await there.as(member).revokeDaemonToken({ daemonTokenId: daemonToken.id }).expectSuccess();
    for (const replica of replicas) expect(await verify(replica, secret)).toEqual([401, null]);
  });

  test('of eight renewals at once on both replicas exactly one extends, and all return the new end', async () => {
    const [here] = replicas;
    const { secret, id } = await here.daemonToken(member, workspaceId, {
      daemonId: 'eight',
      expiresAt: inSeconds(4000),
    });
    const moved = ['created_at', 'first_expires_at', 'expires_at'].map(
      (each) => `${each} = ${each} - interval '3500 s'`,
    );
    await here.sql(`update daemon_tokens set ${moved.join(', ')} where id = ?`, [id]);
    for (const { app } of replicas) await app.replica.sync();
    const results = await Promise.all(times(8, (n) => replicas[n % 2]!.as({ secret }).renewDaemonToken()));
    const ends = results.map((result) => {
      if (result.__typename === 'RenewDaemonTokenSuccess') return result.daemonToken.expiresAt;
      return result.__typename === 'TooEarlyToRenewError' ? result.expiresAt : result.__typename;
    });
    expect(new Set(ends).size).toBe(1);
    const names = results.map(({ __typename }) => __typename);
    expect(names.filter((name) => name === 'RenewDaemonTokenSuccess')).toHaveLength(1);
    const [row] = await here.sql('select expires_at, created_at from daemon_tokens where id = ?', [id]);
    expect(new Date(row.expires_at).toISOString()).toBe(ends[0]);
    expect(replicas.flatMap(({ log }) => log).join('')).not.toContain('deadlock');
  });

  test('a renewal that commits after the end is seen by replicas that have rejected the token meanwhile', async () => {
    const [here] = replicas;
    const expiresAt = inSeconds(3);
    const { secret, id } = await here.daemonToken(member, workspaceId, { daemonId: 'late', expiresAt });
    const other = new pg.Client({ connectionString: databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('begin');
    await other.query(
      `update daemon_tokens set renewed_at = now(), expires_at = expires_at + interval '1 hour' where id = $1`,
      [id],
    );
    await until(expiresAt);
    for (let again = 0; again < 3; again++) {
      for (const replica of replicas) await expect.poll(async () => (await verify(replica, secret))[0]).toBe(401);
    }
    const before = await endOfLog();
    await other.query('commit');
    expect(await endOfLog()).toBe(before);
    for (const replica of replicas) expect((await verify(replica, secret))[0]).toBe(204);
  });

  test('revokeDaemon on one replica is seen on the other one before it returns', async () => {
    const [here, there] = replicas;
    for (let round = 0; round < 10; round++) {
      const daemonId = `round ${round}`;
      const tokens = await Promise.all(times(4, () => here.daemonToken(member, workspaceId, { daemonId })));
      for (const { secret } of tokens)
        for (const replica of replicas) expect((await verify(replica, secret))[0]).toBe(204);
      const { receipt } = await there.as(member).revokeDaemon({ workspaceId, daemonId }).expectSuccess();
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 2 });
      for (const { secret } of tokens)
        for (const replica of replicas) expect((await verify(replica, secret))[0]).toBe(401);
    }
  });
});
