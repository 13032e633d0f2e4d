import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../kernel/logger.ts';
import { withRequestId } from '../kernel/request-context.ts';
import { respondJson } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** One door: its path, the methods it answers to (none named: all), and what is behind it. */
export interface Route {
  methods?: readonly string[];
  /**
   * The door writes every header by itself, those that all answers have in common as well. Node merges headers that were
   * set with headers that are written, one by one; where an answer is little else than headers, that is a third of its cost.
   */
  writesAllHeaders?: boolean;
  handle: Handler;
}

/** A request id from a proxy is kept where it is a sane one, so that one id follows a request through all logs. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

/** The id of a request: the caller's own or a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
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

/** Finds the door for each request. A failure behind one is logged and answered with nothing but the request's id. */
export function createRouter(routes: ReadonlyMap<string, Route>, logger: Logger): Handler {
  const failed = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    // Who hangs up in the middle of a request waits for no answer, and nothing is wrong here.
    if (error === request.errored) return;
    const requestId = requestIdOf(request);
    logger.error({ requestId, err: error }, 'unexpected error');
    if (response.headersSent) response.destroy();
    else respondJson(response, 500, { error: 'internal_server_error', request_id: requestId });
  };
  return (request, response) => {
    const url = originForm(request.url ?? '/');
    request.url = url;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const route = routes.get(path);
    if (!route?.writesAllHeaders) response.setHeader('X-Content-Type-Options', 'nosniff');
    if (!route) return respondJson(response, 404, { error: 'not_found' });
    if (route.methods && !route.methods.includes(request.method ?? '')) {
      return respondJson(response, 405, { error: 'method_not_allowed' }, { Allow: route.methods.join(', ') });
    }
    try {
      const answered = route.handle(request, response);
      if (answered instanceof Promise) answered.catch((error) => failed(request, response, error));
    } catch (error) {
      failed(request, response, error);
    }
    return undefined;
  };
}

/** Runs a handler under a request id, which the answer repeats. */
export function identified(handle: Handler): Handler {
  return (request, response) => {
    const requestId = requestIdOf(request);
    request.headers['x-request-id'] = requestId;
    response.setHeader('X-Request-Id', requestId);
    return withRequestId(requestId, () => handle(request, response));
  };
}
