import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { badInput } from '../bad-input.ts';
import { LARGEST_PAGE } from '../connection.ts';
import { DOCUMENT_LIMITS, fragmentsOf } from './document-limits.ts';

/** The number of items of a list if the document does not say it: the default in the schema. */
const DEFAULT_PAGE = 20;
/** Characters of arguments that take as long to compare as a pair of names. */
const ARGUMENTS_PER_COMPARISON = 100;

/** The cost of a row besides its fields, in fields: it is read, and becomes an object. */
const ROW = 5;
/** The cost of a list of texts, in fields. */
const LEAVES = 5;
/** The cost of a root field of a mutation, in fields: it is a transaction, and waits for its turn. */
const MUTATION = 100;
/** The cost of the number of all rows of a list, in fields. */
const TOTAL = 100;
/** Only its magnitude matters for a larger cost. */
const LARGEST_SHOWN_COST = 1_000_000_000;

/** A field, and the type that it is selected on. */
interface Selected {
  node: FieldNode;
  parent: GraphQLNamedType | undefined;
}

const SELECTIONS = `must have at most ${DOCUMENT_LIMITS.selections} selections, including those of its fragments.`;

class TooMuch extends Error {
  readonly node: OperationDefinitionNode | undefined;

  constructor(message: string, node?: OperationDefinitionNode) {
    super(message);
    this.node = node;
  }
}

/**
 * The document as the executor and the rules process it: with its fragments expanded, and with the fields that share a
 * name in the response together. It is built only as far as the limits allow.
 */
export class Expansion {
  readonly #schema: GraphQLSchema;
  readonly #document: DocumentNode;
  readonly #fragments: Map<string, FragmentDefinitionNode>;
  readonly #introspectedItems: Record<string, number>;
  readonly #mostIntrospected: number;
  readonly #reached = new Set<string>();
  #variables: Readonly<Record<string, unknown>> | null = null;
  #selections = 0;
  #comparisons = 0;
  #cost = 0;
  /** Whether an operation is too expensive if its variables ask for the longest lists. */
  dependsOnVariables = false;
  #hasVariableLists = false;
  /** The number of introspection fields in the response. */
  introspected = 0;

  constructor(
    schema: GraphQLSchema,
    document: DocumentNode,
    introspectedItems: Record<string, number>,
    mostIntrospected: number,
  ) {
    this.#schema = schema;
    this.#document = document;
    this.#fragments = fragmentsOf(document);
    this.#introspectedItems = introspectedItems;
    this.#mostIntrospected = mostIntrospected;
  }

  /**
   * The limits that the document exceeds. If an operation is too expensive only because of lists whose length depends on
   * variables, it sets `dependsOnVariables` instead.
   */
  problems(): GraphQLError[] {
    return problemsOf(() => {
      for (const definition of this.#document.definitions) {
        if (definition.kind === Kind.OPERATION_DEFINITION) this.#expandOperation(definition);
      }
      // The rules check every fragment, also if no operation spreads it.
      for (const [name, { selectionSet, typeCondition }] of this.#fragments) {
        const type = this.#schema.getType(typeCondition.name.value);
        if (!this.#reached.has(name)) this.#expand([{ set: selectionSet, type }], 1, 0);
      }
    });
  }

  /** The limits that an operation exceeds with these variables. */
  problemsWith(operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>): GraphQLError[] {
    this.#variables = { ...defaultsOf(operation), ...variables };
    return problemsOf(() => this.#expandOperation(operation));
  }

  /** What the response of an operation costs at most, with the longest lists where a variable decides. */
  costOf(operation: OperationDefinitionNode): number {
    this.#cost = 0;
    const root = this.#schema.getRootType(operation.operation) ?? undefined;
    this.#expand([{ set: operation.selectionSet, type: root }], 1, 0);
    return this.#cost;
  }

  #expandOperation(operation: OperationDefinitionNode): void {
    this.#hasVariableLists = false;
    const cost = this.costOf(operation);
    if (cost <= DOCUMENT_LIMITS.cost) return;
    if (this.#hasVariableLists && !this.#variables) this.dependsOnVariables = true;
    else throw new TooMuch(tooExpensive(cost), operation);
  }

  /** Expands the selections that are merged into one object of the response, which has `times` such objects. */
  #expand(sets: { set: SelectionSetNode; type: GraphQLNamedType | undefined }[], times: number, level: number): void {
    // A cycle of fragments has no end. Any other document is less deep than both limits together.
    if (level > DOCUMENT_LIMITS.depth + DOCUMENT_LIMITS.introspectionDepth) return;
    const byName = new Map<string, Selected[]>();
    const spread = new Set<string>();
    for (const { set, type } of sets) this.#collect(set, type, byName, spread);
    for (const selected of byName.values()) {
      this.#compare(selected);
      this.#count(selected, times);
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
      limit(++this.#selections, 'selections', SELECTIONS);
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
        this.#reached.add(name);
        this.#collect(fragment.selectionSet, this.#schema.getType(fragment.typeCondition.name.value), byName, spread);
        continue;
      }
      const { typeCondition } = selection;
      const narrowed = typeCondition ? this.#schema.getType(typeCondition.name.value) : type;
      this.#collect(selection.selectionSet, narrowed, byName, spread);
    }
  }

  #count(selected: Selected[], times: number): void {
    if (selected.some(({ parent }) => parent?.name.startsWith('__'))) {
      // Aliases would repeat the longest texts of a schema.
      if (selected.some(({ node }) => node.alias)) {
        throw new TooMuch('The document must not use an alias for an introspection field.');
      }
      this.introspected += times;
      if (this.introspected > this.#mostIntrospected) {
        throw new TooMuch('The document requests more introspection than the standard introspection query.');
      }
      return;
    }
    this.#cost += times * Math.max(...selected.map((each) => this.#weightOf(each)));
  }

  /** The cost of a field in one object of the response, without the fields below it. */
  #weightOf(selected: Selected): number {
    const { node, parent } = selected;
    if (parent !== undefined && parent === this.#schema.getMutationType()) return MUTATION;
    if (node.name.value === 'totalCount') return TOTAL;
    if (this.#isListOfLeaves(selected)) return LEAVES;
    const rows = this.#items(selected);
    return rows > 1 ? 1 + rows * ROW : 1;
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

  /** The maximum number of items of a list field; 1 for any other field. */
  #items({ node, parent }: Selected): number {
    const field = this.#fieldOf({ node, parent });
    if (!field) return 1;
    if (parent?.name.startsWith('__')) return this.#introspectedItems[field.name] ?? 1;
    if (!field.args.some(({ name }) => name === 'first')) return 1;
    const first = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    if (!first) return DEFAULT_PAGE;
    if (first.kind === Kind.VARIABLE) this.#hasVariableLists = true;
    const asked =
      first.kind === Kind.VARIABLE ? this.#variables?.[first.name.value] : Number('value' in first && first.value);
    return typeof asked === 'number' && asked >= 1 ? Math.min(asked, LARGEST_PAGE) : LARGEST_PAGE;
  }

  #isListOfLeaves(selected: Selected): boolean {
    const type = this.#fieldOf(selected)?.type;
    return type !== undefined && isListType(getNullableType(type)) && isLeafType(getNamedType(type));
  }

  #fieldOf({ node, parent }: Selected): GraphQLField<unknown, unknown> | undefined {
    const isOwner = parent && (isObjectType(parent) || isInterfaceType(parent));
    return isOwner ? parent.getFields()[node.name.value] : undefined;
  }
}

function problemsOf(expand: () => void): GraphQLError[] {
  try {
    expand();
    return [];
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return [badInput(error.message, 'graphql', { nodes: error.node })];
  }
}

function tooExpensive(cost: number): string {
  const shown = cost > LARGEST_SHOWN_COST ? `more than ${LARGEST_SHOWN_COST}` : cost;
  return `The operation costs ${shown}; at most ${DOCUMENT_LIMITS.cost} is allowed. Every field counts once for each item of its lists. Request fewer fields or shorter pages.`;
}

/** The numeric defaults of an operation's variables. */
function defaultsOf({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  return Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }) =>
      defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)]] : [],
    ),
  );
}

function limit(found: number, name: 'selections' | 'comparisons', complaint: string): void {
  if (found > DOCUMENT_LIMITS[name]) throw new TooMuch(`The document ${complaint}`);
}

function lengthOfArguments({ arguments: given }: FieldNode): number {
  const first = given?.[0]?.loc;
  const last = given?.at(-1)?.loc;
  return first && last ? last.end - first.start : 0;
}
