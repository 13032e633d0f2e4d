import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { AccessError } from '../identity/access-error.ts';
import type { Clock } from '../kernel/clock.ts';
import { hasMoreJsonValues } from '../kernel/json-values.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import { explanationOf, type LiveEnd } from '../live/live-end.ts';

/** The largest message, in bytes. */
export const LARGEST_MESSAGE = 64 * 1024;
/** The maximum number of JSON values in a message. Many small ones cost more than a long text. */
const MOST_VALUES = 5000;
/** The longest id of an operation, in characters. Every message about the operation repeats it. */
const LONGEST_ID = 128;
/** How many messages a client may send per second, and how many at once after a pause. */
const MESSAGES_PER_SECOND = 50;
const MESSAGES_AT_ONCE = 100;
/** After this many heartbeats without an answer, the client is gone. */
const UNANSWERED_BEATS = 3;
/** How long a client may take to close the connection, in milliseconds. */
const LINGER_MS = 2_000;
/** How long the answers of running operations may take after the credential has ended, in milliseconds. */
const LAST_ANSWERS_MS = 5_000;

/** The close codes (RFC 6455 §7.4, the protocol graphql-transport-ws, and the contract of this service). */
export const CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  tryAgainLater: 1013,
  badRequest: 4400,
  forbidden: 4403,
  operationExists: 4409,
  tooSlow: 4413,
  tooMany: 4429,
  internalError: 4500,
} as const;

export interface Close {
  code: number;
  /** ASCII. */
  reason: string;
}

export const OPERATION_EXISTS: Close = { code: CLOSE.operationExists, reason: 'An operation with this id is active' };

/** How a WebSocket is closed for this error. */
export function closeOf({ code, message }: Pick<AccessError, 'code' | 'message'>): Close {
  switch (code) {
    case 'AUTHENTICATION_UNAVAILABLE':
      return { code: CLOSE.tryAgainLater, reason: message };
    case 'RATE_LIMITED':
      return { code: CLOSE.tooMany, reason: message };
    case 'BAD_CREDENTIALS_IN_REQUEST':
      return { code: CLOSE.badRequest, reason: message };
    default:
      return { code: CLOSE.forbidden, reason: message };
  }
}

function closeAtEnd(end: LiveEnd): Close {
  if (end === 'going away') return { code: CLOSE.goingAway, reason: 'This replica stops. Connect again.' };
  if (end === 'too slow') return { code: CLOSE.tooSlow, reason: 'Too slow' };
  return closeOf(explanationOf(end) as AccessError);
}

/** One client over a WebSocket: what it may send, and how its connection ends. */
export class WebSocketPeer {
  readonly connection: LiveConnection;
  readonly #ws: WebSocket;
  readonly #upgrade: IncomingMessage;
  readonly #clock: Clock;
  readonly #running = new Set<Promise<unknown>>();
  readonly #operations = new Set<string>();
  readonly #onDisconnect = new Set<() => void>();
  #request: IncomingMessage;
  #closing = false;
  #unanswered = 0;
  #allowed = MESSAGES_AT_ONCE;
  #countedAt: number;

  constructor(options: {
    ws: WebSocket;
    socket: Socket;
    request: IncomingMessage;
    connection: LiveConnection;
    clock: Clock;
  }) {
    const { ws, socket, request, connection, clock } = options;
    this.connection = connection;
    this.#ws = ws;
    this.#upgrade = request;
    this.#request = request;
    this.#clock = clock;
    this.#countedAt = clock.monotonic();
    // `ws` has sent the close code of the error, and drops what follows.
    ws.on('error', () => this.#linger());
    ws.on('pong', () => {
      if (this.#mayReceive()) this.#unanswered = 0;
    });
    ws.on('ping', () => this.#mayReceive());
    ws.once('close', () => {
      for (const listener of this.#onDisconnect) listener();
    });
    connection.attach({ socket, end: (reason) => void this.#end(reason), beat: () => this.#beat() });
  }

  /** The request that every operation is authenticated with: the one that `present` returned. */
  get request(): IncomingMessage {
    return this.#request;
  }

  /**
   * The request of the upgrade, with the credential in the payload of `connection_init`.
   *
   * A browser sends its cookies with an upgrade to any site, and no header of a script. They count only together with an
   * origin, which was checked.
   */
  present(payload: Readonly<Record<string, unknown>>): IncomingMessage {
    const { headers, rawHeaders } = this.#upgrade;
    const isBrowser = headers.origin !== undefined;
    const presented = Object.entries(payload).filter(
      (entry): entry is [string, string] =>
        /^(?:authorization|x-api-key)$/i.test(entry[0]) && typeof entry[1] === 'string',
    );
    const own = Object.fromEntries(presented.map(([name, value]) => [name.toLowerCase(), value]));
    const { cookie, ...others } = headers;
    const cookies = isBrowser && cookie !== undefined ? { cookie, 'x-rekey-csrf': '1' } : {};
    this.#request = Object.create(this.#upgrade, {
      headers: { value: { ...others, ...cookies, ...own } },
      rawHeaders: { value: [...rawHeaders, ...presented.flat()] },
    });
    return this.#request;
  }

  onMessage(receive: (text: string) => void): void {
    this.#ws.on('message', (data, isBinary) => {
      if (!this.#mayReceive()) return;
      if (isBinary) return this.close({ code: CLOSE.unsupportedData, reason: 'Messages must be text' });
      const text = String(data);
      if (hasMoreJsonValues(text, MOST_VALUES)) {
        return this.close({ code: CLOSE.badRequest, reason: 'The message has too many JSON values' });
      }
      receive(text);
    });
  }

  /**
   * Gives an operation its place among the active ones of this connection. An operation keeps it until it has ended, also
   * when the client has completed it.
   *
   * @returns how the connection must be closed if it may not begin; null if it may
   */
  begin(id: string, most: number): Close | null {
    if (id.length > LONGEST_ID) {
      return { code: CLOSE.badRequest, reason: `The id of an operation may have ${LONGEST_ID} characters` };
    }
    if (this.#operations.has(id)) return OPERATION_EXISTS;
    if (this.#operations.size >= most) return { code: CLOSE.tooMany, reason: 'Too many active operations' };
    this.#operations.add(id);
    return null;
  }

  /** The operation has ended. Its id may be used again. */
  over(id: string): void {
    this.#operations.delete(id);
  }

  /** Resolves when the operating system has taken the message. */
  send(data: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ws.readyState !== this.#ws.OPEN) return resolve();
      this.#ws.send(data, () => resolve());
    });
  }

  /** The answer of an operation that runs when the credential ends is still sent. */
  track<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    const done = () => this.#running.delete(running);
    running.then(done, done);
    return running;
  }

  /** Calls the listener when the connection is closed. Returns a function that removes it. */
  onDisconnect(listener: () => void): () => void {
    this.#onDisconnect.add(listener);
    return () => void this.#onDisconnect.delete(listener);
  }

  close({ code, reason }: Close): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    this.#ws.close(code, reason.slice(0, 120));
    this.#linger();
  }

  /** Gives the client some time to close the connection. */
  #linger(): void {
    this.#closing = true;
    const linger = setTimeout(() => this.#ws.terminate(), LINGER_MS);
    this.#ws.once('close', () => clearTimeout(linger));
  }

  async #end(reason: LiveEnd): Promise<void> {
    this.#closing = true;
    if (reason !== 'too slow' && this.#running.size > 0) await this.#lastAnswers();
    this.close(closeAtEnd(reason));
  }

  /** A mutation that revokes its own credential would lose its receipt. */
  async #lastAnswers(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_ANSWERS_MS);
    });
    await Promise.race([Promise.allSettled([...this.#running]), late]);
    clearTimeout(timer);
    // The protocol sends an answer in the turn after the operation.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #beat(): void {
    if (this.#unanswered >= UNANSWERED_BEATS) return this.#ws.terminate();
    this.#unanswered++;
    this.#ws.ping();
  }

  /** A token bucket. What comes after the end is dropped. */
  #mayReceive(): boolean {
    if (this.#closing) return false;
    const now = this.#clock.monotonic();
    const gained = ((now - this.#countedAt) / 1000) * MESSAGES_PER_SECOND;
    this.#allowed = Math.min(MESSAGES_AT_ONCE, this.#allowed + gained);
    this.#countedAt = now;
    if (this.#allowed >= 1) {
      this.#allowed--;
      return true;
    }
    this.close({ code: CLOSE.tooMany, reason: 'Too many messages' });
    this.#ws.pause(); // Nothing more is read. `ws` resumes a socket that is paused in another way.
    return false;
  }
}
