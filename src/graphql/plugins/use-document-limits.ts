import { type DocumentNode, type GraphQLSchema, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { createDocumentMeasure } from '../request/document-measure.ts';
import { validateDocument } from '../request/validate-document.ts';

interface Arguments {
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Record<string, unknown> | null | undefined;
}

/** Checks documents: one that requests too much, or does not match the schema, is rejected before its execution. */
export function useDocumentLimits(schema: GraphQLSchema): Plugin {
  const measure = createDocumentMeasure(schema);
  const problemsWithVariables = ({ document, operationName, variableValues }: Arguments) => {
    const operation = getOperationAST(document, operationName);
    return operation ? measure.problemsWith(document, operation, variableValues ?? {}) : [];
  };
  return {
    onValidate({ setValidationFn }) {
      setValidationFn((_schema, document, rules) => validateDocument(schema, measure, document, rules ?? []));
    },
    // The result of a validation is cached with the document, so limits that depend on variables are checked here.
    onExecute({ args, setResultAndStopExecution }) {
      const errors = problemsWithVariables(args);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const errors = problemsWithVariables(args);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
  };
}
