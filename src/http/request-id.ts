import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request id from a proxy is used if it has this form, so that one id identifies a request in all logs. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

/**
 * The id of a request: that of the caller or a new one. Reading the raw headers is less work
 * than letting Node sort them.
 */
export function requestIdOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length !== HEADER.length || name.toLowerCase() !== HEADER) continue;
    const given = rawHeaders[index + 1]!;
    return REQUEST_ID.test(given) ? given : randomUUID();
  }
  return randomUUID();
}

const HEADER = 'x-request-id';
