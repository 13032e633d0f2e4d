// Benchmark libraries measure one contestant to its end, then the next one. If the machine is busy with something else
// meanwhile, this looks like a difference between them. Here, contestants take turns, round by round.
import { setImmediate } from 'node:timers/promises';

/** One short measurement of one contestant. */
export type Measure<Sample> = () => Sample | Promise<Sample>;

export interface Effort {
  rounds: number;
  /** Rounds before them that are not kept. */
  warmUp?: number;
  /** On a machine that is busy with something else, a quarter of the rounds has to do. */
  longestMs?: number;
}

/**
 * Measures all contestants in each round: A B C, then C B A, so that none of them always comes after the same one. The
 * samples of one round have the same place in each list.
 */
export async function interleave<Name extends string, Sample>(
  contestants: Record<Name, Measure<Sample>>,
  { rounds, warmUp = 3, longestMs = Number.POSITIVE_INFINITY }: Effort,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(contestants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  const start = performance.now();
  for (let round = -warmUp; round < rounds; round++) {
    if (round >= rounds / 4 && performance.now() - start > longestMs) break;
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await setImmediate(); // A turn for timers: a lease is renewed between measurements, as it is between requests.
      const sample = await contestants[name]();
      if (round >= 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** Microseconds for one call, measured over many. */
export function perCall(calls: number, call: (index: number) => unknown): Measure<number> {
  return () => {
    const start = performance.now();
    for (let index = 0; index < calls; index++) call(index);
    return ((performance.now() - start) * 1000) / calls;
  };
}

/** The same for asynchronous calls, each awaited before the next one. */
export function perAwaitedCall(calls: number, call: (index: number) => Promise<unknown>): Measure<number> {
  return async () => {
    const start = performance.now();
    for (let index = 0; index < calls; index++) await call(index);
    return ((performance.now() - start) * 1000) / calls;
  };
}

/** Milliseconds for one call that takes long enough by itself. */
export const oneCall = (call: () => Promise<unknown>) => {
  const measure = perAwaitedCall(1, call);
  return async () => (await measure()) / 1000;
};
