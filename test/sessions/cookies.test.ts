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

/** What a browser would make of an answer: its cookies by name, and the attributes that they came with. */
function jarOf(headers: Headers) {
  const cookies = headers.getSetCookie().map((cookie) => {
    const [pair, ...attributes] = cookie.split('; ') as [string, ...string[]];
    const separator = pair.indexOf('=');
    return { name: pair.slice(0, separator), value: pair.slice(separator + 1), attributes };
  });
  const values = Object.fromEntries(cookies.map(({ name, value }) => [name, value]));
  return { cookies, values, header: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') };
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
    return { answer, jar: jarOf(answer.headers), sessionId: answer.data.login.tokens.session.id as string };
  }
  const viewer = (headers: Record<string, string>, credential: object = {}) =>
    app.graphql(VIEWER, {}, { headers, ...credential });
  const refreshBy = (headers: Record<string, string>, input: object = { refreshToken: '' }) =>
    app.graphql(REFRESH_DOCUMENT, { input }, { headers });

  test('whoever does not ask for cookies gets none', async () => {
    const answer = await app.graphql(LOGIN, { input: { email: member.email, password: PASSWORD } });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.data.login.tokens.refreshToken).toMatch(/^rkr_/);
    const rotated = await app.graphql(REFRESH_DOCUMENT, {
      input: { refreshToken: answer.data.login.tokens.refreshToken },
    });
    expect(rotated.headers.getSetCookie()).toEqual([]);
  });

  test('whoever does gets two that no script, no other host and no other site can use, and nothing in the body', async () => {
    const { answer, jar } = await browser();
    expect(jar.cookies.map(({ name }) => name)).toEqual([ACCESS, REFRESH]);
    for (const { attributes } of jar.cookies) {
      expect(attributes.slice(0, -1)).toEqual(['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict']);
    }
    const { tokens } = answer.data.login;
    // By Max-Age alone: `Expires` is compared with the clock of the browser, which may be minutes ahead.
    const [access, refreshing] = jar.cookies.map(({ attributes }) =>
      Number(/^Max-Age=(\d+)$/.exec(attributes.at(-1)!)![1]),
    );
    expect(300 - access!).toBeLessThanOrEqual(2);
    expect(604_800 - refreshing!).toBeLessThanOrEqual(2);
    expect([tokens.accessToken, tokens.refreshToken]).toEqual(['', '']);
    const body = JSON.stringify(answer.data);
    for (const { value } of jar.cookies) expect(body).not.toContain(value);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('a login that failed sets none', async () => {
    const answer = await app.graphql(LOGIN, { input: { email: member.email, password: 'wrong', cookies: true } });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('the cookie authenticates, together with the header that no other site can send', async () => {
    const { jar, sessionId } = await browser();
    const { status, data } = await viewer({ cookie: jar.header, ...CSRF });
    expect([status, data.viewer.credential.id, data.viewer.user.id]).toEqual([200, sessionId, member.id]);
    const gateway = { cookie: jar.header, ...CSRF };
    expect((await fetch(`${app.url}/v1/verify`, { headers: gateway })).status).toBe(204);
  });

  test('without the CSRF header there is no credential, and nothing is refreshed or ended', async () => {
    const { jar } = await browser();
    const { errors } = await viewer({ cookie: jar.header });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect((await fetch(`${app.url}/v1/verify`, { headers: { cookie: jar.header } })).status).toBe(401);
    const refreshed = await refreshBy({ cookie: jar.header });
    expect(refreshed.data.refreshSession.reason).toBe('UNKNOWN');
    expect(refreshed.headers.getSetCookie()).toEqual([]);
    expect(
      (await app.graphql('mutation { logout { __typename } }', {}, { headers: { cookie: jar.header } })).data,
    ).toBeNull();
    expect((await viewer({ cookie: jar.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
  });

  test('what another site can make a browser send is refused before anything is done', async () => {
    const { jar } = await browser();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type, cookie: jar.header, origin: 'https://evil.example' },
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
    expect((await viewer({ cookie: jar.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
  });

  test('bearer wins: a cookie beside it is not looked at, be the bearer good or bad', async () => {
    const { jar } = await browser();
    const other = await login(app, member);
    const headers = { cookie: jar.header, ...CSRF };
    const { data } = await viewer(headers, { bearer: other.accessToken });
    expect(data.viewer.credential.id).toBe(other.sessionId);
    expect((await viewer(headers, { bearer: 'not a token' })).status).toBe(401);
    expect((await viewer(headers, { bearer: other.refreshToken })).status).toBe(401);
  });

  test('a bad cookie is no credential: what anyone may do still works', async () => {
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

  test('a cookie that occurs twice is refused, and nothing is done: nothing says which one is the right one', async () => {
    const [{ jar }, other] = [await browser(), await login(app, member)];
    const twice = [
      `${jar.header}; ${ACCESS}=${other.accessToken}`,
      `${ACCESS}=${other.accessToken}; ${jar.header}`,
      `${jar.header}; ${REFRESH}=${other.refreshToken}`,
    ];
    for (const cookie of twice) {
      const headers = { cookie, ...CSRF };
      expect((await fetch(`${app.url}/v1/verify`, { headers })).status).toBe(400);
      expect((await viewer(headers)).status).toBe(400);
      expect((await refreshBy(headers)).data).toBeUndefined();
      expect((await app.graphql('mutation { logout { __typename } }', {}, { headers })).data).toBeUndefined();
      expect((await viewer(headers, { bearer: other.accessToken })).data.viewer.user.id).toBe(member.id);
    }
    expect((await viewer({ cookie: jar.header, ...CSRF })).data.viewer.user.id).toBe(member.id);
    expect(await app.accepts(other.accessToken)).toBe(true);
  });

  test('two Cookie headers are one list', async () => {
    const { jar } = await browser();
    const get = async (...cookies: string[]) => {
      const lines = [...cookies.map((cookie) => ['Cookie', cookie]), ['X-Rekey-CSRF', '1'], ['Host', 'x']];
      return (await send(app.url, '/v1/verify', { headers: lines.flat() })).status;
    };
    const ours = `${ACCESS}=${jar.values[ACCESS]}`;
    expect(await get('a=b', ours)).toBe(204);
    expect(await get(`${ours}; \u00a0${ACCESS}=x`)).toBe(204);
    expect(await get(ours, ours)).toBe(400);
    expect(await get(`\u00a0${ours}`)).toBe(401);
  });

  test('an Authorization of another scheme, as a site behind a password has it, leaves the cookies as they are', async () => {
    const { jar, sessionId } = await browser();
    const headers = { cookie: jar.header, ...CSRF, authorization: 'Basic c3RhZ2luZzpzdGFnaW5n' };
    expect((await viewer(headers)).data.viewer.credential.id).toBe(sessionId);
    expect((await refreshBy(headers)).data.refreshSession.tokens.session.id).toBe(sessionId);
  });

  test('a cookie of another name is none of ours', async () => {
    const { jar } = await browser();
    for (const name of ['rekey-access', '__Secure-rekey-access', '__host-rekey-access', `x${ACCESS}`]) {
      expect((await viewer({ cookie: `${name}=${jar.values[ACCESS]}`, ...CSRF })).errors).toHaveLength(1);
    }
  });

  test.each([
    ['a dead Bearer', { authorization: `Bearer ${makeSecret('rka')}` }],
    ['a Bearer of another service', { authorization: 'Bearer theirs' }],
    ['an empty X-API-Key', { 'x-api-key': '' }],
  ])('%s beside the cookies counts as none where only public fields are selected', async (_, dead) => {
    const first = await browser();
    const headers = { cookie: first.jar.header, ...CSRF, ...dead };
    const refreshed = await refreshBy(headers);
    expect(refreshed.data.refreshSession.tokens.session.id).toBe(first.sessionId);

    const second = await browser();
    const again = { cookie: second.jar.header, ...CSRF, ...dead };
    const input = { email: member.email, password: PASSWORD, cookies: true };
    await app.graphql(LOGIN, { input }, { headers: again });
    expect((await sessionRow(app, second.sessionId)).revoked_at).not.toBeNull();

    const third = await browser();
    const logout = 'mutation { logout { __typename } }';
    const ended = await app.graphql(logout, {}, { headers: { cookie: third.jar.header, ...CSRF, ...dead } });
    expect(ended.data.logout.__typename).toBe('LogoutSuccess');
    expect(jarOf(ended.headers).cookies.map(({ attributes }) => attributes.at(-1))).toEqual(['Max-Age=0', 'Max-Age=0']);
  });

  test('refreshing by cookie: new ones in the jar, nothing in the body, and the ones before are used up', async () => {
    const { jar, sessionId } = await browser();
    const answer = await refreshBy({ cookie: jar.header, ...CSRF });
    const next = jarOf(answer.headers);
    const { tokens } = answer.data.refreshSession;
    expect([tokens.accessToken, tokens.refreshToken, tokens.session.id]).toEqual(['', '', sessionId]);
    for (const { value } of next.cookies) expect(JSON.stringify(answer.data)).not.toContain(value);
    expect(next.values[REFRESH]).toMatch(/^rkr_/);
    expect(next.values[REFRESH]).not.toBe(jar.values[REFRESH]);
    expect((await viewer({ cookie: next.header, ...CSRF })).data.viewer.credential.id).toBe(sessionId);
    await refreshBy({ cookie: next.header, ...CSRF });
    const stolen = await refreshBy({ cookie: jar.header, ...CSRF });
    expect(stolen.data.refreshSession.reason).toBe('REUSED');
    expect(jarOf(stolen.headers).values).toEqual({ [ACCESS]: '', [REFRESH]: '' }); // Nothing in it is good for anything.
    expect((await viewer({ cookie: next.header, ...CSRF })).data).toBeNull();
  });

  test('refreshing works after the access cookie has ended, or where it is bad', async () => {
    const { jar } = await browser();
    const cookie = `${ACCESS}=rotten; ${REFRESH}=${jar.values[REFRESH]}`;
    const { data } = await refreshBy({ cookie, ...CSRF });
    expect(data.refreshSession.__typename).toBe('RefreshSessionSuccess');
  });

  test('a token in the input is answered in the body, whatever the jar holds', async () => {
    const { jar } = await browser();
    const other = await login(app, member);
    const answer = await refreshBy({ cookie: jar.header, ...CSRF }, { refreshToken: other.refreshToken });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.data.refreshSession.tokens).toMatchObject({
      refreshToken: expect.stringMatching(/^rkr_/),
      session: { id: other.sessionId },
    });
  });

  describe('a login in a browser that holds a session', () => {
    const again = (
      cookie: string,
      more: { email?: string; password?: string; cookies?: boolean } = {},
      headers = CSRF,
    ) => {
      const input = { email: member.email, password: PASSWORD, cookies: true, ...more };
      return app.graphql(LOGIN, { input }, { headers: { cookie, ...headers } });
    };

    test('ends that session on every replica before it answers', async () => {
      const { jar, sessionId } = await browser();
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(true); // So that it is remembered.
      const answer = await again(jar.header);
      const next = jarOf(answer.headers);
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(false);
      expect(await exchange(app, jar.values[REFRESH]!)).toBe('REVOKED');
      expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'SIGNED_OUT' });
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      const { session } = answer.data.login.tokens;
      expect(session.id).not.toBe(sessionId);
      expect((await viewer({ cookie: next.header, ...CSRF })).data.viewer.credential.id).toBe(session.id);
    });

    test('ends it where only the refresh token is left, or where that one was used', async () => {
      const { jar, sessionId } = await browser();
      const refreshed = jarOf((await refreshBy({ cookie: jar.header, ...CSRF })).headers);
      await again(`${ACCESS}=rotten; ${REFRESH}=${jar.values[REFRESH]}`);
      expect((await sessionRow(app, sessionId)).revoked_at).not.toBeNull();
      expect(await app.accepts(refreshed.values[ACCESS]!)).toBe(false);
    });

    test('ends it where it is the session of another person, for that one can use this browser no more', async () => {
      const { jar, sessionId } = await browser();
      const other = await app.member();
      const { data } = await again(jar.header, { email: other.email });
      expect(data.login.__typename).toBe('LoginSuccess');
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(false);
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('ends it once, of many logins at once, and each starts a session', async () => {
      const { jar, sessionId } = await browser();
      const answers = await Promise.all(Array.from({ length: 6 }, () => again(jar.header)));
      for (const { data } of answers) expect(data.login.__typename).toBe('LoginSuccess');
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
    });

    test('ends what the field before has put there: one operation leaves one session', async () => {
      const { jar } = await browser();
      const input = { email: member.email, password: PASSWORD, cookies: true };
      const document = `mutation ($input: LoginInput!) { ${['a', 'b', 'c']
        .map((alias) => `${alias}: login(input: $input) { ... on LoginSuccess { tokens { session { id } } } }`)
        .join(' ')} }`;
      const { data } = await app.graphql(document, { input }, { headers: { cookie: jar.header, ...CSRF } });
      const ids = ['a', 'b', 'c'].map((alias) => data[alias].tokens.session.id);
      const ended = await Promise.all(ids.map(async (id) => (await sessionRow(app, id)).revoked_at !== null));
      expect(ended).toEqual([true, true, false]);
    });

    test('ends nothing where the password is wrong', async () => {
      const { jar } = await browser();
      const { data } = await again(jar.header, { password: 'wrong' });
      expect(data.login.__typename).toBe('InvalidCredentialsError');
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(true);
    });

    test('ends nothing without the CSRF header, without `cookies`, or beside another credential', async () => {
      const { jar } = await browser();
      await again(jar.header, {}, {} as typeof CSRF);
      await again(jar.header, { cookies: false });
      const input = { email: member.email, password: PASSWORD, cookies: true };
      await app.graphql(LOGIN, { input }, { bearer: member.accessToken, headers: { cookie: jar.header, ...CSRF } });
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(true);
      expect(await app.accepts(member.accessToken)).toBe(true);
    });

    test('does not mind a session that is over, has expired or never was', async () => {
      const [over, expired] = [await browser(), await browser()];
      await app.graphql('mutation { logout { __typename } }', {}, { headers: { cookie: over.jar.header, ...CSRF } });
      await later(app, expired.sessionId, 15 * 86_400);
      const disabled = await app.member();
      await app.mutate('disableUser', { userId: disabled.id }, '', as(await app.admin()));
      const cookies = [
        over.jar.header,
        expired.jar.header,
        `${REFRESH}=${disabled.refreshToken}`,
        `${REFRESH}=${makeSecret('rkr')}`,
        `${REFRESH}=${member.accessToken}`,
        `${REFRESH}=garbage`,
      ];
      for (const cookie of cookies) {
        const { data } = await again(cookie);
        expect(data.login.__typename, cookie).toBe('LoginSuccess');
      }
      expect(await eventsOf(app, over.sessionId)).toEqual(['session.started', 'session.revoked']);
      expect((await sessionRow(app, expired.sessionId)).revoked_at).toBeNull();
    });
  });

  test('logging out ends the session and empties the jar', async () => {
    const { jar } = await browser();
    const headers = { cookie: jar.header, ...CSRF };
    const answer = await app.graphql('mutation { logout { __typename } }', {}, { headers });
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    const forgotten = answer.headers.getSetCookie();
    const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0';
    expect(forgotten).toEqual([`${ACCESS}=; ${attributes}`, `${REFRESH}=; ${attributes}`]);
    expect((await viewer(headers)).data).toBeNull();
    expect(await exchange(app, jar.values[REFRESH]!)).toBe('REVOKED');
  });

  test('so it does when the access cookie is gone, as it is after minutes: the one for refreshing says whose session it is', async () => {
    for (const access of ['', `${ACCESS}=rotten; `]) {
      const { jar, sessionId } = await browser();
      const headers = { cookie: `${access}${REFRESH}=${jar.values[REFRESH]}`, ...CSRF };
      const logout =
        'mutation { logout { __typename ... on LogoutSuccess { session { id status } receipt { propagation } } } }';
      const { data, headers: answered } = await app.graphql(logout, {}, { headers });
      expect(data.logout).toEqual({
        __typename: 'LogoutSuccess',
        session: { id: sessionId, status: 'REVOKED' },
        receipt: { propagation: 'ACKNOWLEDGED' },
      });
      expect(jarOf(answered).values).toEqual({ [ACCESS]: '', [REFRESH]: '' });
      expect(await app.accepts(jar.values[ACCESS]!)).toBe(false);
      expect(await exchange(app, jar.values[REFRESH]!)).toBe('REVOKED');
      expect(await eventsOf(app, sessionId)).toEqual(['session.started', 'session.revoked']);
      // Once more, as somebody does who got no answer: the jar is empty all the same.
      await expectNobody({ headers });
    }
  });

  /** Logging out fails, tells nothing about anybody, and empties the jar. */
  async function expectNobody({ headers }: { headers: Record<string, string> }): Promise<void> {
    const logout = 'mutation { logout { ... on LogoutSuccess { session { ipAddress user { email } } } } }';
    const answer = await app.graphql(logout, {}, { headers });
    expect(answer.data).toBeNull();
    expect(answer.errors).toMatchObject([{ path: ['logout'], extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(answer.errors).toHaveLength(1);
    expect(jarOf(answer.headers).values).toEqual({ [ACCESS]: '', [REFRESH]: '' });
  }

  const inJar = (refreshToken: string) => ({ headers: { cookie: `${REFRESH}=${refreshToken}`, ...CSRF } });

  test('F2.3: a refresh token that was used before logs nobody out by its name: it is a theft, and ends the session as one', async () => {
    const { refreshToken, sessionId, accessToken } = await login(app, member);
    const newest = await exchange(app, await exchange(app, refreshToken));
    await expectNobody(inJar(refreshToken));
    expect(await eventsOf(app, sessionId)).toContain('session.reuse-detected');
    expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'REUSED' });
    expect(await app.accepts(accessToken)).toBe(false);
    expect(await exchange(app, newest)).toBe('REVOKED');
    await expectNobody(inJar(newest));
  });

  test('the one before the newest still does within the grace period: an answer was lost', async () => {
    const { refreshToken, sessionId } = await login(app, member);
    await exchange(app, refreshToken);
    const answer = await app.graphql('mutation { logout { __typename } }', {}, inJar(refreshToken));
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    expect(await sessionRow(app, sessionId)).toMatchObject({ revocation_reason: 'SIGNED_OUT' });
  });

  test('a token of a session that has expired logs nobody out and rewrites nothing', async () => {
    const { refreshToken, sessionId } = await login(app, member);
    await later(app, sessionId, 15 * 86_400);
    await expectNobody(inJar(refreshToken));
    expect(await sessionRow(app, sessionId)).toMatchObject({ revoked_at: null, revocation_reason: null });
  });

  test('nor does one of somebody who was disabled', async () => {
    const other = await app.member();
    const admin = await app.admin();
    await app.mutate('disableUser', { userId: other.id }, '', as(admin));
    await expectNobody(inJar(other.refreshToken));
  });

  test('whoever was disabled for a while, in SQL, is told nothing, and the session is over all the same', async () => {
    const other = await app.member();
    await app.sql('update users set disabled_at = now() where id = ?', [other.id]);
    await expectNobody(inJar(other.refreshToken));
    await app.sql('update users set disabled_at = null where id = ?', [other.id]);
    expect(await exchange(app, other.refreshToken)).toBe('REVOKED');
    expect(await app.accepts(other.accessToken)).toBe(false);
  });

  test('without the CSRF header, or with a token that nobody knows, nobody is logged out', async () => {
    const { jar } = await browser();
    const logout = (headers: Record<string, string>) =>
      app.graphql('mutation { logout { __typename } }', {}, { headers });
    const unknown = `rkr_${'0'.repeat(36)}`;
    for (const headers of [
      { cookie: `${REFRESH}=${jar.values[REFRESH]}` },
      { cookie: `${REFRESH}=${unknown}`, ...CSRF },
    ]) {
      const { data, errors } = await logout(headers);
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ path: ['logout'], extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    expect(await app.accepts(jar.values[ACCESS]!)).toBe(true);
  });

  test('whoever logs out with a token of another session leaves the jar alone', async () => {
    const { jar } = await browser();
    const other = await login(app, member);
    const answer = await app.graphql(
      'mutation { logout { __typename } }',
      {},
      { bearer: other.accessToken, headers: { cookie: jar.header, ...CSRF } },
    );
    expect(answer.data.logout.__typename).toBe('LogoutSuccess');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app.accepts(jar.values[ACCESS]!)).toBe(true);
  });
});

test('cookies of the longest tokens that can be configured have at most 4096 bytes, which every browser keeps', async () => {
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
    (await app.graphql(VIEWER, {}, { headers: { cookie: jarOf(answer.headers).header, ...CSRF } })).errors,
  ).toBeUndefined();
});
