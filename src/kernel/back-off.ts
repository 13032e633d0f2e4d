import { setTimeout as sleep } from 'node:timers/promises';

/** The longest pause after the first attempt, in milliseconds. It doubles with each attempt. */
const FIRST_PAUSE_MS = 20;

/**
 * Waits before the next attempt of work that lost a conflict. The pause is random, from zero up ("full jitter"), so
 * that competitors that failed at the same time do not retry at the same time.
 *
 * @param attempt the number of the attempt that failed, from 1
 * @param random returns a number from 0 to 1
 */
export async function backOff(attempt: number, random: () => number = Math.random): Promise<void> {
  await sleep(random() * FIRST_PAUSE_MS * 2 ** (attempt - 1));
}
