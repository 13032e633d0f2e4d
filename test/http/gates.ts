// Fields that stop at a gate of the test, so that it decides what happens while an operation begins, runs or streams.
import { until } from '../support/until.ts';

/** SDL, to extend the schema with. */
export const GATES = `
  extend type Query {
    "Waits for the gate."
    slow: Int @public
    "Fails."
    broken: Int @public
  }
  extend type Subscription {
    "Begins when the gate is open, and streams what the test pushes."
    gated: Int @public
    "Fails after its first result."
    failing: Int @public
    "Texts of so many characters, without end."
    endless(characters: Int!): String @public
  }`;

export class Gates {
  /** How many operations wait at the gate. */
  waiting = 0;
  /** How many streams have begun, and have ended. */
  begun = 0;
  ended = 0;
  #gate = Promise.withResolvers<void>();
  #next = Promise.withResolvers<number>();

  get streaming(): number {
    return this.begun - this.ended;
  }

  /** Lets all pass that wait now. */
  openAll(): void {
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
  }

  /** A result for every stream. */
  push(result: number): void {
    this.#next.resolve(result);
    this.#next = Promise.withResolvers();
  }

  untilWaiting(count: number): Promise<unknown> {
    return until(`${count} wait`, () => this.waiting === count);
  }

  untilStreaming(count: number): Promise<unknown> {
    return until(`${count} stream`, () => this.streaming === count);
  }

  async #pass(): Promise<void> {
    this.waiting++;
    await this.#gate.promise;
    this.waiting--;
  }

  #stream(): AsyncIterableIterator<number> {
    this.begun++;
    const stopped = Promise.withResolvers<null>();
    let isOver = false;
    const stream: AsyncIterableIterator<number> = {
      next: async () => {
        const value = isOver ? null : await Promise.race([this.#next.promise, stopped.promise]);
        return value === null ? { value: undefined, done: true } : { value, done: false };
      },
      return: async () => {
        if (!isOver) this.ended++;
        isOver = true;
        stopped.resolve(null);
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]: () => stream,
    };
    return stream;
  }

  readonly resolvers = {
    Query: {
      slow: async () => {
        await this.#pass();
        return 1;
      },
      broken: () => {
        throw new Error('a detail of the service');
      },
    },
    Subscription: {
      gated: {
        subscribe: async () => {
          await this.#pass();
          return this.#stream();
        },
        resolve: (value: unknown) => value,
      },
      failing: {
        subscribe: async function* () {
          yield 1;
          throw new Error('a detail of the service');
        },
        resolve: (value: unknown) => value,
      },
      endless: {
        subscribe: async function* (_parent: unknown, { characters }: { characters: number }) {
          for (;;) yield 'x'.repeat(characters);
        },
        resolve: (value: unknown) => value,
      },
    },
  };
}
