import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../credentials/authenticator.ts';
import { type AccessError, credentialMissing, credentialRefused, scopeMissing } from '../identity/access-error.ts';
import { endOf, type Principal } from '../identity/principal.ts';
import { createClientAuthentication, respondInvalidClient } from './client-credentials.ts';
import type { FollowerPositions } from './follower.ts';
import { readBody } from './read-body.ts';
import { type RefusedLater, respondAccessError, respondJson } from './respond.ts';
import { LARGEST_FORM, readForm, respondProblem, tokenOf } from './token-form.ts';

export interface IntrospectOptions {
  authenticate: Authenticate;
  /** What a token stands for now; null if it authenticates nothing. */
  introspect: (token: string) => Promise<Principal | null>;
  /** The data of the operator that a credential carries; null if it was deleted. Asked only if it carries some. */
  metadataOf: (principal: Principal) => Promise<Readonly<Record<string, string>> | null>;
  /**
   * The email address of a user, which this caller reads: the read is recorded. Null if the user was deleted. Left out if
   * the answer has no `username`.
   */
  usernameOf: ((request: IncomingMessage, caller: Principal, userId: string) => Promise<string | null>) | null;
  issuer: string;
  followers: FollowerPositions;
  refusedLater: RefusedLater;
}

/**
 * Token introspection, RFC 7662: `token` in a form, by POST, from a caller with the scope `INTROSPECT`. The caller
 * presents its credential as with every other request, or as an OAuth client (`client_secret_basic` or
 * `client_secret_post`). All tokens that are not active get exactly the same response (§2.2). `token_type_hint` is not
 * needed.
 */
export function createIntrospect(options: IntrospectOptions) {
  const { introspect, metadataOf, usernameOf, issuer, followers, refusedLater } = options;
  const authenticate = createClientAuthentication(options.authenticate, (request) =>
    refusedLater(request, credentialRefused(), 'CLIENT_ID_MISMATCH'),
  );
  const refused = (request: IncomingMessage, error: AccessError) => {
    refusedLater(request, error);
    return error;
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      // The body is read and parsed at most once, also if a proof of the caller covers it.
      const body = once(() => readBody(request, LARGEST_FORM));
      const parsed = once(() => readForm(request, body));
      const caller = await authenticate(request, { readBody: body, readForm: parsed });
      if (caller === 'invalidClient') return respondInvalidClient(response);
      if (!caller) throw refused(request, credentialMissing());
      if ('error' in caller) return respondProblem(response, caller);
      if (!caller.principal.scopes.includes('INTROSPECT')) throw refused(request, scopeMissing('INTROSPECT'));
      const form = await parsed();
      const token = form instanceof URLSearchParams ? tokenOf(form) : form;
      if (typeof token !== 'string') return respondProblem(response, token);
      const position = followers.before(request);
      const principal = await introspect(token);
      const metadata = principal?.hasMetadata ? await metadataOf(principal) : {};
      const hasUsername = usernameOf !== null && principal != null && principal.userId !== null;
      const username = hasUsername ? await usernameOf(request, caller.principal, principal.userId!) : undefined;
      const [name, value] = followers.headerOf(position);
      const headers = name ? { [name]: value! } : {};
      // Without its row, the credential or its user was deleted a moment ago.
      const isThere = principal && metadata && username !== null;
      const answer = isThere ? { ...describe(principal, metadata, issuer), username } : { active: false };
      respondJson(response, 200, answer, headers);
    } catch (error) {
      respondAccessError(response, error);
    }
  };
}

/** A function that calls another one at its first call, and returns that result each time. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  return () => (reading ??= read());
}

function describe(principal: Principal, metadata: Readonly<Record<string, string>>, issuer: string) {
  const end = endOf(principal);
  return {
    active: true,
    iss: issuer,
    sub: principal.userId ?? principal.credentialId,
    scope: principal.scopes.join(' '),
    token_type: 'Bearer',
    // Access tokens name the issuer as their client. Every other credential is a client of its own.
    client_id: principal.tokenId === undefined ? principal.credentialId : issuer,
    ...(principal.tokenId === undefined ? {} : { jti: principal.tokenId }),
    ...(principal.issuedAt === undefined ? {} : { iat: Math.floor(principal.issuedAt / 1000) }),
    ...(end === null ? {} : { exp: Math.floor(end / 1000) }),
    credential: principal.credentialId,
    ...(principal.workspaceId === null ? {} : { workspace: principal.workspaceId }),
    permissions: principal.permissions,
    // The service that asks must compare them with the address of its client.
    ...(principal.allowedAddresses === undefined ? {} : { allowed_addresses: principal.allowedAddresses }),
    ...(principal.hasMetadata ? { metadata } : {}),
  };
}
