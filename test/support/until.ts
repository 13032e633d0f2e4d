import { setTimeout as sleep } from 'node:timers/promises';

type Falsy = false | null | undefined | 0 | '';

/** Waits until this is truthy, and returns it. Throws after a limited time and names what it waited for. */
export async function until<Found>(
  what: string,
  holds: () => Found | Falsy | Promise<Found | Falsy>,
  patienceMs = 20_000,
): Promise<Found> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}.`);
    await sleep(5);
  }
}
