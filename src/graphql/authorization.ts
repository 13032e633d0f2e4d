import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql';
import { credentialMissing, scopeMissing } from '../access/access-error.ts';
import type { Scope } from '../access/scope.ts';
import { refuseNul } from './arguments.ts';
import type { GraphQLContext } from './context.ts';

/** Who may call a root field, as its directives say. */
type Requirement = { kind: 'public' } | { kind: 'authenticated' } | { kind: 'scope'; scope: Scope };

/**
 * Puts a guard in front of every root field, as its `@public`, `@authenticated` or `@requires` says; it also refuses
 * arguments that no field could use.
 *
 * @throws Error listing every root field that has none of them, or more than one: such a schema does not start
 */
export function guardRootFields(schema: GraphQLSchema): GraphQLSchema {
  const problems: string[] = [];
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const requirements = requirementsOf(field);
      if (requirements.length === 1) guard(field, requirements[0]!);
      else
        problems.push(
          `${type!.name}.${field.name} has ${requirements.length} of @public, @authenticated and @requires`,
        );
    }
  }
  if (problems.length > 0)
    throw new Error(`Every root field needs exactly one access directive:\n${problems.join('\n')}`);
  return schema;
}

function requirementsOf(field: GraphQLField<unknown, unknown>): Requirement[] {
  const requirements: Requirement[] = [];
  for (const directive of field.astNode?.directives ?? []) {
    const name = directive.name.value;
    if (name === 'public' || name === 'authenticated') requirements.push({ kind: name });
    const argument = directive.arguments?.[0]?.value;
    if (name === 'requires' && argument?.kind === 'EnumValue') {
      requirements.push({ kind: 'scope', scope: argument.value as Scope });
    }
  }
  return requirements;
}

function guard(field: GraphQLField<unknown, unknown>, requirement: Requirement): void {
  const allow = (args: unknown, { principal }: GraphQLContext) => {
    if (requirement.kind !== 'public' && !principal) throw credentialMissing();
    if (requirement.kind === 'scope' && !principal?.scopes.includes(requirement.scope))
      throw scopeMissing(requirement.scope);
    refuseNul(args);
  };
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (parent, args, context, info) => {
    allow(args, context as GraphQLContext);
    return resolve(parent, args, context, info);
  };
  if (subscribe) {
    field.subscribe = (parent, args, context, info) => {
      allow(args, context as GraphQLContext);
      return subscribe(parent, args, context, info);
    };
  }
}
