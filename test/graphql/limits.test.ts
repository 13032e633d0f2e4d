import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type Answer, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let admin: Account;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
});
afterAll(() => app.close());

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const ask = (query: string, variables: object = {}) => app.graphql(query, variables, { bearer: admin.accessToken });

function expectTooMuch(answer: Answer, message: string): void {
  expect(answer.data).toBeUndefined();
  expect(answer.errors).toContainEqual({
    message,
    extensions: { code: 'BAD_USER_INPUT' },
    ...(answer.errors?.[0] && 'locations' in answer.errors[0] ? { locations: expect.any(Array) } : {}),
  });
}

/** A selection of `Viewer` that is `levels` deep, itself included; what it asks for is there. */
const nested = (levels: number) =>
  `viewer { ${times(levels - 2, () => '... on Viewer {')} scopes ${'}'.repeat(levels - 2)} }`;

describe('a document may ask for this much and no more', () => {
  // The schema is not 12 deep, so the deepest document is one that does not fit it for another reason as well.
  const deep = (levels: number) => `{ ${'viewer { '.repeat(levels - 1)} scopes ${'}'.repeat(levels - 1)} }`;
  const tooDeep = (levels: number) => `The document has ${levels} levels; at most 12 are allowed.`;
  const messages = (answer: Answer) => answer.errors?.map(({ message }) => message) ?? [];

  test('12 levels', async () => {
    expect(messages(await ask(deep(12)))).not.toContainEqual(expect.stringContaining('levels'));
    expect(messages(await ask(deep(13)))).toContainEqual(tooDeep(13));
  });

  test('levels are counted through fragments, named or not', async () => {
    const half = 'viewer { viewer { viewer { viewer { viewer { viewer { viewer';
    const close = '}'.repeat(6);
    const named = `{ ${half} { ...F } ${close} } fragment F on Viewer { ${half} { scopes } ${close} }`;
    const inline = `{ ${half} { ... on Viewer { ${half} { scopes } ${close} } } ${close} }`;
    for (const document of [named, inline]) expect(messages(await ask(document))).toContainEqual(tooDeep(15));
  });

  test('an inline fragment is no level', async () => {
    expect((await ask(`{ ${nested(40)} }`)).errors).toBeUndefined();
  });

  test('30 aliases', async () => {
    expect((await ask(`{ viewer { ${times(30, (i) => `a${i}: scopes`)} } }`)).errors).toBeUndefined();
    expectTooMuch(
      await ask(`{ viewer { ${times(31, (i) => `a${i}: scopes`)} } }`),
      'The document has 31 aliases; at most 30 are allowed.',
    );
  });

  test('aliases count wherever they stand, in fragments and in operations that are not asked for', async () => {
    const document = `query A { viewer { ${times(16, (i) => `a${i}: scopes`)} ...F } } fragment F on Viewer { ${times(15, (i) => `b${i}: scopes`)} }`;
    expectTooMuch(await ask(document), 'The document has 31 aliases; at most 30 are allowed.');
  });

  test('10 root fields', async () => {
    expect((await ask(`{ ${times(10, (i) => `a${i}: __typename`)} }`)).errors).toBeUndefined();
    expectTooMuch(
      await ask(`{ ${times(11, (i) => `a${i}: __typename`)} }`),
      'The document has 11 root fields; at most 10 are allowed.',
    );
  });

  test('root fields are counted through fragments, as often as they are spread', async () => {
    const six = times(6, (i) => `a${i}: __typename`);
    for (const document of [
      `{ ...F ...G } fragment F on Query { ${six} } fragment G on Query { ${six.replaceAll('a', 'b').replaceAll('_bypename', '_typename')} }`,
      `{ ... on Query { ${six} } ... { ${six} } }`,
      `{ ...F ... { ...F } } fragment F on Query { ${six} }`,
    ]) {
      expectTooMuch(await ask(document), 'The document has 12 root fields; at most 10 are allowed.');
    }
  });

  test('2 000 tokens', async () => {
    const document = (spreads: number) => `{viewer{${'...F '.repeat(spreads)}}} fragment F on Viewer{scopes}`;
    expect((await ask(document(993))).errors).toBeUndefined();
    const answer = await ask(document(995));
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(answer.errors?.[0]?.message).toContain('more than 2000 tokens');
  });

  test('50 directives', async () => {
    expect((await ask(`{ viewer { scopes ${'@include(if: true) '.repeat(1)} } }`)).errors).toBeUndefined();
    const document = `{ viewer { ${times(51, () => 'scopes @include(if: true)')} } }`;
    expectTooMuch(await ask(document), 'The document has 51 directives; at most 50 are allowed.');
  });

  test('100 to a page', async () => {
    for (const first of [0, -1, 101, 2 ** 31 - 1]) {
      const { errors, data } = await ask('query ($first: Int!) { apiKeys(first: $first) { nodes { id } } }', { first });
      expect(data, String(first)).toBeNull();
      expect(errors).toMatchObject([{ path: ['apiKeys'], extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    expect((await ask('{ apiKeys(first: 100) { nodes { id } } }')).errors).toBeUndefined();
  });

  test('20 errors, so that an answer cannot be blown up', async () => {
    const { errors } = await ask(`{ ${times(500, (i) => `nothing${i}`)} }`);
    expect(errors?.length).toBeLessThanOrEqual(21);
  });
});

describe('documents that are made to be expensive', () => {
  const answered = async (query: string) => {
    const answer = await ask(query); // What grew with the power of the document would never come.
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const { extensions } of answer.errors ?? []) expect(extensions.code).toBe('BAD_USER_INPUT');
    return answer;
  };

  test('fragments that spread each other in a circle', async () => {
    await answered('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }');
    await answered('{ ...A } fragment A on Query { ...A }');
    await answered('{ viewer { ...A } } fragment A on Viewer { ...B scopes } fragment B on Viewer { ...A scopes }');
    const ring = times(150, (i) => `fragment F${i} on Query { ...F${(i + 1) % 150} ...F${(i + 7) % 150} }`);
    await answered(`{ ...F0 } ${ring}`);
  });

  test('fragments that double at every step', async () => {
    const doubling = (type: string, last: string) =>
      `${times(120, (i) => `fragment F${i} on ${type} { ...F${i + 1} ...F${i + 1} }`)} fragment F120 on ${type} { ${last} }`;
    await answered(`{ ...F0 } ${doubling('Query', '__typename')}`);
    await answered(`{ viewer { ...F0 } } ${doubling('Viewer', 'nothing')}`);
  });

  test('fields that have to be compared with each other', async () => {
    await answered(`{ viewer { ${times(900, () => 'scopes')} ${times(31, (i) => `a${i}: scopes`)} } }`);
    const pairs = times(100, (i) => `fragment F${i} on Viewer { x: scopes ...F${i + 1} }`);
    await answered(`{ viewer { ...F0 ...F50 } } ${pairs} fragment F100 on Viewer { x: permissions }`);
  });

  test('fragments that go deep', async () => {
    const chain = times(200, (i) => `fragment F${i} on Viewer { viewer { ...F${i + 1} } }`);
    await answered(`{ viewer { ...F0 } } ${chain} fragment F200 on Viewer { scopes }`);
  });

  test('brackets that go deep', async () => {
    await answered('{viewer'.repeat(990));
    await answered(`{ apiKeys(first: ${'['.repeat(1900)}`);
    await answered(`{ apiKeys(first: ${'['.repeat(960)}${']'.repeat(960)}) { nodes { id } } }`);
    await answered(`query ($a: ${'['.repeat(1900)}`);
  });

  test('variables that go deep', async () => {
    const deep = (open: string, close: string) => `${open.repeat(40_000)}${close.repeat(40_000)}`;
    for (const value of [deep('[', ']'), deep('{"a":', '}').replace('{}', '{"a":1}').replace(':}', ':1}')]) {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: `{"query":"mutation ($i: LoginInput!) { login(input: $i) { __typename } }","variables":{"i":${value}}}`,
      });
      expect([response.status, (await response.json()).errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  test('introspection that goes in circles', async () => {
    const circle = 'fields { type { fields { type { fields { type { fields { type { name } } } } } } } }';
    await answered(`{ __schema { types { ${circle} } } }`);
  });

  test('whatever is nested and spread, an answer comes soon', { timeout: 60_000 }, async () => {
    const name = fc.integer({ min: 0, max: 12 });
    const selection = fc.letrec<{ set: string }>((tie) => ({
      set: fc
        .array(
          fc.oneof(
            { maxDepth: 4 },
            fc.constantFrom('__typename', 'a: __typename', 'scopes', 'b: permissions'),
            name.map((n) => `...F${n}`),
            tie('set').map((set) => `... on Viewer ${set}`),
            tie('set').map((set) => `viewer ${set}`),
          ),
          { minLength: 1, maxLength: 6 },
        )
        .map((selections) => `{ ${selections.join(' ')} }`),
    })).set;
    const document = fc
      .tuple(selection, fc.array(selection, { maxLength: 12 }))
      .map(([root, sets]) => `${root} ${sets.map((set, i) => `fragment F${i} on Viewer ${set}`).join(' ')}`);
    await fc.assert(
      fc.asyncProperty(document, async (query) => {
        expect((await ask(query)).status).toBe(200);
      }),
      { numRuns: 150 },
    );
  });
});

describe('what is there can be asked for, and not guessed', () => {
  test('the query by which GraphiQL learns the schema passes, though it is 15 deep', async () => {
    const query = getIntrospectionQuery({
      descriptions: true,
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
      oneOf: true,
      schemaDescription: true,
      specifiedByUrl: true,
    });
    const { errors, data } = await app.graphql(query);
    expect(errors).toBeUndefined();
    expect(data.__schema.types.length).toBeGreaterThan(50);
  });

  test.each([
    '{ viewe { scopes } }',
    '{ viewer { scope } }',
    '{ apiKey(idd: "x") { id } }',
    '{ viewer { user { ... on Usr { id } } } }',
    'query ($i: LoginInputt) { __typename }',
    'mutation { login(input: { emial: "x", password: "x" }) { __typename } }',
    'mutation { revokeApiKey(input: { apiKeyId: "x", reason: COMPROMISE }) { __typename } }',
    '{ viewer { scopes @skipp(if: true) } }',
  ])('no error says what else there would be: %s', async (query) => {
    const { errors } = await ask(query);
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|viewer"|scopes"|"id"|COMPROMISED|"skip"/i);
  });
});

describe('F4.8: knocking is limited by field, not by request', () => {
  let limited: TestApp;
  beforeAll(async () => {
    limited = await startTestApp({
      env: {
        REKEY_LOGIN_PER_MINUTE: '4',
        REKEY_REGISTER_PER_MINUTE: '3',
        REKEY_FAILED_AUTH_PER_MINUTE: '5',
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
      },
    });
  });
  afterAll(() => limited.close());

  /** From an address of its own: what one test uses up is not missed by another. */
  let addresses = 0;
  const from = () => ({ headers: { 'x-forwarded-for': `203.0.113.${++addresses}` } });
  const login = (email: string) => `login(input: { email: "${email}", password: "${PASSWORD}" }) { __typename }`;

  function expectRateLimited(answer: Answer, paths: string[]): void {
    expect(answer.status).toBe(429);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const refused = answer.errors?.filter(({ extensions }) => extensions.code === 'RATE_LIMITED') ?? [];
    expect(refused.map(({ path }) => path?.join('.'))).toEqual(paths);
    expect(refused).toHaveLength(answer.errors?.length ?? 0);
    for (const { extensions } of refused) {
      expect(extensions).toEqual({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
      expect(extensions.retryAfterSeconds).toBeGreaterThan(0);
      expect(extensions.retryAfterSeconds).toBeLessThanOrEqual(60);
    }
    const retryAfter = Number(answer.headers.get('retry-after'));
    expect(refused.map(({ extensions }) => extensions.retryAfterSeconds)).toContain(retryAfter);
  }

  test('logins under aliases are that many logins', async () => {
    const document = `mutation { ${times(6, (i) => `a${i}: ${login('nobody@example.com')}`)} }`;
    expectRateLimited(await limited.graphql(document, {}, from()), ['a4']);
  });

  test('logins one after the other are as many, and an account takes ten times as many from everywhere', async () => {
    const document = `mutation { ${login('somebody@example.com')} }`;
    for (let address = 0; address < 10; address++) {
      const here = from();
      for (let i = 0; i < 4; i++) {
        expect((await limited.graphql(document, {}, here)).data.login.__typename).toBe('InvalidCredentialsError');
      }
      if (address === 0) expectRateLimited(await limited.graphql(document, {}, here), ['login']);
    }
    expectRateLimited(await limited.graphql(document, {}, from()), ['login']);
  });

  test('ten wrong logins from one address do not lock the owner out', async () => {
    const { email } = await limited.member();
    const attacker = from();
    const guess = `mutation { login(input: { email: "${email}", password: "a guess" }) { __typename } }`;
    for (let i = 0; i < 10; i++) await limited.graphql(guess, {}, attacker);
    const { data } = await limited.graphql(`mutation { ${login(email)} }`, {}, from());
    expect(data.login.__typename).toBe('LoginSuccess');
  });

  test('registrations under aliases are that many registrations', async () => {
    const register = (i: number) =>
      `a${i}: register(input: { email: "r${i}@example.com", password: "short", displayName: "R" }) { __typename }`;
    expectRateLimited(await limited.graphql(`mutation { ${times(4, register)} }`, {}, from()), ['a3']);
  });

  test('guesses of the setup token under aliases are that many guesses', async () => {
    const bootstrap = (i: number) =>
      `a${i}: bootstrap(input: { setupToken: "guess ${i}", email: "b@example.com", password: "${PASSWORD}", displayName: "B" }) { __typename }`;
    const guesser = from();
    expectRateLimited(await limited.graphql(`mutation { ${times(4, bootstrap)} }`, {}, guesser), ['a3']);
    expectRateLimited(await limited.graphql(`mutation { ${bootstrap(0)} }`, {}, guesser), ['a0']);
  });

  test('who fails to authenticate too often waits, at every door, and others do not', async () => {
    const failing = from();
    const secret = (await limited.apiKey(await limited.admin())).secret;
    for (let i = 0; i < 5; i++) {
      expect((await limited.graphql('{ __typename }', {}, { bearer: `guess-${i}`, ...failing })).status).toBe(401);
    }
    const refused = await limited.graphql('{ __typename }', {}, { bearer: 'another guess', ...failing });
    expect(refused.status).toBe(429);
    expect(refused.data).toBeUndefined();
    expect(refused.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const verify = await fetch(`${limited.url}/v1/verify`, {
      headers: { authorization: 'Bearer another guess', ...failing.headers },
    });
    expect(verify.status).toBe(429);
    expect(verify.headers.get('retry-after')).toBe(refused.headers.get('retry-after'));
    expect((await limited.graphql('{ viewer { scopes } }', {}, { bearer: secret, ...from() })).errors).toBeUndefined();
  });
});
