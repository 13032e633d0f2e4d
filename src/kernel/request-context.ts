import { AsyncLocalStorage } from 'node:async_hooks';
import { noAnswerInTime, withTimeout } from './timeout.ts';
import { WaitingTime } from './waiting-time.ts';

interface Request {
  readonly requestId: string;
  /** Undefined after the request: what it has started may go on, and its waits have no common limit. */
  waiting: WaitingTime | undefined;
}

const storage = new AsyncLocalStorage<Request>();

/** Runs `work`, and everything it starts, as part of this request. The request ends with `work`. */
export function withRequestId<T>(requestId: string, work: () => T): T {
  const request: Request = { requestId, waiting: new WaitingTime() };
  const end = () => {
    request.waiting = undefined;
  };
  const result = storage.run(request, work);
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
}

/** The id of the current request; undefined outside of a request. For logs and masked errors, not for decisions. */
export function currentRequestId(): string | undefined {
  return storage.getStore()?.requestId;
}

/** From now on, the waits of the current request have no common limit. */
export function waitWithoutLimit(): void {
  const request = storage.getStore();
  if (request) request.waiting = undefined;
}

/** Counts a wait for the database, which has a limit of its own, as a wait of the current request. */
export function countedWait<T>(wait: Promise<T>): Promise<T> {
  return storage.getStore()?.waiting?.count(wait) ?? wait;
}

/**
 * Begins a wait for the database that ends when the current request may wait no longer. Outside of a request, it has no
 * limit here.
 *
 * @param keepMs milliseconds that later waits of this request must still have
 * @throws the error of `withTimeout`; what was begun may still complete
 */
export async function limitedWait<T>(begin: () => Promise<T>, { keepMs = 0 } = {}): Promise<T> {
  const waiting = storage.getStore()?.waiting;
  if (!waiting) return begin();
  const left = waiting.left - keepMs;
  if (left <= 0) throw noAnswerInTime();
  return waiting.count(withTimeout(left, begin()));
}
