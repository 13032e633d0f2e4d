import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/**
 * Null if the overlap of a rotation is valid.
 *
 * @param longest the longest overlap in seconds, and in words
 */
export function checkOverlap(
  overlapSeconds: number,
  longest: { seconds: number; inWords: string },
): InvalidInput | null {
  const check = new InputCheck();
  check.require(
    Number.isInteger(overlapSeconds) && overlapSeconds >= 0 && overlapSeconds <= longest.seconds,
    'input.overlapSeconds',
    `Must be from 0 to ${longest.seconds} seconds (${longest.inWords}).`,
  );
  return check.outcome;
}
