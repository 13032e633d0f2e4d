import { setTimeout as sleep } from 'node:timers/promises';

type Falsy = false | null | undefined | 0 | '';

/** Waits until this is truthy, and returns it. Throws an error with `what` after a limited time. */
export async function until<Found>(
  what: string,
  holds: () => Found | Falsy | Promise<Found | Falsy>,
  timeoutMs = 30_000,
): Promise<Found> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (performance.now() > end) throw new Error(`Not within ${timeoutMs / 1000} s: ${what}.`);
    await sleep(5);
  }
}
