import type { IncomingMessage, ServerResponse } from 'node:http';
import { credentialMissing } from '../access/access-error.ts';
import type { Principal } from '../access/principal.ts';
import { respondAccessError, respondJson } from './respond.ts';

export type Authenticate = (request: IncomingMessage) => Principal | null | Promise<Principal | null>;

/**
 * Forward authentication for gateways: 204 with who it is in headers, 401, 403 where a `?permission=` is not held, 503
 * where it cannot be known. Of several permissions, all must be held.
 *
 * A plain handler, for it is asked about every request of every service: what a principal's headers are is worked out
 * once, and a credential that is known here is answered without a promise.
 */
export function createVerify(authenticate: Authenticate) {
  const headersOf = new WeakMap<Principal, Record<string, string>>();

  const answer = (request: IncomingMessage, response: ServerResponse, principal: Principal | null): void => {
    if (!principal) return respondAccessError(response, credentialMissing());
    const lacking = permissionsAskedFor(request.url!).find((permission) => !principal.permissions.includes(permission));
    if (lacking !== undefined) {
      const error_description = 'The credential does not hold the permission that is asked for.';
      return respondJson(response, 403, { error: 'insufficient_scope', error_description });
    }
    let headers = headersOf.get(principal);
    if (!headers) headersOf.set(principal, (headers = principalHeaders(principal)));
    response.writeHead(204, headers);
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

function principalHeaders(principal: Principal): Record<string, string> {
  return {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Rekey-User': principal.userId ?? '',
    'X-Rekey-Workspace': principal.workspaceId ?? '',
    'X-Rekey-Credential': principal.credentialId,
    'X-Rekey-Scopes': principal.scopes.join(','),
    'X-Rekey-Permissions': principal.permissions.join(','),
  };
}

function permissionsAskedFor(url: string): string[] {
  const query = url.indexOf('?');
  return query < 0 ? [] : new URLSearchParams(url.slice(query)).getAll('permission');
}
