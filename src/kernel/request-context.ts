import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<{ requestId: string }>();

/** Runs `work`, and everything it starts, as part of this request. */
export function withRequestId<T>(requestId: string, work: () => T): T {
  return storage.run({ requestId }, work);
}

/** The id of the current request; undefined outside of a request. For logs and masked errors, not for decisions. */
export function currentRequestId(): string | undefined {
  return storage.getStore()?.requestId;
}
