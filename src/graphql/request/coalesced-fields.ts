import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  getDirectiveValues,
  isInterfaceType,
  isObjectType,
  type OperationDefinitionNode,
  print,
} from 'graphql';
import { sha256Base64url } from '../../crypto/hash.ts';
import { rootFieldsOf } from '../root-fields.ts';

/** The longest time that `@coalesce` may name, in milliseconds. */
const LONGEST_MS = 60_000;

interface Times {
  /** For how long the result is shared after the execution, in milliseconds. */
  readonly ttlMs: number;
  /** How long a request waits for the execution of another request, in milliseconds. */
  readonly timeoutMs: number;
}

/** How the executions of one operation are shared. */
export interface CoalescingPlan extends Times {
  /** A name for the schema, the normalised document and the operation in it. */
  readonly text: string;
  /** The names of the variables of the operation. Others are ignored. */
  readonly variables: readonly string[];
}

/**
 * Which operations share executions: queries in which all root fields have `@coalesce`. What was found out about an
 * operation is remembered for as long as its parsed document.
 *
 * @throws Error that lists every field whose directive is not possible: such a schema does not start
 */
export function createCoalescingPlans(schema: GraphQLSchema) {
  const fields = coalescedFields(schema);
  const version = sha256Base64url(schemaText(schema));
  const plans = new WeakMap<OperationDefinitionNode, CoalescingPlan | null>();
  const planOf = (document: DocumentNode, operation: OperationDefinitionNode): CoalescingPlan | null => {
    if (operation.operation !== 'query') return null;
    const all = [...rootFieldsOf(document, operation)].map((name) => fields.get(name));
    const times = all.filter((each) => each !== undefined);
    if (all.length === 0 || times.length < all.length) return null;
    return {
      text: sha256Base64url(JSON.stringify([version, print(document), operation.name?.value ?? null])),
      variables: (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value),
      ttlMs: Math.min(...times.map(({ ttlMs }) => ttlMs)),
      timeoutMs: Math.min(...times.map(({ timeoutMs }) => timeoutMs)),
    };
  };
  return (document: DocumentNode, operation: OperationDefinitionNode): CoalescingPlan | null => {
    let plan = plans.get(operation);
    if (plan === undefined) {
      plan = planOf(document, operation);
      plans.set(operation, plan);
    }
    return plan;
  };
}

/** The root fields of queries that have the directive. */
function coalescedFields(schema: GraphQLSchema): Map<string, Times> {
  const found = new Map<string, Times>();
  const problems: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const times = timesOf(schema, field);
      if (times === null) continue;
      const place = `${type.name}.${field.name}`;
      if (type !== schema.getQueryType()) problems.push(`${place} is no root field of a query`);
      else if (field.astNode?.directives?.some(({ name }) => name.value === 'public'))
        problems.push(`${place} is @public, so it has no credential whose requests could share an execution`);
      else if (!isWithin(times.ttlMs, 0) || !isWithin(times.timeoutMs, 1))
        problems.push(`${place} has a time that is out of range`);
      else found.set(field.name, times);
    }
  }
  if (problems.length > 0) throw new Error(`A field cannot have @coalesce:\n${problems.join('\n')}`);
  return found;
}

const isWithin = (value: number, least: number) => value >= least && value <= LONGEST_MS;

function timesOf(schema: GraphQLSchema, { astNode }: GraphQLField<unknown, unknown>): Times | null {
  const directive = schema.getDirective('coalesce');
  const values = directive && astNode ? getDirectiveValues(directive, astNode) : undefined;
  if (!values) return null;
  return { ttlMs: Number(values.ttlMilliseconds), timeoutMs: Number(values.timeoutMilliseconds) };
}

/** Replicas of two releases may have different schemas. The same document means different things in them. */
function schemaText(schema: GraphQLSchema): string {
  const types = Object.values(schema.getTypeMap()).flatMap(({ astNode, extensionASTNodes }) => [
    ...(astNode ? [astNode] : []),
    ...extensionASTNodes,
  ]);
  return types.map(print).sort().join('\n');
}
