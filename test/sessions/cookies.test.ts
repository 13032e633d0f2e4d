import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { send } from '../support/raw.ts';
import { as, eventsOf, exchange, later, login, sessionRow, UNLIMITED } from '../support/sessions.ts';

const CSRF = { 'x-rekey-csrf': '1' };
const ACCESS = '__Host-rekey-access';
const REFRESH = '__Host-rekey-refresh';
const TOKENS =
  'tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt session { id expiresAt idleExpiresAt } }';
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { __typename ... on LoginSuccess { ${TOKENS} } } }`;
const REFRESH_DOCUMENT = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) {
  __typename ... on RefreshSessionSuccess { ${TOKENS} } ... on RefreshTokenRejectedError { reason } } }`;
const VIEWER = '{ viewer { credential { id } user { id } } }';

/** The cookies that a browser would store: the list with attributes, the values by name, and the `Cookie` header. */
function cookiesOf(headers: Headers) {
  const list = headers.getSetCookie().map((cookie) => {
    const [pair, ...attributes] = cookie.split('; ') as [string, ...string[]];
    const separator = pair.indexOf('=');
    return { name: pair.slice(0, separator), value: pair.slice(separator + 1), attributes };
  });
  const values = Object.fromEntries(list.map(({ name, value }) => [name, value]));
  return { list, values, header: list.map(({ name, value }) => `${name}=${value}`).join('; ') };
}

describe.each(backends())('cookies on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
    member = await app.member();
  });
  afterAll(() => app.close());

  async function browser() {
    const input = { email: member.email, password: PASSWORD, cookies: true };
    const answer = await app.graphql(LOGIN, { input });
    return { answer, cookies: cookiesOf(answer.headers), sessionId: answer.data.login.tokens.session.id as string };
  }
  const viewer = (headers: Record<string, string>, credential: object = {}) =>
    app.graphql(VIEWER, {}, { headers, ...credential });
  const refreshBy = (headers: Record<string, string>, input: object = { refreshToken: '' }) =>
    app.graphql(REFRESH_DOCUMENT, { input }, { headers });

  test('a login without `cookies: true` sets no cookies', async () => {
    const answer = await app.graphql(LOGIN, { input: { email: member.email, password: PASSWORD } });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.data.login.tokens.refreshToken).toMatch(/^rkr_/);
    const rotated = await app.graphql(REFRESH_DOCUMENT, {
      input: { refreshToken: answer.data.login.tokens.refreshToken },
    });
    expect(rotated.headers.getSetCookie()).toEqual([]);
  });

  test('a login with `cookies: true` sets two cookies for this host alone, hidden from scripts, and returns no token in the body', async () => {
    const { answer, cookies } = await browser();
    expect(cookies.list.map(({ name }) => name)).toEqual([ACCESS, REFRESH]);
    for (const { attributes } of cookies.list) {
      expect(attributes.slice(0, -1)).toEqual(['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']);
    }
    const { tokens } = answer.data.login;
    // By Max-Age alone: `Expires` is compared with the clock of the browser, which may be minutes ahead.
    const [access, refreshing] = cookies.list.map(({ attributes }) =>
      Number(/^Max-Age=(\d+)$/.exec(attributes.at(-1)!)![1]),
    );
    expect(300 - access!).toBeLessThanOrEqual(2);
    expect(604_800 - refreshing!).toBeLessThanOrEqual(2);
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(['', '']);
    const body = JSON.stringify(answer.data);
    for (const { value } of cookies.list) expect(body).not.toContain(value);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('a failed login sets no cookies', async () => {
    const answer = await app.graphql(LOGIN, { input: { email: member.email, password: 'wrong', cookies: true } });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('the access cookie authenticates together with the CSRF header', async () => {
    const { cookies, sessionId } = await browser();
    const { status, data } = await viewer({ cookie: cookies.header, ...CSRF });
    expect([status, data.viewer.credential.id, data.viewer.user.id]).toEqual([200, sessionId, member.id]);
    const gateway = { cookie: cookies.header, ...CSRF };
    expect((await fetch(`${app.url}/v1/verify`, { headers: gateway })).status).toBe(204);
  });

  test('without the CSRF header, cookies authenticate no request, refresh no session and log no session out', async () => {
    const { cookies } = await browser();
    const { errors } = await viewer({ cookie: cookies.header });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect((await fetch(`${app.url}/v1/verify`, { headers: { cookie: cookies.header } })).status).toBe(401);
    const refreshed = await refreshBy({ cookie: cookies.header });
    expect(refreshed.data.refreshSession.reason).toBe('UNKNOWN');
    expect(refreshed.headers.getSetCookie()).toEqual([]);
    expect(
      (await app.graphql('mutation { logout { __typename } }', {}, { headers: { cookie: cookies.header } })).data,
    ).toBeNull();
    expect((await viewer({ cookie: cookies.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
  });

  test('rejects cross-site requests before any change', async () => {
    const { cookies } = await browser();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type, cookie: cookies.header, origin: 'https://evil.example' },
        body: JSON.stringify({ query: 'mutation { logout { __typename } }' }),
      });
      expect(response.status).toBe(415);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const preflight = await fetch(`${app.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-rekey-csrf, content-type',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect(preflight.headers.get('access-control-allow-headers')).toBeNull();
    expect((await viewer({ cookie: cookies.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
  });

  test('ignores cookies beside a Bearer token, valid or invalid', async () => {
    const { cookies } = await browser();
    const other = await login(app, member);
    const headers = { cookie: cookies.header, ...CSRF };
    const { data } = await viewer(headers, { bearer: other.accessToken });
    expect(data.viewer.credential.id).toBe(other.sessionId);
    expect((await viewer(headers, { bearer: 'not a token' })).status).toBe(401);
    expect((await viewer(headers, { bearer: other.refreshToken })).status).toBe(401);
  });

  test('an invalid cookie counts as no credential, so public fields still work', async () => {
    const stale = [
      `${ACCESS}=x`,
      `${ACCESS}=${member.accessToken}x`,
      `${ACCESS}=`,
      ACCESS,
      `${ACCESS}=${member.refreshToken}`,
    ];
    for (const cookie of stale) {
      const headers = { cookie, ...CSRF };
      const { status, data, errors } = await viewer(headers);
      expect([status, data, errors?.[0]?.extensions.code], cookie).toEqual([200, null, 'UNAUTHENTICATED']);
      const input = { email: member.email, password: PASSWORD };
      expect((await app.graphql(LOGIN, { input }, { headers })).data.login.__typename).toBe('LoginSuccess');
    }
  });

  test('rejects duplicate cookies, which are ambiguous, and changes nothing', async () => {
    const [{ cookies }, other] = [await browser(), await login(app, member)];
    const twice = [
      `${cookies.header}; ${ACCESS}=${other.accessToken}`,
      `${ACCESS}=${other.accessToken}; ${cookies.header}`,
      `${cookies.header}; ${REFRESH}=${other.refreshToken}`,
    ];
    for (const cookie of twice) {
      const headers = { cookie, ...CSRF };
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(400);
      expect((await viewer(headers)).status).toBe(400);
      expect((await refreshBy(headers)).data).toBeUndefined();
      expect((await app.graphql('mutation { logout { __typename } }', {}, { headers })).data).toBeUndefined();
      expect((await viewer(headers, { bearer: other.accessToken })).data.viewer.user.id).toBe(member.id);
    }
    expect((await viewer({ cookie: cookies.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
    expect(await app.accepts(other.accessToken)).toBe(true);
  });

  test('reads several Cookie headers as one list', async () => {
    const { cookies } = await browser();
    const get = async (...sent: string[]) => {
      const lines = [...sent.map((cookie) => ['Cookie', cookie]), ['X-Rekey-CSRF', '1'], ['Host', 'x']];
      return (await send(app.url, '/v1/verify', { headers: lines.flat() })).status;
    };
    const ours = `${ACCESS}=${cookies.values[ACCESS]}`;
    expect(await get('a=b', ours)).toBe(204);
    expect(await get(`${ours}; \u00a0${ACCESS}=x`)).toBe(204);
    expect(await get(ours, ours)).toBe(400);
    expect(await get(`\u00a0${ours}`)).toBe(401);
  });

  test('an Authorization header of another scheme, such as Basic, does not disable the cookies', async () => {
    const { cookies, sessionId } = await browser();
    const headers = { cookie: cookies.header, ...CSRF, authorization: 'Basic c3RhZ2luZzpzdGFnaW5n' };
    expect((await viewer(headers)).data.viewer.credential.id).toBe(sessionId);
    expect((await refreshBy(headers)).data.refreshSession.tokens.session.id).toBe(sessionId);
  });

  test('ignores cookies with other names', async () => {
    const { cookies } = await browser();
    for (const name of ['rekey-access', '__Secure-rekey-access', '__host-rekey-access', `x${ACCESS}`]) {
      expect((await viewer({ cookie: `${name}=${cookies.values[ACCESS]}`, ...CSRF })).errors).toHaveLength(1);
    }
  });

  test.each([
    ['an unknown Bearer token', { authorization: `Bearer ${makeSecret('rka')}` }],
    ['a Bearer token of another service', { authorization: 'Bearer theirs' }],
    ['an empty X-API-Key', { 'x-api-key': '' }],
  ])('%s beside cookies counts as no credential where only public fields are selected', async (_, ignored) => {
    const first = await browser();
    const headers = { cookie: first.cookies.header, ...CSRF, ...ignored };
    const refreshed = await refreshBy(headers);
    expect(refreshed.data.refreshSession.tokens.session.id).toBe(first.sessionId);

    const second = await browser();
    const again = { cookie: second.cookies.header, ...CSRF, ...ignored };
    const input = { email: member.email, password: PASSWORD, cookies: true };
    await app.graphql(LOGIN, { input }, { headers: again });
    expect((await sessionRow(app, second.sessionId)).revoked_at).not.toBeNull();

    const third = await browser();
    const logout = 'mutation { logout { __typename } }';
    const ended = await app.graphql(logout, {}, { headers: { cookie: third.cookies.header, ...CSRF, ...ignored } });
    expect(ended.data.logout.__typename).toBe('LogoutSuccess');
    expect(cookiesOf(ended.headers).list.map(({ attributes }) => attributes.at(-1))).toEqual([
      'Max-Age=0',
      'Max-Age=0',
    ]);
  });

  test('a refresh by cookie sets new cookies, returns no token in the body, and uses up the previous refresh token', async () => {
    const { cookies, sessionId } = await browser();
    const answer = await refreshBy({ cookie: cookies.header, ...CSRF });
    const next = cookiesOf(answer.headers);
    const { tokens } = answer.data.refreshSession;
    expect([tokens.accessToken, tokens.refreshToken, tokens.session.id]).toEqual(['', '', sessionId]);
    for (const { value } of next.list) expect(JSON.stringify(answer.data)).not.toContain(value);
    expect(next.values[REFRESH]).toMatch(/^rkr_/);
    expect(next.values[REFRESH]).not.toBe(cookies.values[REFRESH]);
    expect((await viewer({ cookie: next.header, ...CSRF })).data.viewer.credential.id).toBe(sessionId);
    await refreshBy({ cookie: next.header, ...CSRF });
    const stolen = await refreshBy({ cookie: cookies.header, ...CSRF });
    expect(stolen.data.refreshSession.reason).toBe('REUSED');
    expect(cookiesOf(stolen.headers).values).toEqual({ [ACCESS]: '', [REFRESH]: '' }); // Clears both.
    expect((await viewer({ cookie: next.header, ...CSRF })).data).toBeNull();
  });

  test('a refresh by cookie needs no valid access cookie', async () => {
    const { cookies } = await browser();
    const cookie = `${ACCESS}=rotten; ${REFRESH}=${cookies.values[REFRESH]}`;
    const { data } = await refreshBy({ cookie, ...CSRF });
    expect(data.refreshSession.__typename).toBe('RefreshSessionSuccess');
  });

  test('a refresh token in the input returns new tokens in the body and leaves the cookies unchanged', async () => {
    const { cookies } = await browser();
    const other = await login(app, member);
    const answer = await refreshBy({ cookie: cookies.header, ...CSRF }, { refreshToken: other.refreshToken });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.data.refreshSession.tokens).toMatchObject({
      refreshToken: expect.stringMatching(/^rkr_/),
      session: { id: other.sessionId },
    });
  });

  describe('a login in a browser that has session cookies', () => {
    const again = (
      cookie: string,
      more: { email?: string; password?: string; cookies?: boolean } = {},
      headers = CSRF,
    ) => {
      const input = { email: member.email, password: PASSWORD, cookies: true, ...more };
      return app.graphql(LOGIN, { input }, { headers: { cookie, ...headers } });
    };

    test('revokes that session on every replica before it answers', async () => {
      const { cookies, sessionId } = await browser();
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(true); // So that the token is cached.
      const answer = await again(cookies.header);
      const next = cookiesOf(answer.headers);
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(false);
      expect(await exchange(app, cookies.values[REFRESH]!)).toBe('REVOKED');
      expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'SIGNED_OUT' });
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      const { session } = answer.data.login.tokens;
      expect(session.id).not.toBe(sessionId);
      expect((await viewer({ cookie: next.header, ...CSRF })).data.viewer.credential.id).toBe(session.id);
    });

    test('revokes it when only the refresh cookie is valid, even if that refresh token was already used', async () => {
      const { cookies, sessionId } = await browser();
      const refreshed = cookiesOf((await refreshBy({ cookie: cookies.header, ...CSRF })).headers);
      await again(`${ACCESS}=rotten; ${REFRESH}=${cookies.values[REFRESH]}`);
      expect((await sessionRow(app, sessionId)).revoked_at).not.toBeNull();
      expect(await app.accepts(refreshed.values[ACCESS]!)).toBe(false);
    });

    test('revokes it when it is the session of another user, who can no longer use this browser', async () => {
      const { cookies, sessionId } = await browser();
      const other = await app.member();
      const { data } = await again(cookies.header, { email: other.email });
      expect(data.login.__typename).toBe('LoginSuccess');
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(false);
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('revokes it once when several logins run at once, and each login starts a session', async () => {
      const { cookies, sessionId } = await browser();
      const answers = await Promise.all(Array.from({ length: 6 }, () => again(cookies.header)));
      for (const { data } of answers) expect(data.login.__typename).toBe('LoginSuccess');
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
    });

    test('revokes the sessions of earlier login fields, so that one operation leaves one session', async () => {
      const { cookies } = await browser();
      const input = { email: member.email, password: PASSWORD, cookies: true };
      const document = `mutation ($input: LoginInput!) { ${['a', 'b', 'c']
        .map((alias) => `${alias}: login(input: $input) { ... on LoginSuccess { tokens { session { id } } } }`)
        .join(' ')} }`;
      const { data } = await app.graphql(document, { input }, { headers: { cookie: cookies.header, ...CSRF } });
      const ids = ['a', 'b', 'c'].map((alias) => data[alias].tokens.session.id);
      const ended = await Promise.all(ids.map(async (id) => (await sessionRow(app, id)).revoked_at !== null));
      expect(ended).toEqual([true, true, false]);
    });

    test('revokes nothing when the password is wrong', async () => {
      const { cookies } = await browser();
      const { data } = await again(cookies.header, { password: 'wrong' });
      expect(data.login.__typename).toBe('InvalidCredentialsError');
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(true);
    });

    test('revokes nothing without the CSRF header, without `cookies`, or beside another credential', async () => {
      const { cookies } = await browser();
      await again(cookies.header, {}, {} as typeof CSRF);
      await again(cookies.header, { cookies: false });
      const input = { email: member.email, password: PASSWORD, cookies: true };
      await app.graphql(LOGIN, { input }, { bearer: member.accessToken, headers: { cookie: cookies.header, ...CSRF } });
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(true);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('succeeds when the session is revoked, expired or unknown', async () => {
      const [revoked, expired] = [await browser(), await browser()];
      await app.graphql(
        'mutation { logout { __typename } }',
        {},
        { headers: { cookie: revoked.cookies.header, ...CSRF } },
      );
      await later(app, expired.sessionId, 15 * 86_400);
      const disabled = await app.member();
      await app.mutate('disableUser', { userId: disabled.id }, '', as(await app.admin()));
      const cookies = [
        revoked.cookies.header,
        expired.cookies.header,
        `${REFRESH}=${disabled.refreshToken}`,
        `${REFRESH}=${makeSecret('rkr')}`,
        `${REFRESH}=${member.accessToken}`,
        `${REFRESH}=garbage`,
      ];
      for (const cookie of cookies) {
        const { data } = await again(cookie);
        expect(data.login.__typename, cookie).toBe('LoginSuccess');
      }
      expect(await eventsOf(app, revoked.sessionId)).toEqual(['session.started', 'session.revoked']);
      expect((await sessionRow(app, expired.sessionId)).revoked_at).toBeNull();
    });
  });

  test('a logout revokes the session and clears the cookies', async () => {
    const { cookies } = await browser();
    const headers = { cookie: cookies.header, ...CSRF };
    const answer = await app.graphql('mutation { logout { __typename } }', {}, { headers });
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    const cleared = answer.headers.getSetCookie();
    const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0';
    expect(cleared).toEqual([`${ACCESS}=; ${attributes}`, `${REFRESH}=; ${attributes}`]);
    expect((await viewer(headers)).data).toBeNull();
    expect(await exchange(app, cookies.values[REFRESH]!)).toBe('REVOKED');
  });

  test('a logout without a valid access cookie revokes the session of the refresh cookie', async () => {
    for (const access of ['', `${ACCESS}=rotten; `]) {
      const { cookies, sessionId } = await browser();
      const headers = { cookie: `${access}${REFRESH}=${cookies.values[REFRESH]}`, ...CSRF };
      const logout =
        'mutation { logout { __typename ... on LogoutSuccess { session { id status } receipt { propagation } } } }';
      const { data, headers: answered } = await app.graphql(logout, {}, { headers });
      expect(data.logout).toEqual({
        __typename: 'LogoutSuccess',
        session: { id: sessionId, status: 'REVOKED' },
        receipt: { propagation: 'ACKNOWLEDGED' },
      });
      expect(cookiesOf(answered).values).toEqual({ [ACCESS]: '', [REFRESH]: '' });
      expect(await app.accepts(cookies.values[ACCESS]!)).toBe(false);
      expect(await exchange(app, cookies.values[REFRESH]!)).toBe('REVOKED');
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      // A retry, as after a lost response, clears the cookies as well.
      await expectNoLogout({ headers });
    }
  });

  /** The logout fails, returns no data about any user, and clears the cookies. */
  async function expectNoLogout({ headers }: { headers: Record<string, string> }): Promise<void> {
    const logout = 'mutation { logout { ... on LogoutSuccess { session { ipAddress user { email } } } } }';
    const answer = await app.graphql(logout, {}, { headers });
    expect(answer.data).toBeNull();
    expect(answer.errors).toMatchObject([{ path: ['logout'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(answer.errors).toHaveLength(1);
    expect(cookiesOf(answer.headers).values).toEqual({ [ACCESS]: '', [REFRESH]: '' });
  }

  const withRefreshCookie = (refreshToken: string) => ({ headers: { cookie: `${REFRESH}=${refreshToken}`, ...CSRF } });

  test('F2.3: a logout with a reused refresh token fails, and revokes the session with reason REUSED', async () => {
    const { refreshToken, sessionId, accessToken } = await login(app, member);
    const newest = await exchange(app, await exchange(app, refreshToken));
    await expectNoLogout(withRefreshCookie(refreshToken));
    expect(await eventsOf(app, sessionId)).toContain('session.reuse-detected');
    expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'REUSED' });
    expect(await app.accepts(accessToken)).toBe(false);
    expect(await exchange(app, newest)).toBe('REVOKED');
    await expectNoLogout(withRefreshCookie(newest));
  });

  test('within the grace period, a logout with the previous refresh token succeeds: its response may have been lost', async () => {
    const { refreshToken, sessionId } = await login(app, member);
    await exchange(app, refreshToken);
    const answer = await app.graphql('mutation { logout { __typename } }', {}, withRefreshCookie(refreshToken));
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'SIGNED_OUT' });
  });

  test('a logout with a refresh token of an expired session fails and does not change the session', async () => {
    const { refreshToken, sessionId } = await login(app, member);
    await later(app, sessionId, 15 * 86_400);
    await expectNoLogout(withRefreshCookie(refreshToken));
    expect(await sessionRow(app, sessionId)).toMatchObject({ revoked_at: null, revocation_reason: null });
  });

  test('a logout with a refresh token of a disabled user fails', async () => {
    const other = await app.member();
    const admin = await app.admin();
    await app.mutate('disableUser', { userId: other.id }, '', as(admin));
    await expectNoLogout(withRefreshCookie(other.refreshToken));
  });

  test('a logout of a user who is disabled by SQL fails, and enabling the user by SQL does not restore the session', async () => {
    const other = await app.member();
    await app.sql('update users set disabled_at = now() where id = ?', [other.id]);
    await expectNoLogout(withRefreshCookie(other.refreshToken));
    await app.sql('update users set disabled_at = null where id = ?', [other.id]);
    expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
    expect(await app.accepts(other.accessToken)).toBe(false);
  });

  test('a logout by cookie fails without the CSRF header, and with an unknown refresh token', async () => {
    const { cookies } = await browser();
    const logout = (headers: Record<string, string>) =>
      app.graphql('mutation { logout { __typename } }', {}, { headers });
    const unknown = `rkr_${'0'.repeat(36)}`;
    for (const headers of [
      { cookie: `${REFRESH}=${cookies.values[REFRESH]}` },
      { cookie: `${REFRESH}=${unknown}`, ...CSRF },
    ]) {
      const { data, errors } = await logout(headers);
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ path: ['logout'], extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    expect(await app.accepts(cookies.values[ACCESS]!)).toBe(true);
  });

  test('a logout by Bearer token of another session leaves the cookies unchanged', async () => {
    const { cookies } = await browser();
    const other = await login(app, member);
    const answer = await app.graphql(
      'mutation { logout { __typename } }',
      {},
      { bearer: other.accessToken, headers: { cookie: cookies.header, ...CSRF } },
    );
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app.accepts(cookies.values[ACCESS]!)).toBe(true);
  });
});

test('cookies with the longest tokens that can be configured have at most 4096 bytes, which every browser stores', async () => {
  // Each character of the issuer takes as many bytes in the token as configuration counts for it.
  const env = { REKEY_ISSUER: `urn:${'"'.repeat(254)}`, REKEY_ACCESS_TOKEN_SECONDS: '86400' };
  const app = await startTestApp({ env });
  onTestFinished(() => app.close());
  const { email, accessToken } = await app.admin();
  const answer = await app.graphql(LOGIN, { input: { email, password: PASSWORD, cookies: true } });
  const cookies = answer.headers.getSetCookie();
  expect(cookies).toHaveLength(2);
  for (const cookie of cookies) expect(Buffer.byteLength(cookie)).toBeLessThanOrEqual(4096);
  expect(await app.accepts(accessToken)).toBe(true);
  expect(
    (await app.graphql(VIEWER, {}, { headers: { cookie: cookiesOf(answer.headers).header, ...CSRF } })).errors,
  ).toBeUndefined();
});
