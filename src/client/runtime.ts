import { base64, sha256, utf8 } from './bytes.ts';

/** What a verifier needs of its surroundings. A test controls them. */
export interface Runtime {
  fetch: typeof globalThis.fetch;
  /** Milliseconds on a clock that never goes back. */
  monotonic: () => number;
  /** Waits, at most until the signal aborts. It does not keep the process alive. */
  pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export function systemRuntime(fetch: typeof globalThis.fetch): Runtime {
  // A browser's `fetch` must not be called as a method of another object.
  return { fetch: (input, init) => fetch(input, init), monotonic: steadyClock(), pause };
}

/**
 * A clock that never goes back and also counts the time for which the machine was suspended. `performance.now()` may
 * stand still then, and an answer that was kept before must not look new afterwards.
 */
export function steadyClock(monotonic = () => performance.now(), wall = () => Date.now()): () => number {
  let offset = wall() - monotonic();
  let suspended = 0;
  return () => {
    const now = monotonic();
    const ahead = wall() - now - offset;
    if (Math.abs(ahead) > 100) {
      offset += ahead;
      suspended += Math.max(0, ahead);
    }
    return now + suspended;
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    (timer as { unref?: () => void }).unref?.();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

type NodeHash = (algorithm: string, data: string, encoding: string) => string;

/**
 * The SHA-256 of a text as a short text. Node hashes at once, which takes a fiftieth of the time of Web Crypto.
 */
export const fingerprint: (text: string) => string | Promise<string> = (() => {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { hash?: NodeHash } | undefined };
  };
  const hash = process?.getBuiltinModule?.('node:crypto')?.hash;
  if (hash) return (text) => hash('sha256', text, 'base64');
  return async (text) => base64(await sha256(utf8(text)));
})();
