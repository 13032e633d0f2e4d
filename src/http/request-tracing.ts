import type { IncomingMessage, ServerResponse } from 'node:http';
import { endWithStatus, type Tracing } from '../kernel/tracing.ts';
import { requestIdOf } from './request-id.ts';

/** Runs the handler of a request. @param endpoint a path of the router; null for any other path */
export type RunRequest = (endpoint: string | null, response: ServerResponse, work: () => unknown) => unknown;

/**
 * Handles each request in a span, which ends with the response. Neither the query nor an unknown path is an attribute: a
 * client may have written a secret into them.
 */
export function createRequestTracing(tracing: Tracing): RunRequest {
  return (endpoint, response, work) => {
    const { req: request } = response as { req: IncomingMessage };
    const method = request.method ?? '';
    const attributes = {
      'http.request.method': method,
      ...(endpoint === null ? {} : { 'http.route': endpoint }),
      'url.scheme': 'http',
      'rekey.request_id': requestIdOf(request),
    };
    const name = endpoint === null ? method : `${method} ${endpoint}`;
    return tracing.inRequest({ name, attributes, headers: request.headers }, (span) => {
      response.once('close', () =>
        endWithStatus(span, { status: response.statusCode, isComplete: response.writableFinished }),
      );
      return work();
    });
  };
}
