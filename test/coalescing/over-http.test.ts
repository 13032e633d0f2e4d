// Shared executions as clients see them. A gate in a resolver holds the execution while other requests arrive.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SchemaExtension } from '../../src/graphql/yoga.ts';
import { type Account, type Answer, backends, pairs, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { until } from '../support/until.ts';

/** The executions of `held` and `unshared`, each of which waits until the test ends it. */
let held: PromiseWithResolvers<string>[];
const hold = () => {
  const end = Promise.withResolvers<string>();
  held.push(end);
  return end.promise;
};
const schema: SchemaExtension = {
  typeDefs: `extend type Query {
    held(note: String @constraint(maxLength: 10)): String @authenticated @coalesce
    kept: String @authenticated @coalesce(ttlMilliseconds: 60000)
    unshared: String @authenticated
  }`,
  resolvers: { Query: { held: hold, kept: hold, unshared: hold } },
};
const untilHeld = (count: number) => until(`${count} executions have begun`, () => held.length >= count);

async function metric(app: TestApp, name: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}
const untilWaiting = (app: TestApp, count: number) =>
  until(`${count} requests wait`, async () => (await metric(app, 'rekey_coalescing_waiting')) === count);
const heldOf = ({ data }: Answer) => data.held;

beforeEach(() => {
  held = [];
});

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ overrides: { schema } });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    member = await app.member();
  });

  const ask = (query = '{ held }', bearer = member.accessToken) => app.graphql(query, {}, { bearer });
  /** One request that executes, and others that wait for it. */
  async function herd(others: number, query?: string, bearer?: string): Promise<Promise<Answer>[]> {
    const first = ask(query, bearer);
    await untilHeld(1);
    const rest = Array.from({ length: others }, () => ask(query, bearer));
    await untilWaiting(app, others);
    return [first, ...rest];
  }

  test('F3.28: many requests share one execution, and each response has its own request id', async () => {
    const requests = await herd(50);
    held[0]!.resolve('once');
    const answers = await Promise.all(requests);
    expect(answers.map(heldOf)).toEqual(Array(51).fill('once'));
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(51);
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
    expect(held).toHaveLength(1);
  });

  test('F3.31: two credentials of one user share nothing, and neither do two operations', async () => {
    const key = await app.apiKey(member, { scopes: [] });
    const requests = [ask(), ask('{ held }', key.secret), ask('{ held(note: "a") }'), ask('query A { held }')];
    await untilHeld(4);
    for (const [index, { resolve }] of held.entries()) resolve(String(index));
    const answers = await Promise.all(requests);
    expect(answers.map(heldOf).toSorted()).toEqual(['0', '1', '2', '3']);
  });

  test('a query with a root field that shares nothing is executed for each request', async () => {
    const requests = [ask('{ held unshared }'), ask('{ held unshared }')];
    await untilHeld(4);
    for (const { resolve } of held) resolve('own');
    await Promise.all(requests);
  });

  test('a request without a credential, or with an invalid one, gets no result of another request', async () => {
    const requests = await herd(1);
    const anonymous = await app.graphql('{ held }');
    expect([anonymous.data, anonymous.errors![0]!.extensions.code]).toEqual([{ held: null }, 'UNAUTHENTICATED']);
    expect((await ask('{ held }', `${member.accessToken}x`)).status).toBe(401);
    held[0]!.resolve('for the member');
    await Promise.all(requests);
    expect(held).toHaveLength(1);
  });

  test('variables are checked for each request', async () => {
    const query = 'query ($note: String) { held(note: $note) }';
    const long = await app.graphql(query, { note: 'x'.repeat(11) }, { bearer: member.accessToken });
    expect(long.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
    expect(held).toHaveLength(0);
  });

  test('an error is shared, each response has the id of its own request, and the log leads from it to the cause', async () => {
    const requests = await herd(2);
    held[0]!.reject(new Error('a cause of the tests'));
    const answers = await Promise.all(requests);
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    expect(answers.map(({ errors }) => errors![0]!.extensions.requestId)).toEqual(ids);
    const lines = app.log.map((line) => JSON.parse(line)).filter(({ requestId }) => ids.includes(requestId));
    expect(lines.filter(({ err }) => err?.message === 'a cause of the tests')).toMatchObject([{ requestId: ids[0] }]);
    expect(
      lines
        .filter(({ sharedWith }) => sharedWith === ids[0])
        .map(({ requestId }) => requestId)
        .toSorted(),
    ).toEqual(ids.slice(1).toSorted());
    const next = ask();
    await untilHeld(2);
    held[1]!.resolve('not the error');
    expect(heldOf(await next)).toBe('not the error');
  });

  test('a revocation that has returned: no request gets the result, neither those that wait nor the one that executes', async () => {
    const key = await app.apiKey(member, { scopes: [] });
    const [first, ...others] = await herd(3, '{ held }', key.secret);
    await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    for (const other of others) expect(await other).toMatchObject({ status: 401, data: undefined });
    held[0]!.resolve('too late');
    const answer = await first!;
    expect([answer.status, answer.errors![0]!.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers.get('www-authenticate')).toContain('invalid_token');
  });

  test('a kept result ends with the credential and with each change', async () => {
    const key = await app.apiKey(member, { scopes: [] });
    const first = ask('{ kept }', key.secret);
    await untilHeld(1);
    held[0]!.resolve('kept');
    await first;
    expect((await ask('{ kept }', key.secret)).data.kept).toBe('kept');
    await app.as(member).updateProfile({ displayName: 'Another name' }).expectSuccess();
    const second = ask('{ kept }', key.secret);
    await untilHeld(2);
    held[1]!.resolve('executed again');
    expect((await second).data.kept).toBe('executed again');
    await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    expect((await ask('{ kept }', key.secret)).status).toBe(401);
  });

  test('each reader of personal data is recorded, also those who share a result', async () => {
    const admin = await app.admin();
    const [{ id }] = await app.sql(`select id from users where id = ?`, [member.id]);
    const query = `{ users(filter: { email: "${member.email}" }) { nodes { id email } } }`;
    const before = (await auditRows(app, `type = 'personal-data.read'`)).length;
    for (let count = 0; count < 3; count++)
      expect((await ask(query, admin.accessToken)).data.users.nodes[0].id).toBe(id);
    await app.app.audit.personalReads.summarize({ all: true });
    const rows = (await auditRows(app, `type = 'personal-data.read'`)).slice(before);
    expect(rows.reduce((sum, { data }) => sum + data.count, 0)).toBe(3);
    expect(await metric(app, 'rekey_coalescing_requests_total{outcome="kept"}')).toBeGreaterThan(1);
  });

  test('a client that disconnects waits no longer, and the others get the result', async () => {
    const first = ask();
    await untilHeld(1);
    const left = await metric(app, 'rekey_coalescing_left_total{reason="disconnected"}');
    const leaving = new AbortController();
    const gone = fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.accessToken}` },
      body: JSON.stringify({ query: '{ held }', variables: {} }),
      signal: leaving.signal,
    });
    await untilWaiting(app, 1);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await untilWaiting(app, 0);
    expect(await metric(app, 'rekey_coalescing_left_total{reason="disconnected"}')).toBe(left + 1);
    held[0]!.resolve('for the other');
    expect(heldOf(await first)).toBe('for the other');
  });

  test('the client of the executing request disconnects: those who wait get the result', async () => {
    const leaving = new AbortController();
    const gone = fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${member.accessToken}` },
      body: JSON.stringify({ query: '{ held }' }),
      signal: leaving.signal,
    });
    await untilHeld(1);
    const other = ask();
    await untilWaiting(app, 1);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    held[0]!.resolve('for the other');
    expect(heldOf(await other)).toBe('for the other');
    expect(held).toHaveLength(1);
  });
});

describe.each(pairs())('on $name', ({ start }) => {
  let pair: Awaited<ReturnType<typeof start>>;
  let member: Account;
  let admin: Account;
  let other: Account;
  beforeAll(async () => {
    pair = await start({ overrides: { schema } });
    admin = await pair.near.admin();
    other = await pair.near.member();
  });
  afterAll(() => pair.close());
  beforeEach(async () => {
    member = await pair.near.member();
  });

  const ask = (app: TestApp, bearer = member.accessToken) => app.graphql('{ held }', {}, { bearer });

  test('requests at both share one execution', async () => {
    const { near, far } = pair;
    const first = ask(near);
    await untilHeld(1);
    const others = [ask(far), ask(near), ask(far)];
    await untilWaiting(near, near === far ? 3 : 1);
    await untilWaiting(far, near === far ? 3 : 2);
    held[0]!.resolve('once');
    for (const request of [first, ...others]) expect(heldOf(await request)).toBe('once');
    expect(held).toHaveLength(1);
  });

  test.each<[who: string, change: (app: TestApp) => Promise<unknown>]>([
    ['the caller', async (app) => app.as(member).updateProfile({ displayName: 'New' }).expectSuccess()],
    ['another user', async (app) => app.as(admin).createWorkspace({ name: 'New' }).expectSuccess()],
    ['plain SQL', async (app) => app.sql('update users set disabled_at = now() where id = ?', [other.id])],
  ])(
    'a read after a change by %s has returned at one replica shares no earlier execution at either',
    async (_who, change) => {
      const { near, far } = pair;
      const before = ask(far);
      await untilHeld(1);
      await change(near);
      const after = [ask(far), ask(near)];
      await untilHeld(2);
      await until('one of them waits for the other', async () => {
        const counts = await Promise.all(
          [...new Set([near, far])].map((app) => metric(app, 'rekey_coalescing_waiting')),
        );
        return counts.reduce((sum, count) => sum + count) === 1;
      });
      expect(held).toHaveLength(2);
      held[0]!.resolve('before the change');
      held[1]!.resolve('after the change');
      expect(heldOf(await before)).toBe('before the change');
      for (const request of after) expect(heldOf(await request)).toBe('after the change');
    },
  );

  test('a revocation at one replica ends the requests that wait at the other', async () => {
    const { near, far } = pair;
    const key = await near.apiKey(member, { scopes: [] });
    const first = ask(near, key.secret);
    await untilHeld(1);
    const [second, third] = [ask(far, key.secret), ask(far, key.secret)];
    await untilWaiting(far, 2);
    await near.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    for (const request of [second, third]) expect((await request).status).toBe(401);
    held[0]!.resolve('too late');
    expect((await first).status).toBe(401);
  });
});
