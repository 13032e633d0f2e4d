import type { IncomingMessage, ServerResponse } from 'node:http';
import { AccessError } from '../identity/access-error.ts';

/** The headers of every response: it must not be stored, and its type must not be guessed. */
export const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** Responds with JSON that must not be stored, unless the headers say otherwise. */
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

/** Responds with JSON that never changes and that clients may keep for some seconds. */
export function respondWith(body: unknown, { keepSeconds }: { keepSeconds: number }) {
  const text = Buffer.from(JSON.stringify(body));
  const headers = {
    ...COMMON_HEADERS,
    'Cache-Control': `public, max-age=${keepSeconds}`,
    'Content-Type': 'application/json',
    'Content-Length': text.length,
  };
  return (response: ServerResponse): void => void response.writeHead(200, headers).end(text);
}

/**
 * Notes that a request was rejected after its authentication, for its explanation.
 *
 * @param reason if the error does not say it
 */
export type RefusedLater = (request: IncomingMessage, error: AccessError, reason?: string) => void;

/** Responds with an access error, and throws any other error again. */
export function respondAccessError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof AccessError)) throw error;
  const { status, headers } = error.http;
  const { code, message: error_description, reason } = error;
  // JSON leaves an undefined reason out.
  respondJson(response, status, { error: code.toLowerCase(), error_description, reason }, headers);
}
