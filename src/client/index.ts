// The API of the package @rekey/client. It imports nothing from the service and needs only what Node, browsers and
// workers have in common.
export * from './client.ts';
export { assertContentDigest } from './content-digest.ts';
export * from './error.ts';
export * from './generated/graphql.ts';
export type { Operation, VariablesArgument } from './operation.ts';
export * from './session-client.ts';
export * from './signer.ts';
export type { Refused, Verified } from './verification.ts';
export { createVerifier, type VerifierOptions, type Verify, type VerifyOptions } from './verifier.ts';
