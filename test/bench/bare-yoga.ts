// The baseline of GraphQL over HTTP: graphql-yoga as its own guide sets it up, with the types of this schema and nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { typeDefs } from '../../src/graphql/generated/type-defs.ts';

const yoga = createYoga({ schema: createSchema({ typeDefs }), logging: false });
const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 65_000 }, yoga);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready: http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
});
