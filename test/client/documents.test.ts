// The documents of the package, and its lists of codes and errors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FieldNode, Kind, type OperationDefinitionNode, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import * as client from '../../src/client/index.ts';
import { createSchema } from '../../src/graphql/yoga.ts';

const schema = createSchema();
const documents = Object.entries(client).filter(([name]) => name.endsWith('Document'));
const operationOf = (document: unknown) =>
  parse(String(document)).definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )!;
const read = (...path: string[]) => readFileSync(join(import.meta.dirname, '..', '..', ...path), 'utf8');

test('every root field of the schema has a document', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = roots.flatMap((root) => Object.keys(root!.getFields()).map((field) => `${root!.name}.${field}`));
  const selected = documents.flatMap(([, document]) => {
    const { operation, selectionSet } = operationOf(document);
    const root = schema.getRootType(operation)!.name;
    return selectionSet.selections.map((selection) => `${root}.${(selection as FieldNode).name.value}`);
  });
  expect(fields.length).toBeGreaterThan(30);
  expect(fields.filter((field) => !selected.includes(field))).toEqual([]);
});

describe.each(documents)('%s', (name, document) => {
  test('is valid, has one root field, and its name', () => {
    expect(validate(schema, parse(String(document)))).toEqual([]);
    const operation = operationOf(document);
    expect(`${operation.name!.value}Document`).toBe(name);
    // So an operation that was refused in one part was not executed in another.
    expect(operation.selectionSet.selections).toHaveLength(1);
  });
});

test('the documents list exactly the codes of `RekeyError`', () => {
  const tableOf = (text: string) =>
    [...text.matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap(([, cell]) => cell!.match(/[A-Z_]+/g) ?? []);
  const readme = read('src', 'client', 'README.md').split('## Error codes')[1]!.split('\n## ')[0]!;
  expect(new Set(tableOf(readme))).toEqual(new Set(client.REKEY_ERROR_CODES));
  // The codes of the service are those of its own documents.
  const ofService = tableOf(read('schema', 'README.md').split('## Error codes')[1]!.split('\n## ')[0]!);
  expect(ofService.length).toBeGreaterThan(8);
  for (const code of ofService) expect(client.REKEY_ERROR_CODES).toContain(code);
});

test('the errors of the service are those of the package', () => {
  const unionOf = (text: string, name: string) =>
    [
      ...text
        .split(`type ${name} =`)[1]!
        .split(';')[0]!
        .matchAll(/\| '([A-Z_]+)'/g),
    ]
      .map(([, each]) => each)
      .toSorted();
  const access = read('src', 'identity', 'access-error.ts');
  const codes = unionOf(access, 'AccessErrorCode');
  expect(codes).toContain('OUTCOME_UNKNOWN');
  for (const code of codes) expect(client.REKEY_ERROR_CODES).toContain(code);
  const reasons = unionOf(read('src', 'client', 'error.ts'), 'SignatureRefusalReason');
  expect(reasons).toEqual(unionOf(access, 'SignatureReason'));
});

test('the package exports what its README describes', () => {
  const functions = Object.entries(client).filter(([, value]) => typeof value === 'function');
  expect(functions.map(([name]) => name).toSorted()).toEqual([
    'RekeyError',
    'TypedDocumentString',
    'assertContentDigest',
    'createClient',
    'createSessionClient',
    'createSigner',
    'createVerifier',
  ]);
});
