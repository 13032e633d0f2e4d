import { hashIn } from '../../crypto/hashed-texts.ts';
import { badInput } from '../bad-input.ts';

/** How a request names its document. */
export interface NamedDocument {
  query?: string | null | undefined;
  documentId?: string | null | undefined;
  extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Finds the text of the document that a request names. @throws GraphQLError `BAD_USER_INPUT` if it may not be executed */
export type TextOf = (request: NamedDocument) => string;

/** Every document may be executed. An id beside the text changes nothing. */
const anyText: TextOf = ({ query, documentId }) => {
  if (query != null) return query;
  if (documentId == null) throw badInput('The body must have the member `query` with a GraphQL document.', 'always');
  throw badInput('The service has no list of documents (REKEY_TRUSTED_DOCUMENTS). Send the text as `query`.', 'always');
};

/**
 * Only the documents of a list are executed.
 *
 * A request names one with `documentId` (GraphQL over HTTP, appendix A) or sends its exact text as `query`. With both, only
 * `documentId` counts: what is executed is always a text of the list.
 *
 * @param listed the texts by their SHA-256 in hex; null: every document may be executed
 */
export function documentsIn(listed: ReadonlyMap<string, string> | null): TextOf {
  if (!listed) return anyText;
  const texts = new Set(listed.values());
  return ({ query, documentId, extensions }) => {
    if (extensions?.persistedQuery != null) {
      throw badInput(
        'Documents cannot be added to the list of the service (REKEY_TRUSTED_DOCUMENTS). Send `documentId` instead of `extensions.persistedQuery`.',
        'graphql',
      );
    }
    if (documentId != null) {
      const text = listed.get(hashIn(documentId) ?? '');
      if (text !== undefined) return text;
      throw badInput('`documentId` is not in the list of the service (REKEY_TRUSTED_DOCUMENTS).', 'graphql');
    }
    if (query == null)
      throw badInput('The body must have the member `documentId`, or `query` with its text.', 'always');
    if (texts.has(query)) return query;
    throw badInput(
      'The service executes only the documents of a list (REKEY_TRUSTED_DOCUMENTS). This one is not in the list, or its text differs.',
      'graphql',
    );
  };
}
