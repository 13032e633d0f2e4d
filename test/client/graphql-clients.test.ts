// urql, Apollo and Relay with the `fetch` of a session.
import { ApolloClient, gql as apolloGql, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { Client, fetchExchange, gql as urqlGql } from '@urql/core';
import { Environment, fetchQuery, Network, RecordSource, Store } from 'relay-runtime';
import { describe, expect, test } from 'vitest';
import { createSessionClient } from '../../src/client/session-client.ts';
import { FakeSessions } from './support/fake-sessions.ts';
import { RELAY_VIEWER } from './support/relay-viewer.ts';

const TEXT = 'query Viewer { viewer { user { id } } }';

/** Runs the query with a GraphQL client. Returns the id of the user, or the code of the error. */
type Run = (url: string, fetch: typeof globalThis.fetch) => Promise<unknown>;

const CLIENTS: Record<string, Run> = {
  urql: async (url, fetch) => {
    const urql = new Client({ url, exchanges: [fetchExchange], fetch, preferGetMethod: false });
    const { data, error } = await urql.query(urqlGql(TEXT), {});
    return data?.viewer.user.id ?? error?.graphQLErrors[0]?.extensions.code;
  },
  Apollo: async (url, fetch) => {
    const apollo = new ApolloClient({ link: new HttpLink({ uri: url, fetch }), cache: new InMemoryCache() });
    try {
      const { data } = await apollo.query<{ viewer: { user: { id: string } } }>({ query: apolloGql(TEXT) });
      return data?.viewer.user.id;
    } catch (error) {
      if (!CombinedGraphQLErrors.is(error)) throw error;
      return error.errors[0]?.extensions?.code;
    }
  },
  Relay: async (url, fetch) => {
    let code: unknown;
    const environment = new Environment({
      network: Network.create(async ({ text }, variables) => {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(url, {
          method: 'POST',
          headers,
          body: JSON.stringify({ query: text, variables }),
        });
        const body = await response.json();
        code = body.errors?.[0]?.extensions?.code;
        return body;
      }),
      store: new Store(new RecordSource()),
    });
    const data = await fetchQuery(environment, RELAY_VIEWER, {})
      .toPromise()
      .catch(() => null);
    return (data as { viewer: { user: { id: string } } } | null)?.viewer.user.id ?? code;
  },
};

describe.each(Object.entries(CLIENTS))('%s', (_name, run) => {
  async function loggedIn(cookies = false) {
    const service = new FakeSessions({ cookies });
    const session = createSessionClient({ url: service.url, fetch: service.fetch, cookies });
    await session.login({ email: 'ann@example.com', password: 'right' });
    return { service, session, url: `${service.url}/graphql` };
  }

  test.each([
    ['a token that has expired', false],
    ['a cookie that has expired', true],
  ])('gets its data after %s: the session is refreshed once', async (_what, cookies) => {
    const { service, session, url } = await loggedIn(cookies);
    service.expire();
    expect(await Promise.all([run(url, session.fetch), run(url, session.fetch)])).toEqual(['usr_1', 'usr_1']);
    expect(service.count('RefreshSession')).toBe(1);
  });

  test('gets the code UNAUTHENTICATED if the session is over', async () => {
    const { service, session, url } = await loggedIn();
    service.revoke();
    expect(await run(url, session.fetch)).toBe('UNAUTHENTICATED');
  });
});
