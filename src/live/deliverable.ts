import { waitWithoutLimit } from '../kernel/request-context.ts';
import type { LiveConnection } from './live-connection.ts';

/**
 * The same results, each of which passes the check of the credential before it is delivered. After the service has ended
 * the connection, there are no further results: the reader waits until it gives up.
 *
 * @param released called once, when the reader has given up or the results have ended
 */
export function deliverable<T>(
  source: AsyncIterable<T>,
  connection: LiveConnection,
  released: () => void = () => undefined,
): AsyncIterableIterator<T, undefined> {
  waitWithoutLimit(); // A stream may last for days.
  const iterator = source[Symbol.asyncIterator]();
  const done = { value: undefined, done: true } as const;
  let giveUp = (): void => undefined;
  const givenUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  return {
    async next() {
      const result = await iterator.next().catch((error) => {
        released();
        throw error;
      });
      if (result.done) {
        released();
        return done;
      }
      if (await connection.mayDeliver()) return result;
      await givenUp;
      return done;
    },
    async return() {
      giveUp();
      released();
      await iterator.return?.();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
