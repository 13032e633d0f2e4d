import { makeExecutableSchema } from '@graphql-tools/schema';
import { type GraphQLField, GraphQLObjectType, isEnumType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guardRootFields } from '../../src/graphql/authorization.ts';
import { createSchema } from '../../src/graphql/yoga.ts';
import { type Account, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let admin: Account;
let member: Account;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.admin();
  member = await app.member();
});
afterAll(() => app.close());

const CHALLENGE = 'Bearer realm="rekey", error="invalid_token"';
const UNKNOWN = 'rka_000000000000000000000000000000000000';

describe('a credential', () => {
  test.each([
    ['on a field that requires a credential', '{ viewer { scopes } }'],
    [
      'on a public field beside one that requires a credential',
      'mutation { login(input: { email: "x", password: "x" }) { __typename } createWorkspace(input: { name: "x" }) { __typename } }',
    ],
    ['on no field of the schema', '{ __typename }'],
    ['on introspection', '{ __schema { queryType { name } } }'],
  ])('that is invalid gets 401 with a challenge and no data, before execution: %s', async (_, query) => {
    for (const credential of [{ bearer: UNKNOWN }, { apiKey: 'nonsense' }, { bearer: admin.refreshToken }]) {
      const answer = await app.graphql(query, {}, credential);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(CHALLENGE);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.data).toBeUndefined();
      expect(answer.errors).toEqual([
        { message: 'The credential is not valid.', extensions: { code: 'UNAUTHENTICATED' } },
      ]);
    }
  });

  test.each<[string, string, string?]>([
    ['a field', 'mutation { login(input: { email: "x", password: "x" }) { __typename } }'],
    [
      'a fragment',
      'mutation { ...F } fragment F on Mutation { ... { login(input: { email: "x", password: "x" }) { __typename } } }',
    ],
    [
      'the selected operation',
      'mutation A { __typename login(input: { email: "x", password: "x" }) { __typename } } query B { viewer { scopes } }',
      'A',
    ],
  ])(
    'that is invalid counts as none if the operation selects only `@public` fields: %s',
    async (_, query, operationName) => {
      for (const credential of [{ bearer: UNKNOWN }, { apiKey: 'nonsense' }, { bearer: admin.refreshToken }]) {
        const answer = await app.graphql(query, {}, credential, operationName);
        expect(answer).toMatchObject({ status: 200, data: { login: { __typename: 'InvalidCredentialsError' } } });
      }
    },
  );

  test('that is invalid does not prevent a login or a refresh by a client that sends it with every request', async () => {
    const { email, refreshToken } = await app.member();
    const login = `mutation ($input: LoginInput!) { login(input: $input) { __typename } }`;
    const loggedIn = await app.graphql(login, { input: { email, password: PASSWORD } }, { bearer: UNKNOWN });
    expect(loggedIn).toMatchObject({ status: 200, data: { login: { __typename: 'LoginSuccess' } } });
    const refresh = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename } }`;
    const refreshed = await app.graphql(refresh, { input: { refreshToken } }, { bearer: UNKNOWN });
    expect(refreshed).toMatchObject({ status: 200, data: { refreshSession: { __typename: 'RefreshSessionSuccess' } } });
  });

  test('that contradicts another one gets 400, even if both are valid', async () => {
    const { secret } = await app.apiKey(admin);
    const answer = await app.graphql('{ viewer { scopes } }', {}, { bearer: admin.accessToken, apiKey: secret });
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(answer.data).toBeUndefined();
    expect((await app.graphql('{ viewer { scopes } }', {}, { bearer: secret, apiKey: secret })).status).toBe(200);
  });

  test('in a variable or in the URL is ignored', async () => {
    const { secret } = await app.apiKey(admin);
    const response = await fetch(`${app.url}/graphql?access_token=${secret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { scopes } }', variables: { authorization: `Bearer ${secret}` } }),
    });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });
});

describe('a request without a credential', () => {
  test('gets 200, null for a field that requires one, and an error that names the header', async () => {
    const answer = await app.graphql('{ viewer { scopes } }');
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ path: ['viewer'], extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(answer.errors?.[0]?.message).toContain('Authorization: Bearer');
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  test('gets the fields that require no credential', async () => {
    const answer = await app.graphql('{ __typename apiKey(id: "x") { id } workspace(id: "x") { id } }');
    expect(answer).toMatchObject({ status: 200, data: { __typename: 'Query', apiKey: null, workspace: null } });
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['apiKey'], 'UNAUTHENTICATED'],
      [['workspace'], 'UNAUTHENTICATED'],
    ]);
  });
});

describe('a missing scope', () => {
  test('gets FORBIDDEN with 200, null for that field, and the name of the scope', async () => {
    const key = await app.apiKey(admin, { scopes: ['WORKSPACES_READ'] });
    const answer = await app.graphql(
      '{ workspaces { nodes { id } } apiKey(id: "x") { id } }',
      {},
      { bearer: key.secret },
    );
    expect(answer).toMatchObject({
      status: 200,
      data: { workspaces: { nodes: [] }, apiKey: null },
      errors: [
        {
          path: ['apiKey'],
          message: 'The scope API_KEYS_READ is required. The credential does not hold it.',
          extensions: { code: 'FORBIDDEN' },
        },
      ],
    });
  });

  test('prevents its mutation but not the mutations beside it', async () => {
    const key = await app.apiKey(admin, { scopes: ['WORKSPACES_WRITE'] });
    const answer = await app.graphql(
      `mutation {
        made: createWorkspace(input: { name: "made" }) { __typename }
        forbidden: createApiKey(input: { name: "x" }) { __typename }
      }`,
      {},
      { bearer: key.secret },
    );
    expect(answer.status).toBe(200);
    expect(answer.errors).toMatchObject([{ path: ['forbidden'], extensions: { code: 'FORBIDDEN' } }]);
    const { data } = await app.graphql(
      '{ workspaces { nodes { name } } apiKeys(first: 100) { nodes { name } } }',
      {},
      {
        bearer: admin.accessToken,
      },
    );
    expect(data.workspaces.nodes).toEqual([{ name: 'made' }]);
    expect(data.apiKeys.nodes).not.toContainEqual({ name: 'x' });
  });

  test('prevents a member from calling a field for administrators', async () => {
    const answer = await app.graphql('{ users { nodes { email } } }', {}, { bearer: member.accessToken });
    expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('is checked at every alias and in every fragment', async () => {
    const key = await app.apiKey(member, { scopes: [] });
    const { errors } = await app.graphql(
      '{ a: apiKey(id: "x") { id } ...F } fragment F on Query { b: apiKey(id: "x") { id } ... { c: workspace(id: "x") { id } } }',
      {},
      { bearer: key.secret },
    );
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  });
});

describe('a directive on a field below the root', () => {
  test('is checked wherever the field is reached', async () => {
    const workspaceId = await app.workspace(member);
    const key = await app.apiKey(member, { workspaceId, scopes: ['API_KEYS_READ'] });
    const { data, errors } = await app.graphql(
      '{ viewer { scopes workspace { members { nodes { role } } } } }',
      {},
      { apiKey: key.secret },
    );
    expect(errors).toMatchObject([{ path: ['viewer', 'workspace', 'members'], extensions: { code: 'FORBIDDEN' } }]);
    expect(data.viewer).toEqual({ scopes: ['API_KEYS_READ'], workspace: null });
  });
});

// Checks every root field of the schema, including those that are added later.
describe('every root field enforces its directive', () => {
  const schema = createSchema();
  const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ type: type as GraphQLObjectType, field })),
  );
  const directiveOf = (field: GraphQLField<unknown, unknown>) => {
    const directives = (field.astNode?.directives ?? []).map(({ name }) => name.value);
    return directives.find((name) => ['public', 'authenticated', 'requires'].includes(name)) as string;
  };
  /** A call that is valid against the schema and names no existing object. */
  const call = ({ type, field }: (typeof roots)[number]) => {
    const declared = field.args.filter(
      (argument) =>
        `${argument.type}`.endsWith('!') && argument.defaultValue === undefined && argument.default === undefined,
    );
    const head = declared.length === 0 ? '' : `(${declared.map(({ name, type }) => `$${name}: ${type}`).join(', ')})`;
    const args = declared.length === 0 ? '' : `(${declared.map(({ name }) => `${name}: $${name}`).join(', ')})`;
    const variables = Object.fromEntries(declared.map(({ name, type }) => [name, exampleOf(`${type}`)]));
    return { document: `${type.name.toLowerCase()} ${head} { ${field.name}${args} { __typename } }`, variables };
  };
  const exampleOf = (type: string): unknown => {
    const named = schema.getType(type.replace(/[![\]]/g, ''));
    if (type.startsWith('[')) return [];
    if (named && 'getFields' in named && !(named instanceof GraphQLObjectType)) {
      const fields = Object.values(named.getFields()) as {
        name: string;
        type: unknown;
        defaultValue?: unknown;
        default?: unknown;
      }[];
      const needed = fields.filter(
        ({ type, defaultValue, default: fallback }) =>
          `${type}`.endsWith('!') && defaultValue === undefined && fallback === undefined,
      );
      return Object.fromEntries(needed.map(({ name, type }) => [name, exampleOf(`${type}`)]));
    }
    if (isEnumType(named)) return named.getValues()[0]!.name;
    if (named?.name === 'Int') return 1;
    if (named?.name === 'Boolean') return false;
    if (named?.name === 'DateTime') return '2030-01-01T00:00:00Z';
    return 'x';
  };

  /** Public fields that accept another proof than a credential, and reject a caller who sends neither. */
  const OTHER_PROOF = ['logout'];

  test.each(roots.map((root) => [`${root.type.name}.${root.field.name}`, directiveOf(root.field), root] as const))(
    '%s is @%s',
    async (_, directive, root) => {
      const { document, variables } = call(root);
      const codes = async (credential: object) =>
        ((await app.graphql(document, variables, credential)).errors ?? []).map(({ extensions }) => extensions.code);
      const weak = await app.apiKey(member, { scopes: [] });
      const open = directive === 'public' && !OTHER_PROOF.includes(root.field.name);
      expect(await codes({})).toEqual(open ? [] : ['UNAUTHENTICATED']);
      expect(await codes({ bearer: weak.secret })).toEqual(directive === 'requires' ? ['FORBIDDEN'] : []);
    },
  );
});

describe('the service does not start with a schema', () => {
  const DIRECTIVES = `
    enum Scope { ADMIN }
    directive @public on FIELD_DEFINITION
    directive @authenticated on FIELD_DEFINITION
    directive @requires(scope: Scope!) on FIELD_DEFINITION
  `;
  const guarding = (sdl: string) => () => guardRootFields(makeExecutableSchema({ typeDefs: DIRECTIVES + sdl }));

  test('in which root fields have no access directive, and the error names all of them', () => {
    expect(
      guarding(`
        type Query { fine: Int @public  open: Int }
        type Mutation { alsoOpen: Int }
        type Subscription { openToo: Int @deprecated(reason: "x") }
      `),
    ).toThrow(
      'Every root field must have exactly one access directive:\nQuery.open has 0 of @public, @authenticated and @requires\n' +
        'Mutation.alsoOpen has 0 of @public, @authenticated and @requires\nSubscription.openToo has 0 of @public, @authenticated and @requires',
    );
  });

  test.each(['@public @requires(scope: ADMIN)', '@public @authenticated', '@authenticated @requires(scope: ADMIN)'])(
    'in which a root field has two access directives: %s',
    (directives) => {
      expect(guarding(`type Query { both: Int ${directives} }`)).toThrow('Query.both has 2 of');
    },
  );

  test('in which another field has two access directives', () => {
    const sdl = 'type Query { fine: Thing @public } type Thing { both: Int @public @requires(scope: ADMIN) }';
    expect(guarding(sdl)).toThrow('Thing.both has 2 of');
  });

  test('but it starts if fields below the root have no directive', () => {
    expect(guarding('type Query { fine: Thing @authenticated } type Thing { name: String }')).not.toThrow();
  });
});
