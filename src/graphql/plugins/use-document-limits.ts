import { type GraphQLSchema, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { createDocumentMeasure } from '../request/document-measure.ts';
import { validateDocument } from '../request/validate-document.ts';

/** Checks documents: one that asks for too much, or does not fit the schema, is refused before anything is executed. */
export function useDocumentLimits(schema: GraphQLSchema): Plugin {
  const measure = createDocumentMeasure(schema);
  return {
    onValidate({ setValidationFn }) {
      setValidationFn((_schema, document, rules) => validateDocument(schema, measure, document, rules ?? []));
    },
    // Whether a document is valid is remembered with it, so what depends on variables is asked here.
    onExecute({ args: { document, operationName, variableValues }, setResultAndStopExecution }) {
      const operation = getOperationAST(document, operationName);
      const errors = operation ? measure.problemsWith(document, operation, variableValues ?? {}) : [];
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
  };
}
