import type { PolicyBounds } from '../identity/credential-policy.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/** The largest bound: ten years. The table checks it, too. */
const LARGEST_BOUND_SECONDS = 315_360_000;

/** Null if these bounds can be set. */
export function checkBounds({ maximumLifetimeSeconds, idleSeconds }: PolicyBounds): InvalidInput | null {
  const check = new InputCheck();
  for (const [name, seconds] of Object.entries({ maximumLifetimeSeconds, idleSeconds }))
    check.require(
      seconds === null || (seconds >= 1 && seconds <= LARGEST_BOUND_SECONDS),
      `input.${name}`,
      `Must be from 1 to ${LARGEST_BOUND_SECONDS} seconds (ten years). Leave it out for no bound.`,
    );
  return check.outcome;
}
