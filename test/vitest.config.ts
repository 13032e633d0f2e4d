import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Two databases, several replicas and a browser share the machine: more workers only add noise.
    maxWorkers: 2,
    // Patience, not promises: a loaded machine may be ten times slower, and no test asserts a time.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // One copy of graphql for everybody: with two, errors are not recognised as GraphQLError and get masked.
    server: { deps: { inline: [/graphql/, /@envelop/] } },
  },
});
