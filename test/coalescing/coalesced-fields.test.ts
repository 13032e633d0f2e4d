// Which operations share executions, and which schemas do not start.
import { makeExecutableSchema } from '@graphql-tools/schema';
import { getOperationAST, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createCoalescingPlans } from '../../src/graphql/request/coalesced-fields.ts';
import { createSchema } from '../../src/graphql/yoga.ts';

const TYPES = `
  directive @public on FIELD_DEFINITION
  directive @coalesce(ttlMilliseconds: Int! = 0, timeoutMilliseconds: Int! = 5000) on FIELD_DEFINITION
  type Query {
    short(first: Int): Int @coalesce(ttlMilliseconds: 10, timeoutMilliseconds: 7000)
    long: Int @coalesce(ttlMilliseconds: 900)
    own: Int
  }
  type Mutation { change: Int short: Int }`;
const planOf = createCoalescingPlans(makeExecutableSchema({ typeDefs: TYPES }));
const plan = (text: string, name?: string) => {
  const document = parse(text);
  return planOf(document, getOperationAST(document, name)!);
};

describe('an operation shares executions', () => {
  test('if all of its root fields have the directive, and the shortest times count', () => {
    expect(plan('{ short long __typename }')).toMatchObject({ ttlMs: 10, timeoutMs: 5000 });
    expect(plan('{ ...Parts } fragment Parts on Query { long ... { long } }')).toMatchObject({ ttlMs: 900 });
  });

  test.each([
    ['another root field', '{ short own }'],
    ['another root field in a fragment', '{ short ...Parts } fragment Parts on Query { ... { own } }'],
    ['introspection', '{ short __schema { queryType { name } } }'],
    ['no field at all', '{ __typename }'],
    ['a mutation, also if its field has the name of a query', 'mutation { short }'],
  ])('but not with %s', (_what, text) => {
    expect(plan(text)).toBeNull();
  });
});

describe('the name of an operation', () => {
  const textOf = (text: string, name?: string) => plan(text, name)!.text;

  test('does not depend on white space and comments', () => {
    expect(textOf('{short}')).toBe(textOf('query   { # a comment\n  short,\n}'));
  });

  test('depends on aliases, arguments, the name of the operation, and the other operations', () => {
    const texts = [
      ...['{ short }', '{ a: short }', '{ short(first: 1) }', '{ short(first: 2) }', 'query A { short }'],
      ...['query B { short }', 'query B { short } query C { long }'],
    ].map((text) => textOf(text, text.includes('C') ? 'B' : undefined));
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('depends on the schema: replicas of two releases share nothing', () => {
    const other = createCoalescingPlans(makeExecutableSchema({ typeDefs: TYPES.replace('own: Int', 'own: ID') }));
    const document = parse('{ short }');
    expect(other(document, getOperationAST(document)!)!.text).not.toBe(textOf('{ short }'));
  });

  test('comes with the variables of the operation', () => {
    expect(plan('query ($first: Int) { short(first: $first) }')!.variables).toEqual(['first']);
  });
});

describe('a schema does not start', () => {
  test.each([
    [
      'on a field of a mutation',
      TYPES.replace('change: Int', 'change: Int @coalesce'),
      'Mutation.change is no root field',
    ],
    ['on a nested field', `${TYPES} type Part { field: Int @coalesce }`, 'Part.field is no root field'],
    ['on a public field', TYPES.replace('own: Int', 'own: Int @public @coalesce'), 'Query.own is @public'],
    ['with a negative time', TYPES.replace(': 10,', ': -1,'), 'Query.short has a time that is out of range'],
    ['with too long a time', TYPES.replace(': 7000', ': 60001'), 'Query.short has a time that is out of range'],
    ['without a timeout', TYPES.replace(': 7000', ': 0'), 'Query.short has a time that is out of range'],
  ])('with the directive %s', (_what, typeDefs, message) => {
    expect(() => createCoalescingPlans(makeExecutableSchema({ typeDefs }))).toThrow(message);
  });
});

test('fields whose changes are not all recorded, or that must be read each time, do not have the directive', () => {
  const fields = createSchema().getQueryType()!.getFields();
  const has = Object.values(fields).filter(({ astNode }) =>
    astNode?.directives?.some(({ name }) => name.value === 'coalesce'),
  );
  expect(has.map(({ name }) => name).toSorted()).toEqual(
    ['apiKeys', 'daemonTokens', 'revocations', 'signingKeys', 'users', 'workspaces'].toSorted(),
  );
});
