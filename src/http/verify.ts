import type { IncomingMessage, ServerResponse } from 'node:http';
import { credentialMissing } from '../access/access-error.ts';
import type { Principal } from '../access/principal.ts';
import { COMMON_HEADERS, respondAccessError, respondJson } from './respond.ts';

export type Authenticate = (request: IncomingMessage) => Principal | null | Promise<Principal | null>;

/**
 * Forward authentication for gateways: 204 with who it is in headers, 401, 403 where a `?permission=` is not held, 503
 * where it cannot be known. Of several permissions, all must be held.
 *
 * Envoy appends the path it asks about to its `path_prefix`, and takes nothing but 200 for a yes. Its prefix ends in
 * `path=`, e.g. `/v1/verify?permission=orders:read&path=`: whatever follows is the client's own and is not read, and a
 * yes is 200. A permission that was put behind it by mistake is 400: a client could make it disappear.
 *
 * A plain handler, for it is asked about every request of every service: what a principal's headers are is worked out
 * once, and a credential that is known here is answered without a promise.
 */
export function createVerify(authenticate: Authenticate) {
  const headersOf = new WeakMap<Principal, string[]>();

  const answer = (request: IncomingMessage, response: ServerResponse, principal: Principal | null): void => {
    if (!principal) return respondAccessError(response, credentialMissing());
    const question = questionOf(request.url!);
    if (!question) {
      const error_description = 'Put `permission` before `path`: what follows that is the client’s own.';
      return respondJson(response, 400, { error: 'invalid_request', error_description });
    }
    const { permissions, yes } = question;
    if (!permissions.every((permission) => principal.permissions.includes(permission))) {
      const error_description = 'The credential does not hold the permission that is asked for.';
      return respondJson(response, 403, { error: 'insufficient_scope', error_description });
    }
    let headers = headersOf.get(principal);
    if (!headers) headersOf.set(principal, (headers = principalHeaders(principal)));
    response.writeHead(yes, headers);
    response.end();
  };

  return (request: IncomingMessage, response: ServerResponse): void | Promise<void> => {
    try {
      const principal = authenticate(request);
      if (!(principal instanceof Promise)) return answer(request, response, principal);
      return principal.then(
        (known) => answer(request, response, known),
        (error) => respondAccessError(response, error),
      );
    } catch (error) {
      return respondAccessError(response, error);
    }
  };
}

/** Names and values by turns, as Node writes them. */
function principalHeaders(principal: Principal): string[] {
  return Object.entries({
    ...COMMON_HEADERS,
    'X-Rekey-User': principal.userId ?? '',
    'X-Rekey-Workspace': principal.workspaceId ?? '',
    'X-Rekey-Credential': principal.credentialId,
    'X-Rekey-Scopes': principal.scopes.join(','),
    'X-Rekey-Permissions': principal.permissions.join(','),
  }).flat();
}

interface Question {
  permissions: string[];
  yes: 200 | 204;
}

const WHO_IS_IT: Question = { permissions: [], yes: 204 };

/** What is asked; null where it is asked in a way that cannot be answered. */
function questionOf(url: string): Question | null {
  const query = url.indexOf('?');
  if (query < 0) return WHO_IS_IT;
  const path = /[?&]path=/.exec(url);
  if (!path) return { permissions: permissionsIn(url.slice(query)), yes: 204 };
  // The client's path has its own query; before that, it is the operator who wrote on.
  const [, misplaced] = /^[?&]path=[^?&]*(&[^?]*)/.exec(url.slice(path.index)) ?? [];
  if (misplaced && permissionsIn(misplaced).length > 0) return null;
  return { permissions: permissionsIn(url.slice(query, path.index)), yes: 200 };
}

function permissionsIn(query: string): string[] {
  return new URLSearchParams(query).getAll('permission');
}
