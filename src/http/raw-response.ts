import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../kernel/clock.ts';
import { COMMON_HEADERS } from './respond.ts';

/** How long a client that is still sending may take to read the rejection. */
const LINGER_MS = 2_000;

export interface RawResponse {
  status: number;
  error: string;
  description: string;
  headers?: Record<string, string>;
}

/** A connection, and the current response on it. Node's own handler reads this property, and there is no other way. */
export type Connection = Socket & { _httpMessage?: ServerResponse };

/**
 * Writes the response to a request for which Node has no response object. The connection ends with it, but not at once:
 * a client that is still sending would get a reset instead of the response.
 */
export function respondRaw(socket: Connection, { status, error, description, headers: own }: RawResponse): void {
  const underWay = socket._httpMessage;
  if (underWay && (underWay.headersSent || underWay.req.complete)) {
    // The rejected request comes after that one, so the client would take a rejection for the response to the first.
    return endAfter(underWay, socket);
  }
  const body = JSON.stringify({ error, error_description: description });
  const headers = {
    ...COMMON_HEADERS,
    ...own,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Date: systemClock.now().toUTCString(),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}

/** Ends the connection after this response and those to the requests that wait behind it. */
function endAfter(response: ServerResponse, socket: Connection): void {
  response.once('finish', () => {
    const next = socket._httpMessage; // Node has assigned it before this listener is called.
    if (next && next !== response) endAfter(next, socket);
    else socket.destroySoon();
  });
}
