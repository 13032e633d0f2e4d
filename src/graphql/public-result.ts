import type { ExecutionResult, FormattedExecutionResult } from 'graphql';

/** A result as a client may see it: without what errors say about the HTTP response. */
export function publicResult({ errors, ...result }: ExecutionResult): FormattedExecutionResult {
  if (!errors) return result;
  return {
    ...result,
    errors: errors.map((error) => {
      const { extensions, ...formatted } = error.toJSON();
      const { http: _http, ...shown } = extensions ?? {};
      return { ...formatted, extensions: shown };
    }),
  };
}

/** The same for each result of a stream. */
export function publicResults(source: AsyncIterable<ExecutionResult>): AsyncIterableIterator<FormattedExecutionResult> {
  const iterator = source[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await iterator.next();
      return done ? { value: undefined, done } : { value: publicResult(value), done: false };
    },
    async return() {
      await iterator.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
