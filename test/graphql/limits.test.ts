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

/** A valid selection of `Viewer` that is `levels` deep, itself included. */
const nested = (levels: number) =>
  `viewer { ${times(levels - 2, () => '... on Viewer {')} scopes ${'}'.repeat(levels - 2)} }`;

describe('a document is limited to', () => {
  // The schema has fewer than 12 levels, so the deepest document is invalid for another reason as well.
  const deep = (levels: number) => `{ ${'viewer { '.repeat(levels - 1)} scopes ${'}'.repeat(levels - 1)} }`;
  const tooDeep = (levels: number) => `The document has ${levels} levels; at most 12 are allowed.`;
  const messages = (answer: Answer) => answer.errors?.map(({ message }) => message) ?? [];

  test('12 levels', async () => {
    expect(messages(await ask(deep(12)))).not.toContainEqual(expect.stringContaining('levels'));
    expect(messages(await ask(deep(13)))).toContainEqual(tooDeep(13));
  });

  test('12 levels, including those of named and inline fragments', async () => {
    const half = 'viewer { viewer { viewer { viewer { viewer { viewer { viewer';
    const close = '}'.repeat(6);
    const named = `{ ${half} { ...F } ${close} } fragment F on Viewer { ${half} { scopes } ${close} }`;
    const inline = `{ ${half} { ... on Viewer { ${half} { scopes } ${close} } } ${close} }`;
    for (const document of [named, inline]) expect(messages(await ask(document))).toContainEqual(tooDeep(15));
  });

  test('12 levels, where an inline fragment is not a level itself', async () => {
    expect((await ask(`{ ${nested(40)} }`)).errors).toBeUndefined();
  });

  test('30 aliases', async () => {
    expect((await ask(`{ viewer { ${times(30, (i) => `a${i}: scopes`)} } }`)).errors).toBeUndefined();
    expectTooMuch(
      await ask(`{ viewer { ${times(31, (i) => `a${i}: scopes`)} } }`),
      'The document has 31 aliases; at most 30 are allowed.',
    );
  });

  test('30 aliases, including those of fragments and of operations that are not selected', async () => {
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

  test('10 root fields, including those of each spread of a fragment', async () => {
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
    expect((await ask(document(994))).errors).toBeUndefined();
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

  test('100 items per page', async () => {
    for (const first of [0, -1, 101, 2 ** 31 - 1]) {
      const { errors, data } = await ask('query ($first: Int!) { apiKeys(first: $first) { nodes { id } } }', { first });
      expect(data, String(first)).toBeNull();
      expect(errors).toMatchObject([{ path: ['apiKeys'], extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    expect((await ask('{ apiKeys(first: 100) { nodes { id } } }')).errors).toBeUndefined();
  });

  test('20 errors, so that the size of a response is limited', async () => {
    const { errors } = await ask(`{ ${times(500, (i) => `nothing${i}`)} }`);
    expect(errors?.length).toBeLessThanOrEqual(21);
  });
});

describe('expensive documents get a fast response', () => {
  const expectRejected = async (query: string) => {
    const answer = await ask(query); // Exponential work would exceed the time limit of the test.
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const { extensions } of answer.errors ?? []) expect(extensions.code).toBe('BAD_USER_INPUT');
    return answer;
  };

  test('fragments that spread each other in a cycle', async () => {
    await expectRejected('{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }');
    await expectRejected('{ ...A } fragment A on Query { ...A }');
    await expectRejected(
      '{ viewer { ...A } } fragment A on Viewer { ...B scopes } fragment B on Viewer { ...A scopes }',
    );
    const cycle = times(150, (i) => `fragment F${i} on Query { ...F${(i + 1) % 150} ...F${(i + 7) % 150} }`);
    await expectRejected(`{ ...F0 } ${cycle}`);
  });

  test('fragments that double at each level', async () => {
    const doubling = (type: string, last: string) =>
      `${times(120, (i) => `fragment F${i} on ${type} { ...F${i + 1} ...F${i + 1} }`)} fragment F120 on ${type} { ${last} }`;
    await expectRejected(`{ ...F0 } ${doubling('Query', '__typename')}`);
    await expectRejected(`{ viewer { ...F0 } } ${doubling('Viewer', 'nothing')}`);
  });

  test('many fields that must be compared with each other', async () => {
    await expectRejected(`{ viewer { ${times(900, () => 'scopes')} ${times(31, (i) => `a${i}: scopes`)} } }`);
    const pairs = times(100, (i) => `fragment F${i} on Viewer { x: scopes ...F${i + 1} }`);
    await expectRejected(`{ viewer { ...F0 ...F50 } } ${pairs} fragment F100 on Viewer { x: permissions }`);
  });

  test('deeply nested fragments', async () => {
    const chain = times(200, (i) => `fragment F${i} on Viewer { viewer { ...F${i + 1} } }`);
    await expectRejected(`{ viewer { ...F0 } } ${chain} fragment F200 on Viewer { scopes }`);
  });

  test('deeply nested brackets', async () => {
    await expectRejected('{viewer'.repeat(990));
    await expectRejected(`{ apiKeys(first: ${'['.repeat(1900)}`);
    await expectRejected(`{ apiKeys(first: ${'['.repeat(960)}${']'.repeat(960)}) { nodes { id } } }`);
    await expectRejected(`query ($a: ${'['.repeat(1900)}`);
  });

  test('deeply nested variables', async () => {
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

  test('cyclic introspection', async () => {
    const cyclic = 'fields { type { fields { type { fields { type { fields { type { name } } } } } } } }';
    await expectRejected(`{ __schema { types { ${cyclic} } } }`);
  });

  test('random nested and spread selections', { timeout: 60_000 }, async () => {
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

describe('the schema is readable by introspection but not by guessing', () => {
  test('the introspection query of GraphiQL is accepted, although it has 15 levels', async () => {
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
  ])('an error suggests no other name: %s', async (query) => {
    const { errors } = await ask(query);
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|viewer"|scopes"|"id"|COMPROMISED|"skip"/i);
  });
});

describe('F4.8: attempts are limited per field, not per request', () => {
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

  /** A new client address, so that tests do not share their limits. */
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

  test('each alias of a login counts as one attempt', async () => {
    const document = `mutation { ${times(6, (i) => `a${i}: ${login('unknown@example.com')}`)} }`;
    expectRateLimited(await limited.graphql(document, {}, from()), ['a4']);
  });

  test('logins are limited per address, and at ten times that limit per account for all addresses', async () => {
    const document = `mutation { ${login('another@example.com')} }`;
    for (let address = 0; address < 10; address++) {
      const here = from();
      for (let i = 0; i < 4; i++) {
        expect((await limited.graphql(document, {}, here)).data.login.__typename).toBe('InvalidCredentialsError');
      }
      if (address === 0) expectRateLimited(await limited.graphql(document, {}, here), ['login']);
    }
    expectRateLimited(await limited.graphql(document, {}, from()), ['login']);
  });

  test('ten failed logins from one address do not lock out the user at another address', async () => {
    const { email } = await limited.member();
    const attacker = from();
    const guess = `mutation { login(input: { email: "${email}", password: "a guess" }) { __typename } }`;
    for (let i = 0; i < 10; i++) await limited.graphql(guess, {}, attacker);
    const { data } = await limited.graphql(`mutation { ${login(email)} }`, {}, from());
    expect(data.login.__typename).toBe('LoginSuccess');
  });

  test('each alias of a registration counts as one attempt', async () => {
    const register = (i: number) =>
      `a${i}: register(input: { email: "r${i}@example.com", password: "short", displayName: "R" }) { __typename }`;
    expectRateLimited(await limited.graphql(`mutation { ${times(4, register)} }`, {}, from()), ['a3']);
  });

  test('each alias of a bootstrap counts as one attempt', async () => {
    const bootstrap = (i: number) =>
      `a${i}: bootstrap(input: { setupToken: "guess ${i}", email: "b@example.com", password: "${PASSWORD}", displayName: "B" }) { __typename }`;
    const guesser = from();
    expectRateLimited(await limited.graphql(`mutation { ${times(4, bootstrap)} }`, {}, guesser), ['a3']);
    expectRateLimited(await limited.graphql(`mutation { ${bootstrap(0)} }`, {}, guesser), ['a0']);
  });

  test('failed authentications are limited per address at all endpoints', async () => {
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
