// The rate limits of credentials without Redis: PostgreSQL hands shares out to the replicas.
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Statement } from '../../src/database/sql.ts';
import type { RateLimit } from '../../src/identity/rate-limit.ts';
import { RateWindows } from '../../src/limits/rate-windows.ts';
import { backends, type TestApp } from '../support/app.ts';
import { times } from '../support/values.ts';
import { aCredential, acceptedOf, Rates, type RatesOptions } from './rates.ts';

const HOUR = 3600;
const limitOf = (requests: number, windowSeconds = HOUR): RateLimit => ({ requests, windowSeconds });

describe.each(backends())('on $name, without Redis', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ redisUrl: null });
  });
  afterAll(() => app.close());

  const rates = (options: RatesOptions = {}) => new Rates(app, options);
  /** Counts the statements of the windows, and lets `answer` decide about each one. */
  function watch(
    answer: (statement: Statement, run: () => Promise<unknown[]>) => Promise<unknown[]> = (_, run) => run(),
  ) {
    const { nonces } = app.app.database;
    const query = nonces.query.bind(nonces);
    const seen: string[] = [];
    const spy = vi.spyOn(nonces, 'query').mockImplementation(((statement: Statement, values?: unknown[]) => {
      seen.push(statement.name);
      return answer(statement, () => query(statement, values));
    }) as typeof nonces.query);
    onTestFinished(() => spy.mockRestore());
    return seen;
  }
  const granted = async (credentialId: string) =>
    (await app.sql('select granted from rate_windows where credential_id = ?', [credentialId]))[0]?.granted;

  test.each([1, 2, 7, 60, 500])(
    'F4.8: of many simultaneous requests at three replicas exactly %i are accepted',
    async (requests) => {
      const credentialId = aCredential();
      const limit = limitOf(requests);
      const replicas = times(3, () => rates({ replicas: 3 }));
      expect(await acceptedOf(replicas, requests * 3 + 30, { credentialId, limit })).toBe(requests);
      expect(await acceptedOf(replicas, 30, { credentialId, limit })).toBe(0);
    },
  );

  test('each response says what is left and when the window ends, and the rejection the same', async () => {
    const replica = rates();
    const credentialId = aCredential();
    for (const remaining of [2, 1, 0]) {
      const state = await replica.take(credentialId, limitOf(3));
      expect(state).toMatchObject({ limit: limitOf(3), remaining });
      expect(state.resetMs).toBeGreaterThan(3_500_000);
      expect(state.resetMs).toBeLessThanOrEqual(3_600_000);
    }
    const refusal = await replica.take(credentialId, limitOf(3)).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED', rate: { limit: limitOf(3), remaining: 0 } });
    expect(refusal.retryAfterSeconds).toBeGreaterThan(3500);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(HOUR);
    const call = { limit: 'credential', subjectId: credentialId, userId: null, address: '192.0.2.7' };
    expect(replica.rejected).toEqual([call]);
  });

  test('not every request costs a statement', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(100_000)];
    const statements = watch();
    for (let i = 0; i < 2000; i++) await replica.take(credentialId, limit);
    expect(statements.length).toBeLessThan(30);
  });

  test('a request that a share covers is answered without a promise', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(1000)];
    for (let i = 0; i < 3; i++) await replica.take(credentialId, limit);
    const principal = { credentialId, userId: null } as never;
    expect(replica.limit.take(principal, limit, () => '')).toMatchObject({ remaining: 996 });
  });

  test('rejected requests cost one statement per second at most', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(1)];
    await replica.take(credentialId, limit);
    const statements = watch();
    expect(await acceptedOf([replica], 300, { credentialId, limit })).toBe(0);
    expect(await acceptedOf([replica], 300, { credentialId, limit })).toBe(0);
    expect(statements).toHaveLength(1);
    replica.passHere(1001);
    expect(await acceptedOf([replica], 300, { credentialId, limit })).toBe(0);
    expect(statements).toHaveLength(2);
  });

  test('the next window begins with the first request after the last one', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(2, 60)];
    expect(await acceptedOf([replica], 5, { credentialId, limit })).toBe(2);
    await replica.pass(59_000);
    expect(await acceptedOf([replica], 5, { credentialId, limit })).toBe(0);
    await replica.pass(30_000);
    const state = await replica.take(credentialId, limit);
    expect(state.remaining).toBe(1);
    expect(state.resetMs).toBeGreaterThan(55_000);
    expect(await acceptedOf([replica], 5, { credentialId, limit })).toBe(1);
  });

  test('a share counts for its window only', async () => {
    const [slow, other] = [rates(), rates()];
    const [credentialId, limit] = [aCredential(), limitOf(20, 60)];
    for (let i = 0; i < 5; i++) await slow.take(credentialId, limit);
    expect(await granted(credentialId)).toBeGreaterThan(5); // The replica has a share.
    await slow.pass(61_000);
    other.passHere(61_000);
    const both = await acceptedOf([slow, other], 60, { credentialId, limit });
    expect(both).toBe(20);
  });

  test('a replica whose clock is behind does not use a share of a window that is over by the time of the database', async () => {
    const [credentialId, limit] = [aCredential(), limitOf(100, 60)];
    const replica = rates();
    for (let i = 0; i < 5; i++) await replica.take(credentialId, limit); // The replica has a share.
    const databaseNow = vi.spyOn(app.app.replica, 'databaseNow');
    onTestFinished(() => databaseNow.mockRestore());
    databaseNow.mockReturnValue(app.app.replica.databaseNow() + 61_000);
    const statements = watch();
    await replica.take(credentialId, limit);
    expect(statements).toEqual(['rate-grant']);
  });

  test('a share ends with its window, also if the clock of the database is set back', async () => {
    const [credentialId, limit] = [aCredential(), limitOf(100, 60)];
    const replica = rates();
    for (let i = 0; i < 5; i++) await replica.take(credentialId, limit);
    const databaseNow = vi.spyOn(app.app.replica, 'databaseNow');
    onTestFinished(() => databaseNow.mockRestore());
    databaseNow.mockReturnValue(app.app.replica.databaseNow() - 3_600_000);
    await replica.pass(61_000);
    expect(await acceptedOf([replica], 150, { credentialId, limit })).toBe(100);
  });

  test('what a replica does not use is given back, and others use it', async () => {
    const [one, other] = times(2, () => rates({ replicas: 2 }));
    const [credentialId, limit] = [aCredential(), limitOf(40)];
    await acceptedOf([one!], 4, { credentialId, limit });
    await one!.take(credentialId, limit);
    expect(await granted(credentialId)).toBeGreaterThan(5);
    await one!.limit.giveBack();
    expect(await granted(credentialId)).toBeGreaterThan(5); // It is in use.
    one!.passHere(2001);
    await one!.limit.giveBack();
    expect(one!.limit.size).toBe(0);
    expect(await granted(credentialId)).toBe(5);
    expect(await acceptedOf([other!], 100, { credentialId, limit })).toBe(35);
  });

  test('a replica that stops gives everything back', async () => {
    const [one, other] = times(2, () => rates({ replicas: 2 }));
    const [credentialId, limit] = [aCredential(), limitOf(40)];
    await acceptedOf([one!], 4, { credentialId, limit });
    await one!.take(credentialId, limit);
    await one!.limit.giveBack({ all: true });
    expect(await acceptedOf([other!], 100, { credentialId, limit })).toBe(35);
  });

  test('what belongs to an earlier window is not given back to a later one', async () => {
    const [one, other] = times(2, () => rates());
    const [credentialId, limit] = [aCredential(), limitOf(20, 60)];
    await acceptedOf([one!], 2, { credentialId, limit });
    await one!.take(credentialId, limit);
    await other!.pass(61_000); // The first replica does not notice.
    expect(await acceptedOf([other!], 100, { credentialId, limit })).toBe(20);
    await one!.limit.giveBack({ all: true });
    expect(await granted(credentialId)).toBe(20);
  });

  test('while a replica gives back, it does not use what it gives back', async () => {
    const [one, other] = times(2, () => rates({ replicas: 2 }));
    const [credentialId, limit] = [aCredential(), limitOf(40)];
    await acceptedOf([one!], 6, { credentialId, limit });
    await one!.take(credentialId, limit);
    const gate = Promise.withResolvers<void>();
    watch(async (statement, run) => {
      const rows = await run();
      if (statement.name === 'rate-give-back') await gate.promise;
      return rows;
    });
    const givingBack = one!.limit.giveBack({ all: true });
    await expect.poll(() => granted(credentialId)).toBe(7);
    expect(await acceptedOf([one!, other!], 100, { credentialId, limit })).toBe(33);
    gate.resolve();
    await givingBack;
  });

  test('a stricter limit counts what was used of the window, and what was handed out and not used is used no more', async () => {
    const replica = rates();
    const credentialId = aCredential();
    expect(await acceptedOf([replica], 5, { credentialId, limit: limitOf(1000) })).toBe(5);
    await replica.take(credentialId, limitOf(1000));
    expect(await acceptedOf([replica], 50, { credentialId, limit: limitOf(10) })).toBe(4);
    expect(await acceptedOf([replica], 50, { credentialId, limit: limitOf(3) })).toBe(0);
    expect(await acceptedOf([replica], 50, { credentialId, limit: limitOf(13) })).toBe(3);
  });

  test('a shorter window ends the current one earlier, and a longer one later', async () => {
    const replica = rates();
    const credentialId = aCredential();
    expect(await acceptedOf([replica], 5, { credentialId, limit: limitOf(2, 600) })).toBe(2);
    await replica.pass(100_000);
    expect(await acceptedOf([replica], 5, { credentialId, limit: limitOf(2, 60) })).toBe(2);
    expect(await acceptedOf([replica], 5, { credentialId, limit: limitOf(2, 600) })).toBe(0);
  });

  test('without a lease, PostgreSQL counts each request, and no share is kept', async () => {
    const [credentialId, limit] = [aCredential(), limitOf(50)];
    let leased = true;
    const replica = rates({ hasLease: () => leased });
    for (let i = 0; i < 5; i++) await replica.take(credentialId, limit);
    const before = await granted(credentialId);
    expect(before).toBeGreaterThan(5);
    leased = false;
    const statements = watch();
    for (let i = 0; i < 3; i++) await replica.take(credentialId, limit);
    expect(statements).toEqual(['rate-grant', 'rate-grant', 'rate-grant']);
    leased = true;
    expect(await acceptedOf([replica], 200, { credentialId, limit })).toBe(42);
  });

  test('F1.13: if PostgreSQL does not answer, the request is neither accepted nor rejected', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(10)];
    watch(async () => {
      throw new Error('The database did not respond.');
    });
    const answers = await Promise.all(times(5, () => replica.take(credentialId, limit).catch((error) => error)));
    for (const answer of answers) expect(answer).toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    expect(replica.rejected).toEqual([]);
  });

  test('answers of PostgreSQL that are lost cost requests, and add none', async () => {
    const [credentialId, limit] = [aCredential(), limitOf(60)];
    const replicas = times(3, () => rates({ replicas: 3 }));
    let answers = 0;
    watch(async (_statement, run) => {
      const rows = await run();
      if (answers++ % 2 === 0) throw new Error('The answer was lost after the commit.');
      return rows;
    });
    let accepted = 0;
    for (let i = 0; i < 300; i++)
      accepted += (await replicas[i % 3]!.accepts(credentialId, limit).catch(() => false)) ? 1 : 0;
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThanOrEqual(60);
    expect(await granted(credentialId)).toBe(60);
  });

  test('if the clock of the database is set back, the window goes on, for one window at most', async () => {
    const replica = rates();
    const [credentialId, limit] = [aCredential(), limitOf(2, 60)];
    expect(await acceptedOf([replica], 5, { credentialId, limit })).toBe(2);
    await app.sql(`update rate_windows set started_at = started_at + interval '1 hour'`);
    replica.passHere(1001);
    const refusal = await replica.take(credentialId, limit).catch((error) => error);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(60);
    await replica.pass(61_000);
    expect(await acceptedOf([replica], 5, { credentialId, limit })).toBe(2);
  });

  test('windows that are over are deleted, and others stay', async () => {
    const [old, current] = [aCredential(), aCredential()];
    const replica = rates();
    await replica.take(old, limitOf(2));
    await replica.take(current, limitOf(2));
    await app.sql(`update rate_windows set started_at = now() - interval '26 hours' where credential_id = ?`, [old]);
    await app.app.jobs['purging the rate windows']!();
    expect(await granted(old)).toBeUndefined();
    expect(await granted(current)).toBeGreaterThan(0);
  });

  test('the commit of a share is durable, whatever the server defaults to', async () => {
    for (const setting of ['off', 'local']) {
      const em = app.app.database.fork();
      await em.begin();
      onTestFinished(async () => {
        if (em.isInTransaction()) await em.rollback();
      });
      await em.execute(`set local synchronous_commit = ${setting}`);
      const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
      const windows = new RateWindows({
        query: ({ text }, values = []) =>
          em.execute(text.replace(/\$(\d)/g, (_, place) => literal(values[place - 1]))) as Promise<never>,
      });
      await windows.grant({ credentialId: aCredential(), limit: limitOf(2), most: 1, parts: 2, returned: null });
      expect(await em.execute(`select current_setting('synchronous_commit') as now`)).toEqual([{ now: 'on' }]);
      await em.rollback();
    }
  });
});
