import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../kernel/clock.ts';
import { COMMON_HEADERS } from './respond.ts';
import type { Handler } from './router.ts';

/** The limit for the request line and all headers together. Gateways forward less. */
const MOST_HEADER_BYTES = 16 * 1024;
/** How long a client that is still sending may take to read the rejection. */
const LINGER_MS = 2_000;

/** An HTTP server that also responds in JSON to a request that cannot be read. */
export function createHttpServer(handle: Handler): Server {
  const options = { requestTimeout: 30_000, keepAliveTimeout: 65_000, maxHeaderSize: MOST_HEADER_BYTES };
  const server = createServer(options, (request, response) => {
    // There is no protocol to upgrade to, so the request is answered over HTTP. Node drops what a client has sent after
    // such a request in the same packet. `Connection: close` shows the client that this was not processed.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    return handle(request, response);
  });
  // Node silently drops all headers after the first 2000, also those that a gateway adds at the end. The limit of their
  // size also limits their number.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseUnreadable);
  server.on('connect', refuseTunnel);
  return server;
}

/** Connections that are closing because of a request that could not be read. */
const ending = new WeakSet<Socket>();

interface Refusal {
  status: number;
  error: string;
  description: string;
  headers?: Record<string, string>;
}

const NO_TUNNEL: Refusal = {
  status: 405,
  error: 'method_not_allowed',
  description: 'The service is not a proxy. Send GET, HEAD or POST to one of its endpoints.',
  headers: { Allow: 'GET, HEAD, POST' },
};

function refusalOf(code: string | undefined): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        error: 'request_header_fields_too_large',
        description: `The request line and the headers must have at most ${MOST_HEADER_BYTES} bytes. Send fewer or shorter headers.`,
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return {
        status: 413,
        error: 'content_too_large',
        description: 'The chunk extensions of the body are too long. Send the body without them.',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        error: 'request_timeout',
        description: 'The request did not arrive in time. Send it again.',
      };
    default:
      return { status: 400, error: 'invalid_request', description: 'The request is not well-formed HTTP/1.1.' };
  }
}

/** A connection, and the current response on it. Node's own handler reads this property, and there is no other way. */
type Connection = Socket & { _httpMessage?: ServerResponse };

function refuseUnreadable(error: NodeJS.ErrnoException, stream: Duplex): void {
  const socket = stream as Connection;
  if (!socket.writable || ending.has(socket)) return; // Each further piece of a rejected request is an error again.
  ending.add(socket);
  if (error.code === 'ECONNRESET') socket.destroy();
  else refuse(socket, refusalOf(error.code));
}

/** After a CONNECT, Node leaves the connection to this listener: its errors and its data. */
function refuseTunnel(_request: IncomingMessage, stream: Duplex): void {
  const socket = stream as Connection;
  socket.on('error', () => socket.destroy());
  socket.resume();
  refuse(socket, NO_TUNNEL);
}

/**
 * Writes the response to a request for which Node has no response object. The connection ends with it, but not at once:
 * a client that is still sending would get a reset instead of the response.
 */
function refuse(socket: Connection, { status, error, description, headers: own }: Refusal): void {
  const underWay = socket._httpMessage;
  if (underWay && (underWay.headersSent || underWay.req.complete)) {
    // The rejected request comes after that one, so the client would take a rejection for the response to the first.
    underWay.once('finish', () => socket.destroySoon());
    return;
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
