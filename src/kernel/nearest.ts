/** The name that a misspelled one most likely means: the one with the smallest edit distance; null if none is close. */
export function nearest(written: string, names: readonly string[]): string | null {
  const distances = names.map((name) => ({ name, distance: editDistance(written, name) }));
  const best = distances.reduce((one, other) => (other.distance < one.distance ? other : one), {
    name: '',
    distance: Number.POSITIVE_INFINITY,
  });
  return best.distance <= Math.max(2, written.length / 3) ? best.name : null;
}

/** Levenshtein distance: insertions, deletions and replacements. The time grows with the product of both lengths. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
