import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  executeSubscriptionEvent,
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  type ValidatedSubscriptionArgs,
  validateSubscriptionArgs,
  visit,
} from 'graphql';
import { isAsyncIterable, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { sha256Base64url } from '../../crypto/hash.ts';

/** How many results are kept for the next reader. All readers receive an event within moments of each other. */
const RESULTS = 1000;

type PromiseOr<T> = T | Promise<T>;

interface Arguments {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null | undefined;
  variableValues?: Record<string, unknown> | null | undefined;
  contextValue?: unknown;
}

/**
 * Executes each event once for all subscriptions that select the same of it. Thousands of subscriptions receive the same
 * events, and the execution costs more than everything else.
 *
 * Only for events that show the same to every reader: see `isSameForAll`.
 */
export function useSharedEvents(schema: GraphQLSchema): Plugin<YogaInitialContext> {
  if (!isSameForAll(schema)) return {};
  const results = new SharedResults();
  return {
    onSubscribe({ args, setSubscribeFn }) {
      setSubscribeFn(async ({ document, operationName, variableValues, contextValue }: Arguments) => {
        const validated = validateSubscriptionArgs({ schema, document, operationName, variableValues, contextValue });
        if (!('schema' in validated)) return { errors: validated };
        const source = await createSourceEventStream(validated);
        if (!isAsyncIterable(source)) return source;
        const { query } = (args.contextValue as YogaInitialContext).params;
        const execute = results.executorOf(selectionOf(query ?? '', validated), validated);
        return resultsOf(source as AsyncIterable<object>, validated, execute);
      });
    },
  };
}

/**
 * Whether every event of the schema shows the same to every reader: its fields are leaves without arguments, and their
 * resolvers read nothing but the event. The check of an access directive reads the context, so no field may have one.
 */
export function isSameForAll(schema: GraphQLSchema): boolean {
  return Object.values(schema.getSubscriptionType()?.getFields() ?? {}).every(({ type }) => {
    const event = getNamedType(type);
    if (!isObjectType(event)) return false;
    return Object.values(event.getFields()).every(
      (field) => isLeafType(getNamedType(field.type)) && field.args.length === 0 && (field.resolve?.length ?? 0) <= 1,
    );
  });
}

/**
 * A name for what an operation selects of an event: of the document, the operation, and the variables in its directives.
 * The other variables are arguments of the stream, and events have none.
 */
function selectionOf(query: string, { document, operation, variableValues }: ValidatedSubscriptionArgs): string {
  const names = new Set<string>();
  visit(document, {
    Directive: (directive) =>
      void visit(directive, {
        Variable: ({ name }) => void names.add(name.value),
      }),
  });
  const values = [...names].sort().map((name) => [name, variableValues.coerced[name]]);
  return sha256Base64url(JSON.stringify([query, operation.name?.value ?? null, values]));
}

/** The latest results, by what was selected of which event. */
class SharedResults {
  readonly #results = new LRUCache<string, ExecutionResult>({ max: RESULTS });
  readonly #numbers = new WeakMap<object, number>();
  #count = 0;

  /** Executes an operation for one event after the other. */
  executorOf(selection: string, validated: ValidatedSubscriptionArgs): (event: object) => PromiseOr<ExecutionResult> {
    return (event) => {
      const name = `${selection} ${this.#numberOf(event)}`;
      return this.#results.get(name) ?? this.#keep(name, executeSubscriptionEvent({ ...validated, rootValue: event }));
    };
  }

  #keep(name: string, result: PromiseOr<ExecutionResult>): PromiseOr<ExecutionResult> {
    if ('then' in result || result.errors) return result;
    this.#results.set(name, result);
    return result;
  }

  #numberOf(event: object): number {
    const known = this.#numbers.get(event);
    if (known !== undefined) return known;
    this.#numbers.set(event, ++this.#count);
    return this.#count;
  }
}

/** The results of an operation: one for each event. */
function resultsOf(
  source: AsyncIterable<object>,
  { operation }: ValidatedSubscriptionArgs,
  execute: (event: object) => PromiseOr<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const events = source[Symbol.asyncIterator]();
  const done = { value: undefined, done: true } as const;
  return {
    async next() {
      const next = await events.next().catch((error: Error) => {
        throw new GraphQLError(error.message, { originalError: error, nodes: [operation] });
      });
      return next.done ? done : { value: await execute(next.value), done: false };
    },
    async return() {
      await events.return?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
