import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ExecutionArgs, type FormattedExecutionResult, GraphQLError, parse } from 'graphql';
import { handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authenticate } from '../credentials/authenticator.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { AccessError } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { messageOf } from '../kernel/message.ts';
import { currentRequestId, withRequestId } from '../kernel/request-context.ts';
import { deliverable } from '../live/deliverable.ts';
import type { LiveConnections } from '../live/live-connections.ts';
import { LiveSubscription } from '../live/live-subscription.ts';
import { asSent, withText } from './named-document.ts';
import type { Origins } from './origins.ts';
import { type Connection, respondRaw } from './raw-response.ts';
import { requestIdOf } from './request-id.ts';
import { originForm } from './router.ts';
import type { Upgrade } from './server.ts';
import { CLOSE, closeOf, LARGEST_MESSAGE, OPERATION_EXISTS, WebSocketPeer } from './web-socket-peer.ts';

/** How long a client may take to send `connection_init`, in milliseconds. */
const INIT_MS = 3_000;
/** How many frames a message may have, and in how many pieces it may arrive. Each takes memory until the message is whole. */
const MOST_FRAMES = 256;
const MOST_PIECES = 1024;
/** The answer to a ping of the protocol. The library repeats the payload of the ping, however large and deep it is. */
const PONG = JSON.stringify({ type: 'pong' });

/** An operation as it came over a WebSocket. */
export interface WebSocketOperation {
  /** The request that opened the WebSocket, with the credential of `connection_init`. */
  req: IncomingMessage;
  /** No response can set cookies, and there is no body that a signature could cover. */
  res: null;
  rawBody: Buffer;
  /** The operation, parsed. */
  payload: unknown;
  connect: (accepted: AcceptedCredential | null) => LiveSubscription;
  /** Calls the listener when the client disconnects. Returns a function that removes it. */
  onDisconnect: (listener: () => void) => () => void;
}

export interface WebSocketOptions {
  execute: (
    operation: WebSocketOperation,
  ) => Promise<FormattedExecutionResult | AsyncIterable<FormattedExecutionResult>>;
  authenticate: Authenticate;
  live: LiveConnections;
  addressOf: (request: IncomingMessage) => string;
  origins: Origins;
  /** How many operations may be active on one connection. */
  mostOperations: number;
  clock: Clock;
  logger: Logger;
}

/**
 * GraphQL over WebSocket: the subprotocol `graphql-transport-ws`
 * (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), for operations of every kind.
 *
 * The credential comes in the payload of `connection_init`, or in the headers of the upgrade. Every operation is
 * authenticated and executed like one over HTTP. The connection ends when the credential ends.
 */
export function createWebSocketEndpoint(options: WebSocketOptions): Upgrade {
  const { live, addressOf, origins, clock, logger } = options;
  const protocol = createProtocol(options);
  /** The headers of the response to an upgrade. */
  const own = new WeakMap<IncomingMessage, Record<string, string>>();
  const sockets = createWebSocketServer(own);
  return {
    accepts: (request) =>
      request.method === 'GET' &&
      request.headers.upgrade?.toLowerCase() === 'websocket' &&
      originForm(request.url ?? '').split('?', 1)[0] === '/graphql' &&
      // After a request that is not answered yet, its response would follow the WebSocket's first bytes.
      !(request.socket as Connection)._httpMessage,
    handle(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const headers = { 'X-Request-Id': requestIdOf(request), ...(origins.anyListed ? { Vary: 'Origin' } : {}) };
      own.set(request, headers);
      // Without an origin, it is not a browser.
      if (request.headers.origin !== undefined && !origins.isAllowed(request)) {
        const description =
          'A page of this origin may not open a WebSocket. The operator can list the origin in REKEY_ALLOWED_ORIGINS.';
        return respondRaw(socket, { status: 403, error: 'forbidden', description, headers });
      }
      try {
        const connection = live.admit('web-socket', addressOf(request));
        socket.once('close', () => connection.release());
        sockets.handleUpgrade(request, socket, head, (ws) => {
          const peer = new WebSocketPeer({ ws, socket, request, connection, clock });
          run(protocol, peer, ws, logger);
        });
      } catch (error) {
        if (!(error instanceof AccessError)) throw error;
        const { status } = error.http;
        const description = error.message;
        const all = { ...headers, ...error.http.headers };
        respondRaw(socket, { status, error: error.code.toLowerCase(), description, headers: all });
      }
    },
  };
}

/** The library that speaks RFC 6455. Its own responses to an upgrade get the headers and the form of all others. */
function createWebSocketServer(own: WeakMap<IncomingMessage, Record<string, string>>): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // Compressed messages may be of any size.
    maxPayload: LARGEST_MESSAGE,
    maxFragments: MOST_FRAMES,
    maxBufferedChunks: MOST_PIECES,
    // One message per turn of the event loop. So an operation that a message completes has ended before the next message.
    allowSynchronousEvents: false,
    handleProtocols,
  });
  sockets.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(own.get(request) ?? {})) lines.push(`${name}: ${value}`);
  });
  sockets.on('wsClientError', ({ message }, socket, request) => {
    // RFC 6455 §4.2.2: the response to another version names those that the service speaks.
    const isVersion = message.includes('Sec-WebSocket-Version');
    const versions: Record<string, string> = isVersion
      ? { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13, 8' }
      : {};
    respondRaw(socket as Socket, {
      status: isVersion ? 426 : 400,
      error: 'invalid_request',
      description: `${message}.`,
      headers: { ...own.get(request), ...versions },
    });
  });
  return sockets;
}

/** Connects one WebSocket with the protocol. */
function run(protocol: Server<Extra>, peer: WebSocketPeer, ws: WebSocket, logger: Logger): void {
  const extra: Extra = { peer, began: null };
  const failed = (error: unknown) => {
    // The library knows these types, but only a server sends them.
    if (messageOf(error).startsWith('Unexpected message of type')) {
      return peer.close({ code: CLOSE.badRequest, reason: 'Invalid message received' });
    }
    logger.error({ requestId: currentRequestId(), err: error }, 'a message over a WebSocket failed');
    peer.close({ code: CLOSE.internalError, reason: 'Internal error' });
  };
  const closed = protocol.opened(
    {
      protocol: ws.protocol,
      send: (data) => peer.send(data),
      close(code = CLOSE.goingAway, reason = '') {
        // The reason of the library repeats the id.
        peer.close(code === CLOSE.operationExists ? OPERATION_EXISTS : { code, reason });
      },
      onPing: () => peer.send(PONG),
      onMessage: (receive) =>
        peer.onMessage((text) => {
          // Each message is a request of its own, also in the log. A subscription is the message that began it.
          const handled = withRequestId(randomUUID(), () => receive(withText(text)).catch(failed));
          const id = extra.began;
          extra.began = null;
          if (id !== null) void handled.then(() => peer.over(id));
        }),
    },
    extra,
  );
  ws.once('close', (code, reason) => void closed(code, String(reason)).catch(() => undefined));
}

interface Extra extends Record<PropertyKey, unknown> {
  peer: WebSocketPeer;
  /** The operation that the message begins which is handled now. The library has no other way to tell it. */
  began: string | null;
}

/** The library asks for a document to tell subscriptions from other operations. Here, the outcome tells it. */
const ANY_DOCUMENT = parse('{ __typename }');

function createProtocol(options: WebSocketOptions): Server<Extra> {
  const { execute, authenticate, mostOperations } = options;
  return makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_MS,
    async onConnect({ connectionParams, extra: { peer } }) {
      try {
        const request = peer.present(connectionParams ?? {});
        const accepted = await authenticate(request);
        if (accepted) peer.connection.authenticate(accepted, request);
        return true;
      } catch (error) {
        if (!(error instanceof AccessError)) throw error;
        peer.close(closeOf(error));
        return false;
      }
    },
    onSubscribe({ extra }, id, payload) {
      const { peer } = extra;
      const refusal = peer.begin(id, mostOperations);
      if (refusal) {
        peer.close(refusal);
        return [new GraphQLError(refusal.reason)];
      }
      extra.began = id;
      return { document: ANY_DOCUMENT, contextValue: { peer, payload }, rootValue: id } as unknown as ExecutionArgs;
    },
    async execute({ contextValue }) {
      const { peer, payload } = contextValue as { peer: WebSocketPeer; payload: Record<string, unknown> };
      const subscription = new LiveSubscription(peer.connection);
      const running = execute({
        req: peer.request,
        res: null,
        rawBody: Buffer.alloc(0),
        payload: asSent(payload),
        connect: () => subscription,
        onDisconnect: (listener) => peer.onDisconnect(listener),
      });
      const outcome = await peer.track(running);
      if (!(Symbol.asyncIterator in outcome)) {
        subscription.release(); // A subscription that was rejected needs nothing any more.
        return outcome as never;
      }
      return deliverable(outcome, peer.connection, () => subscription.release()) as never;
    },
    // The results are formatted already.
    onNext: (_context, _id, _payload, _args, result) => result as never,
  });
}
