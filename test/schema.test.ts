// The schema has descriptions, a consistent style, and everything that the contract promises.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  print,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { createSchema } from '../src/graphql/yoga.ts';

const schema = createSchema();
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const ours = types.filter(({ name }) => !['String', 'Int', 'Float', 'Boolean', 'ID'].includes(name));
const objects = ours.filter(isObjectType);
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
  (type) => type != null,
);
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

describe('every part of the schema has a description', () => {
  const SENTENCES = /^[A-Z`].*[.?!]$/s;

  test.each(ours.map((type) => [type.name, type] as const))('%s', (_, type) => {
    expect(type.description, type.name).toMatch(SENTENCES);
    if (isEnumType(type)) {
      for (const value of type.getValues()) expect(value.description, value.name).toMatch(SENTENCES);
    }
    for (const field of 'getFields' in type ? Object.values(type.getFields()) : []) {
      expect(field.description, field.name).toMatch(SENTENCES);
      for (const argument of 'args' in field ? field.args : []) {
        expect(argument.description, `${field.name}(${argument.name})`).toMatch(SENTENCES);
      }
    }
  });

  test.each(['public', 'authenticated', 'requires', 'constraint', 'coalesce'])('@%s', (name) => {
    const directive = schema.getDirective(name);
    expect(directive?.description).toMatch(SENTENCES);
    for (const argument of directive?.args ?? []) expect(argument.description, argument.name).toMatch(SENTENCES);
  });
});

test('exactly the scopes that no field requires are described as reserved', () => {
  const required = new Set(
    roots.flatMap((root) =>
      Object.values(root.getFields()).flatMap((field) =>
        (field.astNode?.directives ?? []).flatMap(({ arguments: given }) =>
          (given ?? []).map(({ value }) => (value.kind === Kind.ENUM ? value.value : '')),
        ),
      ),
    ),
  );
  const scopes = schema.getType('Scope');
  if (!isEnumType(scopes)) throw new Error('There is no enum of scopes.');
  for (const { name, description } of scopes.getValues()) {
    expect(description?.endsWith('Reserved; not enforced yet.'), name).toBe(!required.has(name));
  }
});

describe('every mutation has the same shape', () => {
  const WITHOUT_INPUT = ['logout', 'renewDaemonToken'];

  test.each(mutations.map((field) => [field.name, field] as const))('%s', (name, field) => {
    const pascal = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    expect(name).toMatch(/^[a-z]+[A-Za-z]*$/);
    expect(field.args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual(
      WITHOUT_INPUT.includes(name) ? [] : [`input: ${pascal}Input!`],
    );
    expect(`${field.type}`).toBe(`${pascal}Result!`);
    const result = schema.getType(`${pascal}Result`);
    if (!isUnionType(result)) throw new Error(`${pascal}Result is no union.`);
    const [success, ...errors] = result.getTypes();
    expect(success?.name).toBe(`${pascal}Success`);
    for (const error of errors) {
      expect(error.name).toMatch(/Error$/);
      expect(error.getInterfaces().map((type) => type.name)).toContain('UserError');
    }
  });

  test('every type whose name ends in `Error` belongs to a result', () => {
    const members = new Set(ours.filter(isUnionType).flatMap((union) => union.getTypes().map(({ name }) => name)));
    for (const { name } of objects.filter((type) => type.name.endsWith('Error'))) expect(members).toContain(name);
  });
});

describe('every list has the same shape', () => {
  const connections = objects.filter(({ name }) => name.endsWith('Connection'));

  test.each(connections.map((type) => [type.name, type] as const))('%s', (name, type) => {
    const node = name.replace('Connection', '');
    const fields = Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, `${field.type}`]));
    // Only API keys are so many that the number matters.
    const counted = name === 'ApiKeyConnection' ? { totalCount: 'Int!' } : {};
    expect(fields).toEqual({ edges: `[${node}Edge!]!`, nodes: `[${node}!]!`, pageInfo: 'PageInfo!', ...counted });
  });

  test('and has the same pagination arguments', () => {
    for (const field of roots.flatMap((root) => Object.values(root.getFields()))) {
      if (!`${field.type}`.endsWith('Connection!')) continue;
      const asked = (field.astNode?.arguments ?? []).map((argument) =>
        print({ ...argument, description: undefined, directives: [] }),
      );
      expect(asked, field.name).toEqual(expect.arrayContaining(['first: Int! = 20', 'after: String']));
    }
  });
});

test('secrets occur only in the results that create them', () => {
  const places = ours
    .flatMap((type) =>
      isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
        ? Object.values(type.getFields()).map((field) => ({
            type: type.name,
            field: field.name,
            holds: `${field.type}`,
          }))
        : [],
    )
    .filter(({ holds }) => /\bSecret\b/.test(holds))
    .map(({ type, field }) => `${type}.${field}`);
  expect(places.length).toBeGreaterThan(0);
  for (const place of places) expect(place).toMatch(/^(\w+Success|SessionTokens)\.\w+$/);
});

describe('field names follow one style', () => {
  test.each(
    ours.flatMap((type) =>
      'getFields' in type ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
    ),
  )('%s', (name) => {
    const field = name.split('.')[1] as string;
    expect(field).toMatch(/^[a-z][A-Za-z]*$/);
    expect(field).not.toMatch(/uuid|userID|_|timestamp|created_at|^is(?!Current$)[A-Z]/);
  });
});

describe('the schema keeps the contract', () => {
  const contract = parse(readFileSync(join(import.meta.dirname, 'contract.graphql'), 'utf8'));
  const rootNames = new Set(roots.map(({ name }) => name));
  const bare = (node: InputValueDefinitionNode) => print({ ...node, description: undefined, directives: [] });
  const accessOf = (field: FieldDefinitionNode | undefined | null) =>
    (field?.directives ?? []).map(print).filter((directive) => /^@(public|requires)/.test(directive));

  /** Everything that was promised exists. Additions must be optional for clients. */
  function expectToKeep(promised: readonly InputValueDefinitionNode[], there: readonly InputValueDefinitionNode[]) {
    expect(there.map(bare)).toEqual(expect.arrayContaining(promised.map(bare)));
    const names = promised.map(({ name }) => name.value);
    for (const added of there.filter(({ name }) => !names.includes(name.value))) {
      expect(added.type.kind !== Kind.NON_NULL_TYPE || added.defaultValue !== undefined, bare(added)).toBe(true);
    }
  }

  const definitions = contract.definitions.filter(
    (definition) => 'name' in definition && definition.name && definition.kind !== Kind.DIRECTIVE_DEFINITION,
  ) as Extract<(typeof contract.definitions)[number], { fields?: unknown }>[];

  test.each(
    definitions
      .map((definition) => [definition.name?.value as string, definition] as const)
      .filter(([name]) => schema.getType(name)),
  )('%s', (name, promised) => {
    const type = schema.getType(name);
    const node = type?.astNode;
    if (promised.kind === Kind.OBJECT_TYPE_DEFINITION || promised.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`${name} has fields no more.`);
      const interfaces = type.getInterfaces().map((each) => each.name);
      expect(interfaces).toEqual(expect.arrayContaining((promised.interfaces ?? []).map((each) => each.name.value)));
      const fields = type.getFields();
      for (const field of promised.fields ?? []) {
        const there = fields[field.name.value];
        if (!there && rootNames.has(name)) continue; // Reserved for a later release.
        expect(`${there?.type}`, field.name.value).toBe(print(field.type));
        expectToKeep(field.arguments ?? [], there?.astNode?.arguments ?? []);
        if (accessOf(field).length > 0) expect(accessOf(there?.astNode), field.name.value).toEqual(accessOf(field));
      }
    } else if (promised.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      if (node?.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) throw new Error(`${name} is no input any more.`);
      expectToKeep(promised.fields ?? [], node.fields ?? []);
    } else if (isUnionType(type)) {
      const members = (promised as unknown as { types: { name: { value: string } }[] }).types;
      expect(type.getTypes().map((each) => each.name)).toEqual(
        expect.arrayContaining(members.map((member) => member.name.value)),
      );
    } else if (isEnumType(type)) {
      const values = (promised as unknown as { values: { name: { value: string } }[] }).values;
      expect(type.getValues().map((value) => value.name)).toEqual(values.map((value) => value.name.value));
    } else {
      expect(promised.kind).toBe(node?.kind);
    }
  });

  test('and the contract is not empty', () => {
    const kept = definitions.filter((definition) => schema.getType(definition.name?.value as string));
    expect(kept.length).toBeGreaterThan(40);
  });
});
