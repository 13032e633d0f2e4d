/** The source of time. Constructors receive it, so that tests can stop it or advance it. */
export interface Clock {
  /** Wall-clock time, in UTC. It may jump when the host corrects its clock. Use it for records, not for durations. */
  now(): Date;
  /**
   * Milliseconds, with fractions, since an arbitrary start. Never goes back. Use it for leases, timeouts and durations.
   */
  monotonic(): number;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};
