import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { badInput } from '../bad-input.ts';
import { LARGEST_PAGE } from '../connection.ts';

/**
 * How much a document may ask for. Everything here is counted before a validation rule runs, in time that grows with
 * the document alone; several rules take time that grows with the square of what is counted.
 */
export const DOCUMENT_LIMITS = {
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
  /** Fields in the answer: of a list, as many as it may hold. */
  fields: 20_000,
};

/** How many items a list holds where the document does not say it: the default in the schema. */
const DEFAULT_PAGE = 20;
/** Characters of arguments that take as long to compare as a pair of names. */
const ARGUMENTS_PER_COMPARISON = 100;

/** What is too much in this document; empty where nothing is. */
export function measureDocument(schema: GraphQLSchema, document: DocumentNode): GraphQLError[] {
  const counted = countNodes(document);
  if (counted.problems.length > 0) return counted.problems;
  const shape = measureShape(document);
  if (shape.length > 0) return shape;
  return new Expansion(schema, document).problems();
}

function tooMany(what: string, found: number, most: number): GraphQLError[] {
  if (found <= most) return [];
  return [badInput(`The document has ${found} ${what}; at most ${most} are allowed.`, 'graphql')];
}

/** Everything that one walk over the document counts. */
function countNodes(document: DocumentNode): { problems: GraphQLError[] } {
  const count = { aliases: 0, directives: 0, __schema: 0, __type: 0 };
  const problems: GraphQLError[] = [];
  visit(document, {
    Name(node) {
      if (node.value.length > DOCUMENT_LIMITS.name && problems.length === 0) {
        problems.push(
          badInput(`A name must have at most ${DOCUMENT_LIMITS.name} characters.`, 'graphql', { nodes: node }),
        );
      }
    },
    Field(node) {
      if (node.alias) count.aliases++;
      const name = node.name.value;
      if (name === '__schema' || name === '__type') count[name]++;
    },
    Directive() {
      count.directives++;
    },
    Variable(node) {
      // The executor keeps variables in an object, where this name is not a property like others.
      if (node.name.value === '__proto__' && problems.length === 0) {
        problems.push(badInput('A variable must not have the name `__proto__`.', 'graphql', { nodes: node }));
      }
    },
  });
  problems.push(
    ...tooMany('aliases', count.aliases, DOCUMENT_LIMITS.aliases),
    ...tooMany('directives', count.directives, DOCUMENT_LIMITS.directives),
    ...tooMany('fields `__schema`', count.__schema, 1),
    ...tooMany('fields `__type`', count.__type, 1),
  );
  return { problems };
}

type Measure = (set: SelectionSetNode | undefined, spreading: ReadonlySet<string>) => number;

/** The depth and the root fields of each operation. */
function measureShape(document: DocumentNode): GraphQLError[] {
  const fragments = fragmentsOf(document);
  // Each fragment is measured once: a document in which every fragment spreads the next one twice would cost 2^n.
  const ofFragments = (measure: Measure) => {
    const known = new Map<string, number>();
    return (name: string, spreading: ReadonlySet<string>): number => {
      const fragment = fragments.get(name);
      // Cycles and unknown fragments are found by a rule; here they must only come to an end.
      if (!fragment || spreading.has(name)) return 0;
      const measured = known.get(name) ?? measure(fragment.selectionSet, new Set(spreading).add(name));
      known.set(name, measured);
      return measured;
    };
  };
  const depthIn = (counts: (name: string) => boolean): Measure => {
    const depthOf: Measure = (set, spreading) => {
      let deepest = 0;
      for (const selection of set?.selections ?? []) {
        let depth: number;
        if (selection.kind === Kind.FRAGMENT_SPREAD) depth = ofFragment(selection.name.value, spreading);
        else if (selection.kind === Kind.INLINE_FRAGMENT) depth = depthOf(selection.selectionSet, spreading);
        else depth = counts(selection.name.value) ? 1 + depthOf(selection.selectionSet, spreading) : 0;
        deepest = Math.max(deepest, depth);
      }
      return deepest;
    };
    const ofFragment = ofFragments(depthOf);
    return depthOf;
  };
  const rootFieldsOf: Measure = (set, spreading) => {
    let fields = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) fields++;
      else if (selection.kind === Kind.INLINE_FRAGMENT) fields += rootFieldsOf(selection.selectionSet, spreading);
      else fields += rootFieldsOfFragment(selection.name.value, spreading);
    }
    return fields;
  };
  const rootFieldsOfFragment = ofFragments(rootFieldsOf);

  const depthOf = depthIn((name) => !name.startsWith('__'));
  const depthOfAll = depthIn(() => true);
  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    const set = definition.selectionSet;
    return [
      ...tooMany('levels', depthOf(set, new Set()), DOCUMENT_LIMITS.depth),
      ...tooMany('levels', depthOfAll(set, new Set()), DOCUMENT_LIMITS.introspectionDepth),
      ...tooMany('root fields', rootFieldsOf(set, new Set()), DOCUMENT_LIMITS.rootFields),
    ];
  });
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

/** A field, and the type that it is selected on. */
interface Selected {
  node: FieldNode;
  parent: GraphQLNamedType | undefined;
}

class TooMuch extends Error {}

/**
 * The document as the executor and the rules see it: fragments in their place, and the fields that share a name in the
 * answer together. It is built only as far as the limits allow.
 */
class Expansion {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #fragments: Map<string, FragmentDefinitionNode>;
  #selections = 0;
  #comparisons = 0;
  #fields = 0;

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema;
    this.#document = document;
    this.#fragments = fragmentsOf(document);
  }

  problems(): GraphQLError[] {
    try {
      for (const definition of this.#document.definitions) {
        if (definition.kind === Kind.OPERATION_DEFINITION) this.#expandOperation(definition);
      }
      return [];
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      return [badInput(error.message, 'graphql')];
    }
  }

  #expandOperation({ operation, selectionSet }: OperationDefinitionNode): void {
    const root = this.#schema.getRootType(operation) ?? undefined;
    this.#expand([{ set: selectionSet, type: root }], 1, 0);
  }

  /** Expands what is merged into one object of the answer, of which there are `times`. */
  #expand(sets: { set: SelectionSetNode; type: GraphQLNamedType | undefined }[], times: number, level: number): void {
    // A cycle of fragments has no end. Every other document is not as deep as the limits together.
    if (level > DOCUMENT_LIMITS.depth + DOCUMENT_LIMITS.introspectionDepth) return;
    const byName = new Map<string, Selected[]>();
    const spread = new Set<string>();
    for (const { set, type } of sets) this.#collect(set, type, byName, spread);
    for (const selected of byName.values()) {
      this.#compare(selected);
      this.#fields += times;
      limit(
        this.#fields,
        'fields',
        'asks for too many fields, counting each item of each list. Ask for fewer at once.',
      );
      const below = selected.flatMap(({ node, parent }) =>
        node.selectionSet ? [{ set: node.selectionSet, type: this.#typeOf(parent, node) }] : [],
      );
      if (below.length > 0)
        this.#expand(below, times * Math.max(...selected.map((each) => this.#items(each))), level + 1);
    }
  }

  #collect(
    set: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    byName: Map<string, Selected[]>,
    spread: Set<string>,
  ): void {
    for (const selection of set.selections) {
      limit(++this.#selections, 'selections', 'has too many selections, counting those of its fragments.');
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const selected = byName.get(name);
        if (selected) selected.push({ node: selection, parent: type });
        else byName.set(name, [{ node: selection, parent: type }]);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        const fragment = spread.has(name) ? undefined : this.#fragments.get(name);
        if (!fragment) continue;
        spread.add(name);
        this.#collect(fragment.selectionSet, this.#schema.getType(fragment.typeCondition.name.value), byName, spread);
        continue;
      }
      const { typeCondition } = selection;
      const narrowed = typeCondition ? this.#schema.getType(typeCondition.name.value) : type;
      this.#collect(selection.selectionSet, narrowed, byName, spread);
    }
  }

  #compare(selected: Selected[]): void {
    const pairs = (selected.length * (selected.length - 1)) / 2;
    if (pairs === 0) return;
    const longest = Math.max(...selected.map(({ node }) => lengthOfArguments(node)));
    this.#comparisons += pairs * (1 + Math.floor(longest / ARGUMENTS_PER_COMPARISON));
    limit(this.#comparisons, 'comparisons', 'selects the same field too often. Select each field once.');
  }

  #typeOf(parent: GraphQLNamedType | undefined, node: FieldNode): GraphQLNamedType | undefined {
    const field = parent && isCompositeType(parent) ? this.#schema.getField(parent, node.name.value) : undefined;
    return field ? getNamedType(field.type) : undefined;
  }

  /** How many items the list behind a field may hold; 1 for all that is no list. */
  #items({ node, parent }: Selected): number {
    const isOwner = parent && (isObjectType(parent) || isInterfaceType(parent));
    const field = isOwner ? parent.getFields()[node.name.value] : undefined;
    if (!field?.args.some(({ name }) => name === 'first')) return 1;
    const first = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    if (!first) return DEFAULT_PAGE;
    const asked = first.kind === Kind.INT ? Number(first.value) : LARGEST_PAGE;
    return Math.min(Math.max(asked, 1), LARGEST_PAGE);
  }
}

function limit(found: number, name: 'selections' | 'comparisons' | 'fields', complaint: string): void {
  if (found > DOCUMENT_LIMITS[name]) throw new TooMuch(`The document ${complaint}`);
}

function lengthOfArguments({ arguments: given }: FieldNode): number {
  const first = given?.[0]?.loc;
  const last = given?.at(-1)?.loc;
  return first && last ? last.end - first.start : 0;
}
