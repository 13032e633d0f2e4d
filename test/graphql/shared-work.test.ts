// Requests at once share some work: the read of a credential, a lock, a limit. None of them may get what belongs to another
// one, wait for one that has gone, or fail because another one failed.
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { backends, type TestApp } from '../support/app.ts';
import { Socket } from '../support/live.ts';
import { send, sendBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const VIEWER = '{ viewer { user { id } } }';
const ELEVEN = `{ ${times(11, (i) => `a${i}: __typename`).join(' ')} }`;

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());
  afterEach(() => vi.restoreAllMocks());

  /** Holds the first read of an API key. `answer` decides what happens to it. */
  function holdRead() {
    const { reads } = app.app.database;
    const query = reads.query.bind(reads);
    const [reached, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<'read' | 'fail'>()];
    let count = 0;
    vi.spyOn(reads, 'query').mockImplementation(async (statement, values) => {
      if (statement.name !== 'api-key-load' || count++ > 0) return query(statement, values);
      reached.resolve();
      if ((await answered.promise) === 'fail') throw new Error('The database did not answer in time.');
      return query(statement, values);
    });
    return { reached: reached.promise, answer: answered.resolve, reads: () => count };
  }
  const ask = (apiKey: string, query = VIEWER) => app.graphql(query, {}, { apiKey });

  describe('F3.28: the limits hold', () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: ELEVEN });

    test.each(['/graphql', '/graphql?', '/graphql?a=b', '/graphql?query=%7B__typename%7D'])(
      'for every spelling of the path: %s',
      async (path) => {
        const { json } = await send(app.url, path, { method: 'POST', headers, body });
        expect(json.errors[0].message).toBe('The document has 11 root fields; at most 10 are allowed.');
      },
    );

    test('for a target in absolute form', async () => {
      const answer = await sendBytes(
        app.url,
        `POST http://any.example/graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect(answer).toContain('The document has 11 root fields; at most 10 are allowed.');
    });

    test('over a WebSocket', async () => {
      const socket = await Socket.open(app.url);
      socket.subscribe({ query: ELEVEN });
      expect(JSON.stringify(await socket.message())).toContain('The document has 11 root fields');
      await socket.close();
    });

    test.each([
      '/graphql/',
      '/GraphQL',
      '//graphql',
      '/api/graphql',
      '/graphql;a',
      '/%67raphql',
      '/v1/../graphql',
      '/graphql%2f',
    ])('and no other path executes anything: %s', async (path) => {
      expect((await send(app.url, path, { method: 'POST', headers, body })).status).toBe(404);
    });
  });

  test('F3.29: a lock excludes: of many calls at once with one idempotency key, one creates a key', async () => {
    const member = await app.member();
    const made = await Promise.all(times(20, () => app.apiKey(member, { name: 'once', idempotencyKey: 'one-lock' })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await app.sql("select from api_keys where name = 'once'")).toHaveLength(1);
  });

  test('F3.30: a request whose client has gone holds no other one up', async () => {
    const { secret } = await app.apiKey(await app.member());
    const held = holdRead();
    const first = request(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': secret },
    });
    first.on('error', () => undefined);
    first.end(JSON.stringify({ query: VIEWER }));
    await held.reached;
    const others = times(10, () => ask(secret));
    first.destroy();
    await until('its connection has ended', () => first.closed);
    held.answer('read');
    for (const { status, errors } of await Promise.all(others)) expect([status, errors]).toEqual([200, undefined]);
    expect((await ask(secret)).errors).toBeUndefined();
  });

  test('F3.31: callers with the same document at once each get their own answer, and none after a revocation', async () => {
    const members = await Promise.all(times(4, () => app.member()));
    const keys = await Promise.all(members.map((member) => app.apiKey(member)));
    const asked = await Promise.all(
      times(40, async (i) => {
        const { data } = await ask(keys[i % 4]!.secret);
        return data.viewer.user.id === members[i % 4]!.id;
      }),
    );
    expect(asked).toEqual(times(40, () => true));
    await app.as(members[0]!).revokeApiKey({ apiKeyId: keys[0]!.id }).expectSuccess();
    const after = await Promise.all(times(40, (i) => ask(keys[i % 4]!.secret)));
    for (const [i, { status, data }] of after.entries()) {
      if (i % 4 === 0) expect([status, data]).toEqual([401, undefined]);
      else expect(data.viewer.user.id).toBe(members[i % 4]!.id);
    }
  });

  test('F3.32: a failure is not the answer of other requests, and parallel requests read once', async () => {
    const { secret } = await app.apiKey(await app.member());
    const held = holdRead();
    const first = ask(secret);
    await held.reached;
    const others = times(10, () => ask(secret));
    held.answer('fail');
    const statuses = (await Promise.all([first, ...others])).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect((await ask(secret)).status).toBe(200);
    vi.restoreAllMocks();
    const another = await app.apiKey(await app.member());
    const second = holdRead();
    second.answer('read');
    for (const { status } of await Promise.all(times(20, () => ask(another.secret)))) expect(status).toBe(200);
    expect(second.reads()).toBe(1);
  });
});
