// Each event is executed once for all subscriptions that select the same of it, and no subscription gets the selection of
// another one.
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { isSameForAll, useSharedEvents } from '../../src/graphql/plugins/use-shared-events.ts';
import { createSchema } from '../../src/graphql/yoga.ts';

interface Event {
  id: string;
  note: string;
}

const TYPES = `
  directive @requires(anyOf: [String!]!) on FIELD_DEFINITION
  type Query { none: Int }
  type Subscription { events(after: String): Event! }
  type Event { id: ID! note: String }`;

/** A schema with a stream of these events, and the ids of the events in the order of their executions. */
function schemaOf(events: () => AsyncIterable<unknown>) {
  const executed: string[] = [];
  const schema = makeExecutableSchema({
    typeDefs: TYPES,
    resolvers: {
      Subscription: { events: { subscribe: events, resolve: (event: Event) => event } },
      Event: {
        id: ({ id }: Event) => {
          executed.push(id);
          return id;
        },
      },
    },
  });
  return { schema, executed };
}

/** Subscriptions as the plugin begins them. */
function subscriber(schema: GraphQLSchema) {
  type Subscribe = (args: object) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>;
  const { onSubscribe } = useSharedEvents(schema) as unknown as {
    onSubscribe(hook: { args: object; setSubscribeFn(subscribe: Subscribe): void }): void;
  };
  return async (query: string, variableValues: object = {}, operationName?: string) => {
    const args = { document: parse(query), variableValues, operationName, contextValue: { params: { query } } };
    const begun = Promise.withResolvers<Subscribe>();
    onSubscribe({ args, setSubscribeFn: begun.resolve });
    return (await begun.promise)(args);
  };
}

const EVENTS: Event[] = [
  { id: 'one', note: 'a' },
  { id: 'two', note: 'b' },
];
async function* twoEvents() {
  yield* EVENTS;
}

async function dataOf(results: AsyncIterable<ExecutionResult> | ExecutionResult): Promise<unknown[]> {
  if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
  const all: unknown[] = [];
  for await (const { data, errors } of results) all.push(errors ?? JSON.parse(JSON.stringify(data)));
  return all;
}

test('the events of the service show the same to every reader', () => {
  expect(isSameForAll(createSchema())).toBe(true);
});

test.each([
  ['an argument', 'type Event { id(short: Boolean): ID! }', {}],
  ['fields of its own', 'type Event { owner: Owner! } type Owner { id: ID! }', {}],
  ['a resolver that reads the context', 'type Event { id: ID! }', { id: (_event: unknown, _args: unknown) => '' }],
])('an event with a field that has %s is executed for each reader', (_, event, resolvers) => {
  const typeDefs = `type Query { none: Int } type Subscription { events: Event! } ${event}`;
  const schema = makeExecutableSchema({ typeDefs, resolvers: { Event: resolvers } });
  expect(isSameForAll(schema)).toBe(false);
  expect(useSharedEvents(schema)).toEqual({});
});

test('an event with a field that has an access directive is executed for each reader', () => {
  const typeDefs = `extend type RevocationEvent { note: String @requires(anyOf: [INTROSPECT]) }`;
  expect(isSameForAll(createSchema({ typeDefs, resolvers: {} }))).toBe(false);
});

test('subscriptions with the same selection share one execution of each event, wherever they begin', async () => {
  const { schema, executed } = schemaOf(twoEvents);
  const subscribe = subscriber(schema);
  const query = 'subscription ($after: String) { events(after: $after) { id note } }';
  for (const variables of [{}, { after: '1' }, { after: '2' }]) {
    expect(await dataOf(await subscribe(query, variables))).toEqual(EVENTS.map((events) => ({ events })));
  }
  expect(executed).toEqual(['one', 'two']);
});

test('subscriptions with another selection get their own', async () => {
  const subscribe = subscriber(schemaOf(twoEvents).schema);
  const first = async (...given: Parameters<typeof subscribe>) => (await dataOf(await subscribe(...given)))[0];
  const chosen = 'subscription ($short: Boolean!) { events { id note @skip(if: $short) } }';
  const two = 'subscription A { events { id } } subscription B { events { note } }';
  expect([
    await first('subscription { events { id } }'),
    await first('subscription { events { other: id } }'),
    await first(chosen, { short: true }),
    await first(chosen, { short: false }),
    await first(two, {}, 'A'),
    await first(two, {}, 'B'),
  ]).toEqual([
    { events: { id: 'one' } },
    { events: { other: 'one' } },
    { events: { id: 'one' } },
    { events: { id: 'one', note: 'a' } },
    { events: { id: 'one' } },
    { events: { note: 'a' } },
  ]);
});

test('two events with equal fields are two events', async () => {
  const same = () => ({ id: 'one', note: 'a' });
  const { schema, executed } = schemaOf(async function* () {
    yield* [same(), same()];
  });
  await dataOf(await subscriber(schema)('subscription { events { id } }'));
  expect(executed).toEqual(['one', 'one']);
});

test('an event that fails is executed for each reader', async () => {
  const broken = { note: 'a' };
  const { schema, executed } = schemaOf(async function* () {
    yield broken;
  });
  const subscribe = subscriber(schema);
  for (const _ of [1, 2]) {
    const [errors] = await dataOf(await subscribe('subscription { events { id } }'));
    expect(errors).toMatchObject([{ path: ['events', 'id'] }]);
  }
  expect(executed).toHaveLength(2);
});

test('a stream that fails names the operation, and keeps its error', async () => {
  const failure = new Error('too old');
  const { schema } = schemaOf(async function* () {
    yield EVENTS[0];
    throw failure;
  });
  const results = await subscriber(schema)('subscription { events { id } }');
  await expect(dataOf(results)).rejects.toMatchObject({ originalError: failure, locations: [{ line: 1, column: 1 }] });
});

test('the end of a subscription ends its stream', async () => {
  let ended = false;
  const { schema } = schemaOf(async function* () {
    try {
      yield* EVENTS;
    } finally {
      ended = true;
    }
  });
  const results = (await subscriber(schema)('subscription { events { id } }')) as AsyncIterable<ExecutionResult>;
  for await (const _ of results) break;
  expect(ended).toBe(true);
});
