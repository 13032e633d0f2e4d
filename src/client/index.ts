// What consumers import. It needs nothing of the service and nothing but `fetch`: it runs in Node, in browsers, in workers.
export * from './client.ts';
export * from './generated/graphql.ts';
export * from './verifier.ts';
