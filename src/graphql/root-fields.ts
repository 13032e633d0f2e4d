import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** The names of the root fields that an operation selects, also in fragments, without `__typename`. */
export function rootFieldsOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): Set<string> {
  const names = new Set<string>();
  const spread = new Set<string>();
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        for (const definition of document.definitions) {
          if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value) {
            collect(definition.selectionSet);
          }
        }
      }
    }
  };
  collect(selectionSet);
  names.delete('__typename');
  return names;
}
