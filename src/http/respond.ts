import type { ServerResponse } from 'node:http';
import { AccessError } from '../identity/access-error.ts';

/** What every answer says: nobody keeps it, and nobody guesses what it is. */
export const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** Answers with JSON that nobody keeps, unless the headers say otherwise. */
export function respondJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...COMMON_HEADERS,
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Answers with an access error; anything else is not this function's to explain. */
export function respondAccessError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof AccessError)) throw error;
  const { status, headers } = error.http;
  respondJson(response, status, { error: error.code.toLowerCase(), error_description: error.message }, headers);
}
