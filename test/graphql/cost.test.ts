// The cost of an operation, which is known before anything is executed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DocumentNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import * as client from '../../src/client/index.ts';
import { GRAPHIQL } from '../../src/graphql/graphiql.ts';
import { Expansion } from '../../src/graphql/request/document-expansion.ts';
import { DOCUMENT_LIMITS } from '../../src/graphql/request/document-limits.ts';
import { createDocumentMeasure } from '../../src/graphql/request/document-measure.ts';
import { introspectedItems } from '../../src/graphql/request/introspected-items.ts';
import { createSchema } from '../../src/graphql/yoga.ts';

const schema = createSchema();
const measure = createDocumentMeasure(schema);
const items = introspectedItems(schema);
const readme = readFileSync(join(import.meta.dirname, '..', '..', 'schema', 'README.md'), 'utf8');

const operationsIn = ({ definitions }: DocumentNode) =>
  definitions.filter((each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION);

/** The cost of each operation, with the longest lists where a variable decides. */
function costsOf(text: string): number[] {
  const document = parse(text);
  return operationsIn(document).map((operation) =>
    new Expansion(schema, document, items, Number.POSITIVE_INFINITY).costOf(operation),
  );
}
const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const messagesOf = (text: string) => measure.problems(parse(text)).map(({ message }) => message);

describe('the cost is the sum of', () => {
  test.each<[string, string, number]>([
    ['1 for a field', '{ viewer { credential { id } } }', 3],
    ['5 for a list of texts', '{ viewer { scopes permissions } }', 11],
    ['5 for each row of a list, with 20 rows by default', '{ apiKeys { nodes { id } } }', 1 + 5 * 20 + 20 + 20],
    ['the fields of each row', '{ apiKeys(first: 3) { nodes { id name } } }', 1 + 5 * 3 + 3 + 2 * 3],
    [
      'the rows of lists in each row',
      '{ workspaces(first: 2) { nodes { members(first: 3) { nodes { role } } } } }',
      1 + 5 * 2 + 2 + 2 * (1 + 5 * 3) + 6 + 6,
    ],
    ['100 for the number of all rows', '{ apiKeys(first: 1) { totalCount } }', 1 + 100],
    ['100 for each field of a mutation', `mutation { ${times(2, (i) => `a${i}: logout { __typename }`)} }`, 202],
    [
      'each name in the response once, however often it is selected',
      '{ viewer { ...F scopes ...F } } fragment F on Viewer { scopes }',
      6,
    ],
    [
      'a fragment, wherever it is spread',
      '{ a: viewer { ...F } b: viewer { ...F } } fragment F on Viewer { scopes }',
      12,
    ],
  ])('%s', (_, text, cost) => {
    expect(costsOf(text)).toEqual([cost]);
  });
});

describe('an operation that costs too much', () => {
  const KEY = 'id name hint createdAt createdFromIp expiresAt lastUsedAt rotatedAt revokedAt status';
  const page = (index: number) => `a${index}: apiKeys(first: 100) { nodes { ${KEY} } }`;
  const costs = (cost: number | string) => [
    `The operation costs ${cost}; at most 5000 is allowed. Every field counts once for each item of its lists. Request fewer fields or shorter pages.`,
  ];

  test('is rejected, with its cost and the limit', () => {
    expect(messagesOf(`{ ${times(3, page)} }`)).toEqual([]);
    expect(messagesOf(`{ ${times(4, page)} }`)).toEqual(costs(6404));
  });

  test('is each by itself: a document may have several that cost less', () => {
    expect(messagesOf(`query A { ${times(3, page)} } query B { ${times(3, page)} }`)).toEqual([]);
    expect(messagesOf(`query A { ${times(3, page)} } query B { ${times(4, page)} }`)).toEqual(costs(6404));
  });

  test('is rejected if its variables ask for too much, and only then', () => {
    const document = parse(`query ($n: Int!) { ${times(4, (i) => page(i).replace('100', '$n'))} }`);
    expect(measure.problems(document)).toEqual([]);
    const [operation] = operationsIn(document);
    const withRows = (n: number) => measure.problemsWith(document, operation!, { n }).map(({ message }) => message);
    expect(withRows(50)).toEqual([]);
    expect(withRows(100)).toEqual(costs(6404));
  });

  test('is counted in time that grows with the document, not with its cost', () => {
    const [member, end] = ['members(first: 100) { nodes { user {', '} } }'];
    const deep = `{ workspaces(first: 100) { nodes { ${member} id ${end} } } }`;
    expect(costsOf(deep)[0]).toBeGreaterThan(50_000);
    // Fragments that double: 2^60 fields, if they were not merged.
    const doubling = times(60, (i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`);
    expect(costsOf(`{ viewer { ...F0 } } ${doubling} fragment F60 on Viewer { scopes }`)).toEqual([6]);
  });
});

describe('what clients need costs less', () => {
  const documents = Object.entries(client).filter(([name]) => name.endsWith('Document'));
  const costs = documents.map(([name, document]) => ({ name, cost: costsOf(String(document))[0]! }));
  const [dearest] = costs.toSorted((a, b) => b.cost - a.cost);

  test.each(costs)('$name', ({ cost }) => {
    expect(cost).toBeLessThanOrEqual(DOCUMENT_LIMITS.cost);
  });

  test('the operations of GraphiQL', () => {
    for (const cost of costsOf(GRAPHIQL.defaultQuery as string)) expect(cost).toBeLessThan(DOCUMENT_LIMITS.cost / 10);
  });

  test('the dearest document of the package is the one that the documentation names', () => {
    const shown = /`(\w+Document)` costs ([\d ]+) with 100 rows/.exec(readme);
    expect([shown?.[1], Number(shown?.[2]?.replaceAll(' ', ''))]).toEqual([dearest!.name, dearest!.cost]);
  });
});
