import type { DocumentNode, GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { badInput } from '../bad-input.ts';
import type { GraphQLContext } from '../context.ts';
import { type IntrospectionAccess, introspectionIn, mayIntrospect, NO_INTROSPECTION } from '../introspection.ts';

/**
 * Rejects a document that reads the schema, unless its caller may do so. Errors suggest no names to any caller: see
 * `validateDocument`.
 */
export function useIntrospectionAccess(access: IntrospectionAccess): Plugin<GraphQLContext> {
  if (access === 'open') return {};
  const problems = (document: DocumentNode, { principal }: GraphQLContext): GraphQLError[] => {
    const nodes = introspectionIn(document);
    return nodes && !mayIntrospect(access, principal) ? [badInput(NO_INTROSPECTION[access], 'graphql', { nodes })] : [];
  };
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const errors = problems(args.document, args.contextValue);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const errors = problems(args.document, args.contextValue);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
  };
}
