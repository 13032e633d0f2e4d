import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../kernel/logger.ts';
import { withRequestId } from '../kernel/request-context.ts';
import type { Cors } from './cors.ts';
import { requestIdOf } from './request-id.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RunRequest } from './request-tracing.ts';
import { respondJson } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One endpoint: its methods (all if omitted) and its handler. */
export interface Route {
  methods?: readonly string[];
  /**
   * The handler writes all headers itself, including the request id and the common ones. Node merges headers that were
   * set with headers that are written one by one. For a response that consists of headers, this is a third of the cost.
   */
  writesAllHeaders?: boolean;
  /** The methods that pages of listed origins may use, if any. */
  cors?: readonly string[];
  handle: Handler;
}

const ABSOLUTE_FORM = /^https?:\/\/[^/?#]+/i;

/**
 * The request target in origin form: path and query. A server must accept the absolute form in every request (RFC 9112
 * §3.2.2); its host has the same meaning as `Host`. Any other form matches no path of ours.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const [origin] = ABSOLUTE_FORM.exec(target) ?? [];
  if (origin === undefined) return target;
  const rest = target.slice(origin.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Finds the handler of each request and runs it under a request id, which the response repeats. A failure is logged,
 * and the response contains only that id.
 */
export function createRouter(
  routes: ReadonlyMap<string, Route>,
  {
    logger,
    cors,
    metrics,
    tracing,
  }: { logger: Logger; cors: Cors; metrics: RequestMetrics; tracing?: RunRequest | null },
): Handler {
  const failed = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    // A client that disconnects during a request waits for no response, and this is not an error of the service.
    if (error === request.errored) return;
    const requestId = String(response.getHeader('X-Request-Id') ?? requestIdOf(request));
    logger.error({ requestId, err: error }, 'unexpected error');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.setHeader('X-Request-Id', requestId);
    respondJson(response, 500, { error: 'internal_server_error', request_id: requestId });
  };
  const answer = (handle: Handler, request: IncomingMessage, response: ServerResponse): unknown => {
    try {
      const answered = handle(request, response);
      return answered instanceof Promise ? answered.catch((error) => failed(request, response, error)) : undefined;
    } catch (error) {
      return failed(request, response, error);
    }
  };
  const handle = (route: Route | undefined, request: IncomingMessage, response: ServerResponse): unknown => {
    if (route?.writesAllHeaders) return answer(route.handle, request, response);
    const requestId = requestIdOf(request);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('X-Request-Id', requestId);
    if (!route) return respondJson(response, 404, { error: 'not_found' });
    if (route.cors && cors(request, response, route.cors)) return;
    if (route.methods && !route.methods.includes(request.method ?? '')) {
      return respondJson(response, 405, { error: 'method_not_allowed' }, { Allow: route.methods.join(', ') });
    }
    return withRequestId(requestId, () => answer(route.handle, request, response));
  };
  return (request, response) => {
    const url = originForm(request.url ?? '/');
    request.url = url;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const route = routes.get(path);
    const endpoint = route ? path : null;
    metrics(endpoint, response);
    if (!tracing) return handle(route, request, response);
    return tracing(endpoint, response, () => handle(route, request, response));
  };
}
