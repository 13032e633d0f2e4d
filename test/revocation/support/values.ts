import fc from 'fast-check';
import type { Mishap } from './network.ts';
import { KEYS, LEASE_MS, LONG_LEASE_MS, tagsOf } from './world.ts';

export const on = fc.nat({ max: 3 });
export const key = fc.constantFrom(...KEYS);
export const tag = fc.constantFrom(...KEYS.map((each) => `key:${each}`), ...KEYS.map((each) => tagsOf(each)[1]!));
export const ms = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 0, max: 6, noNaN: true }) },
  { weight: 3, arbitrary: fc.double({ min: 5, max: 80, noNaN: true }) },
  { weight: 2, arbitrary: fc.double({ min: 80, max: LEASE_MS, noNaN: true }) },
  // Around the end of a lease, where one millisecond decides.
  { weight: 2, arbitrary: fc.double({ min: LEASE_MS * 0.97, max: LEASE_MS * 1.04, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: LEASE_MS, max: LONG_LEASE_MS * 1.1, noNaN: true }) },
);
export const small = fc.double({ min: 0, max: 12, noNaN: true });
export const about = (milliseconds: number) =>
  fc.double({ min: milliseconds * 0.98, max: milliseconds * 1.03, noNaN: true });
const HOUR_MS = 3_600_000;
/** By an hour, or by less than a lease. */
export const clockStep = fc.oneof(
  fc.constantFrom(-HOUR_MS, HOUR_MS),
  fc.double({ min: -LEASE_MS, max: LEASE_MS, noNaN: true }),
);
export const leaseMs = fc.constantFrom(LEASE_MS, LEASE_MS, LONG_LEASE_MS);
export const silence = fc.constantFrom<'cut' | 'silent' | 'stopped' | 'asleep'>(
  'cut',
  'silent',
  'silent',
  'stopped',
  'asleep',
);
export const statement = fc.constantFrom(
  null,
  'load',
  'commit',
  'replica-sync',
  'replica-register',
  'replica-acknowledge',
  'replica-deregister',
  'propagation',
  'fence-suspect',
  'fence-expel',
);
export const mishap = fc.constantFrom<Mishap>(
  'requestLost',
  'answerLost',
  'requestLate',
  'answerLate',
  'answerLate',
  'crash',
);
