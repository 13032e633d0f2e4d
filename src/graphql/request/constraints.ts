import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import type { InvalidField } from '../../kernel/input.ts';
import { badInput } from '../bad-input.ts';
import { checkBefore } from '../before-field.ts';
import { invalidInput } from '../error-results.ts';

/** The `@constraint` of an argument or an input field. */
interface Constraint {
  maxLength?: number;
  maxItems?: number;
}

/** Records the problems of a value. */
type Check = (value: unknown, path: string, found: Found) => void;

interface Found {
  /** Malformed texts, which no field accepts. */
  malformed: InvalidField[];
  /** Texts and lists that are too long. */
  tooLong: InvalidField[];
}

/** The default for an `ID`. The longest ids are those of access tokens, with 67 characters. */
const LONGEST_ID = 128;
/** UAX #15, Stream-Safe Text Format: more combining characters in a row make normalization take quadratic time. */
const COMBINING = /\p{M}{31}/u;

/**
 * Adds a check to every field that has arguments, so that no resolver gets a text or a list that is longer than its
 * `@constraint`, or a text that is not well-formed. The limits are added to the descriptions in the schema.
 *
 * A field whose result may be an `InvalidInputError` returns it for a value that is too long. Other fields
 * fail with `BAD_USER_INPUT`.
 *
 * @throws Error that lists every text without a maximum length and every list without a maximum size:
 *   such a schema does not start
 */
export function constrainArguments(schema: GraphQLSchema): GraphQLSchema {
  const compiler = new Compiler(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) compiler.describe(field);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const argument of field.args) compiler.describe(argument);
      const checks = compiler.checksOf(field.args, `${type.name}.${field.name}`);
      if (checks.length > 0) constrain(field, checks);
    }
  }
  if (compiler.problems.length > 0) {
    throw new Error(
      `Every string and every list of an input must have a @constraint:\n${compiler.problems.join('\n')}`,
    );
  }
  return schema;
}

class Compiler {
  readonly problems: string[] = [];
  readonly #schema: GraphQLSchema;
  readonly #known = new Map<string, [name: string, check: Check][]>();

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  checksOf(inputs: readonly (GraphQLArgument | GraphQLInputField)[], owner: string): [name: string, check: Check][] {
    return inputs.flatMap((input): [string, Check][] => {
      const check = this.#checkOf(input.type, this.#constraintOf(input), `${owner}.${input.name}`);
      return check ? [[input.name, check]] : [];
    });
  }

  /** Adds the limits to the description, for readers of the schema. */
  describe(input: GraphQLArgument | GraphQLInputField): void {
    const { maxLength, maxItems } = this.#constraintOf(input);
    const limits = [
      ...(maxItems === undefined ? [] : [`At most ${maxItems} items.`]),
      ...(maxLength === undefined ? [] : [`At most ${maxLength} characters${maxItems === undefined ? '' : ' each'}.`]),
    ];
    if (limits.length > 0) input.description = [input.description, ...limits].filter(Boolean).join(' ');
  }

  #constraintOf({ astNode }: GraphQLArgument | GraphQLInputField): Constraint {
    const node = astNode?.directives?.find(({ name }) => name.value === 'constraint');
    const definition = this.#schema.getDirective('constraint');
    return node && definition ? (getArgumentValues(definition, node) as Constraint) : {};
  }

  #checkOf(type: GraphQLInputType, constraint: Constraint, owner: string): Check | null {
    if (isNonNullType(type)) return this.#checkOf(type.ofType, constraint, owner);
    if (isListType(type)) {
      const { maxItems } = constraint;
      if (maxItems === undefined) this.problems.push(`${owner} has no maxItems`);
      return checkList(maxItems ?? 0, this.#checkOf(type.ofType, constraint, owner));
    }
    if (isInputObjectType(type)) {
      let checks = this.#known.get(type.name);
      if (!checks) {
        this.#known.set(type.name, (checks = []));
        checks.push(...this.checksOf(Object.values(type.getFields()), type.name));
      }
      return checkObject(checks);
    }
    if (type.name !== 'String' && type.name !== 'ID') return null; // Every other scalar limits itself.
    const maxLength = constraint.maxLength ?? (type.name === 'ID' ? LONGEST_ID : undefined);
    if (maxLength === undefined) this.problems.push(`${owner} has no maxLength`);
    return checkText(maxLength ?? 0);
  }
}

const checkText =
  (maxLength: number): Check =>
  (value, path, found) => {
    if (typeof value !== 'string') return;
    if (isLongerThan(value, maxLength)) {
      found.tooLong.push({ path, message: `Must have at most ${maxLength} characters.` });
    } else if (value.includes('\0')) {
      found.malformed.push({ path, message: 'must not contain the character U+0000.' });
    } else if (!value.isWellFormed()) {
      found.malformed.push({ path, message: 'must be well-formed Unicode. It contains half of a surrogate pair.' });
    } else if (COMBINING.test(value)) {
      found.malformed.push({ path, message: 'must have at most 30 combining characters in a row.' });
    }
  };

/** Counts Unicode code points, but only if the result depends on them. */
function isLongerThan(text: string, characters: number): boolean {
  if (text.length <= characters) return false;
  if (text.length > 2 * characters) return true;
  return [...text].length > characters;
}

const checkList =
  (maxItems: number, checkItem: Check | null): Check =>
  (value, path, found) => {
    if (!Array.isArray(value)) return;
    if (value.length > maxItems) found.tooLong.push({ path, message: `Must have at most ${maxItems} items.` });
    else if (checkItem) for (const [index, item] of value.entries()) checkItem(item, `${path}.${index}`, found);
  };

const checkObject =
  (checks: readonly [name: string, check: Check][]): Check =>
  (value, path, found) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, check] of checks) check((value as Record<string, unknown>)[name], `${path}.${name}`, found);
  };

function constrain(field: GraphQLField<unknown, unknown>, checks: readonly [name: string, check: Check][]): void {
  const mayBeInvalidInput = returnsInvalidInput(field.type);
  checkBefore(field, (args) => {
    const found: Found = { malformed: [], tooLong: [] };
    for (const [name, check] of checks) check(args[name], name, found);
    const [malformed] = found.malformed;
    if (malformed) throw badInput(`\`${malformed.path}\` ${malformed.message}`, 'field');
    const [tooLong] = found.tooLong;
    if (tooLong && !mayBeInvalidInput) {
      throw badInput(`\`${tooLong.path}\` ${lowerFirst(tooLong.message)}`, 'field');
    }
    return tooLong ? invalidInput({ kind: 'invalidInput', fields: found.tooLong }) : undefined;
  });
}

function returnsInvalidInput(type: GraphQLOutputType): boolean {
  const named = getNamedType(type);
  return isUnionType(named) && named.getTypes().some(({ name }) => name === 'InvalidInputError');
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
