import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '../kernel/clock.ts';

/** How often idle connections are looked for while the last requests run, in milliseconds. */
const SWEEP_MS = 50;
/** How long a connection may stay without its first request after the last one was accepted, in milliseconds. */
const SILENT_MS = 1000;
/** A turn of the event loop that is shorter has accepted all connections but those of its last moment. */
const SHORT_TURN_MS = 1;
/** A busy process has no short turn. It does not wait for one any longer. */
const MOST_TURNS = 200;

/** The connections of one server. They end in an order in which no request is lost that a client had to expect. */
export class Connections {
  readonly #server: Server;
  /** The newest response of each open connection; null before its first request. */
  readonly #newest = new Map<Socket, ServerResponse | null>();
  #responsesAreLast = false;

  /** Create it before the server listens. */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#newest.set(socket, null);
      socket.once('close', () => this.#newest.delete(socket));
    });
    server.prependListener('request', ({ socket }, response) => {
      if (this.#responsesAreLast) this.#isLastInstead(response, this.#newest.get(socket));
      this.#newest.set(socket, response);
    });
  }

  /**
   * From now on, a response is the last one on its connection and says so with `Connection: close`. The client sends its
   * next request on another connection. Requests that follow without waiting (pipelining) are answered first.
   */
  endWithResponses(): void {
    this.#responsesAreLast = true;
    for (const response of this.#newest.values()) if (response) this.#isLastInstead(response, null);
  }

  #isLastInstead(response: ServerResponse, earlier: ServerResponse | null | undefined): void {
    response.shouldKeepAlive = false;
    // Node drops what follows a request for another protocol, so that response stays the last one.
    if (earlier && !earlier.headersSent && earlier.req.headers.upgrade === undefined) earlier.shouldKeepAlive = true;
  }

  /**
   * Stops accepting connections, and ends the idle ones.
   *
   * The operating system resets the connections that it has established and the process has not accepted. It also resets
   * one that ends while a request on it has arrived and was not read. So both happen directly after a turn of the event
   * loop that has accepted and read everything.
   */
  async stopAccepting(): Promise<void> {
    await shortTurn();
    // Not the method of the HTTP server: it also ends connections whose last response is not sent completely.
    NetServer.prototype.close.call(this.#server);
    for (const [socket, response] of this.#newest) if (response?.headersSent) this.#endAfter(response, socket);
    this.#endIdle();
  }

  /** Ends the connection with a response that could not say that it is the last one: a client may use it again at once. */
  #endAfter(response: ServerResponse, socket: Socket): void {
    response.once('finish', () => {
      if (this.#newest.get(socket) === response) socket.destroySoon();
    });
  }

  /** Resolves when every connection has ended. Those that still have a request after this time are cut. */
  async ended(withinMs: number): Promise<void> {
    let silentMayEnd = false;
    const silent = setTimeout(() => (silentMayEnd = true), SILENT_MS);
    const sweep = setInterval(() => {
      setImmediate(() => {
        this.#endIdle();
        if (silentMayEnd) this.#endSilent();
      });
    }, SWEEP_MS);
    // Not `server.closeAllConnections()`: it skips connections that no longer use HTTP.
    const late = setTimeout(() => {
      for (const socket of this.#newest.keys()) socket.destroy();
    }, withinMs);
    await this.#allClosed();
    for (const timer of [silent, sweep, late]) clearTimeout(timer);
  }

  async #allClosed(): Promise<void> {
    while (this.#newest.size > 0) {
      const [socket] = this.#newest.keys();
      await new Promise((resolve) => socket!.once('close', resolve));
    }
  }

  /**
   * Ends the connections that have had their last response, although it did not say that it was. Node takes a response for
   * complete that is not sent yet. While there is one, all connections stay.
   */
  #endIdle(): void {
    for (const response of this.#newest.values()) if (response?.writableEnded && !response.writableFinished) return;
    this.#server.closeIdleConnections();
  }

  /** Ends connections without any request. Browsers and load balancers keep some in reserve, and Node's list lacks them. */
  #endSilent(): void {
    for (const socket of this.#newest.keys()) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** Resolves directly after a turn of the event loop in which the process had almost nothing to do. */
async function shortTurn(): Promise<void> {
  await nextTurn();
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const began = systemClock.monotonic();
    await nextTurn();
    if (systemClock.monotonic() - began < SHORT_TURN_MS) return;
  }
}
