import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../kernel/logger.ts';
import { withRequestId } from '../kernel/request-context.ts';
import { requestIdOf } from './request-id.ts';
import { respondJson } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One endpoint: the methods it answers to (none named: all), and its handler. */
export interface Route {
  methods?: readonly string[];
  /**
   * The handler writes every header by itself, also the request id and those that all answers have in common. Node merges
   * headers that were set with headers that are written, one by one; where an answer consists of headers, that is a third
   * of its cost.
   */
  writesAllHeaders?: boolean;
  handle: Handler;
}

const ABSOLUTE_FORM = /^https?:\/\/[^/?#]+/i;

/**
 * A request target in origin form: path and query. A server accepts the absolute form in every request (RFC 9112
 * §3.2.2); the host in it says no more than `Host` does. Any other form has no path of ours.
 */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const [origin] = ABSOLUTE_FORM.exec(target) ?? [];
  if (origin === undefined) return target;
  const rest = target.slice(origin.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Finds the handler for each request, and runs it under a request id, which the answer repeats. A failure is logged and
 * answered with nothing but that id.
 */
export function createRouter(routes: ReadonlyMap<string, Route>, logger: Logger): Handler {
  const failed = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    // A client that hangs up in the middle of a request waits for no answer, and nothing is wrong here.
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
  const answer = (handle: Handler, request: IncomingMessage, response: ServerResponse): void => {
    try {
      const answered = handle(request, response);
      if (answered instanceof Promise) answered.catch((error) => failed(request, response, error));
    } catch (error) {
      failed(request, response, error);
    }
  };
  return (request, response) => {
    const url = originForm(request.url ?? '/');
    request.url = url;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const route = routes.get(path);
    if (route?.writesAllHeaders) return answer(route.handle, request, response);
    const requestId = requestIdOf(request);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('X-Request-Id', requestId);
    if (!route) return respondJson(response, 404, { error: 'not_found' });
    if (route.methods && !route.methods.includes(request.method ?? '')) {
      return respondJson(response, 405, { error: 'method_not_allowed' }, { Allow: route.methods.join(', ') });
    }
    return withRequestId(requestId, () => answer(route.handle, request, response));
  };
}
