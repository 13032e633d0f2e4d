// A search for a run in which a verifier accepts a key more than 1 s after the answer to its revocation.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VARIANTS, withEdits } from './support/verifier-variants.ts';
import { honoured } from './support/verifier-world.ts';

test('a revocation is honoured within 1 s of its answer, whatever the network and the replicas do', async () => {
  await withEdits([], (code) => fc.assert(honoured(code), { numRuns: 300 }));
});

describe('the search finds the mistake', () => {
  test.each(VARIANTS.map((each) => [each.variant, each] as const))('%s', async (_variant, { edits, seed = 1 }) => {
    const found = await withEdits(edits, (code) =>
      fc.check(honoured(code), { seed, numRuns: 4000, endOnFailure: true }),
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toMatch(/ms after the answer to its revocation/);
  });
});
