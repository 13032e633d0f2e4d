import type { PolicyBounds } from '../identity/credential-policy.ts';
import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/** Null if these bounds can be set. */
export function checkBounds({ maximumLifetimeSeconds, idleSeconds }: PolicyBounds): InvalidInput | null {
  const check = new InputCheck();
  for (const [name, seconds] of Object.entries({ maximumLifetimeSeconds, idleSeconds }))
    check.require(seconds === null || seconds >= 1, `input.${name}`, 'Must be at least 1. Leave it out for no bound.');
  return check.outcome;
}
