// The clients that people use: each receives revocations of another replica, learns of the end of its credential, and
// can stop.
import { ApolloClient, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, fetchExchange, subscriptionExchange, Client as Urql } from '@urql/core';
import { parse } from 'graphql';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, pairs, type TestApp } from '../support/app.ts';
import { FEED, positionOf, type Result } from '../support/live.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

/** What an application that follows notes. */
interface Following {
  readonly results: Result[];
  /** How it was told that there is nothing more: a close code, or `complete`. */
  ended: string | null;
  stop(): void;
}

interface Start {
  url: string;
  secret: string;
  after: string;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const codeOf = (error: unknown) => String((error as { code?: number }).code ?? error);

/** Makes a `Following` of a function that subscribes and returns how to stop. */
function following(
  subscribe: (note: { next: (result: unknown) => void; end: (how: string) => void }) => () => void,
): Following {
  const noted: Following = { results: [], ended: null, stop: () => undefined };
  noted.stop = subscribe({
    // urql repeats its last result at the end.
    next: (result) => void (noted.ended === null && noted.results.push(result as Result)),
    end: (how) => {
      noted.ended ??= how;
    },
  });
  return noted;
}

const wsClient = ({ url, secret }: Start) =>
  createWs({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: bearer(secret),
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
const sseClient = ({ url, secret }: Start) =>
  createSse({ url: `${url}/graphql`, headers: bearer(secret), retryAttempts: 0 });

/** urql, whose errors of the transport and of the operation are in its results. */
function urql(start: Start, exchanges: ConstructorParameters<typeof Urql>[0]['exchanges'], fetchSubscriptions = false) {
  const client = new Urql({
    url: `${start.url}/graphql`,
    exchanges: [cacheExchange, ...exchanges],
    fetchOptions: { headers: bearer(start.secret) },
    fetchSubscriptions,
    preferGetMethod: false,
  });
  return following(({ next, end }) => {
    const { unsubscribe } = client.subscription(FEED, { after: start.after }).subscribe(({ data, error }) => {
      if (data && !error) return next({ data });
      if (error?.networkError) return end(codeOf(error.networkError));
      next({ errors: error?.graphQLErrors });
      end('complete');
    });
    return unsubscribe;
  });
}

const CLIENTS: { name: string; end: string; follow(start: Start): Following }[] = [
  {
    name: 'graphql-ws',
    end: '4403',
    follow: (start) =>
      following(({ next, end }) =>
        wsClient(start).subscribe(
          { query: FEED, variables: { after: start.after } },
          { next, error: (error) => end(codeOf(error)), complete: () => end('complete') },
        ),
      ),
  },
  {
    name: 'graphql-sse',
    end: 'complete',
    follow: (start) =>
      following(({ next, end }) =>
        sseClient(start).subscribe(
          { query: FEED, variables: { after: start.after } },
          { next, error: (error) => end(codeOf(error)), complete: () => end('complete') },
        ),
      ),
  },
  {
    name: 'urql with its subscriptionExchange over graphql-ws',
    end: '4403',
    follow(start) {
      const client = wsClient(start);
      const forward = subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: client.subscribe({ query: query ?? '', variables }, sink as never) }),
        }),
      });
      return urql(start, [forward]);
    },
  },
  {
    name: 'urql with its subscriptionExchange over graphql-sse',
    end: 'complete',
    follow(start) {
      const client = sseClient(start);
      const forward = subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: client.subscribe({ query: query ?? '', variables }, sink as never) }),
        }),
      });
      return urql(start, [forward]);
    },
  },
  {
    name: 'urql with the event streams of its fetchExchange',
    end: 'complete',
    follow: (start) => urql(start, [fetchExchange], true),
  },
  {
    name: "Apollo's GraphQLWsLink",
    end: '4403',
    follow(start) {
      const client = new ApolloClient({ link: new GraphQLWsLink(wsClient(start)), cache: new InMemoryCache() });
      return following(({ next, end }) => {
        const subscription = client.subscribe({ query: parse(FEED), variables: { after: start.after } }).subscribe({
          next: ({ data, error }) =>
            error ? end(/event (\d+)/.exec(error.message)?.[1] ?? error.message) : next({ data }),
          error: (error) => end(codeOf(error)),
          complete: () => end('complete'),
        });
        return () => subscription.unsubscribe();
      });
    },
  },
];

describe.each(pairs())('on $name', ({ start }) => {
  let near: TestApp;
  let far: TestApp;
  let close: () => Promise<void>;
  let admin: Account;
  beforeAll(async () => {
    ({ near, far, close } = await start());
    admin = await far.admin();
  });
  afterAll(() => close());
  afterEach(() => until('every place is free', () => near.app.live.size === 0));

  const service = () => far.apiKey(admin, { scopes: ['INTROSPECT'] });
  const narrow = (id: string) =>
    far.sql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [id],
    );

  describe.each(CLIENTS)('$name', ({ follow, end }) => {
    test('receives what it has missed and what happens at another replica, in order, and stops', async () => {
      const key = await service();
      const after = await positionOf(near.url, key);
      for (const _ of times(5, () => null)) await narrow(key.id);
      const client = follow({ url: near.url, secret: key.secret, after });
      await until('it has received what it had missed', () => client.results.length === 5);
      for (const _ of times(5, () => null)) await narrow(key.id);
      await until('it has received the rest', () => client.results.length === 10);
      expect(client.results.map(({ data }) => Number(data.revocations.sequence))).toEqual(
        times(10, (n) => Number(after) + 1 + n),
      );
      expect([client.ended, near.app.live.size]).toEqual([null, 1]);
      client.stop();
    });

    test('F1.9: ends when its credential is revoked at another replica, and receives nothing after it', async () => {
      const key = await service();
      const after = await positionOf(near.url, key);
      const client = follow({ url: near.url, secret: key.secret, after });
      await narrow(key.id);
      await until('it follows', () => client.results.length === 1);
      await far.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      await narrow((await service()).id);
      await until('it has ended', () => client.ended !== null);
      expect(client.ended).toBe(end);
      const last = end === 'complete' ? [{ extensions: { code: 'UNAUTHENTICATED' } }] : undefined;
      expect(client.results.slice(1).map(({ errors }) => errors)).toMatchObject(last ? [last] : []);
      client.stop();
    });

    test('F1.8: ends at the logout', async () => {
      const member = await far.member();
      const after = await positionOf(near.url, member);
      const client = follow({ url: near.url, secret: member.accessToken, after });
      const key = await far.apiKey(member);
      await far.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      await until('it follows', () => client.results.length === 1);
      await far.as(member).logout();
      await until('it has ended', () => client.ended !== null);
      expect(client.ended).toBe(end);
      client.stop();
    });

    test('is rejected with a credential that is not valid', async () => {
      const key = await service();
      const after = await positionOf(near.url, key);
      await far.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const client = follow({ url: near.url, secret: key.secret, after });
      await until('it has ended', () => client.ended !== null);
      expect(client.results.filter(({ data }) => data)).toEqual([]);
      client.stop();
    });
  });
});
