import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isRequiredArgument,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import { maskSecrets } from '../../kernel/logger.ts';
import { badInput } from '../bad-input.ts';
import type { DocumentMeasure } from './document-measure.ts';
import { ValuesOfCorrectTypeRule } from './input-problems.ts';

/** The maximum number of errors in one response. */
export const MOST_ERRORS = 5;
/** The maximum number of locations that one error names. */
const MOST_PLACES = 2;

/**
 * The problems of a document: first the limits that it exceeds, and only if there are none, what does not match the
 * schema. At most five errors, none of which contains a value of the document.
 */
export function validateDocument(
  schema: GraphQLSchema,
  measure: DocumentMeasure,
  document: DocumentNode,
  rules: readonly ValidationRule[],
): GraphQLError[] {
  const tooMuch = measure.problems(document);
  if (tooMuch.length > 0) return tooMuch.slice(0, MOST_ERRORS);
  const described: GraphQLError[] = [];
  const errors = validate(
    schema,
    document,
    rules.map((rule) => describing(rule, described)),
    {
      maxErrors: MOST_ERRORS,
      hideSuggestions: true,
    },
  );
  // The error that `validate` adds by itself says that it has stopped: after five errors, or because of the fragments.
  if (errors.length === 0 || described.length > 0) return described.slice(0, MOST_ERRORS);
  return [badInput('The document spreads its fragments too often.', 'graphql')];
}

/** The rule with our own messages: its messages quote the document, and a value in it may be a password. */
function describing(rule: ValidationRule, described: GraphQLError[]): ValidationRule {
  return (context) => {
    const reportError = (error: GraphQLError) => {
      const { extensions, nodes } = error;
      const place = { nodes: nodes?.slice(0, MOST_PLACES) };
      const ours = extensions.code ? error : badInput(describe(rule.name, error, context), 'graphql', place);
      described.push(ours);
      context.reportError(ours);
    };
    const ours = rule.name === ValuesOfCorrectTypeRule.name ? ValuesOfCorrectTypeRule : rule;
    return ours(Object.create(context, { reportError: { value: reportError } }));
  };
}

type Description = (name: string, context: ValidationContext) => string;

/** By the name of the rule. `name` is the name of the first node at fault. */
const DESCRIPTIONS: Record<string, Description> = {
  ExecutableDefinitionsRule: () => 'A document must contain only operations and fragments.',
  FieldsOnCorrectTypeRule: (name, context) => `The type "${context.getParentType()}" has no field "${name}".`,
  FragmentsOnCompositeTypesRule: () => 'A fragment must be on an object, an interface or a union.',
  KnownArgumentNamesRule: (name) => `Unknown argument "${name}".`,
  KnownDirectivesRule: (name) => `The directive "@${name}" is unknown, or not allowed here.`,
  KnownFragmentNamesRule: (name) => `Unknown fragment "${name}".`,
  KnownOperationTypesRule: () => 'The schema has no operation of this type.',
  KnownTypeNamesRule: (name) => `Unknown type "${name}".`,
  LoneAnonymousOperationRule: () => 'In a document with several operations, each must have a name.',
  MaxIntrospectionDepthRule: () => 'The introspection is nested too deeply.',
  NoFragmentCyclesRule: (name) => `The fragment "${name}" spreads itself.`,
  NoUndefinedVariablesRule: (name) => `The operation does not define the variable "$${name}".`,
  NoUnusedFragmentsRule: (name) => `The fragment "${name}" is never used.`,
  NoUnusedVariablesRule: (name) => `The variable "$${name}" is never used.`,
  OverlappingFieldsCanBeMergedRule: (name) =>
    `Different fields have the name "${name}" in the response. Give one of them an alias.`,
  PossibleFragmentSpreadsRule: (_name, context) =>
    `This fragment can never apply to the type "${context.getParentType()}".`,
  ProvidedRequiredArgumentsRule: (name, context) =>
    `"${name}" must have the arguments ${namesOf(context.getFieldDef()?.args.filter(isRequiredArgument))}.`,
  ScalarLeafsRule: (_name, context) =>
    `The field "${context.getFieldDef()?.name}" must ${isLeafType(getNamedType(context.getType())) ? 'not ' : ''}have a selection of fields.`,
  SingleFieldSubscriptionsRule: () =>
    'A subscription must select exactly one field, without `@skip` and `@include`, and none that begins with `__`.',
  UniqueArgumentNamesRule: (name) => `The argument "${name}" is given twice.`,
  UniqueDirectivesPerLocationRule: (name) => `The directive "@${name}" must be used only once here.`,
  UniqueFragmentNamesRule: (name) => `Two fragments have the name "${name}".`,
  UniqueInputFieldNamesRule: (name) => `The input field "${name}" is given twice.`,
  UniqueOperationNamesRule: (name) => `Two operations have the name "${name}".`,
  UniqueVariableNamesRule: (name) => `The variable "$${name}" is defined twice.`,
  VariablesAreInputTypesRule: () => 'The type of a variable must be an input type.',
  VariablesInAllowedPositionRule: (name) => `The type of the variable "$${name}" is not allowed where it is used.`,
};

function describe(rule: string, error: GraphQLError, context: ValidationContext): string {
  const description = DESCRIPTIONS[rule];
  if (!description) return `The document breaks the rule "${rule}".`;
  // A client may write a secret where a name belongs.
  return maskSecrets(description(nameOf(error), context));
}

function namesOf(args: readonly { name: string }[] = []): string {
  return args.map(({ name }) => `"${name}"`).join(', ');
}

/** A name has at most 128 characters here, because the limits were checked before. */
function nameOf({ nodes }: GraphQLError): string {
  for (const node of nodes ?? []) {
    if (node.kind === 'Name') return node.value;
    if (node.kind === 'Field' && node.alias) return node.alias.value;
    if (node.kind === 'VariableDefinition') return node.variable.name.value;
    if ('name' in node && node.name && 'value' in node.name) return node.name.value;
  }
  return '';
}
