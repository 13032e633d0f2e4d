import { setImmediate } from 'node:timers/promises';

interface Timer {
  dueAt: number;
  end: () => void;
}

/** Time that passes only when the test says so, with the timers that wait for it. */
export class VirtualTime {
  #now = 1_000_000;
  readonly #timers = new Set<Timer>();

  /** Milliseconds, on a clock that never goes back. */
  readonly monotonic = (): number => this.#now;

  /** Waits for this many milliseconds, at most until the signal aborts. */
  readonly pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer: Timer = {
        dueAt: this.#now + milliseconds,
        end: () => {
          this.#timers.delete(timer);
          signal?.removeEventListener('abort', timer.end);
          resolve();
        },
      };
      this.#timers.add(timer);
      signal?.addEventListener('abort', timer.end);
      if (signal?.aborted) timer.end();
    });

  /** Lets this many milliseconds pass. What a timer causes has happened before the next one is due. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(({ dueAt }) => dueAt <= end).toSorted((a, b) => a.dueAt - b.dueAt)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.dueAt);
      due.end();
      await settle();
    }
    this.#now = end;
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.size;
  }
}

/** Runs everything that waits for no timer and no gate. */
export async function settle(): Promise<void> {
  await setImmediate();
}
