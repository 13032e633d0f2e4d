// The canary on several replicas that meet only in the database, one of them broken.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';
import { until } from '../../support/until.ts';

const [postgresUrl, redisUrl] = [inject('postgresUrl'), inject('redisUrl')];
/** So long that nothing runs by itself: each test says which replicas look for a run, and when. */
const BY_HAND = { canaryMs: 60_000 };

describe.skipIf(!postgresUrl || !redisUrl)('the canary of three replicas', () => {
  let replicas: TestApp[];
  let databaseUrl: string;

  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    replicas = await Promise.all([1, 2, 3].map(() => startTestApp({ databaseUrl, redisUrl, overrides: BY_HAND })));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => Promise.all((replicas ?? []).map((each) => each.close())));

  /** Does the work while these replicas look for a run, as they do by themselves in production. */
  async function whileLooking(participants: TestApp[], work: () => Promise<unknown>): Promise<void> {
    let over = false;
    const working = work().finally(() => {
      over = true;
    });
    // Each in a loop of its own: a look takes as long as the run that it finds.
    const looking = participants.map(({ app }) => until('the run is over', () => app.canary.look().then(() => over)));
    await Promise.all([working, ...looking]);
  }

  /** One run that the first replica coordinates. */
  const run = () => whileLooking(replicas, () => replicas[0]!.app.canary.run());

  /** By how much a metric grows on each replica during the work. */
  async function growth(name: string, work: () => Promise<unknown>): Promise<number[]> {
    const read = (app: TestApp) => fetch(`${app.url}/metrics`).then((response) => response.text());
    const values = async () =>
      (await Promise.all(replicas.map(read))).map((text) =>
        text
          .split('\n')
          .filter((line) => line.startsWith(name))
          .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0),
      );
    const before = await values();
    await work();
    return (await values()).map((value, index) => value - before[index]!);
  }

  const failuresLogged = ({ log }: TestApp) => log.filter((line) => line.includes('BROKEN PROMISE')).length;

  test('every replica accepts the key and is asked again after the receipt, and the coordinator records the duration', async () => {
    const refused = 'rekey_canary_replicas_total{outcome="refused"}';
    expect(await growth(refused, run)).toEqual([3, 0, 0]);
    expect(await growth('rekey_canary_seconds_count', run)).toEqual([1, 0, 0]);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([0, 0, 0]);
    expect(replicas.map(failuresLogged)).toEqual([0, 0, 0]);
  });

  test('a replica that never checks its cached entries is reported by itself and by the coordinator', async () => {
    const [, broken] = replicas;
    const isFresh = vi.spyOn(broken!.app.replica, 'isFresh').mockReturnValue(true);
    vi.spyOn(broken!.app.replica, 'leaseRemaining').mockReturnValue(1000);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([1, 1, 0]);
    expect(replicas.map(failuresLogged)).toEqual([1, 1, 0]);
    // A run with a broken promise has no duration.
    expect(await growth('rekey_canary_seconds_count', run)).toEqual([0, 0, 0]);
    isFresh.mockRestore();
    expect(await growth('rekey_canary_failures_total', run)).toEqual([0, 0, 0]);
  });

  test('a broken coordinator is reported and counted once', async () => {
    vi.spyOn(replicas[0]!.app.replica, 'isFresh').mockReturnValue(true);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([1, 0, 0]);
  });

  test('a replica that does not take part counts as silent, and the others still count', async () => {
    const impatient = await startTestApp({ databaseUrl, redisUrl, overrides: { canaryMs: 1000 } });
    replicas.push(impatient);
    const coordinated = () => whileLooking(replicas.slice(1), () => impatient.app.canary.run());
    const silent = await growth('rekey_canary_replicas_total{outcome="silent"}', coordinated);
    replicas.pop();
    await impatient.close();
    expect(silent[3]).toBeGreaterThan(0);
    expect(silent.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('only one run at a time: a replica does not start a second one', async () => {
    const [first, second, third] = replicas;
    const runs = await growth('rekey_canary_seconds_count', async () => {
      const running = first!.app.canary.run();
      await until('it has begun', async () => (await first!.sql('select 1 from canary')).length > 0);
      await Promise.all([second!.app.canary.run(), third!.app.canary.run()]);
      await whileLooking([second!, third!], () => running);
    });
    expect(runs).toEqual([1, 0, 0]);
  });

  test('a run leaves no account, no key, no use and no row', async () => {
    await run();
    for (const table of ['users', 'api_keys', 'credential_usage', 'canary', 'canary_witnesses']) {
      expect(await replicas[0]!.sql(`select 1 from ${table}`), table).toEqual([]);
    }
  });
});

test.skipIf(!postgresUrl || !redisUrl)('REKEY_CANARY=on: replicas report a broken replica by themselves', async () => {
  const databaseUrl = await migratedDatabase();
  const start = (canaryMs: number) =>
    startTestApp({ databaseUrl, redisUrl, env: { REKEY_CANARY: 'on' }, overrides: { canaryMs } });
  // The first replica whose interval has passed coordinates the run. Here this is the intact one.
  const replicas = await Promise.all([start(3000), start(6000)]);
  try {
    const [intact, broken] = replicas;
    vi.spyOn(broken!.app.replica, 'isFresh').mockReturnValue(true);
    const reported = ({ log }: TestApp) => log.some((line) => line.includes('BROKEN PROMISE'));
    await until('it has reported itself', () => reported(broken!));
    await until('its coordinator reports it', () => reported(intact!));
  } finally {
    vi.restoreAllMocks();
    await Promise.all(replicas.map((each) => each.close()));
  }
});
