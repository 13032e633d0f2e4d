import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { typeDefs } from '../../src/graphql/generated/type-defs.ts';

/** A kind of expensive request. `body` is about `size` bytes long. */
export interface Hostile {
  kind: 'text argument' | 'key' | 'name or text in a document' | 'shape of a document';
  name: string;
  body(size: number): string;
}

/** A body that is as large as the limit allows, including the escapes of JSON. */
export function bodyOf({ body }: Pick<Hostile, 'body'>, size: number): string {
  const made = body(size);
  const bytes = Buffer.byteLength(made);
  return bytes <= size ? made : body(Math.floor((size * size * 0.95) / bytes));
}

/** A request with expensive headers or an expensive URL. */
export interface HostileHead {
  name: string;
  path: string;
  method: 'GET' | 'POST';
  headers(size: number): Record<string, string>;
  query(size: number): string;
}

/** Texts that could take more than linear time in some step. */
const TEXTS: Record<string, (size: number) => string> = {
  letters: (size) => 'a'.repeat(size),
  'combining characters': (size) => `a${'\u0345'.repeat(size / 4)}${'\u0334'.repeat(size / 4)}`,
  'white space': (size) => `${' '.repeat(size - 1)}.`,
  'words of a message': (size) => "'. Did you mean '".repeat(size / 17),
  'quotes and found': (size) => '", found: "'.repeat(size / 11),
  'parts of a token': (size) => 'eyJ.'.repeat(size / 4),
  'a secret without an end': (size) => `rka_${'0'.repeat(size)}`,
  'an address': (size) => `${'a.'.repeat(size / 4)}@${'b.'.repeat(size / 4)}`,
  percents: (size) => '%'.repeat(size),
  'line breaks': (size) => '\n'.repeat(size / 2),
  'lone surrogates': (size) => '\ud800'.repeat(size / 6),
};

const repeat = (size: number, text: (index: number) => string): string => {
  const parts: string[] = [];
  for (let length = 0, index = 0; length < size; index++) {
    const part = text(index);
    parts.push(part);
    length += part.length + 1;
  }
  return parts.join(' ');
};
const asBody = (query: string, rest: object = {}) => JSON.stringify({ query, ...rest });

/** Every shape of request, with each text argument of the schema and each place where a client can put a text. */
export function hostileRequests(): Hostile[] {
  const schema = buildASTSchema(typeDefs as DocumentNode);
  const of = (kind: Hostile['kind'], found: Omit<Hostile, 'kind'>[]) => found.map((each) => ({ kind, ...each }));
  return [
    ...of('text argument', textArguments(schema)),
    ...of('key', keys()),
    ...of('name or text in a document', names()),
    ...of('shape of a document', documents()),
  ];
}

/** Each text argument of each root field, with each text. */
function textArguments(schema: GraphQLSchema): Omit<Hostile, 'kind'>[] {
  const found: Omit<Hostile, 'kind'>[] = [];
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      const selection = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
      const variables = field.args.map((argument) => `$${argument.name}: ${argument.type}`).join(' ');
      const given = field.args.map((argument) => `${argument.name}: $${argument.name}`).join(' ');
      const operation = root === schema.getMutationType() ? 'mutation' : 'query';
      const query = `${operation} (${variables}) { ${field.name}(${given}) ${selection} }`;
      for (const argument of field.args) {
        for (const path of textPaths(argument.type)) {
          for (const [kind, text] of Object.entries(TEXTS)) {
            const values = Object.fromEntries(
              field.args.map((each) => [
                each.name,
                fittingValue(each.type, each === argument ? path : null, (size) => text(size)),
              ]),
            );
            found.push({
              name: `${field.name}(${[argument.name, ...path].join('.')}): ${kind}`,
              body: (size) =>
                asBody(query, {
                  variables: Object.fromEntries(Object.entries(values).map(([name, make]) => [name, make(size)])),
                }),
            });
          }
        }
      }
    }
  }
  return found;
}

function textPaths(type: GraphQLInputType): string[][] {
  if (isNonNullType(type)) return textPaths(type.ofType);
  if (isListType(type)) return textPaths(type.ofType);
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) =>
      textPaths(field.type).map((path) => [field.name, ...path]),
    );
  }
  return ['String', 'ID', 'DateTime', 'Scope', 'RevocationReason', 'CredentialStatus'].includes(type.name) ? [[]] : [];
}

type Make = (size: number) => unknown;

/** A value of this type, with the text at `path`. */
function fittingValue(type: GraphQLInputType, path: string[] | null, text: (size: number) => string): Make {
  if (isNonNullType(type)) return fittingValue(type.ofType, path, text);
  if (isListType(type)) {
    if (!path) return () => [];
    // Half of it one long text, half of it many short ones.
    return (size) => [text(size / 2), ...Array.from({ length: size / 32 }, () => text(8))];
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).flatMap((field): [string, Make][] => {
      const isOnPath = path?.[0] === field.name;
      if (!isOnPath && !isNonNullType(field.type)) return [];
      return [[field.name, fittingValue(field.type, isOnPath ? path.slice(1) : null, text)]];
    });
    return (size) => Object.fromEntries(fields.map(([name, make]) => [name, make(size)]));
  }
  if (path) return text;
  const fitting: Record<string, unknown> = { Int: 20, Boolean: false, DateTime: '2030-01-01T00:00:00Z' };
  return () => fitting[type.name] ?? (isLeafType(type) && 'getValues' in type ? type.getValues()[0]!.name : 'x');
}

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { __typename } }';

/** Unknown keys in each object of a request. */
function keys(): Omit<Hostile, 'kind'>[] {
  const unknown = (size: number, long: boolean) =>
    Object.fromEntries(
      long ? [['k'.repeat(size), 1]] : Array.from({ length: size / 12 }, (_, index) => [`k${index}`, 1]),
    );
  const fromMessage = (size: number) => ({ [TEXTS['words of a message']!(size)]: 1 });
  const places: Record<string, (extra: object) => string> = {
    'of the body': (extra) => JSON.stringify({ query: '{ __typename }', ...extra }),
    'of the variables': (extra) => asBody(LOGIN, { variables: { input: { email: 'x', password: 'x' }, ...extra } }),
    'of an input': (extra) => asBody(LOGIN, { variables: { input: { email: 'x', password: 'x', ...extra } } }),
    'of an input without its fields': (extra) => asBody(LOGIN, { variables: { input: extra } }),
    'of an input in a text': (extra) => asBody(LOGIN, { variables: { input: { email: extra, password: extra } } }),
    'of the extensions': (extra) => asBody('{ __typename }', { extensions: extra }),
  };
  return Object.entries(places).flatMap(([place, put]) => [
    { name: `many keys ${place}`, body: (size) => put(unknown(size, false)) },
    { name: `a long key ${place}`, body: (size) => put(unknown(size, true)) },
    { name: `a key made of a message ${place}`, body: (size) => put(fromMessage(size)) },
  ]);
}

/** Each kind of name in a document with a long name, and each kind of literal with each text. */
function names(): Omit<Hostile, 'kind'>[] {
  const places: Record<string, (text: string) => string> = {
    'a field': (name) => `{ ${name} }`,
    'an alias': (name) => `{ ${name}: __typename }`,
    'an argument': (name) => `{ apiKey(id: "x", ${name}: 1) { id } }`,
    'a fragment': (name) => `{ ...${name} } fragment ${name} on Query { __typename }`,
    'an unknown fragment': (name) => `{ ...${name} }`,
    'a type': (name) => `{ ... on ${name} { __typename } }`,
    'an operation': (name) => `query ${name} { __typename }`,
    'a variable': (name) => `query ($${name}: ID!) { apiKey(id: $${name}) { id } }`,
    'a directive': (name) => `{ __typename @${name} }`,
    'an enum': (name) => `mutation { revokeApiKey(input: { apiKeyId: "x", reason: ${name} }) { __typename } }`,
    'an input field': (name) => `mutation { login(input: { email: "x", password: "x", ${name}: 1 }) { __typename } }`,
  };
  const written: Record<string, (text: string) => string> = {
    'a string': (text) => `{ apiKey(id: ${JSON.stringify(text)}) { id } }`,
    'a string in place of a name': (text) => `{ ${JSON.stringify(text)} }`,
    'a string of another type': (text) => `{ apiKeys(first: ${JSON.stringify(text)}) { nodes { id } } }`,
    'a string for an enum': (text) =>
      `mutation { revokeApiKey(input: { apiKeyId: "x", reason: ${JSON.stringify(text)} }) { __typename } }`,
    'a block string': (text) => `{ apiKey(id: """${text.replaceAll('"', "'")}""") { id } }`,
    'a comment': (text) => `{ __typename } # ${text.replaceAll('\n', ' ')}`,
    'a text that does not end': (text) => `{ apiKey(id: "${text.replaceAll('"', "'")}`,
    'a number': (text) => `{ apiKeys(first: ${'1'.repeat(text.length)}) { nodes { id } } }`,
  };
  return [
    ...Object.entries(places).map(([what, put]) => ({
      name: `a long name of ${what}`,
      body: (size: number) => asBody(put('n'.repeat(size))),
    })),
    ...Object.entries(written).flatMap(([what, put]) =>
      Object.entries(TEXTS).map(([kind, text]) => ({
        name: `${what} in a document: ${kind}`,
        body: (size: number) => asBody(put(text(size))),
      })),
    ),
    { name: 'an operation name', body: (size) => asBody('{ __typename }', { operationName: 'n'.repeat(size) }) },
    ...Object.entries(TEXTS).map(([kind, text]) => ({
      name: `a body that is no JSON: ${kind}`,
      body: (size: number) => `{"query":${text(size)}`,
    })),
  ];
}

/** Documents that grow in every part of the grammar. */
function documents(): Omit<Hostile, 'kind'>[] {
  const nest = (size: number, open: string, inner: string, close: string) => {
    const count = Math.floor(size / (open.length + close.length));
    return `${open.repeat(count)}${inner}${close.repeat(count)}`;
  };
  const shapes: Record<string, (size: number) => string> = {
    'line breaks before errors': (size) => `{${'\n'.repeat(size)} viewer { a b c d e } }`,
    'comments before errors': (size) => `{${'#\n'.repeat(size / 2)} viewer { a b c d e } }`,
    'line breaks before fields that fail': (size) =>
      `{${'\n'.repeat(size)} ${repeat(200, (i) => `a${i}: apiKey(id: "") { id }`)} }`,
    'line breaks in block strings': (size) =>
      `{ ${repeat(10, (i) => `a${i}: apiKey(id: """${'\n'.repeat(size / 10)}""") { id }`)} }`,
    'the same field': (size) => `{ viewer { ${repeat(size, () => 'scopes')} } }`,
    'the same field with fields': (size) => `{ viewer { ${repeat(size, () => 'user{id}')} } }`,
    'the same field with arguments': (size) => `{ ${repeat(size, () => 'apiKey(id:"xxxxxxxxxxxxxxxxxxxxxxxx"){id}')} }`,
    'the same field with long arguments': (size) =>
      `{ ${repeat(size, () => `apiKey(id:"${'x'.repeat(size / 20)}"){id}`)} }`,
    'different fields with one alias': (size) =>
      `{ viewer { ${repeat(size, (i) => `x: ${i % 2 ? 'scopes' : 'permissions'}`)} } }`,
    aliases: (size) => `{ ${repeat(size, (i) => `a${i}: __typename`)} }`,
    'unknown fields': (size) => `{ ${repeat(size, (i) => `f${i}`)} }`,
    'unknown arguments': (size) => `{ apiKey(${repeat(size, (i) => `a${i}: 1`)}) { id } }`,
    'the same argument': (size) => `{ apiKey(${repeat(size, () => 'id: "x"')}) { id } }`,
    'an object of unknown fields': (size) =>
      `mutation { login(input: { ${repeat(size, (i) => `f${i}: 1`)} }) { __typename } }`,
    'an object of the same field': (size) =>
      `mutation { login(input: { ${repeat(size, () => 'email: "x"')} }) { __typename } }`,
    'a list of values': (size) =>
      `mutation { createApiKey(input: { name: "x", scopes: [${repeat(size, () => 'ADMIN')}] }) { __typename } }`,
    'a list of wrong values': (size) =>
      `mutation { createApiKey(input: { name: "x", scopes: [${repeat(size, () => '1')}] }) { __typename } }`,
    directives: (size) => `{ __typename ${repeat(size, () => '@include(if: true)')} }`,
    'unknown directives': (size) => `{ __typename ${repeat(size, (i) => `@d${i}`)} }`,
    operations: (size) => repeat(size, (i) => `query Q${i} { __typename }`),
    'operations without a name': (size) => repeat(size, () => '{ __typename }'),
    'operations over fragments': (size) =>
      `${repeat(size / 2, (i) => `query Q${i} { ...F0 }`)} ${repeat(size / 2, (i) => `fragment F${i} on Query { ...F${i + 1} }`)}`,
    'operations over fragments with variables': (size) =>
      `${repeat(size / 2, (i) => `query Q${i}($a: ID!) { ...F0 }`)} ${repeat(size / 2, (i) => `fragment F${i} on Query { apiKey(id: $a) { id } ...F${i + 1} }`)}`,
    variables: (size) => `query (${repeat(size, (i) => `$v${i}: ID`)}) { __typename }`,
    'variables of the same name': (size) => `query (${repeat(size, () => '$v: ID')}) { __typename }`,
    'variables with defaults': (size) => `query (${repeat(size, (i) => `$v${i}: [ID] = ["x", "y"]`)}) { __typename }`,
    'variables that are not defined': (size) => `{ ${repeat(size, (i) => `a${i % 30}: apiKey(id: $v${i}) { id }`)} }`,
    'fragments in a chain': (size) => `{ ...F0 } ${repeat(size, (i) => `fragment F${i} on Query { ...F${i + 1} }`)}`,
    'fragments that double': (size) =>
      `{ ...F0 } ${repeat(size, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)}`,
    'fragments that double in fields': (size) =>
      `{ viewer { ...F0 } } ${repeat(size, (i) => `fragment F${i} on Viewer { a: user { ...F${i + 1} } b: user { ...F${i + 1} } }`)}`,
    'fragments in a circle': (size) =>
      `{ ...F0 } ${repeat(size, (i) => `fragment F${i} on Query { ...F${(i * 7 + 1) % 50} }`)}`,
    'fragments with the same name': (size) => `{ ...F } ${repeat(size, () => 'fragment F on Query { __typename }')}`,
    'fragments that are compared': (size) =>
      `{ viewer { ${repeat(size / 3, (i) => `...F${i}`)} } } ${repeat(size, (i) => `fragment F${i} on Viewer { x: scopes }`)}`,
    'fragments that are compared in depth': (size) =>
      `{ viewer { ${repeat(size / 4, (i) => `...F${i}`)} } } ${repeat(size, (i) => `fragment F${i} on Viewer { user { id email } workspace { id } }`)}`,
    spreads: (size) => `{ ${repeat(size, () => '...F')} } fragment F on Query { __typename }`,
    'a fragment that is not used': (size) =>
      `{ __typename } fragment F on Viewer { ${repeat(size, () => 'user{id}')} }`,
    'spreads of unknown fragments': (size) => `{ ${repeat(size, (i) => `...F${i}`)} }`,
    'inline fragments': (size) => `{ ${nest(size, '... on Query {', '__typename', '}')} }`,
    'inline fragments side by side': (size) => `{ ${repeat(size, () => '... on Query { __typename }')} }`,
    'nested selections': (size) => `{ ${nest(size, 'viewer {', 'scopes', '}')} }`,
    'nested lists': (size) => `{ apiKeys(first: ${nest(size, '[', '1', ']')}) { nodes { id } } }`,
    'nested objects': (size) => `mutation { login(input: ${nest(size, '{a:', '1', '}')}) { __typename } }`,
    'nested types': (size) => `query ($v: ${nest(size, '[', 'ID', ']')}) { __typename }`,
    'brackets that do not close': (size) => `{ ${'viewer {'.repeat(size / 8)}`,
    introspection: (size) => `{ ${repeat(size, (i) => `a${i}: __schema { types { name } }`)} }`,
    'introspection of fields': (size) =>
      `{ __schema { ${repeat(size, (i) => `a${i}: types { fields { name args { name } type { name fields { name } } } }`)} } }`,
    'introspection in a circle': (size) => `{ __schema { types { ${nest(size, 'fields { type {', 'name', '} }')} } } }`,
    'lists of lists': (size) =>
      `{ ${repeat(size, (i) => `a${i}: apiKeys(first: 100) { nodes { id name hint scopes permissions createdAt } edges { node { id name } } }`)} }`,
    commas: (size) => `{ __typename ${','.repeat(size)} }`,
  };
  const values: Record<string, (size: number) => string> = {
    'a variable of nested lists': (size) =>
      `{"query":${JSON.stringify(LOGIN)},"variables":{"input":${nest(size, '[', '1', ']')}}}`,
    'a variable of nested objects': (size) =>
      `{"query":${JSON.stringify(LOGIN)},"variables":{"input":${nest(size, '{"email":', '1', '}')}}}`,
    'extensions of nested lists': (size) =>
      `{"query":"{ __typename }","extensions":{"a":${nest(size, '[', '1', ']')}}}`,
    'many errors in a list of variables': (size) =>
      asBody('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }', {
        variables: { input: { name: 'x', scopes: Array.from({ length: size / 4 }, () => 'x') } },
      }),
    'a long list in many fields': (size) =>
      asBody(
        `mutation ($list: [String!]!) { ${repeat(800, (i) => `a${i}: createApiKey(input: { name: "", permissions: $list }) { __typename }`)} }`,
        { variables: { list: Array.from({ length: size / 4 }, () => '') } },
      ),
    'a long list of ids': (size) =>
      asBody('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }', {
        variables: { input: { name: 'x', permissions: Array.from({ length: size / 4 }, () => 'x') } },
      }),
    'numbers as keys': (size) =>
      asBody(LOGIN, {
        variables: { input: Object.fromEntries(Array.from({ length: size / 16 }, (_, i) => [`${i * 1e5}`, 1])) },
      }),
  };
  return [
    ...Object.entries(shapes).map(([name, query]) => ({ name, body: (size: number) => asBody(query(size)) })),
    ...Object.entries(values).map(([name, body]) => ({ name, body })),
  ];
}

/** Each header that the service reads, and each parameter of an address, with each text that a header may have. */
export function hostileHeads(): HostileHead[] {
  const texts: Record<string, (size: number) => string> = {
    letters: (size) => 'a'.repeat(size),
    commas: (size) => 'a,'.repeat(size / 2),
    semicolons: (size) => '__Host-rekey-access=a;'.repeat(size / 22),
    'white space': (size) => `a${' '.repeat(size)}a`,
    'commas and white space': (size) => ', '.repeat(size / 2),
    weights: (size) => 'a/b;q=0.1,'.repeat(size / 10),
    quotes: (size) => ';charset="'.repeat(size / 10),
    addresses: (size) => '127.0.0.1,'.repeat(size / 10),
    'long addresses': (size) => '::ffff:127.0.0.1%eth0,'.repeat(size / 22),
    'parts of a token': (size) => 'eyJhbGciOiJFZERTQSJ9.'.repeat(size / 21),
    'a token': (size) => `eyJhbGciOiJFZERTQSJ9.${'a'.repeat(size / 2)}.${'b'.repeat(size / 2)}`,
  };
  const headers: Record<string, (text: string) => Record<string, string>> = {
    authorization: (text) => ({ authorization: `Bearer ${text}` }),
    'authorization of another scheme': (text) => ({ authorization: text }),
    'x-api-key': (text) => ({ 'x-api-key': text }),
    cookie: (text) => ({ cookie: `__Host-rekey-access=${text}`, 'x-rekey-csrf': '1' }),
    'x-forwarded-for': (text) => ({ 'x-forwarded-for': text, authorization: 'Bearer x' }),
    accept: (text) => ({ accept: text }),
    'accept-encoding': (text) => ({ 'accept-encoding': text, accept: 'text/html' }),
    'content-type': (text) => ({ 'content-type': `application/json;${text}` }),
    'x-request-id': (text) => ({ 'x-request-id': text }),
    'user-agent': (text) => ({ 'user-agent': text }),
  };
  const found: HostileHead[] = [];
  for (const [kind, text] of Object.entries(texts)) {
    for (const [header, make] of Object.entries(headers)) {
      for (const [path, method] of [
        ['/graphql', 'POST'],
        ['/graphql', 'GET'],
        ['/v1/verify', 'GET'],
        ['/v1/introspect', 'POST'],
      ] as const) {
        const headersOf = (size: number) => make(text(size));
        found.push({
          name: `${method} ${path}, ${header}: ${kind}`,
          path,
          method,
          headers: headersOf,
          query: () => '',
        });
      }
    }
    for (const parameter of ['permission', 'path', 'unknown']) {
      const query = (size: number) => `?${parameter}=${encodeURIComponent(text(size / 3))}`;
      found.push({ name: `${parameter}: ${kind}`, path: '/v1/verify', method: 'GET', headers: () => ({}), query });
    }
  }
  const many = (size: number) => `?${'permission=a&'.repeat(size / 13)}permission=b`;
  found.push({ name: 'many permissions', path: '/v1/verify', method: 'GET', headers: () => ({}), query: many });
  return found;
}
