import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { variableProblems } from '../request/input-problems.ts';
import { MOST_ERRORS } from '../request/validate-document.ts';

interface Arguments {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Record<string, unknown> | null | undefined;
}

/** Checks the variables. Unlike the errors of the executor, these contain nothing that the client sent. */
export function useCheckedVariables(): Plugin {
  const check = ({ schema, document, operationName, variableValues }: Arguments) => {
    const operation = getOperationAST(document, operationName);
    return operation ? variableProblems(schema, operation, variableValues ?? {}, MOST_ERRORS) : [];
  };
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const errors = check(args);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const errors = check(args);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
  };
}
