// The canary, where it has others to watch: several replicas that meet in the database alone, one of them broken.
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';
import { until } from '../../support/until.ts';

const [postgresUrl, redisUrl] = [inject('postgresUrl'), inject('redisUrl')];
/** So long that nothing runs by itself: the tests say who looks, and when. */
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

  /** Does this while all of these look, as they do by themselves in real life. */
  async function whileLooking(lookers: TestApp[], work: () => Promise<unknown>): Promise<void> {
    let over = false;
    const working = work().finally(() => {
      over = true;
    });
    // Each by itself: a look lasts as long as the run that it finds.
    const looking = lookers.map(({ app }) => until('the run is over', () => app.canary.look().then(() => over)));
    await Promise.all([working, ...looking]);
  }

  /** One run that the first replica keeps. */
  const run = () => whileLooking(replicas, () => replicas[0]!.app.canary.run());

  /** By how much a metric has grown on each replica while this was done. */
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

  const cries = ({ log }: TestApp) => log.filter((line) => line.includes('BROKEN PROMISE')).length;

  test('every one lets it in, every one is asked again after the receipt, and its keeper tells how long it took', async () => {
    const refused = 'rekey_canary_replicas_total{outcome="refused"}';
    expect(await growth(refused, run)).toEqual([3, 0, 0]);
    expect(await growth('rekey_canary_seconds_count', run)).toEqual([1, 0, 0]);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([0, 0, 0]);
    expect(replicas.map(cries)).toEqual([0, 0, 0]);
  });

  test('one whose cache is never judged is found out, by itself and by the keeper', async () => {
    const [, broken] = replicas;
    const judge = vi.spyOn(broken!.app.replica, 'isFresh').mockReturnValue(true);
    vi.spyOn(broken!.app.replica, 'leaseRemaining').mockReturnValue(1000);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([1, 1, 0]);
    expect(replicas.map(cries)).toEqual([1, 1, 0]);
    // A run with a broken promise has no duration.
    expect(await growth('rekey_canary_seconds_count', run)).toEqual([0, 0, 0]);
    judge.mockRestore();
    expect(await growth('rekey_canary_failures_total', run)).toEqual([0, 0, 0]);
  });

  test('a keeper that is broken itself is found out, and counted once', async () => {
    vi.spyOn(replicas[0]!.app.replica, 'isFresh').mockReturnValue(true);
    expect(await growth('rekey_canary_failures_total', run)).toEqual([1, 0, 0]);
  });

  test('one that does not take part is silent, and the others are heard all the same', async () => {
    const impatient = await startTestApp({ databaseUrl, redisUrl, overrides: { canaryMs: 1000 } });
    replicas.push(impatient);
    const kept = () => whileLooking(replicas.slice(1), () => impatient.app.canary.run());
    const silent = await growth('rekey_canary_replicas_total{outcome="silent"}', kept);
    replicas.pop();
    await impatient.close();
    expect(silent[3]).toBeGreaterThan(0);
    expect(silent.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test('one run at a time: who wants to begin another lets it be', async () => {
    const [first, second, third] = replicas;
    const runs = await growth('rekey_canary_seconds_count', async () => {
      const running = first!.app.canary.run();
      await until('it has begun', async () => (await first!.sql('select 1 from canary')).length > 0);
      await Promise.all([second!.app.canary.run(), third!.app.canary.run()]);
      await whileLooking([second!, third!], () => running);
    });
    expect(runs).toEqual([1, 0, 0]);
  });

  test('nobody is left of it: no account, no key, no use, no row', async () => {
    await run();
    for (const table of ['users', 'api_keys', 'credential_usage', 'canary', 'canary_witnesses']) {
      expect(await replicas[0]!.sql(`select 1 from ${table}`), table).toEqual([]);
    }
  });
});

test.skipIf(!postgresUrl || !redisUrl)('REKEY_CANARY=on: replicas find the broken one by themselves', async () => {
  const databaseUrl = await migratedDatabase();
  const start = (canaryMs: number) =>
    startTestApp({ databaseUrl, redisUrl, env: { REKEY_CANARY: 'on' }, overrides: { canaryMs } });
  // Whoever looks first when it is time keeps the run, here the sound one: the other's time comes later.
  const replicas = await Promise.all([start(3000), start(6000)]);
  try {
    const [sound, broken] = replicas;
    vi.spyOn(broken!.app.replica, 'isFresh').mockReturnValue(true);
    const heard = ({ log }: TestApp) => log.some((line) => line.includes('BROKEN PROMISE'));
    await until('it has noticed itself', () => heard(broken!));
    await until('its keeper tells of it', () => heard(sound!));
  } finally {
    vi.restoreAllMocks();
    await Promise.all(replicas.map((each) => each.close()));
  }
});
