import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeSecret, parseSecret } from '../../../src/crypto/secret-text.ts';
import { unavailable } from '../../../src/identity/access-error.ts';
import { backends, SETUP_TOKEN, startTestApp, type TestApp } from '../../support/app.ts';
import {
  chainOf,
  claimsOf,
  eventsOf,
  exchange,
  later,
  login,
  refresh,
  sessionRow,
  UNLIMITED,
} from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

const DAY = 86_400;
const UNKNOWN_REASONS = ['UNKNOWN', 'EXPIRED', 'REVOKED', 'REUSED'];

describe.each(backends())('refreshSession on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  describe('RefreshSessionSuccess', () => {
    test('a refresh token is exchanged for a new access token and a new refresh token', async () => {
      const member = await app.member();
      const { tokens } = await refresh(app, member.refreshToken);
      expect(parseSecret(tokens.refreshToken)).toEqual({ prefix: 'rkr' });
      expect(tokens.refreshToken).not.toBe(member.refreshToken);
      expect(tokens.session.id).toBe(member.sessionId);
      expect(await app.accepts(tokens.accessToken)).toBe(true);
      expect(claimsOf(tokens.accessToken)).toMatchObject({ sub: member.id, sid: member.sessionId });
      expect(claimsOf(tokens.accessToken).jti).not.toBe(claimsOf(member.accessToken).jti);
    });

    test('the previous access token stays valid', async () => {
      const member = await app.member();
      await refresh(app, member.refreshToken);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('F3.9: each refresh token is stored as a hash, with the id of its parent', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      const third = await exchange(app, second);
      const chain = await chainOf(app, member.sessionId);
      expect(chain.map(({ parent_id }) => parent_id)).toEqual([null, chain[0].id, chain[1].id]);
      expect(chain.map(({ used_at }) => used_at !== null)).toEqual([true, true, false]);
      const stored = JSON.stringify(await app.sql('select * from refresh_tokens'));
      for (const secret of [member.refreshToken, second, third]) {
        expect(stored).not.toContain(secret);
        expect(stored).not.toContain(secret.slice(4, 34));
      }
    });

    test('inactivity timeout: a refresh extends it to seven days from now', async () => {
      const member = await app.member();
      await later(app, member.sessionId, 6 * DAY);
      const { tokens } = await refresh(app, member.refreshToken);
      expect(secondsFromNow(tokens.session.idleExpiresAt)).toBeCloseTo(7 * DAY, -2);
      expect(secondsFromNow(tokens.session.expiresAt)).toBeCloseTo(24 * DAY, -2);
      expect(tokens.refreshTokenExpiresAt).toBe(tokens.session.idleExpiresAt);
    });

    test('F3.9, session timebox: a refresh never extends it, and the refresh token expires with it', async () => {
      const member = await app.member();
      await app.sql(
        `update sessions set expires_at = now() + interval '2 days', idle_expires_at = now() + interval '1 day' where id = ?`,
        [member.sessionId],
      );
      const { tokens } = await refresh(app, member.refreshToken);
      expect(secondsFromNow(tokens.session.expiresAt)).toBeCloseTo(2 * DAY, -2);
      expect(tokens.session.idleExpiresAt).toBe(tokens.session.expiresAt);
      expect(tokens.refreshTokenExpiresAt).toBe(tokens.session.expiresAt);
    });

    test('an access token never outlives its session', async () => {
      const member = await app.member();
      await app.sql(
        `update sessions set expires_at = now() + interval '90 seconds', idle_expires_at = now() + interval '90 seconds' where id = ?`,
        [member.sessionId],
      );
      const { tokens } = await refresh(app, member.refreshToken);
      expect(secondsFromNow(tokens.accessTokenExpiresAt)).toBeLessThanOrEqual(90);
      expect(new Date(claimsOf(tokens.accessToken).exp * 1000).toISOString()).toBe(tokens.accessTokenExpiresAt);
    });

    test('B11: a refresh adds no scopes after a promotion, and removes scopes after a demotion', async () => {
      const scopesOf = async (bearer: string) => (await app.as({ bearer }).viewer()).scopes;
      const promoted = await app.member();
      await app.sql(`update users set role = 'ADMIN' where id = ?`, [promoted.id]);
      const { accessToken } = (await refresh(app, promoted.refreshToken)).tokens;
      expect(claimsOf(accessToken).scope.split(' ')).not.toContain('ADMIN');
      expect(await scopesOf(accessToken)).not.toContain('ADMIN');
      const demoted = await login(app, promoted);
      expect(claimsOf(demoted.accessToken).scope.split(' ')).toContain('ADMIN');
      expect(await scopesOf(demoted.accessToken)).toContain('ADMIN');
      await app.sql(`update users set role = 'MEMBER' where id = ?`, [promoted.id]);
      const { tokens } = await refresh(app, demoted.refreshToken);
      expect(claimsOf(tokens.accessToken).scope.split(' ')).not.toContain('ADMIN');
      expect(await scopesOf(tokens.accessToken)).not.toContain('ADMIN');
    });

    test('a retry with the parent of the newest token returns the same successor, and creates no second one', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      for (let retries = 0; retries < 3; retries++) expect(await exchange(app, member.refreshToken)).toBe(second);
      expect(await chainOf(app, member.sessionId)).toHaveLength(2);
      expect(await exchange(app, second)).toMatch(/^rkr_/);
    });

    test('the tokens belong to the session of the refresh token, even if the request has the credential of another session', async () => {
      const [one, other] = [await app.member(), await app.member()];
      const { tokens } = await refresh(app, one.refreshToken, other);
      expect(claimsOf(tokens.accessToken)).toMatchObject({ sub: one.id, sid: one.sessionId });
      expect((await sessionRow(app, other.sessionId)).revoked_at).toBeNull();
    });
  });

  describe('RefreshTokenRejectedError', () => {
    test('UNKNOWN: a token that was never issued, and any text that is no refresh token', async () => {
      const member = await app.member();
      const key = await app.apiKey(member);
      const texts = [
        ...[makeSecret('rkr'), makeSecret('rka'), key.secret, member.accessToken, member.sessionId, '', ' ', 'rkr_'],
        ...[
          `${member.refreshToken} `,
          member.refreshToken.toLowerCase(),
          member.refreshToken.slice(0, -1),
          'x'.repeat(4000),
        ],
        ...[member.refreshToken.replace('rkr_', 'rka_'), "' or 1=1 --", SETUP_TOKEN],
      ];
      for (const text of texts) expect(await exchange(app, text), text.slice(0, 50)).toBe('UNKNOWN');
      expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
    });

    test('UNKNOWN: a request with neither an argument nor a cookie', async () => {
      expect(await exchange(app, '')).toBe('UNKNOWN');
    });

    test('EXPIRED, inactivity timeout: the session was not refreshed for seven days', async () => {
      const member = await app.member();
      await later(app, member.sessionId, 7 * DAY);
      expect(await exchange(app, member.refreshToken)).toBe('EXPIRED');
      expect(await app.accepts(member.accessToken)).toBe(false);
      expect(await chainOf(app, member.sessionId)).toHaveLength(1);
    });

    test('EXPIRED, session timebox: the session is thirty days old, even if it was refreshed just before', async () => {
      const member = await app.member();
      await later(app, member.sessionId, 30 * DAY);
      await app.sql('update sessions set refreshed_at = now(), idle_expires_at = expires_at where id = ?', [
        member.sessionId,
      ]);
      expect(await exchange(app, member.refreshToken)).toBe('EXPIRED');
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('F3.5: a token of a session that was logged out gets REVOKED, and is not recorded as reuse', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      await app.as(member).logout().expectSuccess();
      for (const token of [member.refreshToken, second, second]) expect(await exchange(app, token)).toBe('REVOKED');
      expect(await eventsOf(app, member.sessionId)).not.toContain('session.reuse-detected');
      expect((await sessionRow(app, member.sessionId)).revocation_reason).toBe('SIGNED_OUT');
    });

    test('F3.5: an expired token gets EXPIRED every time, and is not recorded as reuse', async () => {
      const member = await app.member();
      await later(app, member.sessionId, 8 * DAY);
      for (let tries = 0; tries < 10; tries++) expect(await exchange(app, member.refreshToken)).toBe('EXPIRED');
      expect(await eventsOf(app, member.sessionId)).toEqual(['session.started']);
    });

    test('B04, REVOKED: a session of a disabled user stays revoked after the user is enabled again', async () => {
      const member = await app.member();
      const admin = app.as(await app.admin());
      await admin.disableUser({ userId: member.id }).expectSuccess();
      expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
      await admin.enableUser({ userId: member.id }).expectSuccess();
      expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('REUSED: a token that was used before revokes its session and every access token of the session', async () => {
      const member = await app.member();
      const { tokens: second } = await refresh(app, member.refreshToken);
      const { tokens: third } = await refresh(app, second.refreshToken);
      const accessTokens = [member.accessToken, second.accessToken, third.accessToken];
      for (const token of accessTokens) expect(await app.accepts(token)).toBe(true);
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      for (const token of accessTokens) expect(await app.accepts(token)).toBe(false);
      for (const token of [member.refreshToken, second.refreshToken, third.refreshToken]) {
        expect(await exchange(app, token)).toBe('REVOKED');
      }
      expect(await sessionRow(app, member.sessionId)).toMatchObject({ revocation_reason: 'REUSED' });
      expect(await eventsOf(app, member.sessionId)).toEqual(
        expect.arrayContaining(['session.started', 'session.reuse-detected', 'session.revoked']),
      );
    });

    test('REUSED revokes one session: the other sessions and the API keys of the user stay active', async () => {
      const member = await app.member();
      const other = await login(app, member);
      const key = await app.apiKey(member);
      await exchange(app, await exchange(app, member.refreshToken));
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await app.accepts(member.accessToken)).toBe(false);
      expect([await app.accepts(other.accessToken), await app.accepts(key.secret)]).toEqual([true, true]);
      expect(await exchange(app, other.refreshToken)).toMatch(/^rkr_/);
    });

    test('REVOKED: every token of a user that plain SQL has disabled, even after the user is enabled again', async () => {
      const member = await app.member();
      const third = await exchange(app, await exchange(app, member.refreshToken));
      await app.sql('update users set disabled_at = now() where id = ?', [member.id]);
      expect(await exchange(app, member.refreshToken)).toBe('REVOKED');
      await app.sql('update users set disabled_at = null where id = ?', [member.id]);
      expect(await exchange(app, third)).toBe('REVOKED');
      expect(await app.accepts(member.accessToken)).toBe(false);
    });

    test('F3.6: reuse of a token is detected even weeks after its first use', async () => {
      const member = await app.member();
      let newest = await exchange(app, member.refreshToken);
      for (let weeks = 0; weeks < 4; weeks++) {
        await later(app, member.sessionId, 6 * DAY);
        newest = await exchange(app, newest);
      }
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await exchange(app, newest)).toBe('REVOKED');
    });

    test('neither the error message nor the log contains the token', async () => {
      const token = makeSecret('rkr');
      const call = app.as().refreshSession({ refreshToken: token });
      const { message, reason } = await call.expect('RefreshTokenRejectedError');
      expect(UNKNOWN_REASONS).toContain(reason);
      expect(message).not.toContain(token.slice(4, 12));
      expect(app.log.join('')).not.toContain(token);
    });
  });

  describe('scenarios of SuperTokens', () => {
    test('graceWindowReRotation: within the grace period the parent returns the same successor, and does not extend the period', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      await later(app, member.sessionId, 9);
      expect(await exchange(app, member.refreshToken)).toBe(second);
      // The retry did not extend the grace period.
      await later(app, member.sessionId, 2);
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
    });

    test('recentPrevReuseIsTheftAndRevokes: after the grace period the parent gets REUSED', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      await later(app, member.sessionId, 10);
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await exchange(app, second)).toBe('REVOKED');
    });

    test('orphanedBranchReuseIsTheftAndRevokes: a parent whose successor was used gets REUSED, even within the grace period', async () => {
      const member = await app.member();
      const third = await exchange(app, await exchange(app, member.refreshToken));
      expect(await exchange(app, member.refreshToken)).toBe('REUSED');
      expect(await exchange(app, third)).toBe('REVOKED');
    });

    test('staleLineageIsAlwaysTheft: a grandparent gets REUSED at any time', async () => {
      const member = await app.member();
      const second = await exchange(app, member.refreshToken);
      const fourth = await exchange(app, await exchange(app, second));
      await later(app, member.sessionId, DAY);
      expect(await exchange(app, second)).toBe('REUSED');
      expect(await exchange(app, fourth)).toBe('REVOKED');

      const hasty = await app.member(); // Within the grace period, which applies only to the parent.
      const newest = await exchange(app, await exchange(app, hasty.refreshToken));
      expect(await exchange(app, hasty.refreshToken)).toBe('REUSED');
      expect(await exchange(app, newest)).toBe('REVOKED');
    });
  });

  test('if no access token can be signed, nothing changes, and the refresh token still works', async () => {
    const member = await app.member();
    const signing = vi.spyOn(app.app.jwtKeys, 'signing', 'get').mockImplementation(() => {
      throw unavailable();
    });
    try {
      await expect(exchange(app, member.refreshToken)).rejects.toThrow('AUTHENTICATION_UNAVAILABLE');
    } finally {
      signing.mockRestore();
    }
    expect(await chainOf(app, member.sessionId)).toMatchObject([{ used_at: null }]);
    expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
  });

  test('GoTrue, failed to save refresh token: an error in the middle of the transaction changes nothing, and the token still works', async () => {
    const member = await app.member();
    const before = await sessionRow(app, member.sessionId);
    await app.sql(
      `create function fail() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$`,
    );
    await app.sql('create trigger fail before insert on refresh_tokens for each row execute function fail()');
    try {
      const call = app.as().refreshSession({ refreshToken: member.refreshToken });
      const { errors, data } = await call.expectError('INTERNAL_SERVER_ERROR');
      expect(data).toBeNull();
      expect(JSON.stringify(errors)).not.toContain('disk');
    } finally {
      await app.sql('drop function fail cascade');
    }
    expect(await sessionRow(app, member.sessionId)).toEqual(before);
    expect(await chainOf(app, member.sessionId)).toMatchObject([{ used_at: null }]);
    expect(await app.accepts(member.accessToken)).toBe(true);
    expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
  });

  test('if the audit event of a reuse cannot be stored, nothing changes, and the next reuse is detected', async () => {
    const member = await app.member();
    const third = await exchange(app, await exchange(app, member.refreshToken));
    await app.sql(`create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`);
    await app.sql('create trigger fail before insert on audit_events for each row execute function fail()');
    try {
      await expect(exchange(app, member.refreshToken)).rejects.toThrow('INTERNAL_SERVER_ERROR');
    } finally {
      await app.sql('drop function fail cascade');
    }
    expect((await sessionRow(app, member.sessionId)).revoked_at).toBeNull();
    expect(await exchange(app, member.refreshToken)).toBe('REUSED');
    expect(await exchange(app, third)).toBe('REVOKED');
  });
});

test('with a grace period of 0, no refresh token works twice', async () => {
  const app = await startTestApp({ env: { ...UNLIMITED, REKEY_REFRESH_GRACE_SECONDS: '0' } });
  try {
    const member = await app.member();
    const second = await exchange(app, member.refreshToken);
    expect(await exchange(app, member.refreshToken)).toBe('REUSED');
    expect(await exchange(app, second)).toBe('REVOKED');

    // Also at a replica whose clock is a little behind that of the replica that exchanged it.
    const other = await app.member();
    await exchange(app, other.refreshToken);
    await app.sql(`update refresh_tokens set used_at = used_at + interval '1 second' where session_id = ?`, [
      other.sessionId,
    ]);
    expect(await exchange(app, other.refreshToken)).toBe('REUSED');
  } finally {
    await app.close();
  }
});

describe.each(backends())('the limit of refreshes on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    // A slow machine must not be too late for a repeat.
    app = await start({ env: { REKEY_REFRESH_GRACE_SECONDS: '300' } });
  });
  afterAll(() => app.close());

  const limited = (refreshToken: string) => app.as().refreshSession({ refreshToken }).answer();

  async function exhausted() {
    const member = await app.member();
    let newest = member.refreshToken;
    const chain = [newest];
    for (let count = 0; count < 5; count++) chain.push((newest = await exchange(app, newest)));
    return { member, newest, chain };
  }

  test('F3.7: a session may refresh five times a minute, then gets 429 with the time to retry, and other sessions are not affected', async () => {
    const { member, newest } = await exhausted();
    const { status, headers, errors } = await limited(newest);
    expect(status).toBe(429);
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: seconds } }]);
    const other = await login(app, member);
    expect((await limited(other.refreshToken)).status).toBe(200);
    expect((await limited((await app.member()).refreshToken)).status).toBe(200);
  });

  test('all sessions of a user together get ten times the limit of one session', async () => {
    const few = await start({ env: { REKEY_REFRESH_PER_MINUTE: '1' } });
    try {
      const first = await few.member();
      const sessions = [first];
      while (sessions.length < 12) sessions.push(await login(few, first));
      const answers = await Promise.all(sessions.map(({ refreshToken }) => exchange(few, refreshToken).catch(String)));
      expect(answers.filter((answer) => answer.startsWith('rkr_'))).toHaveLength(10);
      expect(answers.filter((answer) => answer.includes('RATE_LIMITED'))).toHaveLength(2);
    } finally {
      await few.close();
    }
  });

  test('a rejected refresh neither uses up its token nor revokes the session', async () => {
    const { member, newest } = await exhausted();
    for (let tries = 0; tries < 3; tries++) expect((await limited(newest)).status).toBe(429);
    expect((await chainOf(app, member.sessionId)).at(-1)).toMatchObject({ used_at: null });
    expect((await sessionRow(app, member.sessionId)).revoked_at).toBeNull();
  });

  test('each alias of a document counts', async () => {
    const few = await start({ env: { REKEY_REFRESH_PER_MINUTE: '1' } });
    try {
      const sessions = [await few.member()];
      while (sessions.length < 11) sessions.push(await login(few, sessions[0]!));
      await exchange(few, sessions.pop()!.refreshToken);
      const variables = Object.fromEntries(sessions.map(({ refreshToken }, index) => [`i${index}`, { refreshToken }]));
      const names = Object.keys(variables);
      const fields = names.map((name) => `${name}: refreshSession(input: $${name}) { __typename }`).join(' ');
      const declared = names.map((name) => `$${name}: RefreshSessionInput!`).join(', ');
      const { status, errors } = await few.graphql(`mutation (${declared}) { ${fields} }`, variables);
      expect(status).toBe(429);
      expect(errors).toMatchObject([{ path: ['i9'], extensions: { code: 'RATE_LIMITED' } }]);
      const used = await few.sql(
        'select count(used_at)::int as n from refresh_tokens t join sessions s on s.id = t.session_id where s.user_id = ?',
        [sessions[0]!.id],
      );
      expect(used).toEqual([{ n: 10 }]);
    } finally {
      await few.close();
    }
  });

  test('only exchanges count: twenty simultaneous requests with one token, and later retries, count as one', async () => {
    const member = await app.member();
    const tabs = Array.from({ length: 20 }, () => exchange(app, member.refreshToken));
    const [second, ...others] = await Promise.all(tabs);
    for (const other of others) expect(other).toBe(second);
    for (let retries = 0; retries < 6; retries++) expect(await exchange(app, member.refreshToken)).toBe(second);
    let newest = second!;
    for (let count = 0; count < 4; count++) newest = await exchange(app, newest);
    expect((await limited(newest)).status).toBe(429);
  });

  test('retries have their own limit, twenty for every allowed exchange, and each alias counts', async () => {
    const few = await start({ env: { REKEY_REFRESH_PER_MINUTE: '2' } });
    try {
      const member = await few.member();
      const second = await exchange(few, member.refreshToken);
      const input = { refreshToken: member.refreshToken };
      const fields = Array.from(
        { length: 10 },
        (_, index) => `r${index}: refreshSession(input: $input) { __typename }`,
      );
      const again = `mutation ($input: RefreshSessionInput!) { ${fields.join(' ')} }`;
      // At once, so that a slow machine is done before the window slides.
      const answers = await Promise.all(times(4, () => few.graphql(again, { input })));
      for (const { status } of answers) expect(status).toBe(200);
      expect(await few.graphql(again, { input })).toMatchObject({
        status: 429,
        errors: [{ path: ['r0'], extensions: { code: 'RATE_LIMITED' } }],
      });
      expect(await exchange(few, second)).toMatch(/^rkr_/); // The newest token is an exchange, not a retry.
    } finally {
      await few.close();
    }
  });

  test('reuse is detected even if the limit is reached', async () => {
    const { member, newest, chain } = await exhausted();
    expect((await limited(newest)).status).toBe(429);
    expect(await exchange(app, chain[0]!)).toBe('REUSED');
    expect(await app.accepts(member.accessToken)).toBe(false);
  });

  test('tokens of revoked and expired sessions do not count, so they do not prevent a refresh of an active session', async () => {
    const member = await app.member();
    const other = await login(app, member);
    await app.as(other).logout().expectSuccess();
    for (let tries = 0; tries < 10; tries++) expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
    const idle = await login(app, member);
    await later(app, idle.sessionId, 8 * DAY);
    for (let tries = 0; tries < 10; tries++) expect(await exchange(app, idle.refreshToken)).toBe('EXPIRED');
    expect(await exchange(app, member.refreshToken)).toMatch(/^rkr_/);
  });
});

describe.each(backends())('an address that sends invalid refresh tokens, on $name,', ({ start }) => {
  test('is limited after its failures, but reuse is still detected, and valid tokens still work', async () => {
    const app = await start({ env: { ...UNLIMITED, REKEY_FAILED_AUTH_PER_MINUTE: '5' } });
    try {
      const [loggedOut, victim] = [await app.member(), await app.member()];
      const third = await exchange(app, await exchange(app, victim.refreshToken));
      await app.as(loggedOut).logout().expectSuccess();
      for (let tries = 0; tries < 4; tries++) expect(await exchange(app, loggedOut.refreshToken)).toBe('REVOKED');
      expect(await exchange(app, `${loggedOut.refreshToken}x`)).toBe('UNKNOWN');
      await expect(exchange(app, loggedOut.refreshToken)).rejects.toThrow('RATE_LIMITED');
      for (const unknown of [makeSecret('rkr'), `${loggedOut.refreshToken}x`, 'x'])
        await expect(exchange(app, unknown)).rejects.toThrow('RATE_LIMITED');
      const headers = { cookie: `__Host-rekey-refresh=${makeSecret('rkr')}`, 'x-rekey-csrf': '1' };
      await app.as({ headers }).logout().expectError('RATE_LIMITED');
      expect(await exchange(app, victim.refreshToken)).toBe('REUSED');
      expect(await sessionRow(app, victim.sessionId)).toMatchObject({ revocation_reason: 'REUSED' });
      expect(await exchange(app, (await app.member()).refreshToken)).toMatch(/^rkr_/);
      await expect(exchange(app, third)).rejects.toThrow('RATE_LIMITED'); // Its session is revoked by now.
    } finally {
      await app.close();
    }
  });
});

function secondsFromNow(at: string | null): number {
  return (new Date(at!).getTime() - Date.now()) / 1000;
}
