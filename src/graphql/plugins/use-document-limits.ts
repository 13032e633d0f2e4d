import {
  type FragmentDefinitionNode,
  GraphQLError,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValidationContext,
  validate,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';

const LIMITS = { depth: 12, aliases: 30, rootFields: 10, tokens: 2000, directives: 50, errors: 20 };

/**
 * Refuses documents that ask for too much, before anything of them is executed. Introspection is exempt from the
 * depth limit: GraphiQL's own query is 15 deep.
 */
export function useDocumentLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => parse(source, { ...options, maxTokens: LIMITS.tokens }));
    },
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(documentLimits);
      // "Did you mean …?" tells the curious what there is.
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { maxErrors: LIMITS.errors, hideSuggestions: true }),
      );
    },
  };
}

/** One validation rule for all that can be counted. */
function documentLimits(context: ValidationContext) {
  let aliases = 0;
  let directives = 0;
  const measured = new Map<string, number>();

  const depthOf = (set: SelectionSetNode | undefined, spreading: Set<string>): number => {
    let deepest = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') {
        if (selection.name.value.startsWith('__')) continue;
        deepest = Math.max(deepest, 1 + depthOf(selection.selectionSet, spreading));
      } else if (selection.kind === 'InlineFragment') {
        deepest = Math.max(deepest, depthOf(selection.selectionSet, spreading));
      } else {
        deepest = Math.max(deepest, fragmentDepth(selection.name.value, spreading));
      }
    }
    return deepest;
  };
  const fragmentDepth = (name: string, spreading: Set<string>): number => {
    const known = measured.get(name);
    const fragment = context.getFragment(name);
    // Cycles and unknown fragments are another rule's business; here they must only not run for ever.
    if (known !== undefined || !fragment || spreading.has(name)) return known ?? 0;
    const depth = depthOf(fragment.selectionSet, new Set(spreading).add(name));
    measured.set(name, depth);
    return depth;
  };
  const rootFieldsOf = (set: SelectionSetNode, spread: Set<string>): number => {
    let fields = 0;
    for (const selection of set.selections) {
      if (selection.kind === 'Field') fields++;
      else if (selection.kind === 'InlineFragment') fields += rootFieldsOf(selection.selectionSet, spread);
      else if (!spread.has(selection.name.value)) {
        const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(selection.name.value);
        if (fragment) fields += rootFieldsOf(fragment.selectionSet, new Set(spread).add(selection.name.value));
      }
    }
    return fields;
  };
  const limit = (what: string, found: number, most: number) => {
    if (found <= most) return;
    const message = `The document has ${found} ${what}; at most ${most} are allowed.`;
    context.reportError(new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } }));
  };

  return {
    Field(node: { alias?: unknown }) {
      if (node.alias) aliases++;
    },
    Directive() {
      directives++;
    },
    OperationDefinition(node: OperationDefinitionNode) {
      limit('levels', depthOf(node.selectionSet, new Set()), LIMITS.depth);
      limit('root fields', rootFieldsOf(node.selectionSet, new Set()), LIMITS.rootFields);
    },
    Document: {
      leave() {
        limit('aliases', aliases, LIMITS.aliases);
        limit('directives', directives, LIMITS.directives);
      },
    },
  };
}
