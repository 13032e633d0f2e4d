import type { Plugin } from 'graphql-yoga';
import { validateDocument } from '../request/validate-document.ts';

/** Checks documents: one that asks for too much, or does not fit the schema, is refused before anything is executed. */
export function useDocumentLimits(): Plugin {
  return {
    onValidate({ setValidationFn }) {
      setValidationFn((schema, document, rules) => validateDocument(schema, document, rules ?? []));
    },
  };
}
