// Several replicas in one process, on one PostgreSQL and one Redis: concurrent decisions about one token.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Account, startTestApp, type TestApp } from '../../support/app.ts';
import { migratedDatabase } from '../../support/postgres-template.ts';
import { as, chainOf, eventsOf, exchange, login, refresh, sessionRow, UNLIMITED } from '../../support/sessions.ts';

const TWENTY = Array.from({ length: 20 }, (_, index) => index);

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('one refresh token at three replicas at once', () => {
  let replicas: TestApp[];
  let databaseUrl: string;

  const replica = (env: Record<string, string> = {}) =>
    startTestApp({ databaseUrl, redisUrl: inject('redisUrl'), env: { ...UNLIMITED, ...env } });
  /** The replicas in turn. */
  const any = (index: number) => replicas[index % replicas.length]!;

  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    replicas = await Promise.all([replica(), replica(), replica()]);
  });
  afterAll(() => Promise.all(replicas.map((each) => each.close())));

  const member = (): Promise<Account> => any(0).member();
  const acceptedBy = (token: string) => Promise.all(replicas.map((each) => each.accepts(token)));

  test('F3.3, 20 concurrent: twenty refreshes get one successor, and the chain has no fork', async () => {
    const { refreshToken, sessionId } = await member();
    const answers = await Promise.all(TWENTY.map((index) => exchange(any(index), refreshToken)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^rkr_/);
    const chain = await chainOf(any(0), sessionId);
    expect(chain.map(({ used_at }) => used_at !== null)).toEqual([true, false]);
    expect((await sessionRow(any(0), sessionId)).revoked_at).toBeNull();
    expect(await exchange(any(1), answers[0]!)).toMatch(/^rkr_/);
  });

  test('twenty refreshes that also present the access token of the session get one successor', async () => {
    const { accessToken, refreshToken, sessionId } = await member();
    const answers = await Promise.all(
      TWENTY.map((index) => refresh(any(index), refreshToken, { bearer: accessToken })),
    );
    expect(new Set(answers.map(({ tokens }) => tokens.refreshToken)).size).toBe(1);
    expect(await chainOf(any(0), sessionId)).toHaveLength(2);
    // No request ran into a deadlock.
    expect(replicas.flatMap(({ log }) => log).join('')).not.toContain('deadlock');
  });

  test('every access token from twenty concurrent refreshes works, and is revoked with the session', async () => {
    const { refreshToken, sessionId } = await member();
    const answers = await Promise.all(TWENTY.map((index) => refresh(any(index), refreshToken)));
    const accessTokens = answers.map(({ tokens }) => tokens.accessToken);
    for (const token of accessTokens) expect(await acceptedBy(token)).toEqual([true, true, true]);
    const owner = { accessToken: accessTokens[0]! };
    await any(1).mutate('revokeSession', { sessionId }, '', as(owner));
    for (const token of accessTokens) expect(await acceptedBy(token)).toEqual([false, false, false]);
  });

  test('when an owner and a thief each continue with the token they have, the session is revoked for both', async () => {
    const { accessToken, refreshToken, sessionId } = await member();
    const second = await exchange(any(0), refreshToken);
    const third = await exchange(any(1), second); // The thief is faster by one.
    expect(await exchange(any(2), refreshToken)).toBe('REUSED');
    for (const index of [0, 1, 2]) expect(await exchange(any(index), third)).toBe('REVOKED');
    expect(await acceptedBy(accessToken)).toEqual([false, false, false]);
    expect(await eventsOf(any(0), sessionId)).toContain('session.reuse-detected');
  });

  test('reuse that one replica detects revokes every access token of the session on all replicas', async () => {
    const victim = await member();
    const { tokens: second } = await refresh(any(0), victim.refreshToken);
    const { tokens: third } = await refresh(any(1), second.refreshToken);
    const accessTokens = [victim.accessToken, second.accessToken, third.accessToken];
    // Every replica has cached every token.
    for (const token of accessTokens) expect(await acceptedBy(token)).toEqual([true, true, true]);
    expect(await exchange(any(2), victim.refreshToken)).toBe('REUSED');
    const verdicts = await Promise.all(accessTokens.map(acceptedBy));
    expect(verdicts.flat()).toEqual(Array(9).fill(false));
    for (const index of [0, 1, 2]) expect(await exchange(any(index), third.refreshToken)).toBe('REVOKED');
  });

  test('of twenty concurrent reuses, exactly one returns REUSED and is recorded, and no token stays valid', async () => {
    const { refreshToken, sessionId } = await member();
    const third = await exchange(any(1), await exchange(any(0), refreshToken));
    const answers = await Promise.all(TWENTY.map((index) => exchange(any(index), index % 2 ? refreshToken : third)));
    // A request with the newest token that came before the detection got a successor, which is revoked by now.
    expect(answers.filter((answer) => answer === 'REUSED')).toHaveLength(1);
    const successors = new Set(answers.filter((answer) => answer.startsWith('rkr_')));
    expect(successors.size).toBeLessThanOrEqual(1);
    for (const token of successors) expect(await exchange(any(0), token)).toBe('REVOKED');
    const events = await eventsOf(any(0), sessionId);
    expect(events.filter((type) => type === 'session.reuse-detected')).toHaveLength(1);
  });

  test.each([
    { redis: 'Redis is unreachable', allowed: 5, redisUrl: 'redis://127.0.0.1:1' },
    { redis: 'there is no Redis', allowed: 10, redisUrl: null },
  ])(
    'F1.13: where $redis, a limit also counts over all replicas: $allowed of 10 per minute for all sessions of a user',
    async ({ allowed, redisUrl }) => {
      const env = { REKEY_REFRESH_PER_MINUTE: '1' };
      const limited = await Promise.all(TWENTY.slice(0, 4).map(() => startTestApp({ databaseUrl, redisUrl, env })));
      try {
        const user = await member();
        // They wait for each other, and a request waits for two seconds only.
        const sessions = [user, ...(await Promise.all(TWENTY.slice(1, 12).map(() => login(any(0), user))))];
        const answers = await Promise.all(
          sessions.map((session, index) =>
            refresh(limited[index % limited.length]!, session.refreshToken).catch(String),
          ),
        );
        const refused = answers.filter((answer) => String(answer).includes('RATE_LIMITED'));
        expect(refused).toHaveLength(sessions.length - allowed);
        expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(allowed);
        // A session that was limited can retry with the same token.
        const unused = sessions[answers.findIndex((answer) => typeof answer === 'string')]!;
        expect(await exchange(any(0), unused.refreshToken)).toMatch(/^rkr_/);
      } finally {
        await Promise.all(limited.map((each) => each.close()));
      }
    },
  );

  test.each([
    ['all within the limit', '10000', 6],
    ['most of them over the limit', '5', 30],
  ])('a flood of refreshes of many sessions, %s, does not delay revokeAllSessions', async (_what, rate, count) => {
    const env = { REKEY_REFRESH_PER_MINUTE: rate };
    const limited = await Promise.all(TWENTY.slice(0, 3).map(() => replica(env)));
    let flooding = true;
    try {
      const user = await member();
      const sessions = await Promise.all(Array.from({ length: count }, () => login(any(0), user)));
      let answered = 0;
      const flood = async ({ accessToken, refreshToken }: Account, index: number) => {
        let newest = refreshToken;
        // Some clients also send their access token, which is checked, too.
        const credential = index % 2 === 0 ? undefined : { bearer: accessToken };
        while (flooding) {
          const next = await refresh(limited[index % 3]!, newest, credential).catch(() => null);
          newest = next?.tokens?.refreshToken ?? newest;
          answered++;
        }
      };
      const floods = sessions.map(flood);
      await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(3 * count);
      const ended = await any(0).mutate('revokeAllSessions', { userId: user.id }, '', as(await any(0).admin()));
      flooding = false;
      await Promise.all(floods);
      expect(ended.__typename).toBe('RevokeAllSessionsSuccess');
      for (const { refreshToken } of sessions) expect(await exchange(any(0), refreshToken)).toBe('REVOKED');
    } finally {
      flooding = false;
      await Promise.all(limited.map((each) => each.close()));
    }
  });

  test('a limit counts over all replicas', async () => {
    const limited = await Promise.all([1, 2, 3].map(() => replica({ REKEY_REFRESH_PER_MINUTE: '5' })));
    try {
      const { refreshToken } = await member();
      let newest = refreshToken;
      for (const index of TWENTY.slice(0, 5)) newest = await exchange(limited[index % 3]!, newest);
      for (const each of limited) await expect(exchange(each, newest)).rejects.toThrow('RATE_LIMITED');
      expect(await exchange(any(0), newest)).toMatch(/^rkr_/); // A replica without a limit: the token is still unused.
    } finally {
      await Promise.all(limited.map((each) => each.close()));
    }
  });

  test('a refresh that is in flight when its session is revoked leaves the session revoked', async () => {
    const { accessToken, refreshToken, sessionId } = await member();
    const others = TWENTY.slice(0, 6).map((index) => exchange(any(index), refreshToken));
    await any(0).mutate('logout', null, '', as({ accessToken }));
    for (const answer of await Promise.all(others)) {
      expect(answer).toMatch(/^(rkr_.*|REVOKED)$/);
      if (answer !== 'REVOKED') expect(await exchange(any(1), answer)).toBe('REVOKED');
    }
    expect(await sessionRow(any(0), sessionId)).toMatchObject({ revocation_reason: 'SIGNED_OUT' });
    expect(
      await any(0).sql('select 1 from audit_events where subject_id = ? and type = ?', [
        sessionId,
        'session.reuse-detected',
      ]),
    ).toEqual([]);
  });
});
