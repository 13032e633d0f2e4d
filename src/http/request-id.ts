import { randomUUID } from 'node:crypto';
import { maskSecrets } from '../kernel/logger.ts';

/** A request id from a proxy is used if it has this form, so that one id identifies a request in all logs. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

const KNOWN = Symbol('the id of a request');

interface Identified {
  readonly rawHeaders: readonly string[];
  [KNOWN]?: string;
}

/**
 * The id of a request: that of the caller or a new one. It is the same at every call. A text with the form of one of our
 * secrets is no id: it would stand in logs.
 */
export function requestIdOf(request: Identified): string {
  return (request[KNOWN] ??= givenId(request) ?? randomUUID());
}

/** Reading the raw headers is less work than letting Node sort them. */
function givenId({ rawHeaders }: Identified): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length !== HEADER.length || name.toLowerCase() !== HEADER) continue;
    const given = rawHeaders[index + 1]!;
    return REQUEST_ID.test(given) && maskSecrets(given) === given ? given : undefined;
  }
  return undefined;
}

const HEADER = 'x-request-id';
