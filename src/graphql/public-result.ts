import type { ExecutionResult, FormattedExecutionResult, GraphQLError } from 'graphql';

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

/**
 * The same for each result of a stream. A stream that fails ends with its error as the last result.
 *
 * @param source throws only what Yoga has masked
 */
export function publicResults(source: AsyncIterable<ExecutionResult>): AsyncIterableIterator<FormattedExecutionResult> {
  const iterator = source[Symbol.asyncIterator]();
  let failed = false;
  return {
    async next() {
      if (failed) return { value: undefined, done: true };
      try {
        const { value, done } = await iterator.next();
        return done ? { value: undefined, done } : { value: publicResult(value), done: false };
      } catch (error) {
        failed = true;
        return { value: publicResult({ errors: [error as GraphQLError] }), done: false };
      }
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
