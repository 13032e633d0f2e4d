import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionOptions,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { badInput } from '../bad-input.ts';
import { Expansion } from './document-expansion.ts';
import { DOCUMENT_LIMITS, fragmentsOf } from './document-limits.ts';
import { introspectedItems } from './introspected-items.ts';

export interface DocumentMeasure {
  /** The limits that a document exceeds; empty if it exceeds none. */
  problems(document: DocumentNode): GraphQLError[];
  /** The same for an operation whose variables determine the length of its lists. */
  problemsWith(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
  ): GraphQLError[];
}

/**
 * Introspection may request as many fields as the standard query with all its options. So the limit grows
 * with the size of the schema.
 */
export function createDocumentMeasure(schema: GraphQLSchema): DocumentMeasure {
  const items = introspectedItems(schema);
  const standard = new Expansion(schema, parse(getIntrospectionQuery(EVERYTHING)), items, Number.POSITIVE_INFINITY);
  standard.problems();
  const mostIntrospected = standard.introspected;
  /** Documents that are too expensive only if their variables ask for long lists. */
  const dependOnVariables = new WeakSet<DocumentNode>();
  return {
    problems(document) {
      const counted = countNodes(document);
      if (counted.length > 0) return counted;
      const shape = measureShape(document);
      if (shape.length > 0) return shape;
      const expansion = new Expansion(schema, document, items, mostIntrospected);
      const problems = expansion.problems();
      if (problems.length > 0 || !expansion.dependsOnVariables) return problems;
      dependOnVariables.add(document);
      return [];
    },
    problemsWith(document, operation, variables) {
      if (!dependOnVariables.has(document)) return [];
      return new Expansion(schema, document, items, mostIntrospected).problemsWith(operation, variables);
    },
  };
}

const EVERYTHING: IntrospectionOptions = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  experimentalDirectiveDeprecation: false,
  oneOf: true,
};

function tooMany(what: string, found: number, most: number): GraphQLError[] {
  if (found <= most) return [];
  return [badInput(`The document has ${found} ${what}; at most ${most} are allowed.`, 'graphql')];
}

/** Checks everything that one walk over the document can count. */
function countNodes(document: DocumentNode): GraphQLError[] {
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
      // The executor treats an object with this member as a promise, and fails after everything was executed.
      if ((node.alias ?? node.name).value === 'then' && problems.length === 0) {
        problems.push(badInput('A field must not have the name `then` in the response.', 'graphql', { nodes: node }));
      }
      const name = node.name.value;
      if (name === '__schema' || name === '__type') count[name]++;
    },
    Directive() {
      count.directives++;
    },
    Variable(node) {
      // The executor stores variables in an object, where this name is not an ordinary property.
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
  return problems;
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
      // A rule reports cycles and unknown fragments. Here they must only come to an end.
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
