// The whole protocol in a model with every failure that may happen: see support/commands.ts.
// A longer search: REKEY_MODEL_RUNS=100000 npm test -- test/revocation/model
import fc from 'fast-check';
import { test } from 'vitest';
import { withEdits } from './support/code.ts';
import { promiseOf } from './support/search.ts';

const { REKEY_MODEL_RUNS, REKEY_MODEL_SEED } = process.env;
const runs = Number(REKEY_MODEL_RUNS ?? 2500);
// The same search in every CI run, and another one for each longer search.
const seed = Number(REKEY_MODEL_SEED ?? (REKEY_MODEL_RUNS ? Date.now() % 2 ** 31 : 1));

test(`no run breaks a promise (${runs} runs, seed ${seed})`, { timeout: 60_000 + runs * 200 }, () =>
  withEdits([], (code) => fc.assert(promiseOf(code, { receipts: true }), { seed, numRuns: runs })),
);
