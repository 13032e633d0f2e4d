import type { ServerResponse } from 'node:http';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Seconds: a verified request takes less than a millisecond, a revocation some, and a password hash hundreds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** All paths that are no endpoint together: a client must not create series. */
const NO_ENDPOINT = 'other';

/** Counts the requests of one replica by endpoint and status, and measures how long their responses take. */
export type RequestMetrics = (endpoint: string | null, response: ServerResponse) => void;

/**
 * @returns a function that is called with each request, before it is handled; the endpoint is a path of the router, or
 *   null for any other path
 */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rekey_http_requests_total',
    help: 'Responses by endpoint and status; `aborted` if the client had gone before the end of the response.',
    labelNames: ['endpoint', 'status'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'rekey_http_request_seconds',
    help: 'Time from the headers of a request to the end of its response, without event streams and waiting polls.',
    labelNames: ['endpoint'] as const,
    buckets: BUCKETS,
    registers,
  });
  // The library looks labels up by name at each call. A verified request must not pay for that.
  const bound = new Map<string, Bound>();
  const boundTo = (endpoint: string): Bound => {
    const known = bound.get(endpoint) ?? { seconds: seconds.labels(endpoint), statuses: new Map() };
    bound.set(endpoint, known);
    return known;
  };
  return (path, response) => {
    const endpoint = path ?? NO_ENDPOINT;
    const startedAt = performance.now();
    response.once('close', () => {
      const { seconds: histogram, statuses } = boundTo(endpoint);
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      let counter = statuses.get(status);
      if (!counter) statuses.set(status, (counter = requests.labels(endpoint, status)));
      counter.inc();
      if (status !== 'aborted' && !isLongLived(endpoint, response))
        histogram.observe((performance.now() - startedAt) / 1000);
    });
  };
}

interface Bound {
  seconds: { observe(seconds: number): void };
  statuses: Map<string, { inc(): void }>;
}

function isLongLived(endpoint: string, response: ServerResponse): boolean {
  if (endpoint === '/v1/revocations') return true;
  return endpoint === '/graphql' && String(response.getHeader('content-type')).startsWith('text/event-stream');
}
