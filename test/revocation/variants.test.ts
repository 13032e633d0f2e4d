// A search that finds nothing proves nothing until it is seen to find something. So the protocol is broken in every way
// that was thought of, one at a time, and each time the same search must find a request that should not have been
// answered as it was.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEdits } from './support/code.ts';
import { promiseOf } from './support/search.ts';
import { VARIANTS } from './support/variants.ts';

const RUNS = 4000;

describe('the search finds what is wrong with', () => {
  test.each(VARIANTS)('$variant', { timeout: 120_000 }, async ({ edits, seed = 1 }) => {
    const found = await withEdits(edits, (code) =>
      fc.check(promiseOf(code, { receipts: false }), { seed, numRuns: RUNS, endOnFailure: true }),
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toMatch(
      /^Error: (G1|G2|.* refused|.* unavailable|.* has no lease|still registered)/,
    );
  });
});
