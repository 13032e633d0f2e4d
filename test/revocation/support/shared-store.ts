import type { Process, Timeline } from './timeline.ts';

/** chaos: an answer may be late, lost or an older one. */
export type StoreState = 'ok' | 'down' | 'hung' | 'chaos';

/** A Redis that keeps no promise. It only never returns a value that was not stored at some time. */
export class SharedStore {
  readonly #timeline: Timeline;
  readonly #values = new Map<string, string>();
  readonly #everything = new Map<string, string[]>();
  state: StoreState = 'ok';

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  flush(): void {
    this.#values.clear();
  }

  /** Restores an old snapshot: the first value that was stored for each key. */
  putBack(): void {
    for (const [key, [first]] of this.#everything) this.#values.set(key, first!);
  }

  /** The keyv of one process. */
  connect(process: Process) {
    const chance = (probability: number) => this.state === 'chaos' && this.#timeline.random() < probability;
    const answer = <T>(value: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (this.state === 'hung' || chance(0.2)) return;
        const late = chance(0.3) ? this.#timeline.random() * 60 : this.#timeline.random() * 2;
        this.#timeline.in(late, process, () => (this.state === 'down' ? reject(new Error('down')) : resolve(value())));
      });
    const write = (change: () => void) => {
      if (this.state !== 'ok' && this.state !== 'chaos') return;
      this.#timeline.in(chance(0.5) ? this.#timeline.random() * 3000 : this.#timeline.random(), null, change);
    };
    return {
      get: (key: string) =>
        answer(() => {
          const stored = this.#everything.get(key) ?? [];
          if (chance(0.4)) return stored[Math.floor(this.#timeline.random() * stored.length)];
          return this.#values.get(key);
        }),
      set: (key: string, value: string) => {
        this.#everything.set(key, [...(this.#everything.get(key) ?? []), value]);
        write(() => this.#values.set(key, value));
        return answer(() => true);
      },
      delete: (keys: string[]) => {
        write(() => {
          for (const key of keys) this.#values.delete(key);
        });
        return answer(() => true);
      },
    };
  }
}
