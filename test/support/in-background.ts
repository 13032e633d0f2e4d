/**
 * Marks a promise that is awaited later. If it rejects earlier, or if the test fails before it is awaited, then its
 * rejection does not count as an unhandled one, which would fail the whole run. Await it all the same.
 */
export function inBackground<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
