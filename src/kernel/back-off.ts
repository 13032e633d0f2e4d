import { setTimeout as sleep } from 'node:timers/promises';

/** The longest pause after the first attempt, in milliseconds. It doubles with each attempt. */
const FIRST_PAUSE_MS = 20;

/**
 * A pause before the next attempt of something that lost against a competitor. Its length is random from zero up ("full
 * jitter"): competitors that failed at the same moment do not meet again at the same moment.
 *
 * @param attempt the number of the attempt that failed, from 1
 * @param random a number from 0 to 1
 */
export async function backOff(attempt: number, random: () => number = Math.random): Promise<void> {
  await sleep(random() * FIRST_PAUSE_MS * 2 ** (attempt - 1));
}
