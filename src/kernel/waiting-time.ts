/** How long a request may wait for the database in total, in milliseconds. With its own work, it ends within 3 s. */
const LONGEST_MS = 2800;

/** How long one request has waited for the database, its turns included. Waits at the same time count once. */
export class WaitingTime {
  #over = 0;
  #waits = 0;
  #since = 0;

  /** Milliseconds that are left. */
  get left(): number {
    const now = this.#waits > 0 ? performance.now() - this.#since : 0;
    return LONGEST_MS - this.#over - now;
  }

  async count<T>(wait: Promise<T>): Promise<T> {
    if (this.#waits++ === 0) this.#since = performance.now();
    try {
      return await wait;
    } finally {
      if (--this.#waits === 0) this.#over += performance.now() - this.#since;
    }
  }
}
