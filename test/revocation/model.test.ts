// The whole protocol, as it is, in a world where everything happens that may happen: see support/commands.ts.
// A longer search: REKEY_MODEL_RUNS=100000 npm test -- test/revocation/model
import fc from 'fast-check';
import { test } from 'vitest';
import { withEdits } from './support/code.ts';
import { promiseOf } from './support/search.ts';

const { REKEY_MODEL_RUNS, REKEY_MODEL_SEED } = process.env;
const runs = Number(REKEY_MODEL_RUNS ?? 2500);
// Always the same search in CI, another one each time it is asked for.
const seed = Number(REKEY_MODEL_SEED ?? (REKEY_MODEL_RUNS ? Date.now() % 2 ** 31 : 1));

test(`no run breaks a promise (${runs} runs, seed ${seed})`, { timeout: 60_000 + runs * 200 }, () =>
  withEdits([], (code) => fc.assert(promiseOf(code, { receipts: true }), { seed, numRuns: runs })),
);
