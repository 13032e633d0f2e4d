// Medians instead of means, pairs instead of averages: a busy machine disturbs both contestants of the same round.

export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (samples: readonly number[]) => quantile(samples, 0.5);

/** Pair by pair, for samples of the same rounds. */
export function pairwise(a: readonly number[], b: readonly number[], combine: (a: number, b: number) => number) {
  return a.map((sample, round) => combine(sample, b[round]!));
}

export const ratios = (a: readonly number[], b: readonly number[]) => pairwise(a, b, (x, y) => x / y);
export const differences = (a: readonly number[], b: readonly number[]) => pairwise(a, b, (x, y) => x - y);
