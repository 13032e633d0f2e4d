import type { IncomingMessage, ServerResponse } from 'node:http';
import { charsetIsUtf8, decodeUtf8, mediaTypeOf } from './read-body.ts';
import { respondJson } from './respond.ts';

/** The largest form that introspection and revocation read, in bytes. */
export const LARGEST_FORM = 16 * 1024;

/** Why a form cannot be used, as an error response of RFC 6749 §5.2. */
export interface FormProblem {
  status: 400 | 413 | 415;
  error: 'invalid_request';
  error_description: string;
}

/**
 * The form of a request with `Content-Type: application/x-www-form-urlencoded`, as RFC 7009 and RFC 7662 describe it.
 *
 * @param read returns the body; null if it is larger than `LARGEST_FORM`
 */
export async function readForm(
  request: IncomingMessage,
  read: () => Promise<Buffer | null>,
): Promise<URLSearchParams | FormProblem> {
  if (!charsetIsUtf8(request))
    return problem(415, 'The form must be encoded in UTF-8. Send it without `charset`, or with `charset=utf-8`.');
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded') return new URLSearchParams();
  const body = await read();
  if (body === null) return problem(413, `The form must have at most ${LARGEST_FORM} bytes.`);
  const text = decodeUtf8(body);
  if (text === null || !isPercentEncodedUtf8(text))
    return problem(400, 'The form must be well-formed UTF-8, percent-encoded.');
  return new URLSearchParams(text);
}

/** The one `token` of a form. */
export function tokenOf(form: URLSearchParams): string | FormProblem {
  const [token, ...more] = form.getAll('token');
  if (token && more.length === 0) return token;
  return problem(400, 'Send exactly one `token` with `Content-Type: application/x-www-form-urlencoded`.');
}

export function respondProblem(response: ServerResponse, { status, ...error }: FormProblem): void {
  respondJson(response, status, error);
}

export function problem(status: FormProblem['status'], error_description: string): FormProblem {
  return { status, error: 'invalid_request', error_description };
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
