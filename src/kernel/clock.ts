/** Where time comes from. Handed in through constructors, so that tests can hold it still or push it forward. */
export interface Clock {
  /** The calendar time, in UTC. May jump when the host corrects its clock: for records, not for measuring. */
  now(): Date;
  /** Milliseconds, with fractions, since an arbitrary start. Never goes back: for leases, timeouts and durations. */
  monotonic(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};
