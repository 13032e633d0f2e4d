import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createDiscardedBodies } from './discarded-bodies.ts';
import { type Connection, type RawResponse, respondRaw } from './raw-response.ts';
import type { Handler } from './router.ts';

/** The limit for the request line and all headers together. Gateways forward less. */
const MOST_HEADER_BYTES = 16 * 1024;

/** Takes over connections that change to another protocol. */
export interface Upgrade {
  /** Whether this request may change the protocol. Every other one is answered over HTTP. */
  accepts(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

/**
 * An HTTP server that also responds in JSON to a request that cannot be read.
 *
 * A client may send further requests before it has read the response (pipelining, RFC 9112 §9.3.2). Each is handled when
 * the operating system has taken the response before it. Otherwise one packet with hundreds of small requests would have
 * all of their responses in memory, although the client reads none.
 *
 * @param discard takes over a request whose response is written and whose body was not read to its end
 */
export function createHttpServer(handle: Handler, upgrade?: Upgrade, discard = createDiscardedBodies()): Server {
  const options = {
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    maxHeaderSize: MOST_HEADER_BYTES,
    shouldUpgradeCallback: (request: IncomingMessage) => upgrade?.accepts(request) ?? false,
  };
  const server = createServer(options, (request, response) => {
    if (hasBody(request)) {
      // Fills the buffer of the request at most. Without it, Node drops what no endpoint reads, as fast as it arrives.
      request.read(0);
      response.once('finish', () => {
        if (!request.readableEnded) discard(request);
      });
    }
    // A request that asks for another protocol is answered over HTTP. Node drops what a client has sent after such a
    // request in the same packet. `Connection: close` shows the client that this was not processed.
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
    if (response.socket === null) response.once('socket', () => handle(request, response));
    else handle(request, response);
  });
  if (upgrade) server.on('upgrade', (request, socket, head) => upgrade.handle(request, socket as Socket, head));
  // Node silently drops all headers after the first 2000, also those that a gateway adds at the end. The limit of their
  // size also limits their number.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseUnreadable);
  server.on('connect', refuseTunnel);
  return server;
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** Connections that are closing because of a request that could not be read. */
const ending = new WeakSet<Socket>();

const NO_TUNNEL: RawResponse = {
  status: 405,
  error: 'method_not_allowed',
  description: 'The service is not a proxy. Send GET, HEAD or POST to one of its endpoints.',
  headers: { Allow: 'GET, HEAD, POST' },
};

function refusalOf(code: string | undefined): RawResponse {
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

function refuseUnreadable(error: NodeJS.ErrnoException, stream: Duplex): void {
  const socket = stream as Connection;
  if (!socket.writable || ending.has(socket)) return; // Each further piece of a rejected request is an error again.
  ending.add(socket);
  if (error.code === 'ECONNRESET') socket.destroy();
  else respondRaw(socket, refusalOf(error.code));
}

/** After a CONNECT, Node leaves the connection to this listener: its errors and its data. */
function refuseTunnel(_request: IncomingMessage, stream: Duplex): void {
  const socket = stream as Connection;
  socket.on('error', () => socket.destroy());
  socket.resume();
  respondRaw(socket, NO_TUNNEL);
}
