import type { Process, Timeline } from './timeline.ts';

/** chaos: anything may be late, lost, or an answer of before. */
export type StoreMood = 'well' | 'down' | 'hung' | 'chaos';

/** A Redis that keeps no promise at all. It can only not make up what nobody ever stored. */
export class SharedStore {
  readonly #timeline: Timeline;
  readonly #values = new Map<string, string>();
  readonly #everything = new Map<string, string[]>();
  mood: StoreMood = 'well';

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  flush(): void {
    this.#values.clear();
  }

  /** An old snapshot is put back: of each key, the value that was stored first. */
  putBack(): void {
    for (const [key, [first]] of this.#everything) this.#values.set(key, first!);
  }

  /** As keyv looks to one process. */
  connect(process: Process) {
    const chance = (probability: number) => this.mood === 'chaos' && this.#timeline.random() < probability;
    const answer = <T>(value: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (this.mood === 'hung' || chance(0.2)) return;
        const late = chance(0.3) ? this.#timeline.random() * 60 : this.#timeline.random() * 2;
        this.#timeline.in(late, process, () => (this.mood === 'down' ? reject(new Error('down')) : resolve(value())));
      });
    const write = (change: () => void) => {
      if (this.mood !== 'well' && this.mood !== 'chaos') return;
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
