import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { AccessError } from '../../src/identity/access-error.ts';
import type { Limits, LimitsOptions, SessionOwner } from '../../src/limits/limits.ts';
import { backends, type TestApp } from '../support/app.ts';
import { heldClock } from '../support/held-clock.ts';
import { ageIn, anAddress, anEmail, failuresAllowed, limitsOn, passedOf, sessionOf, times } from './support.ts';

let app: TestApp;
const em = () => app.app.database.fork();
const limitsWith = (options: Partial<LimitsOptions> = {}) => limitsOn(app, options);
const ageInDatabase = (milliseconds: number) => ageIn(app, milliseconds);

/** A transaction that is rolled back when the test ends. */
async function inTransaction() {
  const begun = em();
  await begun.begin();
  onTestFinished(async () => {
    if (begun.isInTransaction()) await begun.rollback();
  });
  return begun;
}

/** A connection that rejects every statement, because its transaction has failed. */
async function brokenConnection() {
  const broken = await inTransaction();
  await broken.execute('select 1 / 0').catch(() => undefined);
  return broken;
}

describe.each(backends())('without Redis, on $name', ({ name, start }) => {
  beforeAll(async () => {
    app = await start({ redisUrl: null });
  });
  beforeEach(() => app.sql('delete from auth_limits'));
  afterAll(() => app.close());

  test('F4.8: logins for one account are limited over all addresses, to ten times the rate of one address', async () => {
    const limits = limitsWith({ loginPerMinute: 2 });
    expect(await passedOf(times(40, () => limits.checkLogin(em(), anAddress(), 'ann@example.org')))).toBe(20);
    await limits.checkLogin(em(), anAddress(), 'bob@example.org');
  });

  test('logins from one address are limited over all accounts', async () => {
    const limits = limitsWith();
    const address = anAddress();
    expect(await passedOf(times(20, () => limits.checkLogin(em(), address, anEmail())))).toBe(10);
    await limits.checkLogin(em(), anAddress(), anEmail());
  });

  test('an address over its limit does not use up the logins of an account', async () => {
    const limits = limitsWith({ loginPerMinute: 2 });
    const address = anAddress();
    await passedOf(times(2, () => limits.checkLogin(em(), address, anEmail())));
    expect(await passedOf(times(50, () => limits.checkLogin(em(), address, 'ann@example.org')))).toBe(0);
    expect(await passedOf(times(20, () => limits.checkLogin(em(), anAddress(), 'ann@example.org')))).toBe(20);
  });

  test('an account over its limit does not use up the logins of an address', async () => {
    const asSomeReplica = () => limitsWith({ loginPerMinute: 1 }); // A new one, which remembers nothing itself.
    await passedOf(times(10, () => asSomeReplica().checkLogin(em(), anAddress(), 'ann@example.org')));
    const address = anAddress();
    expect(await passedOf(times(5, () => asSomeReplica().checkLogin(em(), address, 'ann@example.org')))).toBe(0);
    await asSomeReplica().checkLogin(em(), address, 'bob@example.org');
  });

  test('one address cannot lock out the owner of an account', async () => {
    const limits = limitsWith();
    const attacker = anAddress();
    expect(await passedOf(times(30, () => limits.checkLogin(em(), attacker, 'ann@example.org')))).toBe(10);
    await limits.checkLogin(em(), anAddress(), 'ann@example.org');
  });

  test('all spellings of an email address count as one account', async () => {
    const limits = limitsWith({ loginPerMinute: 1 });
    const spellings = ['zoë@example.org', 'Zoe\u0308@Example.ORG', '  ZOË@EXAMPLE.ORG\n'];
    expect(await passedOf(times(12, (i) => limits.checkLogin(em(), anAddress(), spellings[i % 3] as string)))).toBe(10);
    // The upper-case letter has no composed form, the lower-case one has.
    const rare = ['J\u030c@example.org', '\u01f0@example.org', 'j\u030c@example.org'];
    expect(await passedOf(times(12, (i) => limits.checkLogin(em(), anAddress(), rare[i % 3] as string)))).toBe(10);
  });

  test('all IPv6 addresses of one /64 network count as one', async () => {
    const limits = limitsWith();
    expect(await passedOf(times(20, (i) => limits.checkRegistration(em(), `2001:db8:7:7:${i}::${i}`)))).toBe(10);
  });

  test('all calls without a valid address share one limit', async () => {
    const limits = limitsWith();
    expect(
      await passedOf(
        times(20, (i) => limits.checkRegistration(em(), [null, 'unknown', `garbage ${i}`][i % 3] as string)),
      ),
    ).toBe(10);
  });

  const budgets = {
    'refreshes are': { of: 5, take: (limits: Limits, owner: SessionOwner) => limits.checkRefresh(em(), owner) },
    'repeated refreshes are': {
      of: 100,
      take: (limits: Limits, owner: SessionOwner) => limits.checkRepeatedRefresh(em(), owner),
    },
    'checks of the current password are': {
      of: 10,
      take: (limits: Limits, owner: SessionOwner) => limits.checkPassword(em(), owner),
    },
    'entries of the ledger are': {
      of: 120,
      take: (limits: Limits, { sessionId: credentialId, userId }: SessionOwner) =>
        limits.checkLedgerEntry(em(), { credentialId, userId }),
    },
  };
  test.each(Object.entries(budgets))(
    '%s counted per session: one session does not use up the limit of the others of its user',
    async (_what, { of, take }) => {
      const limits = limitsWith();
      expect(await passedOf(times(of + 10, () => take(limits, sessionOf('usr_1', 'ses_1'))))).toBe(of);
      await take(limits, sessionOf('usr_1', 'ses_2'));
      await take(limits, sessionOf('usr_2', 'ses_3'));
    },
  );

  test('all sessions of a user together get ten times the limit of one session', async () => {
    const limits = limitsWith({ refreshPerMinute: 1, loginPerMinute: 1, ledgerPerMinute: 1 });
    const sessions = times(30, (i) => sessionOf('usr_1', `ses_${i}`));
    const { refresh, password, ledgerEntry } = {
      refresh: sessions.map((each) => limits.checkRefresh(em(), each)),
      password: sessions.map((each) => limits.checkPassword(em(), each)),
      ledgerEntry: sessions.map(({ sessionId, userId }) =>
        limits.checkLedgerEntry(em(), { credentialId: sessionId, userId }),
      ),
    };
    expect([await passedOf(refresh), await passedOf(password), await passedOf(ledgerEntry)]).toEqual([10, 10, 10]);
    await limits.checkRefresh(em(), sessionOf('usr_2', 'ses_of_another'));
  });

  test('a refresh that is over the limit of its user does not count for its session', async () => {
    const asSomeReplica = () => limitsWith({ refreshPerMinute: 1 });
    await passedOf(times(10, (i) => asSomeReplica().checkRefresh(em(), sessionOf('usr_1', `ses_${i}`))));
    await ageInDatabase(50_000);
    expect(await passedOf(times(3, () => asSomeReplica().checkRefresh(em(), sessionOf('usr_1', 'ses_last'))))).toBe(0);
    await ageInDatabase(11_000);
    expect(await passedOf(times(3, () => asSomeReplica().checkRefresh(em(), sessionOf('usr_1', 'ses_last'))))).toBe(1);
  });

  test('ten times the highest rate is capped at the highest rate', async () => {
    const limits = limitsWith({ loginPerMinute: 10_000 });
    await app.sql(
      `insert into auth_limits select 'login-account:' || ?, array_agg(clock_timestamp()), true
      from generate_series(1, 10000)`,
      [app.app.services.emails.nameOf('ann@example.org')],
    );
    await expect(limits.checkLogin(em(), anAddress(), 'ann@example.org')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
  });

  test('F4.8: the error says when to retry, and a retry at that time passes', async () => {
    const clock = heldClock();
    const replicas = times(2, () => limitsWith({ clock, registerPerMinute: 2 }));
    const register = (replica: number) => replicas[replica]!.checkRegistration(em(), '192.0.2.7');
    const later = async (milliseconds: number) => {
      clock.advance(milliseconds);
      await ageInDatabase(milliseconds);
    };
    await register(0);
    await later(40_000);
    await register(1);
    for (const replica of [0, 1]) {
      const refusal = await register(replica).catch((error) => error);
      expect(refusal).toBeInstanceOf(AccessError);
      expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
      expect(refusal.retryAfterSeconds).toBeGreaterThan(10);
      expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(20);
      // A rejected call is not counted, and does not extend the wait.
    }
    await later(20_000);
    await register(0);
    const refusal = await register(1).catch((error) => error);
    expect(refusal.retryAfterSeconds).toBeGreaterThan(30);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(40);
  });

  test('F4.8: the window slides, so the end of one minute and the start of the next are limited together', async () => {
    const asSomeReplica = () => limitsWith(); // A new one, which remembers nothing itself.
    expect(await passedOf(times(4, () => asSomeReplica().checkRegistration(em(), '192.0.2.7')))).toBe(4);
    await ageInDatabase(50_000);
    expect(await passedOf(times(20, () => asSomeReplica().checkRegistration(em(), '192.0.2.7')))).toBe(6);
    await ageInDatabase(11_000);
    expect(await passedOf(times(20, () => asSomeReplica().checkRegistration(em(), '192.0.2.7')))).toBe(4);
  });

  test('a limit that was lowered holds at once', async () => {
    expect(await passedOf(times(10, () => limitsWith().checkRegistration(em(), '192.0.2.7')))).toBe(10);
    const lowered = { registerPerMinute: 3 };
    expect(await passedOf(times(10, () => limitsWith(lowered).checkRegistration(em(), '192.0.2.7')))).toBe(0);
    await ageInDatabase(60_000);
    expect(await passedOf(times(10, () => limitsWith(lowered).checkRegistration(em(), '192.0.2.7')))).toBe(3);
  });

  test('a purge deletes expired counters, and no counter holds an email address', async () => {
    const limits = limitsWith();
    await limits.checkLogin(em(), '192.0.2.7', 'ann@example.org');
    const kept = () => app.sql('select key from auth_limits');
    expect(await kept()).toHaveLength(3);
    expect(JSON.stringify(await kept())).not.toMatch(/ann|example/);
    await ageInDatabase(100_000);
    await limits.checkRegistration(em(), '192.0.2.8');
    await limitsWith().purge();
    expect(await kept()).toHaveLength(4);
    await ageInDatabase(20_000);
    await limitsWith().purge();
    expect(await kept()).toEqual([{ key: 'register:192.0.2.8' }]);
  });

  test('a purge deletes every expired counter, however many there are', async () => {
    await app.sql(
      `insert into auth_limits select 'register:' || n, array[now() - interval '3 minutes'], true
        from generate_series(1, 2500) n`,
    );
    await limitsWith().purge();
    expect(await app.sql('select 1 from auth_limits')).toEqual([]);
  });

  test('a call that is counted during a purge stays counted', async () => {
    await passedOf(times(10, () => limitsWith().checkRegistration(em(), '192.0.2.7')));
    await ageInDatabase(121_000);
    const counting = await inTransaction();
    await limitsWith().checkRegistration(counting, '192.0.2.7');
    const forgotten = limitsWith().purge();
    // The purge does not wait for a call that is counting, except on the embedded database, which has one connection.
    if (name !== 'the embedded database') await forgotten;
    await counting.commit();
    await forgotten;
    expect(await passedOf(times(20, () => limitsWith().checkRegistration(em(), '192.0.2.7')))).toBe(9);
  });

  test('a call that is rolled back is not counted', async () => {
    const undone = await inTransaction();
    const limits = limitsWith();
    for (let i = 0; i < 5; i++) await limits.checkRefresh(undone, sessionOf('usr_1'));
    await expect(limitsWith().checkRefresh(undone, sessionOf('usr_1'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await undone.rollback();
    expect(await passedOf(times(20, () => limits.checkRefresh(em(), sessionOf('usr_1'))))).toBe(5);
  });

  test('a failing address is limited after its failures and accepted again after a minute', async () => {
    const clock = heldClock();
    const limits = limitsWith({ clock });
    expect(await failuresAllowed(limits, '192.0.2.7')).toBe(20);
    limits.failures.check('192.0.2.8');
    clock.advance(60_000);
    limits.failures.check('192.0.2.7');
  });

  test('counting a failure never throws, for any address', async () => {
    const limits = limitsWith();
    for (const address of ['', 'unknown', '::', ':::', 'x'.repeat(100_000)]) limits.failures.count(address);
    await limits.close();
  });

  test.each([1, 2, 8, 20])('%i replicas share a limit: together they allow as many as one', async (count) => {
    const replicas = times(count, () => limitsWith({ replicas: () => count }));
    const calls = times(40, (i) => replicas[i % count]!.checkLogin(em(), '192.0.2.7', 'ann@example.org'));
    expect(await passedOf(calls)).toBe(10);
  });

  test.each([1, 2, 5, 20])('%i replicas share the failures of an address, without a write', async (count) => {
    const replicas = times(count, () => limitsWith({ replicas: () => count }));
    const allowed = await Promise.all(replicas.map((each) => failuresAllowed(each, '192.0.2.7')));
    for (const each of allowed) expect(each).toBe(20 / count);
    expect(await app.sql('select 1 from auth_limits')).toEqual([]);
  });

  test('further calls of an address over its limit cost no query', async () => {
    const limits = limitsWith();
    await passedOf(times(11, () => limits.checkRegistration(em(), '192.0.2.7')));
    const refusal = limits.checkRegistration(await brokenConnection(), '192.0.2.7');
    await expect(refusal).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  test('if the database cannot count, the call is rejected', async () => {
    const broken = await brokenConnection();
    await expect(limitsWith().checkLogin(broken, '192.0.2.7', 'ann@example.org')).rejects.toThrow(
      /transaction is aborted/,
    );
  });

  test('password checks of a session are counted apart from logins', async () => {
    const limits = limitsWith();
    await passedOf(times(20, () => limits.checkLogin(em(), '192.0.2.7', 'usr_1')));
    expect(await passedOf(times(20, () => limits.checkPassword(em(), sessionOf('usr_1'))))).toBe(10);
  });

  test('a rate of 0 is no limit', async () => {
    const limits = limitsWith({
      loginPerMinute: 0,
      registerPerMinute: 0,
      refreshPerMinute: 0,
      ledgerPerMinute: 0,
      failedAuthPerMinute: 0,
    });
    const all = times(50, () => [
      limits.checkLogin(em(), '192.0.2.7', 'ann@example.org'),
      limits.checkRegistration(em(), null),
      limits.checkRefresh(em(), sessionOf('u')),
    ]);
    expect(await passedOf(all.flat())).toBe(150);
    expect(await failuresAllowed(limits, '192.0.2.7')).toBe(Number.POSITIVE_INFINITY);
  });
});
