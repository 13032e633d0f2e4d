// Each root field has its test file, and each member of a union is named by a test or a group of tests in it.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { buildASTSchema, isUnionType, parse } from 'graphql';
import { describe, expect, test } from 'vitest';

const sdl = globSync('schema/*.graphql').map((file) => readFileSync(file, 'utf8'));
const schema = buildASTSchema(parse(sdl.join('\n')), { assumeValidSDL: true });

const fields = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!].flatMap((type) =>
  Object.values(type.getFields()).map(({ name, type: result }) => ({
    name,
    file: `test/graphql/${type.name}/${name}.test.ts`,
    members: membersOf(String(result)),
  })),
);

function membersOf(type: string): string[] {
  const named = schema.getType(type.replace('!', ''));
  return isUnionType(named) ? named.getTypes().map(({ name }) => name) : [];
}

describe.each(fields)('$name', ({ file, members }) => {
  test('has a test file that names each outcome', () => {
    expect(existsSync(file), file).toBe(true);
    const source = readFileSync(file, 'utf8');
    const titles = [...source.matchAll(/\b(?:describe|test)(?:\.each\([\s\S]*?\))?\(\s*(['`"])([\s\S]*?)\1/g)].map(
      ([, , title]) => title!,
    );
    expect(members.filter((member) => !titles.some((title) => title.includes(member)))).toEqual([]);
  });
});
