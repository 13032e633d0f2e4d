import { type DocumentNode, type FragmentDefinitionNode, Kind } from 'graphql';

/**
 * The limits of a document. They are checked before a validation rule runs, in time that grows linearly with the
 * document. Several rules take time that grows with the square of these counts.
 */
export const DOCUMENT_LIMITS = {
  /** Characters. Each error names a line, for which graphql-js reads the whole document. Values belong in variables. */
  characters: 32 * 1024,
  tokens: 2000,
  /** Levels of fields. Introspection is counted separately, because the query of GraphiQL has 15 levels. */
  depth: 12,
  introspectionDepth: 20,
  aliases: 30,
  rootFields: 10,
  directives: 50,
  /** Characters of a name: error messages and responses repeat names. */
  name: 128,
  /** Selections, each as often as its fragment is spread. */
  selections: 4000,
  /** Pairs of fields that share a name in the response. A rule compares each pair, and the arguments of both. */
  comparisons: 10_000,
  /** The cost of an operation, in fields. The fields in a list count once for each item that it may hold. */
  cost: 5000,
};

/** The fragments of a document by name. Of two with the same name, the last one. */
export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}
