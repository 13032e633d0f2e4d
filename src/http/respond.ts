import type { ServerResponse } from 'node:http';
import { AccessError } from '../access/access-error.ts';

/** Answers with JSON that nobody keeps, unless the headers say otherwise. */
export function respondJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Cache-Control': 'no-store', ...headers, 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Answers with an access error; anything else is not this function's to explain. */
export function respondAccessError(response: ServerResponse, error: unknown): void {
  if (!(error instanceof AccessError)) throw error;
  const { status, headers } = error.http;
  respondJson(response, status, { error: error.code.toLowerCase(), error_description: error.message }, headers);
}
