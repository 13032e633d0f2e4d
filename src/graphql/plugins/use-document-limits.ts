import type { GraphQLSchema } from 'graphql';
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
  };
}
