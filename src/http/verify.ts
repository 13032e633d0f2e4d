import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadForwarded } from '../credentials/asked-request.ts';
import type { Authenticate } from '../credentials/authenticator.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { credentialMissing, insufficientScope } from '../identity/access-error.ts';
import { isPermission } from '../identity/permission.ts';
import { endOf, type Principal } from '../identity/principal.ts';
import { type RateState, rateLimitHeaders } from '../identity/rate-limit.ts';
import type { FollowerPositions } from './follower.ts';
import { bodyToProve, readBody } from './read-body.ts';
import { requestIdOf } from './request-id.ts';
import { COMMON_HEADERS, respondAccessError, respondJson } from './respond.ts';
import { questionOf } from './verify-question.ts';

/** The body of a request that is signed itself. Gateways send none. */
const LARGEST_BODY = 256 * 1024;

/**
 * Forward authentication for gateways: 204 with the principal in headers, 401, 403 if a `?permission=` is not held, 503
 * if the answer cannot be determined. Of several permissions, all must be held. An invalid question is 400.
 *
 * It is a plain handler, because gateways call it for every request of every service. The headers of a principal are
 * computed once, and a credential in memory is answered without a promise.
 */
export function createVerify(
  authenticate: Authenticate,
  { readForwarded, followers }: { readForwarded: ReadForwarded; followers: FollowerPositions },
) {
  const headersOf = new WeakMap<Principal, string[]>();

  /** The headers of a response that is not a yes. */
  const setHeaders = (response: ServerResponse, position: number | null, rate?: RateState): void => {
    response.setHeader('X-Request-Id', requestIdOf(response.req));
    const [name, value] = followers.headerOf(position);
    if (name) response.setHeader(name, value!);
    if (rate) response.setHeaders(new Map(Object.entries(rateLimitHeaders(rate))));
  };

  const refuse = (response: ServerResponse, position: number | null, error: unknown): void => {
    setHeaders(response, position);
    respondAccessError(response, error);
  };

  /** @param position of the log before the decision, for a client that follows it */
  const answer = (response: ServerResponse, position: number | null, accepted: AcceptedCredential | null): void => {
    if (!accepted) return refuse(response, position, credentialMissing());
    const { principal, rate } = accepted;
    const question = questionOf(response.req.url!);
    if ('problem' in question) {
      setHeaders(response, position, rate);
      return respondJson(response, 400, { error: 'invalid_request', error_description: question.problem });
    }
    const { permissions, yes } = question;
    if (!permissions.every((permission) => principal.permissions.includes(permission))) {
      setHeaders(response, position, rate);
      const error_description = 'The credential does not hold the requested permission.';
      return respondJson(
        response,
        403,
        { error: 'insufficient_scope', error_description },
        { 'WWW-Authenticate': insufficientScope() },
      );
    }
    let headers = headersOf.get(principal);
    if (!headers) headersOf.set(principal, (headers = principalHeaders(principal)));
    const own = rate === undefined ? [] : Object.entries(rateLimitHeaders(rate)).flat();
    const requestId = requestIdOf(response.req);
    response.writeHead(yes, [...headers, 'X-Request-Id', requestId, ...followers.headerOf(position), ...own]);
    response.end();
  };

  return (request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    const position = followers.before(request);
    try {
      const accepted = authenticate(request, signedBody, readForwarded);
      if (!(accepted instanceof Promise)) return answer(response, position, accepted);
      return accepted.then(
        (known) => answer(response, position, known),
        (error) => refuse(response, position, error),
      );
    } catch (error) {
      return refuse(response, position, error);
    }
  };
}

const signedBody = async (request: IncomingMessage) => bodyToProve(await readBody(request, LARGEST_BODY));

/** Means "none". Some gateways let the client's own header pass if the value that replaces it is empty. */
const NONE = '-';

/** Names and values alternate, as Node writes them. Every header is always present, so that a gateway replaces it. */
function principalHeaders(principal: Principal): string[] {
  const { userId, workspaceId, credentialId, scopes, permissions } = principal;
  const end = endOf(principal);
  return Object.entries({
    ...COMMON_HEADERS,
    'X-Rekey-User': userId ?? NONE,
    'X-Rekey-Workspace': workspaceId ?? NONE,
    'X-Rekey-Credential': credentialId,
    'X-Rekey-Scopes': scopes.join(',') || NONE,
    // Plain SQL can write what no mutation accepts. A comma in a permission would split it in two.
    'X-Rekey-Permissions': permissions.filter(isPermission).join(',') || NONE,
    'X-Rekey-Expires': end === null ? NONE : new Date(end).toISOString(),
  }).flat();
}
