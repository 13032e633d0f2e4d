import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { constrainArguments } from '../../src/graphql/request/constraints.ts';
import { readOperation } from '../../src/graphql/request/read-operation.ts';
import { documentsIn } from '../../src/graphql/request/trusted-documents.ts';
import { createSchema } from '../../src/graphql/yoga.ts';
import { type Account, backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { type RawRequest, send } from '../support/raw.ts';

const RESPONSE_TYPE = 'application/graphql-response+json';

let app: TestApp;
let admin: Account;
beforeAll(async () => {
  app = await startTestApp({ env: { REKEY_API_KEYS_PER_USER: '10000' } });
  admin = await app.admin();
});
afterAll(() => app.close());

const post = (body: string | Buffer, headers: RawRequest['headers'] = {}) =>
  send(app.url, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${admin.accessToken}`, ...headers },
    body,
  });
const ask = (query: string, variables: object = {}) => app.graphql(query, variables, { bearer: admin.accessToken });
const messagesOf = ({ errors }: { errors?: { message: string }[] | undefined }) =>
  (errors ?? []).map(({ message }) => message);

const REGISTER =
  'mutation ($input: RegisterInput!) { register(input: $input) { __typename ... on InvalidInputError { fields { path message } } } }';
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';
const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { __typename ... on InvalidInputError { fields { path message } } }
}`;

describe('every string and every list of an input has a limit', () => {
  test('the service does not start with a schema in which one has no limit', () => {
    const schema = (argument: string) =>
      buildSchema(`
        directive @constraint(maxLength: Int, maxItems: Int) on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
        input Input { text: String @constraint(maxLength: 1) other: ${argument} }
        type Query { field(input: Input): Int }
      `);
    expect(() => constrainArguments(schema('String'))).toThrow('Input.other has no maxLength');
    expect(() => constrainArguments(schema('[Int]'))).toThrow('Input.other has no maxItems');
    expect(() => constrainArguments(schema('[String] @constraint(maxItems: 1)'))).toThrow(
      'Input.other has no maxLength',
    );
    expect(() => constrainArguments(schema('[ID!] @constraint(maxItems: 1)'))).not.toThrow();
  });

  test('the descriptions in the schema include the limits', () => {
    const input = createSchema().getType('CreateApiKeyInput') as unknown as {
      getFields(): Record<string, { description: string }>;
    };
    const { name, permissions, expiresAt } = input.getFields();
    expect(name?.description).toMatch(/At most 100 characters\.$/);
    expect(permissions?.description).toMatch(/At most \d+ items\. At most 100 characters each\.$/);
    expect(expiresAt?.description).not.toContain('At most');
  });

  test('a mutation with InvalidInputError reports every field that is too long', async () => {
    const input = { email: 'x'.repeat(255), password: 'x'.repeat(257), displayName: 'x'.repeat(101) };
    const { data } = await ask(REGISTER, { input });
    expect(data.register).toEqual({
      __typename: 'InvalidInputError',
      fields: [
        { path: 'input.email', message: 'Must have at most 254 characters.' },
        { path: 'input.password', message: 'Must have at most 256 characters.' },
        { path: 'input.displayName', message: 'Must have at most 100 characters.' },
      ],
    });
  });

  test('a mutation without InvalidInputError fails with BAD_USER_INPUT, for a literal as for a variable', async () => {
    const long = 'x'.repeat(257);
    for (const answer of [
      await ask(LOGIN, { input: { email: 'x', password: long } }),
      await ask(`mutation { login(input: { email: "x", password: "${long}" }) { __typename } }`),
    ]) {
      expect(answer).toMatchObject({ status: 200, data: null });
      expect(answer.errors).toMatchObject([
        {
          message: '`input.password` must have at most 256 characters.',
          path: ['login'],
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
    }
  });

  test('characters are counted as Unicode code points', async () => {
    const named = async (name: string) => (await ask(CREATE_KEY, { input: { name } })).data.createApiKey;
    expect(await named('😀'.repeat(100))).toMatchObject({ __typename: 'CreateApiKeySuccess' });
    expect(await named('😀'.repeat(101))).toMatchObject({ fields: [{ message: 'Must have at most 100 characters.' }] });
  });

  test('both the number of items of a list and the length of each item are limited', async () => {
    const create = async (permissions: string[]) =>
      (await ask(CREATE_KEY, { input: { name: 'x', permissions } })).data.createApiKey.fields;
    expect(await create(Array.from({ length: 600 }, () => 'x'))).toEqual([
      { path: 'input.permissions', message: expect.stringMatching(/^Must have at most \d+ items\.$/) },
    ]);
    expect(await create(['x', 'y'.repeat(101)])).toEqual([
      { path: 'input.permissions.1', message: 'Must have at most 100 characters.' },
    ]);
  });

  test('F: a string with too many combining characters is rejected before it is normalized', async () => {
    const combining = `a${'\u0345'.repeat(100)}${'\u0334'.repeat(100)}`;
    for (const [query, input] of [
      [REGISTER, { email: 'x@example.com', password: combining, displayName: 'x' }],
      [REGISTER, { email: `${combining}@example.com`, password: PASSWORD, displayName: 'x' }],
      [LOGIN, { email: combining, password: 'x' }],
      [LOGIN, { email: 'x', password: combining }],
    ] as const) {
      const { errors } = await ask(query, { input });
      expect(messagesOf({ errors })).toEqual([
        expect.stringMatching(/must have at most 30 combining characters in a row\.$/),
      ]);
    }
    const { errors } = await ask('query ($filter: UserFilter) { users(filter: $filter) { nodes { id } } }', {
      filter: { email: combining },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('a string that is not well-formed Unicode is rejected', () => {
  test.each([
    ['the first half of a surrogate pair', 'a\ud800b'],
    ['the second half', 'a\udc00b'],
    ['both in the wrong order', '\udc00\ud800'],
    ['U+0000', 'a\0b'],
  ])('%s', async (_, text) => {
    const name = await ask(CREATE_KEY, { input: { name: text } });
    const password = await ask(LOGIN, { input: { email: 'x', password: text } });
    const id = await ask('query ($id: ID!) { apiKey(id: $id) { id } }', { id: text });
    for (const { errors } of [name, password, id]) {
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  test('an escape in a document that is not a character', async () => {
    const { errors } = await ask('{ apiKey(id: "\\ud800") { id } }');
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test.each([
    ['Latin-1', Buffer.from('{"query":"{ __typename } # Grüße"}', 'latin1')],
    [
      'a truncated character',
      Buffer.concat([Buffer.from('{"query":"{ __typename } # '), Buffer.from([0xe2, 0x82]), Buffer.from('"}')]),
    ],
    [
      'an overlong form',
      Buffer.concat([Buffer.from('{"query":"{ __typename } # '), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
    [
      'half of a surrogate pair in bytes',
      Buffer.concat([Buffer.from('{"query":"{ __typename } # '), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
  ])('a body in %s gets 400', async (_, body) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      json: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    });
  });

  test.each([
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; charset="latin1"',
  ])('a body with the type %s gets 415', async (type) => {
    expect((await post('{"query":"{ __typename }"}', { 'content-type': type })).status).toBe(415);
  });
});

describe('the Accept header', () => {
  const create = JSON.stringify({ query: CREATE_KEY, variables: { input: { name: 'never made' } } });
  const countKeys = async () =>
    (await app.sql(`select count(*)::int as keys from api_keys where name = 'never made'`))[0].keys;

  test.each([
    'application/xml',
    'image/png',
    'text/html',
    'application/json;q=0',
    '*/*;q=0',
    'application/json; charset=utf-16',
    'nonsense',
  ])('causes 406 with a message, before execution, if it has no supported type: %s', async (accept) => {
    const answer = await post(create, { accept });
    expect(answer).toMatchObject({ status: 406, json: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
    expect(answer.headers['content-type']).toBe('application/json');
    expect(await countKeys()).toBe(0);
  });

  test.each([
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json;charset=utf-8', 'application/json'],
    ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', RESPONSE_TYPE],
    ['application/json;q=0.5, application/graphql-response+json', RESPONSE_TYPE],
    ['application/xml, application/json;q=0.1', 'application/json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
    ['', 'application/json'],
    ['application/json;charset=UTF8', 'application/json'],
    ['application/json; odata=verbose; q=0.9', 'application/json'],
  ])('selects the best supported type: %s', async (accept, type) => {
    const { headers, status } = await post('{"query":"{ __typename }"}', { accept });
    expect([status, headers['content-type']]).toEqual([200, `${type}; charset=utf-8`]);
  });
});

describe('errors name the problem and its place, and repeat no value', () => {
  test('a response has at most five errors', async () => {
    const many = Array.from({ length: 50 }, (_, index) => `f${index}`).join(' ');
    expect((await ask(`{ viewer { ${many} } }`)).errors).toHaveLength(5);
    const scopes = Array.from({ length: 40 }, () => 'NONE');
    expect((await ask(CREATE_KEY, { input: { name: 'x', scopes } })).errors).toHaveLength(5);
    for (const length of [4_000, 22_000]) {
      const unknown = Object.fromEntries(Array.from({ length }, (_, index) => [`k${index}`, 1]));
      expect((await ask(CREATE_KEY, { input: { name: 'x', ...unknown } })).errors).toHaveLength(1);
    }
  });

  test.each<[string, object, string[]]>([
    ['a missing field', { input: { password: 'x' } }, ['The variable `$input.email` is required.']],
    ['null', { input: { email: null, password: 'x' } }, ['The variable `$input.email` must not be null.']],
    ['a list for an object', { input: [] }, ['The variable `$input` must be an object.']],
    [
      'an unknown field',
      { input: { email: 'x', password: 'x', pasword: 's3cret' } },
      ['The variable `$input` must not have the field "pasword".'],
    ],
    [
      'an unknown field with a long name',
      { input: { email: 'x', password: 'x', [`'. Did you mean '`.repeat(1000)]: 1 } },
      ['The variable `$input` must not have unknown fields.'],
    ],
    [
      'a boolean that is a string',
      { input: { email: 'x', password: 'x', cookies: 's3cret' } },
      ['The variable `$input.cookies` must be true or false.'],
    ],
    ['nothing', {}, ['The variable `$input` is required.']],
  ])('an invalid variable: %s', async (_, variables, messages) => {
    expect(messagesOf(await ask(LOGIN, variables))).toEqual(messages);
  });

  test.each([
    ['mutation { login(input: { email: "x" }) { __typename } }', '`input` must have the field "password".'],
    [
      'mutation { login(input: { email: "x", password: "x", a: 1 }) { __typename } }',
      '`input` must not have the field "a".',
    ],
    ['mutation { login(input: "s3cret") { __typename } }', '`input` must be an object.'],
    [
      'mutation { createApiKey(input: { name: "x", scopes: [ADMIN, s3cret] }) { __typename } }',
      '`input.scopes.1` must be a value of the enum "Scope".',
    ],
    [
      'mutation { createApiKey(input: { name: "x", expiresAt: "s3cret" }) { __typename } }',
      '`input.expiresAt` is invalid. A DateTime must be',
    ],
    ['{ apiKeys(first: "s3cret") { nodes { id } } }', '`first` must be a whole number from -2147483648 to 2147483647.'],
    ['{ apiKeys(first: null) { nodes { id } } }', '`first` must not be null.'],
    ['{ viewer { scope } }', 'The type "Viewer" has no field "scope".'],
    ['{ apiKey { id } }', '"apiKey" must have the arguments "id".'],
    ['{ apiKey(id: "x", ident: 1) { id } }', 'Unknown argument "ident".'],
    ['{ viewer }', 'The field "viewer" must have a selection of fields.'],
    ['{ viewer { scopes { name } } }', 'The field "scopes" must not have a selection of fields.'],
    [
      'query ($id: String) { apiKey(id: $id) { id } }',
      'The type of the variable "$id" is not allowed where it is used.',
    ],
    ['{ apiKey(id: $id) { id } }', 'The operation does not define the variable "$id".'],
    ['{ ...F }', 'Unknown fragment "F".'],
    [
      '{ viewer { x: scopes x: permissions } }',
      'Different fields have the name "x" in the response. Give one of them an alias.',
    ],
    ['{ viewer { scopes @nothing } }', 'The directive "@nothing" is unknown, or not allowed here.'],
  ])('an invalid document: %s', async (query, message) => {
    const answer = await ask(query);
    expect(messagesOf(answer)[0]).toContain(message);
    expect(answer.errors?.[0]).toHaveProperty('locations');
    expect(JSON.stringify(answer.errors)).not.toContain('s3cret');
  });

  test.each([
    ['{ viewer { "s3cret" } }', 'Syntax error in line 1, column 12: unexpected token of the kind "String".'],
    ['{ viewer {', 'Syntax error in line 1, column 11: unexpected token of the kind "<EOF>".'],
    ['{\n  viewer { s3cret: } }', 'Syntax error in line 2, column 20: unexpected token of the kind "}".'],
    ['{ apiKey(id: "s3cret) }', 'this is not a GraphQL token.'],
  ])('a syntax error: %s', async (query, message) => {
    const answer = await ask(query);
    expect(messagesOf(answer)[0]).toContain(message);
    expect(JSON.stringify(answer.errors)).not.toContain('s3cret');
  });

  test('an unknown member of the body: the error lists the allowed members and does not repeat it', async () => {
    const { json } = await post(JSON.stringify({ query: '{ __typename }', s3cret: 1 }));
    expect(messagesOf(json)).toEqual([
      'The body has an unknown member. Allowed members: query, documentId, operationName, variables, extensions.',
    ]);
  });

  test('`__proto__` as the name of a variable or an input field', async () => {
    const query = 'query ($__proto__: ID!) { apiKey(id: $__proto__) { id } }';
    const body = `{"query":${JSON.stringify(query)},"variables":{"__proto__":"x"}}`;
    expect(messagesOf((await post(body)).json)).toEqual(['A variable must not have the name `__proto__`.']);
    const input = `{"query":${JSON.stringify(LOGIN)},"variables":{"input":{"email":"x","password":"x","__proto__":{"a":1}}}}`;
    expect(messagesOf((await post(input)).json)).toEqual([
      'The variable `$input` must not have the field "__proto__".',
    ]);
  });
});

describe('a body has at most 5000 JSON values, counted before it is parsed', () => {
  const MESSAGE = 'The body must have at most 5000 JSON values.';
  /** What is left for the extensions beside the body itself and its query. */
  const MOST = 4998;
  const bodyWith = (extensions: string) => `{"query":"{ __typename }","extensions":${extensions}}`;
  const join = (count: number, item: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => item(i)).join();
  const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}0${close.repeat(depth)}`;

  /** The message of the refusal, null where there is none; and whether the body was parsed. */
  function outcomeOf(body: string) {
    const parse = vi.spyOn(JSON, 'parse');
    try {
      readOperation(body, documentsIn(null));
      return { message: null, parsed: parse.mock.calls.length > 0 };
    } catch (error) {
      return { message: (error as Error).message, parsed: parse.mock.calls.length > 0 };
    } finally {
      parse.mockRestore();
    }
  }
  const READ = { message: null, parsed: true };
  const TOO_MANY = { message: MESSAGE, parsed: false };

  test.each<[string, (values: number) => string]>([
    ['items of a list', (values) => `{"a":[${join(values - 2, () => '0')}]}`],
    ['items with white space', (values) => `{"a":[${join(values - 2, () => ' \n0\t')}]}`],
    ['strings', (values) => `{"a":[${join(values - 2, () => '""')}]}`],
    ['members', (values) => `{${join(values - 1, (index) => `"${index}":0`)}}`],
    ['one member again and again', (values) => `{${join(values - 1, () => '"a":0')}}`],
    ['lists in lists', (values) => `{"a":${nested(values - 2, '[', ']')}}`],
    ['objects in objects', (values) => nested(values - 1, '{"a":', '}')],
  ])('accepts 5000 and rejects 5001: %s', (_, extensions) => {
    expect(outcomeOf(bodyWith(extensions(MOST)))).toEqual(READ);
    expect(outcomeOf(bodyWith(extensions(MOST + 1)))).toEqual(TOO_MANY);
  });

  test.each(['[]', '{}', '[ ]'])('counts an empty list or object, too: %s', (empty) => {
    expect(outcomeOf(bodyWith(`{"a":[${join(2000, () => empty)}]}`))).toEqual(READ);
    expect(outcomeOf(bodyWith(`{"a":[${join(5000, () => empty)}]}`))).toEqual(TOO_MANY);
  });

  test('a string that ends with an escaped backslash hides nothing behind it', () => {
    for (const string of ['"\\\\"', '"\\\\\\\\"', '"a\\"\\\\"']) {
      expect(outcomeOf(bodyWith(`{"a":[${string},${join(MOST - 3, () => '0')}]}`))).toEqual(READ);
      expect(outcomeOf(bodyWith(`{"a":[${string},${join(MOST - 2, () => '0')}]}`))).toEqual(TOO_MANY);
    }
  });

  test.each([
    ['commas', ','],
    ['brackets and braces', '[{'],
    ['escaped quotes', '\\",'],
    ['escaped backslashes', '\\\\,'],
    ['escaped quotes after escaped backslashes', '\\\\\\",['],
    ['escapes of Unicode', '\\u0022,'],
  ])('does not count what stands in strings: %s', (_, text) => {
    expect(outcomeOf(bodyWith(`{"a":"${text.repeat(9000)}"}`))).toEqual(READ);
    expect(outcomeOf(bodyWith(`{"${text.repeat(9000)}":"x"}`))).toEqual(READ);
    // After the string, values count again.
    expect(outcomeOf(bodyWith(`{"a":"${text}","b":[${join(5000, () => '0')}]}`))).toEqual(TOO_MANY);
  });

  test.each([
    ['a string', '"'.padEnd(9000, ',')],
    ['a string that ends in a backslash', `"${','.repeat(9000)}\\`],
    ['a string that ends in an escaped quote', `"${','.repeat(9000)}\\"`],
    ['a string of backslashes', `"${'\\'.repeat(9001)}`],
    ['strings', '"'.repeat(9001)],
    ['a list', '['.padEnd(4000, ' ')],
  ])('comes to an end where the body does not: %s', (_, rest) => {
    expect(outcomeOf(`{"query":${rest}`)).toEqual({ message: 'The body is not valid JSON.', parsed: true });
  });

  test('over HTTP: 400, and the answer says so', async () => {
    const list = Array.from({ length: 5000 }, () => 0);
    const answer = await post(JSON.stringify({ query: '{ __typename }', extensions: { list } }));
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
    expect(messagesOf(answer.json)).toEqual([MESSAGE]);
    const accepted = await post(JSON.stringify({ query: '{ __typename }', extensions: { list: list.slice(10) } }));
    expect(accepted).toMatchObject({ status: 200, json: { data: { __typename: 'Query' } } });
  });
});

describe('a document is measured before anything else is done with it', () => {
  const repeated = (count: number, text: string) => Array.from({ length: count }, () => text).join(' ');

  test.each([
    ['a field with fields', `{ viewer { ${repeated(490, 'user{id}')} } }`],
    ['a field with fields, in a fragment', `{ viewer { ...F } } fragment F on Viewer { ${repeated(480, 'user{id}')} }`],
    [
      'a field with fields, in an unused fragment',
      `{ __typename } fragment F on Viewer { ${repeated(480, 'user{id}')} }`,
    ],
  ])('a document must not repeat a field too often: %s', async (_, query) => {
    expect(messagesOf(await ask(query))).toEqual([
      'The document selects the same field too often. Select each field once.',
    ]);
  });

  test('a document may repeat a field 100 times', async () => {
    expect((await ask(`{ viewer { ${repeated(100, 'user{id}')} } }`)).errors).toBeUndefined();
  });

  test('`__schema` and `__type` may each occur once', async () => {
    const types = (count: number) =>
      Array.from({ length: count }, (_, i) => `t${i}: __type(name: "User") { name }`).join(' ');
    expect((await ask(`{ __schema { queryType { name } } ${types(1)} }`)).errors).toBeUndefined();
    expect(messagesOf(await ask(`{ ${types(2)} }`))).toEqual([
      'The document has 2 fields `__type`; at most 1 are allowed.',
    ]);
    const schemas = Array.from({ length: 10 }, (_, i) => `s${i}: __schema { queryType { name } }`).join(' ');
    expect(messagesOf(await ask(`{ ${schemas} }`))).toEqual([
      'The document has 10 fields `__schema`; at most 1 are allowed.',
    ]);
  });

  test('introspection may have at most 20 levels', async () => {
    const query = (levels: number) =>
      `{ __type(name: "User") { ${'ofType { '.repeat(levels - 2)} name ${'}'.repeat(levels - 2)} } }`;
    expect((await ask(query(20))).errors).toBeUndefined();
    expect(messagesOf(await ask(query(21)))).toEqual(['The document has 21 levels; at most 20 are allowed.']);
  });

  test('introspection must not request more than the standard introspection query', async () => {
    const type = 'name kind description fields { name description args { name type { name kind description } } }';
    const query = `{ __schema { types { ${type} possibleTypes { ${type} } interfaces { ${type} possibleTypes { ${type} } } } } }`;
    expect(messagesOf(await ask(query))).toEqual([
      'The document requests more introspection than the standard introspection query.',
    ]);
  });

  test('introspection fields must not have aliases', async () => {
    for (const query of [
      '{ __schema { types { a: description b: description } } }',
      '{ __schema { types { ...F } } } fragment F on __Type { a0: description }',
    ]) {
      expect(messagesOf(await ask(query))).toEqual(['The document must not use an alias for an introspection field.']);
    }
  });

  describe('the fields of a list are counted once per possible item', () => {
    const costs = (cost: number) => [
      `The operation costs ${cost}; at most 5000 is allowed. Every field counts once for each item of its lists. Request fewer fields or shorter pages.`,
    ];
    const KEY = 'id name hint createdAt createdFromIp expiresAt lastUsedAt rotatedAt revokedAt status';
    const lists = (count: number, first: string, fields = KEY) =>
      `query ($first: Int! = 1) { other: apiKeys(first: $first) { nodes { id } } ${Array.from({ length: count }, (_, i) => `a${i}: apiKeys(first: ${first}) { nodes { ${fields} } }`).join(' ')} }`;

    test('one page of 100 rows with all fields is accepted, and two with ten fields each', async () => {
      const all =
        'cursor node { id name hint scopes permissions createdAt createdFromIp expiresAt lastUsedAt rotatedAt previousSecretExpiresAt revokedAt revocationReason status user { id email displayName } workspace { id name } }';
      expect(
        (await ask(`{ apiKeys(first: 100) { edges { ${all} } pageInfo { endCursor hasNextPage } } }`)).errors,
      ).toBeUndefined();
      expect((await ask(lists(2, '100'))).errors).toBeUndefined();
      expect((await ask(lists(9, '20'))).errors).toBeUndefined();
    });

    test.each([
      ['many long lists', 6407, lists(4, '100')],
      ['many long lists of ids', 5611, lists(8, '100', 'id')],
      [
        'fields under many names',
        5805,
        lists(2, '100', `${Array.from({ length: 13 }, (_, i) => `s${i}: hint`).join(' ')} ${KEY}`),
      ],
      ['lists of texts', 6604, lists(1, '100', Array.from({ length: 12 }, (_, i) => `s${i}: scopes`).join(' '))],
    ])('an operation that costs too much is rejected, with its cost and the limit: %s, %d', async (_, cost, query) => {
      expect(messagesOf(await ask(query))).toEqual(costs(cost));
    });

    test('a variable counts with its value', async () => {
      const asked = async (variables: object) => messagesOf(await ask(lists(9, '$first'), variables));
      expect(await asked({})).toEqual([]);
      expect(await asked({ first: 20 })).toEqual([]);
      expect(await asked({ first: 100 })).toEqual(costs(15_110));
      expect(await asked({ first: 20 })).toEqual([]);
    });
  });

  test('a document must have at most 32 KiB, including white space and comments', async () => {
    const message = 'The document must have at most 32768 characters. Send values as variables.';
    for (const filling of ['\n', ' ', '#\n', ',']) {
      const query = `{${filling.repeat(33_000)} viewer { a b c d e } }`;
      expect(messagesOf(await ask(query)), JSON.stringify(filling)).toEqual([message]);
    }
    expect((await ask(`{${'\n'.repeat(32_700)} viewer { scopes } }`)).errors).toBeUndefined();
  });

  test('no field may have the name `then` in the response, because the executor would treat the object as a promise', async () => {
    const message = 'A field must not have the name `then` in the response.';
    for (const query of [
      '{ then: __typename }',
      '{ viewer { then: scopes } }',
      'mutation { createApiKey(input: { name: "lost" }) { ... on CreateApiKeySuccess { apiKey { then: id } } } }',
    ]) {
      expect(messagesOf(await ask(query))).toEqual([message]);
    }
    expect(await app.sql(`select from api_keys where name = 'lost'`)).toEqual([]);
  });

  test.each([
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'toJSON',
    '__defineGetter__',
    'prototype',
    'catch',
    'finally',
  ])('a field may have any other name in the response: %s', async (name) => {
    const answer = await ask(`{ viewer { ${name}: scopes } ${name}: __typename }`);
    expect(answer.errors).toBeUndefined();
    expect([answer.data[name], Array.isArray(answer.data.viewer[name])]).toEqual(['Query', true]);
  });

  test('a name must have at most 128 characters anywhere in the document', async () => {
    const long = 'n'.repeat(129);
    for (const query of [
      `{ ${long}: __typename }`,
      `query ${long} { __typename }`,
      `{ ...${long} } fragment ${long} on Query { __typename }`,
    ]) {
      expect(messagesOf(await ask(query))).toEqual(['A name must have at most 128 characters.']);
    }
    expect((await ask(`{ ${'n'.repeat(128)}: __typename }`)).errors).toBeUndefined();
  });
});

describe.each(backends())('on $name', ({ start }) => {
  let own: TestApp;
  beforeAll(async () => {
    own = await start();
  });
  afterAll(() => own?.close());

  test('a cursor of another list is rejected', async () => {
    const { accessToken: bearer } = await own.admin();
    await own.apiKey(await own.admin());
    const keys = await own.graphql('{ apiKeys { pageInfo { endCursor } } }', {}, { bearer });
    for (const list of ['users', 'sessions', 'revocations', 'workspaces']) {
      const query = `query ($after: String) { ${list}(after: $after) { nodes { id } } }`;
      const { errors } = await own.graphql(query, { after: keys.data.apiKeys.pageInfo.endCursor }, { bearer });
      expect(errors, list).toMatchObject([
        { message: '`after` must be the `endCursor` of a page of this list.', extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    }
  });

  test('a cursor has exactly one valid encoding', async () => {
    const { accessToken: bearer } = await own.admin();
    await own.apiKey(await own.admin());
    const { data } = await own.graphql('{ apiKeys(first: 1) { pageInfo { endCursor } } }', {}, { bearer });
    const cursor: string = data.apiKeys.pageInfo.endCursor;
    const spaced = Buffer.from(` ${Buffer.from(cursor, 'base64url')}`).toString('base64url');
    for (const after of [`${cursor}=`, `${cursor}====`, ` ${cursor}`, spaced]) {
      const { errors } = await own.graphql(
        'query ($after: String) { apiKeys(after: $after) { nodes { id } } }',
        { after },
        { bearer },
      );
      expect(errors, after).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  test('an empty id is an unknown id', async () => {
    const { accessToken: bearer } = await own.admin();
    const asked: [string, object, string][] = [
      ['createApiKey', { name: 'x', workspaceId: '' }, 'WorkspaceNotFoundError'],
      ['revokeApiKey', { apiKeyId: '' }, 'ApiKeyNotFoundError'],
      ['rotateApiKey', { apiKeyId: '' }, 'ApiKeyNotFoundError'],
      ['revokeSession', { sessionId: '' }, 'SessionNotFoundError'],
      ['revokeAllSessions', { userId: '' }, 'UserNotFoundError'],
      ['revokeAccessToken', { jti: '' }, 'AccessTokenNotFoundError'],
      ['disableUser', { userId: '' }, 'UserNotFoundError'],
      ['enableUser', { userId: '' }, 'UserNotFoundError'],
    ];
    for (const [field, input, type] of asked) {
      expect((await own.mutate(field, input, '', { bearer })).__typename, field).toBe(type);
    }
    const { data } = await own.graphql('{ apiKey(id: "") { id } workspace(id: "") { id } }', {}, { bearer });
    expect(data).toEqual({ apiKey: null, workspace: null });
  });
});
