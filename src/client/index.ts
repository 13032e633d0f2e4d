// The API of the client package. It imports nothing from the service and needs only `fetch`, so it runs in
// Node, browsers and workers.
export * from './client.ts';
export * from './generated/graphql.ts';
export * from './verifier.ts';
