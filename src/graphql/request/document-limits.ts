import { type DocumentNode, type FragmentDefinitionNode, Kind } from 'graphql';

/**
 * How much a document may ask for. Everything here is counted before a validation rule runs, in time that grows with
 * the document alone; several rules take time that grows with the square of what is counted.
 */
export const DOCUMENT_LIMITS = {
  /** Characters. Each error names a line, for which graphql-js reads the whole document. Values belong into variables. */
  characters: 32 * 1024,
  tokens: 2000,
  /** Levels of fields; introspection is counted apart, for the query of GraphiQL is 15 deep. */
  depth: 12,
  introspectionDepth: 20,
  aliases: 30,
  rootFields: 10,
  directives: 50,
  /** Characters of a name: error messages and answers repeat names. */
  name: 128,
  /** Selections, each as often as its fragment is spread. */
  selections: 4000,
  /** Pairs of fields that share a name in the answer. A rule compares each pair, and the arguments of both. */
  comparisons: 10_000,
  /** What the answer costs, in fields: of a list, as many as it may hold. */
  cost: 5000,
};

/** The fragments of a document by name; of two with one name, the last. */
export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}
