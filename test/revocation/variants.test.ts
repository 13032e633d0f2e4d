// A search that finds nothing proves something only if it can find mistakes. Each variant has one mistake in the protocol,
// and the same search as in model.test.ts must find a request that got a wrong answer.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEdits } from './support/code.ts';
import { promiseOf } from './support/search.ts';
import { VARIANTS } from './support/variants.ts';

const RUNS = 4000;

describe('the search finds the mistake', () => {
  const cases = VARIANTS.map((each) => [each.variant, each] as const);
  test.each(cases)('%s', { timeout: 120_000 }, async (_variant, { edits, seed = 1 }) => {
    const found = await withEdits(edits, (code) =>
      fc.check(promiseOf(code, { receipts: false }), { seed, numRuns: RUNS, endOnFailure: true }),
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toMatch(
      /^Error: (G1|G2|.* refused|.* unavailable|.* has no lease|still registered)/,
    );
  });
});
