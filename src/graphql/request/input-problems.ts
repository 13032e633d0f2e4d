import {
  type ASTVisitor,
  assertInputType,
  GraphQLError,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  type OperationDefinitionNode,
  typeFromAST,
  type ValidationContext,
  type ValueNode,
  validateInputLiteral,
} from 'graphql';
import { maskSecrets } from '../../kernel/logger.ts';
import { badInput } from '../bad-input.ts';

/** What each scalar of the specification accepts. Our own scalars say so in the error that they throw. */
const SCALARS: Record<string, string> = {
  Boolean: 'must be true or false.',
  Float: 'must be a number.',
  ID: 'must be a string.',
  Int: 'must be a whole number from -2147483648 to 2147483647.',
  String: 'must be a string.',
};

/** The maximum for any list. Its own limit is lower, and is checked after all items were read. */
const MOST_ITEMS = 1000;

type Fields = Readonly<Record<string, unknown>>;

/** An invalid value: its path, and what would be valid. It never contains the value. */
interface Problem {
  path: string;
  message: string;
}

/**
 * The problems of an operation's variables, at most `most` of them. The executor would find the same, but its
 * errors repeat the whole value.
 */
export function variableProblems(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  most: number,
): GraphQLError[] {
  const errors: GraphQLError[] = [];
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined && definition.defaultValue) continue;
    const type = assertInputType(typeFromAST(schema, definition.type)); // A rule has checked this.
    for (const { path, message } of problemsOf(type, value)) {
      errors.push(
        badInput(maskSecrets(`The variable \`$${name}${path}\` ${message}`), 'graphql', { nodes: definition }),
      );
      if (errors.length === most) return errors;
    }
  }
  return errors;
}

/** Lazy: if the caller stops reading, the work stops. Paths begin at the value, with a dot before each part. */
function* problemsOf(type: GraphQLInputType, value: unknown): Generator<Problem> {
  if (isNonNullType(type)) {
    if (value == null) yield { path: '', message: value === null ? 'must not be null.' : 'is required.' };
    else yield* problemsOf(type.ofType, value);
  } else if (value == null) {
    return;
  } else if (isListType(type)) {
    if (!Array.isArray(value)) yield* problemsOf(type.ofType, value);
    else if (value.length > MOST_ITEMS) yield { path: '', message: `must have at most ${MOST_ITEMS} items.` };
    else for (const [index, item] of value.entries()) yield* within(index, problemsOf(type.ofType, item));
  } else if (isInputObjectType(type)) {
    if (typeof value === 'object' && !Array.isArray(value)) yield* fieldProblems(type, value as Fields);
    else yield { path: '', message: expectation(type) };
  } else {
    const message = leafProblem(type, value);
    if (message) yield { path: '', message };
  }
}

function* fieldProblems(type: GraphQLInputObjectType, value: Fields): Generator<Problem> {
  const fields = type.getFields();
  for (const field of Object.values(fields)) {
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    if (given !== undefined || isRequiredInputField(field)) yield* within(field.name, problemsOf(field.type, given));
  }
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined) yield { path: '', message: unknownField(unknown) };
}

function* within(part: string | number, problems: Iterable<Problem>): Generator<Problem> {
  for (const { path, message } of problems) yield { path: `.${part}${path}`, message };
}

function leafProblem(type: GraphQLLeafType, value: unknown): string | null {
  // The enum's own method searches for similar names, also for a very long value.
  if (isEnumType(type)) return typeof value === 'string' && type.getValue(value) ? null : expectation(type);
  try {
    return type.coerceInputValue(value) === undefined ? expectation(type) : null;
  } catch (error) {
    return expectation(type, error);
  }
}

/** What this type accepts. `error` is the error that a scalar has thrown. */
function expectation(type: GraphQLInputType, error?: unknown): string {
  if (isNonNullType(type) || isListType(type)) return expectation(type.ofType, error);
  if (isInputObjectType(type)) return 'must be an object.';
  if (isEnumType(type)) return `must be a value of the enum "${type.name}".`;
  const own = SCALARS[type.name];
  if (own) return own;
  return error instanceof GraphQLError ? `is invalid. ${error.message}` : `must be a ${type.name}.`;
}

/** A short name helps to find the mistake. Anything else is no name of a field. */
function unknownField(name: string): string {
  return /^\w{1,40}$/.test(name) ? `must not have the field "${name}".` : 'must not have unknown fields.';
}

/** Replaces the rule of the same name, whose messages quote the values. */
export function ValuesOfCorrectTypeRule(context: ValidationContext): ASTVisitor {
  const check = (node: ValueNode) => {
    // Inside of a list, the context already is at the type of its items.
    const type = node.kind === 'ListValue' ? context.getParentInputType() : context.getInputType();
    if (!type) return false; // Another rule reports what is unknown here.
    const report = (error: GraphQLError, path: readonly (string | number)[]) => {
      const place = [context.getArgument()?.name, ...path].filter((part) => part !== undefined).join('.');
      const message = `${place ? `\`${place}\`` : 'The value'} ${literalProblem(typeAt(type, path), error)}`;
      context.reportError(badInput(maskSecrets(message), 'graphql', { nodes: error.nodes ?? [node] }));
    };
    validateInputLiteral(node, type, report, undefined, undefined, true);
    return false;
  };
  return {
    NullValue: check,
    ListValue: check,
    ObjectValue: check,
    EnumValue: check,
    IntValue: check,
    FloatValue: check,
    StringValue: check,
    BooleanValue: check,
  };
}

function literalProblem(type: GraphQLInputType, error: GraphQLError): string {
  const node = error.nodes?.[0];
  if (node?.kind === 'NullValue') return 'must not be null.';
  if (node?.kind === 'ObjectField') return unknownField(node.name.value);
  const objectType = isNonNullType(type) ? type.ofType : type;
  if (node?.kind === 'ObjectValue' && isInputObjectType(objectType)) {
    const given = new Set(node.fields.map(({ name }) => name.value));
    const missing = Object.values(objectType.getFields()).filter(
      (field) => isRequiredInputField(field) && !given.has(field.name),
    );
    return `must have the field "${missing[0]?.name}".`;
  }
  return expectation(type, error);
}

/** The type at this path inside of a value of `type`. */
function typeAt(type: GraphQLInputType, path: readonly (string | number)[]): GraphQLInputType {
  if (isNonNullType(type)) return path.length === 0 ? type : typeAt(type.ofType, path);
  const [part, ...rest] = path;
  if (part === undefined) return type;
  if (isListType(type)) return typeAt(type.ofType, typeof part === 'number' ? rest : path);
  const field = isInputObjectType(type) ? type.getFields()[part] : undefined;
  return field ? typeAt(field.type, rest) : type;
}
