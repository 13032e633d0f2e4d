import {
  type DocumentNode,
  type GraphQLField,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { credentialMissing, scopeMissing } from '../identity/access-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Scope } from '../identity/scope.ts';
import { checkBefore } from './before-field.ts';
import { rootFieldsOf } from './root-fields.ts';

/** Who may call a root field, as its directives say. */
type Requirement = { kind: 'public' } | { kind: 'authenticated' } | { kind: 'scope'; anyOf: readonly Scope[] };

/**
 * Adds the check to every root field that its `@public`, `@authenticated` or `@requires` demands, and to every other field
 * that has one of these.
 *
 * @throws Error that lists every root field with none of them, or with more than one: such a schema does not start
 */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  const problems: string[] = [];
  const roots: unknown[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      const requirements = requirementsOf(field);
      if (requirements.length === 1) guard(field, requirements[0]!);
      else if (requirements.length > 1 || roots.includes(type))
        problems.push(`${type.name}.${field.name} has ${requirements.length} of @public, @authenticated and @requires`);
    }
  }
  if (problems.length > 0)
    throw new Error(`Every root field must have exactly one access directive:\n${problems.join('\n')}`);
  return schema;
}

function requirementsOf(field: GraphQLField<unknown, unknown>): Requirement[] {
  const requirements: Requirement[] = [];
  for (const directive of field.astNode?.directives ?? []) {
    const name = directive.name.value;
    if (name === 'public' || name === 'authenticated') requirements.push({ kind: name });
    // Exactly one argument. Otherwise the field has no requirement, and the schema does not start.
    const [argument, ...more] = directive.arguments ?? [];
    if (name !== 'requires' || !argument || more.length > 0) continue;
    const values = argument.value.kind === Kind.LIST ? argument.value.values : [argument.value];
    const anyOf = values.flatMap((value) => (value.kind === Kind.ENUM ? [value.value as Scope] : []));
    if (anyOf.length > 0) requirements.push({ kind: 'scope', anyOf });
  }
  return requirements;
}

function guard(field: GraphQLField<unknown, unknown>, requirement: Requirement): void {
  if (requirement.kind === 'public') return;
  const anyOf = requirement.kind === 'scope' ? requirement.anyOf : null;
  const allow = ({ scopes }: Principal) => {
    if (anyOf && !anyOf.some((scope) => scopes.includes(scope))) throw scopeMissing(...anyOf);
  };
  checkBefore(field, (_args, { principal, subscription }, begins) => {
    if (!principal) throw credentialMissing();
    allow(principal);
    // The stream ends when the credential is narrowed below what the field requires.
    if (begins) subscription?.require(allow);
  });
}

/** Whether an operation selects `@public` root fields and no other ones. `__typename` is ignored. */
export function selectsOnlyPublicFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {};
  const names = rootFieldsOf(document, operation);
  const isPublic = (name: string) => fields[name] && requirementsOf(fields[name])[0]?.kind === 'public';
  return names.size > 0 && [...names].every(isPublic);
}
