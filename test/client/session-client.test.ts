// The session of a user: who refreshes it, when, and with what.
import { describe, expect, test } from 'vitest';
import { RekeyError } from '../../src/client/error.ts';
import { ViewerDocument } from '../../src/client/generated/graphql.ts';
import { createSessionClient, type RefreshTokenStore } from '../../src/client/session-client.ts';
import { data, FakeSessions, refusal } from './support/fake-sessions.ts';

const LOGIN = { email: 'ann@example.com', password: 'right' };

/** A client whose user has logged in. */
async function loggedIn(options: { store?: RefreshTokenStore; cookies?: boolean; origins?: string[] } = {}) {
  const service = new FakeSessions({ cookies: options.cookies });
  const session = createSessionClient({ url: service.url, fetch: service.fetch, ...options });
  expect((await session.login(LOGIN)).__typename).toBe('LoginSuccess');
  return { service, session };
}

/** Holds the answers of an operation until `open` is called. */
function hold(service: FakeSessions, operation: string) {
  const opened = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  service.onTheWay[operation] = async (answer) => {
    arrived.resolve();
    await opened.promise;
    return answer;
  };
  return { arrived: arrived.promise, open: opened.resolve };
}

const lost = () => Promise.reject(new TypeError('fetch failed'));

function memory(initial: string | null = null) {
  const calls: string[] = [];
  const store = {
    token: initial,
    calls,
    load: () => {
      calls.push('load');
      return store.token;
    },
    save: async (token: string | null) => {
      calls.push(`save ${token}`);
      store.token = token;
    },
  };
  return store;
}

describe('a login', () => {
  test('starts a session whose access token is sent with every operation', async () => {
    const { service, session } = await loggedIn();
    const { viewer } = await session.execute(ViewerDocument);
    expect(viewer.user?.id).toBe('usr_1');
    expect(service.sent).toMatchObject([
      { operation: 'Login', authorization: null, csrf: null, variables: { input: { ...LOGIN, cookies: false } } },
      { operation: 'Viewer', authorization: 'Bearer access-1' },
    ]);
    // No other server may receive a password or a token.
    expect(service.sent.map(({ redirect }) => redirect)).toEqual(['manual', 'manual']);
  });

  test('that fails is returned, and starts nothing', async () => {
    const service = new FakeSessions();
    const session = createSessionClient({ url: service.url, fetch: service.fetch });
    expect(await session.login({ ...LOGIN, password: 'wrong' })).toMatchObject({
      __typename: 'InvalidCredentialsError',
      message: 'No.',
    });
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(service.count('RefreshSession')).toBe(0);
  });

  test('replaces an earlier session, and sends none of its tokens', async () => {
    const { service, session } = await loggedIn();
    await session.login(LOGIN);
    await session.execute(ViewerDocument);
    expect(service.sent.map(({ authorization }) => authorization)).toEqual([null, null, 'Bearer access-2']);
  });
});

describe('an access token that is refused', () => {
  test('starts one refresh for many operations, and all of them succeed', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    const refresh = hold(service, 'RefreshSession');
    const operations = Array.from({ length: 50 }, () => session.execute(ViewerDocument));
    await refresh.arrived;
    refresh.open();
    for (const { viewer } of await Promise.all(operations)) expect(viewer.user?.id).toBe('usr_1');
    expect(service.count('RefreshSession')).toBe(1);
    expect(service.count('Viewer')).toBe(100);
  });

  test('is not sent along with its own renewal', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    await session.execute(ViewerDocument);
    const { authorization, variables } = service.sent.find(({ operation }) => operation === 'RefreshSession')!;
    expect(authorization).toBeNull();
    expect(variables).toEqual({ input: { refreshToken: 'refresh-1' } });
    expect(service.sent.at(-1)!.authorization).toBe('Bearer access-2');
  });

  test('starts no refresh if the refusal arrives after another refresh', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    const late = hold(service, 'Viewer');
    const first = session.execute(ViewerDocument);
    await late.arrived;
    delete service.onTheWay.Viewer;
    await session.execute(ViewerDocument); // refreshes
    late.open();
    await first;
    expect(service.count('RefreshSession')).toBe(1);
  });

  test('is refused once: a second refusal is the result', async () => {
    const { service, session } = await loggedIn();
    service.onTheWay.Viewer = () => refusal(401, {});
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([service.count('Viewer'), service.count('RefreshSession')]).toEqual([2, 1]);
  });

  test('while the operation ran is the result: part of it may have been executed', async () => {
    const { service, session } = await loggedIn();
    service.onTheWay.Viewer = () => refusal(401, { data: null, path: ['viewer'] });
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([service.count('Viewer'), service.count('RefreshSession')]).toEqual([1, 0]);
  });

  test('by a gateway, with a page of its own, starts a refresh', async () => {
    const { service, session } = await loggedIn();
    let refusals = 1;
    service.onTheWay.Viewer = (answer) => (refusals-- > 0 ? new Response('<h1>401</h1>', { status: 401 }) : answer);
    await session.execute(ViewerDocument);
    expect(service.count('RefreshSession')).toBe(1);
  });
});

describe('a refresh', () => {
  test('that is rejected ends the session: UNAUTHENTICATED, and no further refresh', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    service.revoke();
    const operations = [1, 2, 3].map(() => session.execute(ViewerDocument));
    for (const result of await Promise.allSettled(operations))
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'RekeyError', code: 'UNAUTHENTICATED' } });
    expect(store.token).toBeNull();
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(service.count('RefreshSession')).toBe(1);
    expect(service.sent.at(-1)!.authorization).toBeNull();
  });

  test('whose response is lost is repeated at once with the same token', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    let losses = 1;
    service.onTheWay.RefreshSession = (answer) => (losses-- > 0 ? lost() : answer);
    await session.execute(ViewerDocument);
    const refreshes = service.sent.filter(({ operation }) => operation === 'RefreshSession');
    expect(refreshes.map(({ variables }) => variables.input!.refreshToken)).toEqual(['refresh-1', 'refresh-1']);
  });

  test('whose outcome is unknown is repeated at once', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    let unknown = 1;
    service.onTheWay.RefreshSession = (answer) => {
      if (unknown-- <= 0) return answer;
      const errors = [{ message: 'Lost.', path: ['refreshSession'], extensions: { code: 'OUTCOME_UNKNOWN' } }];
      return Response.json({ data: null, errors });
    };
    await session.execute(ViewerDocument);
    expect(service.count('RefreshSession')).toBe(2);
  });

  test.each([
    ['NETWORK', lost],
    ['AUTHENTICATION_UNAVAILABLE', () => error('AUTHENTICATION_UNAVAILABLE', 503)],
    ['RATE_LIMITED', () => error('RATE_LIMITED', 429)],
  ])('that fails with %s is the result, and the session continues', async (code, answer) => {
    const { service, session } = await loggedIn();
    service.expire();
    service.onTheWay.RefreshSession = answer;
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ name: 'RekeyError', code });
    delete service.onTheWay.RefreshSession;
    await session.execute(ViewerDocument);
  });

  const error = (code: string, status: number) =>
    Response.json({ errors: [{ message: 'Later.', extensions: { code, retryAfterSeconds: 7 } }] }, { status });

  test('that is overtaken by a login does not replace its tokens', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    service.expire();
    const refresh = hold(service, 'RefreshSession');
    const operation = session.execute(ViewerDocument);
    await refresh.arrived;
    await session.login(LOGIN);
    refresh.open();
    await operation;
    expect(service.sent.at(-1)!.authorization).toBe('Bearer access-3');
    expect(store.token).toBe('refresh-3');
  });

  test('that is overtaken by a logout brings no token back', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    const late = hold(service, 'Viewer');
    const operation = session.execute(ViewerDocument);
    await late.arrived;
    service.onTheWay.Viewer = undefined;
    const refresh = hold(service, 'RefreshSession');
    const refreshing = (async () => {
      let refusals = 1;
      service.onTheWay.Viewer = (answer) => (refusals-- > 0 ? refusal(401, {}) : answer);
      return session.execute(ViewerDocument);
    })();
    await refresh.arrived;
    service.onTheWay.Logout = () => data({ logout: { __typename: 'LogoutSuccess', session: { id: 'ses_1' } } });
    await session.logout();
    service.revoke();
    refresh.open();
    late.open();
    await Promise.allSettled([operation, refreshing]);
    expect(store.token).toBeNull();
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(service.sent.at(-1)!.authorization).toBeNull();
  });
});

describe('a logout', () => {
  test('revokes the session and forgets its tokens', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    expect((await session.logout()).__typename).toBe('LogoutSuccess');
    expect(service.sent.at(-1)).toMatchObject({ operation: 'Logout', authorization: 'Bearer access-1' });
    expect(store.token).toBeNull();
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(service.count('RefreshSession')).toBe(0);
  });

  test('refreshes an expired access token first: the session must not live on', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    expect((await session.logout()).__typename).toBe('LogoutSuccess');
    expect(service.sent.map(({ operation }) => operation)).toEqual(['Login', 'Logout', 'RefreshSession', 'Logout']);
    expect(service.refreshToken).toBeNull();
  });

  test('of a session that is over throws UNAUTHENTICATED', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    service.revoke();
    await expect(session.logout()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(store.token).toBeNull();
    const client = createSessionClient({ url: service.url, fetch: service.fetch });
    await expect(client.logout()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('that fails keeps the tokens, so that it can be repeated', async () => {
    const { service, session } = await loggedIn();
    service.onTheWay.Logout = lost;
    await expect(session.logout()).rejects.toMatchObject({ code: 'NETWORK' });
    service.onTheWay.Logout = undefined;
    service.expire();
    await session.login(LOGIN);
    expect((await session.logout()).__typename).toBe('LogoutSuccess');
  });
});

describe('a store', () => {
  test('continues a session: the first operation refreshes, and nothing is sent without a token', async () => {
    const service = new FakeSessions();
    const first = memory();
    await createSessionClient({ url: service.url, fetch: service.fetch, store: first }).login(LOGIN);
    service.sent.length = 0;
    const store = memory(first.token);
    const session = createSessionClient({ url: service.url, fetch: service.fetch, store });
    await Promise.all([session.execute(ViewerDocument), session.execute(ViewerDocument)]);
    expect(service.sent.map(({ operation }) => operation)).toEqual(['RefreshSession', 'Viewer', 'Viewer']);
    expect(store.token).toBe('refresh-2');
    expect(store.calls).toEqual(['load', 'save refresh-2']);
  });

  test('is asked before every refresh, so that processes may share it', async () => {
    const store = memory();
    const { service, session } = await loggedIn({ store });
    const other = createSessionClient({ url: service.url, fetch: service.fetch, store });
    await other.execute(ViewerDocument); // refresh-1 is used up
    service.expire();
    await session.execute(ViewerDocument);
    expect(
      service.sent.filter(({ operation }) => operation === 'RefreshSession').map((each) => each.variables),
    ).toEqual([{ input: { refreshToken: 'refresh-1' } }, { input: { refreshToken: 'refresh-2' } }]);
  });

  test('is called one after the other: an earlier token does not replace a later one', async () => {
    const written: (string | null)[] = [];
    const slow = Promise.withResolvers<void>();
    const store: RefreshTokenStore = {
      load: () => written.at(-1) ?? null,
      save: async (token) => {
        if (token === 'refresh-1') await slow.promise;
        written.push(token);
      },
    };
    const service = new FakeSessions();
    const session = createSessionClient({ url: service.url, fetch: service.fetch, store });
    const logins = [session.login(LOGIN), session.login(LOGIN)];
    await expect.poll(() => service.count('Login')).toBe(2);
    slow.resolve();
    await Promise.all(logins);
    expect(written).toEqual(['refresh-1', 'refresh-2']);
  });

  test('that fails makes the call fail: the token would be lost', async () => {
    const store: RefreshTokenStore = { load: () => null, save: () => Promise.reject(new Error('The disk is full.')) };
    const service = new FakeSessions();
    const session = createSessionClient({ url: service.url, fetch: service.fetch, store });
    await expect(session.login(LOGIN)).rejects.toThrow('The disk is full.');
  });
});

describe('cookies', () => {
  test('hold the tokens: requests carry the CSRF header, the cookies, and no Authorization', async () => {
    const { service, session } = await loggedIn({ cookies: true });
    await session.execute(ViewerDocument);
    await session.logout();
    expect(service.sent).toMatchObject([
      { operation: 'Login', variables: { input: { cookies: true } } },
      { operation: 'Viewer' },
      { operation: 'Logout' },
    ]);
    for (const sent of service.sent)
      expect(sent).toMatchObject({ authorization: null, csrf: '1', credentials: 'include' });
  });

  test('that have expired are refreshed with the cookie, once for many operations', async () => {
    const { service, session } = await loggedIn({ cookies: true });
    service.expire(); // The browser has dropped the cookie, so the service answers 200.
    const operations = Array.from({ length: 20 }, () => session.execute(ViewerDocument));
    for (const { viewer } of await Promise.all(operations)) expect(viewer.user?.id).toBe('usr_1');
    const refreshes = service.sent.filter(({ operation }) => operation === 'RefreshSession');
    expect(refreshes).toMatchObject([{ variables: { input: { refreshToken: '' } }, csrf: '1' }]);
  });

  test('start no refresh for a response with data: part of it was executed', async () => {
    const { service, session } = await loggedIn({ cookies: true });
    service.onTheWay.Viewer = () => refusal(200, { data: { one: { id: '1' }, two: null }, path: ['two'] });
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([service.count('Viewer'), service.count('RefreshSession')]).toEqual([1, 0]);
  });

  test('of a user who is not logged in are refreshed once, not with every operation', async () => {
    const service = new FakeSessions({ cookies: true });
    const session = createSessionClient({ url: service.url, fetch: service.fetch, cookies: true });
    for (let visit = 0; visit < 3; visit++)
      await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(service.count('RefreshSession')).toBe(1);
    await session.login(LOGIN);
    service.expire();
    await session.execute(ViewerDocument);
    expect(service.count('RefreshSession')).toBe(2);
  });

  test('of another tab end the memory of a rejected refresh', async () => {
    const service = new FakeSessions({ cookies: true });
    const tabs = [1, 2].map(() => createSessionClient({ url: service.url, fetch: service.fetch, cookies: true }));
    await expect(tabs[0]!.execute(ViewerDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await tabs[1]!.login(LOGIN);
    await tabs[0]!.execute(ViewerDocument);
    service.expire();
    await tabs[0]!.execute(ViewerDocument);
  });
});

describe('`fetch` of a session', () => {
  test('sends a request of another GraphQL client as the user, and refreshes the session', async () => {
    const { service, session } = await loggedIn();
    service.expire();
    const response = await session.fetch(`${service.url}/graphql`, {
      method: 'POST',
      body: JSON.stringify({ query: 'query Viewer { viewer { user { id } } }' }),
    });
    expect(await response.json()).toEqual({ data: { viewer: { user: { id: 'usr_1' } } } });
    expect(service.sent.at(-1)!.authorization).toBe('Bearer access-2');
  });

  test.each([
    'https://api.example.com/graphql',
    'http://rekey.example.com/graphql',
    'https://rekey.example.com:8443/graphql',
    'https://evil.example/https://rekey.example.com/graphql',
  ])('does not send the access token to %s', async (url) => {
    const { service, session } = await loggedIn();
    const before = service.sent.length;
    await expect(session.fetch(url)).rejects.toThrow(TypeError);
    expect(service.sent.length).toBe(before);
  });

  test('sends the access token to the origins that are listed', async () => {
    const { service, session } = await loggedIn({ origins: ['https://api.example.com/path'] });
    const body = JSON.stringify({ query: 'query Orders { orders }' });
    await session.fetch('https://api.example.com/graphql', { method: 'POST', body });
    expect(service.sent.at(-1)!.authorization).toBe('Bearer access-1');
  });
});

describe('errors', () => {
  test('have the code, the message and all entries of the response', async () => {
    const { service, session } = await loggedIn();
    const errors = [
      { message: 'Too many.', extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 7 } },
      { message: 'Two.', path: ['viewer'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r' } },
    ];
    service.onTheWay.Viewer = () => Response.json({ errors }, { status: 429 });
    const failure = await session.execute(ViewerDocument).catch((error) => error);
    expect(failure).toBeInstanceOf(RekeyError);
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', message: 'Too many.', retryAfterSeconds: 7, errors });
  });

  test.each(['<h1>Welcome</h1>', 'null', '[]', '{}', '{"data":null}', '{"errors":[]}', '{"errors":"x"}'])(
    'have the code NETWORK for what is no GraphQL response: %s',
    async (text) => {
      const { service, session } = await loggedIn();
      service.onTheWay.Viewer = () => new Response(text);
      await expect(session.execute(ViewerDocument)).rejects.toMatchObject({ name: 'RekeyError', code: 'NETWORK' });
    },
  );

  test('have the code NETWORK and a cause if there is no response', async () => {
    const { service, session } = await loggedIn();
    service.onTheWay.Viewer = lost;
    await expect(session.execute(ViewerDocument)).rejects.toMatchObject({
      code: 'NETWORK',
      cause: expect.any(TypeError),
    });
  });
});
