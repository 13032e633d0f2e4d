// REKEY_INTROSPECTION: who may read the schema.
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type Answer, backends, PASSWORD, type Presented, type TestApp } from '../support/app.ts';
import { EventStream, Socket } from '../support/live.ts';

const FOR_ADMINISTRATORS =
  'Only administrators may read the schema of this service (REKEY_INTROSPECTION=administrators). Send the credential of one, with the scope ADMIN.';
const CLOSED = 'The schema of this service cannot be read by introspection (REKEY_INTROSPECTION=closed).';

const DOCUMENTS = {
  'the query of GraphiQL': getIntrospectionQuery(),
  __schema: '{ __schema { queryType { name } } }',
  __type: '{ __type(name: "User") { name } }',
  'an alias': '{ __typename a: __type(name: "User") { name } }',
  'a fragment': '{ ...F } fragment F on Query { ... on Query { __schema { queryType { name } } } }',
  'a field beside it': '{ __schema { queryType { name } } viewer { scopes } }',
  'a directive': 'query ($yes: Boolean = true) { __schema @include(if: $yes) { queryType { name } } }',
};
const documents = Object.entries(DOCUMENTS);

describe.each(backends())('on $name', ({ name, start }) => {
  const apps: Record<string, TestApp> = {};
  const callers: Record<string, { admins: Presented[]; others: Presented[] }> = {};
  const settings = ['open', 'administrators', 'closed', 'default'];
  beforeAll(async () => {
    for (const setting of settings) {
      apps[setting] = await start(setting === 'default' ? {} : { env: { REKEY_INTROSPECTION: setting } });
      callers[setting] = await callersOf(apps[setting]);
    }
  });
  afterAll(async () => {
    for (const app of Object.values(apps)) await app.close();
  });

  /** The callers of an app: of each only administrators with the scope ADMIN may read the schema. */
  async function callersOf(app: TestApp): Promise<{ admins: Presented[]; others: Presented[] }> {
    const admin = await app.admin();
    const member = await app.member();
    const key = async (account: Account, scopes: string[]) => ({
      apiKey: (await app.apiKey(account, { scopes })).secret,
    });
    return {
      admins: [{ bearer: admin.accessToken }, await key(admin, ['ADMIN'])],
      others: [
        {},
        { bearer: member.accessToken },
        await key(member, ['API_KEYS_READ']),
        await key(admin, ['INTROSPECT', 'API_KEYS_READ']),
      ],
    };
  }

  function expectRefused({ data, errors }: Pick<Answer, 'data' | 'errors'>, message: string): void {
    expect(data).toBeUndefined();
    expect(errors).toEqual([{ message, locations: [expect.any(Object)], extensions: { code: 'BAD_USER_INPUT' } }]);
  }

  test.each(documents)('open: every caller reads the schema: %s', async (_, query) => {
    const { admins, others } = callers.open!;
    for (const caller of [...admins, ...others]) {
      const answer = await apps.open!.graphql(query, {}, caller);
      const errors = answer.errors?.filter(({ path }) => path?.[0] !== 'viewer'); // It needs a credential of a user.
      expect(errors ?? []).toEqual([]);
    }
  });

  test.each(documents)('administrators: only they read the schema: %s', async (_, query) => {
    const app = apps.administrators!;
    const { admins, others } = callers.administrators!;
    for (const caller of admins) expect((await app.graphql(query, {}, caller)).errors).toBeUndefined();
    for (const caller of others) expectRefused(await app.graphql(query, {}, caller), FOR_ADMINISTRATORS);
  });

  test.each(documents)('closed: no caller reads the schema: %s', async (_, query) => {
    const { admins, others } = callers.closed!;
    for (const caller of [...admins, ...others]) expectRefused(await apps.closed!.graphql(query, {}, caller), CLOSED);
  });

  test('the default is open on the embedded database, else administrators', async () => {
    const app = apps.default!;
    const query = DOCUMENTS.__schema;
    const admin = await app.admin();
    expect((await app.graphql(query, {}, { bearer: admin.accessToken })).errors).toBeUndefined();
    const anonymous = await app.graphql(query);
    if (name.includes('embedded')) expect(anonymous.errors).toBeUndefined();
    else expectRefused(anonymous, FOR_ADMINISTRATORS);
  });

  test('`__typename` stays, at the root and in every object', async () => {
    const app = apps.closed!;
    const { accessToken: bearer } = await app.member();
    const { errors, data } = await app.graphql('{ __typename viewer { __typename } }', {}, { bearer });
    expect({ errors, data }).toEqual({
      errors: undefined,
      data: { __typename: 'Query', viewer: { __typename: 'Viewer' } },
    });
  });

  test('a demoted administrator no longer reads the schema', async () => {
    const app = apps.administrators!;
    const other = await app.member();
    await app
      .as(await app.admin())
      .updateUser({ userId: other.id, role: 'ADMIN' })
      .expectSuccess();
    const { tokens } = await app.as().login({ email: other.email, password: PASSWORD }).expectSuccess();
    const caller = { bearer: tokens.accessToken };
    expect((await app.graphql(DOCUMENTS.__schema, {}, caller)).errors).toBeUndefined();
    await app
      .as(await app.admin())
      .updateUser({ userId: other.id, role: 'MEMBER' })
      .expectSuccess();
    expectRefused(await app.graphql(DOCUMENTS.__schema, {}, caller), FOR_ADMINISTRATORS);
  });

  test('a credential that is not valid is rejected as such', async () => {
    const answer = await apps.administrators!.graphql(DOCUMENTS.__schema, {}, { bearer: 'not a token' });
    expect([answer.status, answer.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('an event stream and a WebSocket follow the same rule', async () => {
    const app = apps.administrators!;
    const [admin, member] = [await app.admin(), await app.member()];
    const query = DOCUMENTS.__schema;
    for (const { caller, messages } of [
      { caller: admin, messages: [] },
      { caller: member, messages: [FOR_ADMINISTRATORS] },
    ]) {
      const socket = await Socket.open(app.url, { caller });
      socket.subscribe({ query });
      const answer = await socket.message();
      const errors = answer?.payload.errors ?? (answer?.type === 'error' ? answer.payload : []);
      expect(errors.map(({ message }: { message: string }) => message)).toEqual(messages);
      await socket.close();
      const stream = await EventStream.open(app.url, { caller, query });
      await stream.closed;
      for (const message of messages) expect(stream.text).toContain(message);
      expect(stream.text.includes('queryType')).toBe(messages.length === 0);
    }
  });

  test('a subscription is rejected if another operation of its document reads the schema', async () => {
    const app = apps.administrators!;
    const query = `subscription Feed { revocations { sequence } } query Schema ${DOCUMENTS.__schema}`;
    const stream = await EventStream.open(app.url, { caller: await app.member(), query, operationName: 'Feed' });
    expect((await stream.next())?.errors?.map(({ message }) => message)).toEqual([FOR_ADMINISTRATORS]);
  });

  const FILTERED = 'query ($f: ApiKeyFilter) { apiKeys(filter: $f) { nodes { id } } }';
  test.each([
    ['a field', 'viewer', '{ viewe { scopes } }', {}],
    ['an argument', 'filter', '{ apiKeys(filtr: null) { nodes { id } } }', {}],
    ['a type', 'Viewer', '{ viewer { ... on Viewr { scopes } } }', {}],
    ['a value of an enum', 'ACTIVE', FILTERED, { f: { status: 'ACTIV' } }],
    ['an input field', 'status', FILTERED, { f: { statu: 'ACTIVE' } }],
  ])('errors suggest no name to any caller: %s', async (_, name, query, variables) => {
    for (const app of Object.values(apps)) {
      const { accessToken: bearer } = await app.admin();
      const { errors } = await app.graphql(query, variables, { bearer });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(errors?.[0]?.message).not.toMatch(new RegExp(`did you mean|\\b${name}\\b`, 'i'));
    }
  });
});
