import { defaultFieldResolver, type GraphQLField } from 'graphql';
import type { GraphQLContext } from './context.ts';

/**
 * Runs a check before the resolver of a field, and, if the field is a subscription, before its stream begins.
 *
 * @param check throws to reject; anything but undefined that it returns is the result of the field. `begins` says that a
 *   stream begins.
 */
export function checkBefore(
  field: GraphQLField<unknown, unknown>,
  check: (args: Record<string, unknown>, context: GraphQLContext, begins: boolean) => unknown,
): void {
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (parent, args, context, info) => {
    const result = check(args, context as GraphQLContext, false);
    return result === undefined ? resolve(parent, args, context, info) : result;
  };
  if (!subscribe) return;
  field.subscribe = (parent, args, context, info) => {
    check(args, context as GraphQLContext, true);
    return subscribe(parent, args, context, info);
  };
}
