// Simulated time as a list of events, and processes in it: each has clocks of its own and can be paused while time passes.
// Nothing here waits in real time, and the same seed gives the same run.

import { randomFrom } from '../../support/random.ts';

/** Longer than any machine sleeps in a run. */
const LONG_SLEEP_MS = 3_600_000;
const EPOCH = Date.UTC(2026, 0, 1);
const real = { setTimeout, setInterval, clearTimeout, clearInterval, setImmediate };

/** Resolves when every promise that can continue has done so. */
const quiet = () => new Promise<void>((resolve) => real.setImmediate(resolve));

interface Event {
  at: number;
  order: number;
  process: Process | null;
  run: () => void;
  cancelled: boolean;
}

/** A process: its event loop and its clocks. */
export class Process {
  readonly #timeline: Timeline;
  /** The rate of its clocks: from 1/1.01 to 1, so that any two differ by at most a hundredth. */
  readonly rate: number;
  wallOffset = 0;
  ended = false;
  paused: 'no' | 'stopped' | 'asleep' = 'no';
  /** When it last woke up, and when its wall clock was last set back by little. */
  #wokeAt = Number.NEGATIVE_INFINITY;
  #setBackAt = Number.NEGATIVE_INFINITY;
  /** When (by `timeline.tick`) it last continued after a pause. */
  resumedAtTick = -1;
  #pausedAt = 0;
  #slept = 0;
  #waiting: Event[] = [];

  constructor(timeline: Timeline, rate: number) {
    this.#timeline = timeline;
    this.rate = rate;
  }

  readonly clock = {
    now: () => new Date(EPOCH + this.#timeline.now * this.rate + this.wallOffset),
    // It stands still while the machine sleeps, and goes on while only the process is stopped.
    monotonic: () => (this.#timeline.now - this.#slept - this.#sleeping()) * this.rate,
  };

  /**
   * Sets its wall clock. Excludes what no clock can show: that a machine sleeps, and in the same lease its wall clock is
   * set back by no more than it slept.
   */
  setClock(milliseconds: number, longestLeaseMs: number): void {
    const { now } = this.#timeline;
    if (milliseconds < 0 && milliseconds > -LONG_SLEEP_MS) {
      if (this.paused === 'asleep' || now - this.#wokeAt < longestLeaseMs) return;
      this.#setBackAt = now;
    }
    this.wallOffset += milliseconds;
  }

  pause(how: 'stopped' | 'asleep', longestLeaseMs: number): void {
    if (this.paused !== 'no') return;
    this.paused = this.#timeline.now - this.#setBackAt < longestLeaseMs ? 'stopped' : how;
    this.#pausedAt = this.#timeline.now;
  }

  resume(): void {
    if (this.paused !== 'no') this.resumedAtTick = ++this.#timeline.tick;
    if (this.paused === 'asleep') this.#wokeAt = this.#timeline.now;
    this.#slept += this.#sleeping();
    this.paused = 'no';
    for (const event of this.#waiting.splice(0)) this.#timeline.again(event);
  }

  /** Holds an event that arrives while the process is paused. */
  queue(event: Event): void {
    this.#waiting.push(event);
  }

  #sleeping(): number {
    return this.paused === 'asleep' ? this.#timeline.now - this.#pausedAt : 0;
  }
}

export class Timeline {
  now = 0;
  /** Counts events, so that events at the same time have an order. */
  tick = 0;
  /** Called after each event; what it throws ends the run. */
  observe: () => void = () => undefined;
  readonly random: () => number;
  readonly #events: Event[] = [];
  #order = 0;
  #current: Process | null = null;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  /** Schedules an event: in a process, or outside of all processes if it is null. */
  in(milliseconds: number, process: Process | null, run: () => void): Event {
    const event = { at: this.now + milliseconds, order: this.#order++, process, run, cancelled: false };
    this.#insert(event);
    return event;
  }

  /** Schedules a held event for now. Held events keep their order. */
  again(event: Event): void {
    event.at = this.now;
    event.order = this.#order++;
    this.#insert(event);
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (let next = this.#events.at(-1); next && next.at <= end; next = this.#events.at(-1)) {
      this.#events.pop();
      if (next.cancelled || next.process?.ended) continue;
      this.now = next.at;
      if (next.process && next.process.paused !== 'no') {
        next.process.queue(next);
        continue;
      }
      this.tick++;
      this.#current = next.process;
      next.run();
      if (next.process) await quiet();
      this.#current = null;
      this.observe();
    }
    this.now = end;
  }

  /** Puts the timers of the code under test into this timeline, each in the process that set it. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    const set = (repeat: boolean) => (run: () => void, milliseconds: number) => {
      const process = this.#current;
      if (!process) return real[repeat ? 'setInterval' : 'setTimeout'](run, milliseconds); // A timer of the test runner.
      // A timer counts by the clock of its process, and may be early by a fraction of a millisecond.
      const later = () => Math.max(0.1, milliseconds - this.random()) / process.rate;
      const fire = () => {
        if (repeat) timer.event = this.in(later(), process, fire);
        run();
      };
      const timer = { event: this.in(later(), process, fire), unref: () => timer, ref: () => timer };
      return timer;
    };
    const clear = (timer: { event: Event } | NodeJS.Timeout | undefined) => {
      if (timer && 'event' in timer) timer.event.cancelled = true;
      else real.clearTimeout(timer);
    };
    Object.assign(globalThis, {
      setTimeout: set(false),
      setInterval: set(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    try {
      return await work();
    } finally {
      Object.assign(globalThis, real);
    }
  }

  /** Sorted, the next one last. */
  #insert(event: Event): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle]!;
      if (other.at > event.at || (other.at === event.at && other.order > event.order)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }
}
