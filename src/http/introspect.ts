import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../credentials/authenticator.ts';
import { credentialMissing, scopeMissing } from '../identity/access-error.ts';
import { endOf, type Principal } from '../identity/principal.ts';
import type { FollowerPositions } from './follower.ts';
import { bodyToProve, charsetIsUtf8, decodeUtf8, mediaTypeOf, readBody } from './read-body.ts';
import { respondAccessError, respondJson } from './respond.ts';

const LARGEST_BODY = 16 * 1024;

export interface IntrospectOptions {
  authenticate: Authenticate;
  /** What a token stands for now; null if it authenticates nothing. */
  introspect: (token: string) => Promise<Principal | null>;
  /** The data of the operator that a credential carries; null if it was deleted. Asked only if it carries some. */
  metadataOf: (principal: Principal) => Promise<Readonly<Record<string, string>> | null>;
  issuer: string;
  followers: FollowerPositions;
}

/**
 * Token introspection, RFC 7662: `token` in a form, by POST, from a caller with the scope `INTROSPECT`. All tokens that
 * are not active get exactly the same response (§2.2). `token_type_hint` is not needed.
 */
export function createIntrospect({ authenticate, introspect, metadataOf, issuer, followers }: IntrospectOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      // Reads the body at most once, also if a proof of the caller covers it.
      let reading: Promise<Buffer | null> | undefined;
      const read = () => (reading ??= readBody(request, LARGEST_BODY));
      const caller = await authenticate(request, async () => bodyToProve(await read()));
      if (!caller) throw credentialMissing();
      if (!caller.principal.scopes.includes('INTROSPECT')) throw scopeMissing('INTROSPECT');
      if (!charsetIsUtf8(request)) {
        const error_description =
          'The form must be encoded in UTF-8. Send it without `charset`, or with `charset=utf-8`.';
        return respondJson(response, 415, { error: 'invalid_request', error_description });
      }
      const body = await readForm(request, read);
      if (body === 'tooLarge') {
        return respondJson(response, 413, {
          error: 'invalid_request',
          error_description: `The form must have at most ${LARGEST_BODY} bytes.`,
        });
      }
      if (body === 'malformed') {
        const error_description = 'The form must be well-formed UTF-8, percent-encoded.';
        return respondJson(response, 400, { error: 'invalid_request', error_description });
      }
      const token = body?.getAll('token') ?? [];
      if (token.length !== 1 || token[0] === '') {
        const error_description = 'Send exactly one `token` with `Content-Type: application/x-www-form-urlencoded`.';
        return respondJson(response, 400, { error: 'invalid_request', error_description });
      }
      const position = followers.before(request);
      const principal = await introspect(token[0]!);
      const metadata = principal?.hasMetadata ? await metadataOf(principal) : {};
      const [name, value] = followers.headerOf(position);
      const headers = name ? { [name]: value! } : {};
      // Without its row, the credential was deleted a moment ago.
      const answer = principal && metadata ? describe(principal, metadata, issuer) : { active: false };
      respondJson(response, 200, answer, headers);
    } catch (error) {
      respondAccessError(response, error);
    }
  };
}

function describe(principal: Principal, metadata: Readonly<Record<string, string>>, issuer: string) {
  const end = endOf(principal);
  return {
    active: true,
    iss: issuer,
    sub: principal.userId ?? principal.credentialId,
    scope: principal.scopes.join(' '),
    token_type: 'Bearer',
    ...(end === null ? {} : { exp: Math.floor(end / 1000) }),
    credential: principal.credentialId,
    ...(principal.workspaceId === null ? {} : { workspace: principal.workspaceId }),
    permissions: principal.permissions,
    // The service that asks must compare them with the address of its client.
    ...(principal.allowedAddresses === undefined ? {} : { allowed_addresses: principal.allowedAddresses }),
    ...(principal.hasMetadata ? { metadata } : {}),
  };
}

/** The form in the body; null if the body is something else. */
async function readForm(
  request: IncomingMessage,
  read: () => Promise<Buffer | null>,
): Promise<URLSearchParams | 'tooLarge' | 'malformed' | null> {
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded') return null;
  const body = await read();
  if (body === null) return 'tooLarge';
  const text = decodeUtf8(body);
  return text === null || !isPercentEncodedUtf8(text) ? 'malformed' : new URLSearchParams(text);
}

/** Whether all percent-encoded bytes are UTF-8. `URLSearchParams` replaces those that are not by U+FFFD. */
function isPercentEncodedUtf8(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
