// Runs the tasks of the soak side by side, and lets them rest together.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/kernel/message.ts';
import { Busy, type SoakClient } from './soak-client.ts';
import { TASKS } from './soak-tasks.ts';

/** Clients do not work without a pause. Without one, the load would measure how fast this machine is. */
const PAUSE_MS = 50;

export class SoakLoad {
  /** What was not answered as it must be, and how often. */
  readonly failures = new Map<string, number>();
  /** The turns that ended early with 429 or 503. */
  readonly busy = new Map<string, number>();
  readonly #client: SoakClient;
  readonly #urls: readonly string[];
  readonly #running = new Set<Promise<void>>();
  #isWanted = false;

  constructor(client: SoakClient, urls: readonly string[]) {
    this.#client = client;
    this.#urls = urls;
  }

  /** Each task begins at each replica. */
  start(): void {
    this.#isWanted = true;
    for (const [name, task] of Object.entries(TASKS)) {
      for (const [index, url] of this.#urls.entries()) {
        const other = this.#urls[(index + 1) % this.#urls.length]!;
        const running = this.#repeat(name, () => task(this.#client, url, other));
        this.#running.add(running);
        void running.then(() => this.#running.delete(running));
      }
    }
  }

  /** Resolves when no request is in flight, and no connection is open. */
  async rest(): Promise<void> {
    this.#isWanted = false;
    await Promise.all(this.#running);
    this.#client.disconnect();
  }

  async #repeat(name: string, turn: () => Promise<void>): Promise<void> {
    while (this.#isWanted) {
      await turn().catch((error) => {
        const counts = error instanceof Busy ? this.busy : this.failures;
        const what = error instanceof Busy ? name : `${name}: ${messageOf(error)}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
      });
      await sleep(PAUSE_MS);
    }
  }
}
