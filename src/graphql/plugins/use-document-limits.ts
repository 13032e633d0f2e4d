import {
  GraphQLError,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValidationContext,
  validate,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { requestFault } from '../errors.ts';

const LIMITS = { depth: 12, aliases: 30, rootFields: 10, tokens: 2000, directives: 50, errors: 20 };

/**
 * Refuses documents that ask for too much, before anything of them is executed. Introspection is exempt from the
 * depth limit: GraphiQL's own query is 15 deep.
 */
export function useDocumentLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => {
        try {
          return parse(source, { ...options, maxTokens: LIMITS.tokens });
        } catch (error) {
          // Two thousand brackets, each inside the one before, are more than the parser's stack holds.
          throw error instanceof RangeError ? new GraphQLError('The document is nested too deeply.') : error;
        }
      });
    },
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(documentLimits);
      // "Did you mean …?" tells the curious what there is.
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { maxErrors: LIMITS.errors, hideSuggestions: true }).map(requestFault),
      );
    },
    onExecute({ args }) {
      Object.assign(args, { hideSuggestions: true }); // For variables, too.
    },
  };
}

/** One validation rule for all that can be counted. */
function documentLimits(context: ValidationContext) {
  let aliases = 0;
  let directives = 0;

  type Measure = (set: SelectionSetNode | undefined, spreading: ReadonlySet<string>) => number;
  // Each fragment is measured once: a document in which every fragment spreads the next one twice would cost 2^n.
  const ofFragments = (measure: Measure) => {
    const known = new Map<string, number>();
    return (name: string, spreading: ReadonlySet<string>): number => {
      const fragment = context.getFragment(name);
      // Cycles and unknown fragments are another rule's business; here they must only not run for ever.
      if (!fragment || spreading.has(name)) return 0;
      const measured = known.get(name) ?? measure(fragment.selectionSet, new Set(spreading).add(name));
      known.set(name, measured);
      return measured;
    };
  };
  const depthOf: Measure = (set, spreading) => {
    let deepest = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') {
        if (selection.name.value.startsWith('__')) continue;
        deepest = Math.max(deepest, 1 + depthOf(selection.selectionSet, spreading));
      } else if (selection.kind === 'InlineFragment') {
        deepest = Math.max(deepest, depthOf(selection.selectionSet, spreading));
      } else {
        deepest = Math.max(deepest, depthOfFragment(selection.name.value, spreading));
      }
    }
    return deepest;
  };
  const rootFieldsOf: Measure = (set, spreading) => {
    let fields = 0;
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') fields++;
      else if (selection.kind === 'InlineFragment') fields += rootFieldsOf(selection.selectionSet, spreading);
      else fields += rootFieldsOfFragment(selection.name.value, spreading);
    }
    return fields;
  };
  const depthOfFragment = ofFragments(depthOf);
  const rootFieldsOfFragment = ofFragments(rootFieldsOf);
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
