import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../credentials/authenticator.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { AccessError } from '../identity/access-error.ts';
import { trimOws } from '../kernel/white-space.ts';
import { bodyToProve } from './read-body.ts';
import { respondJson } from './respond.ts';
import { type FormProblem, problem } from './token-form.ts';

/** How an OAuth client authenticates (RFC 6749 §2.3.1): the id of a credential of ours, and its secret. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** The parts of a request that its authentication may need. Each is read at most once. */
export interface ClientRequest {
  readBody: () => Promise<Buffer | null>;
  readForm: () => Promise<URLSearchParams | FormProblem>;
}

/** The realm names the service. Clients that use `client_secret_post` get the same challenge. */
const CHALLENGE = 'Basic realm="rekey", charset="UTF-8"';

/**
 * The client credentials in `Authorization: Basic …`, with id and secret form-encoded as RFC 6749 §2.3.1 demands.
 *
 * @returns null if the header is absent or has another scheme; `malformed` if it cannot be read
 */
export function basicCredentials({
  headers,
}: Pick<IncomingMessage, 'headers'>): ClientCredentials | 'malformed' | null {
  const [, encoded] = /^basic +(.*)$/i.exec(trimOws(headers.authorization ?? '')) ?? [];
  if (encoded === undefined) return null;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return 'malformed';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const [id, secret] = [formDecoded(text.slice(0, colon)), formDecoded(text.slice(colon + 1))];
  return colon < 0 || !id || !secret ? 'malformed' : { id, secret };
}

/**
 * The client credentials in a form.
 *
 * @returns null if the form has no `client_secret`; `malformed` if a part is missing or repeated
 */
export function postedCredentials(form: URLSearchParams): ClientCredentials | 'malformed' | null {
  const [ids, secrets] = [form.getAll('client_id'), form.getAll('client_secret')];
  if (secrets.length === 0) return null;
  const [id, secret] = [ids[0], secrets[0]];
  return ids.length === 1 && secrets.length === 1 && id && secret ? { id, secret } : 'malformed';
}

/**
 * Authenticates the caller of an endpoint that OAuth clients use. A request without `Authorization: Basic` and without
 * `client_secret` is authenticated like every other request.
 *
 * @param authenticate see `Authenticator.authenticate`
 * @param mismatched called if the secret is valid and belongs to another `client_id`
 * @returns null if the request carries no credential; `invalidClient` if client credentials are not valid
 * @throws AccessError as `authenticate`
 */
export function createClientAuthentication(authenticate: Authenticate, mismatched: (request: IncomingMessage) => void) {
  return async (
    request: IncomingMessage,
    { readBody, readForm }: ClientRequest,
  ): Promise<AcceptedCredential | null | 'invalidClient' | FormProblem> => {
    const body = async () => bodyToProve(await readBody());
    const client = await clientOf(request, readForm);
    if (client === null) return authenticate(request, body);
    if (client === 'malformed') return 'invalidClient';
    if ('error' in client) return client;
    try {
      const accepted = await authenticate(withSecret(request, client), body);
      if (accepted?.principal.credentialId === client.id) return accepted;
      mismatched(request);
      return 'invalidClient';
    } catch (error) {
      if (error instanceof AccessError && error.code === 'UNAUTHENTICATED') return 'invalidClient';
      throw error;
    }
  };
}

/** The client credentials of a request, in its header or in its form; null if it has none. */
async function clientOf(
  request: IncomingMessage,
  readForm: ClientRequest['readForm'],
): Promise<ClientCredentials | 'malformed' | null | FormProblem> {
  const basic = basicCredentials(request);
  // A credential in another header counts alone: a client uses one method (RFC 6749 §2.3).
  const { authorization, 'x-api-key': apiKey } = request.headers;
  if (apiKey || (authorization !== undefined && basic === null)) return null;
  const form = await readForm();
  if (!(form instanceof URLSearchParams)) return basic === null ? null : form;
  const posted = postedCredentials(form);
  if (basic !== null && posted !== null)
    return problem(400, 'Send the client credentials in the header or in the form, not in both.');
  return basic ?? posted;
}

/**
 * The same request with the secret of a client as its Bearer token. It replaces the first `Authorization`, which is the
 * one that Node reads. A second one stays, so that a request with two credentials is rejected.
 */
function withSecret(request: IncomingMessage, { secret }: ClientCredentials): IncomingMessage {
  const authorization = `Bearer ${secret}`;
  const rawHeaders = [...request.rawHeaders];
  const isName = (text: string, index: number) => index % 2 === 0 && text.toLowerCase() === 'authorization';
  const first = rawHeaders.findIndex(isName);
  rawHeaders.splice(first < 0 ? rawHeaders.length : first, first < 0 ? 0 : 2, 'Authorization', authorization);
  return Object.create(request, {
    headers: { value: { ...request.headers, authorization } },
    rawHeaders: { value: rawHeaders },
  });
}

/** The client credentials are not valid: RFC 6749 §5.2. */
export function respondInvalidClient(response: ServerResponse): void {
  const error_description =
    'The client is not authenticated. `client_id` is the id of a credential, and `client_secret` its secret.';
  respondJson(response, 401, { error: 'invalid_client', error_description }, { 'WWW-Authenticate': CHALLENGE });
}

function formDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
