import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { publicResult, publicResults } from '../public-result.ts';

/** What an operation results in. A subscription results in a stream, unless it was rejected. */
export type Outcome = FormattedExecutionResult | AsyncIterable<FormattedExecutionResult>;

/** Receives the outcome of an operation where it is not sent as one response. */
export interface OutcomeReceiver {
  /** Whether a single result is received, too. */
  readonly receivesResults: boolean;
  outcome?: Outcome;
}

/**
 * Hands streams to the endpoint, which sends them itself: it sends heartbeats, and it ends the stream when the credential
 * ends. Over a WebSocket, every result is handed over.
 */
export function useOutcome(): Plugin<Record<string, unknown>, OutcomeReceiver> {
  return {
    onResultProcess({ result, serverContext, setResultProcessor }) {
      if (isAsyncIterable(result)) serverContext.outcome = publicResults(result as AsyncIterable<ExecutionResult>);
      else if (serverContext.receivesResults) serverContext.outcome = publicResult(result as ExecutionResult);
      else return;
      setResultProcessor((_result, fetchAPI) => new fetchAPI.Response(null), 'text/event-stream');
    },
  };
}
