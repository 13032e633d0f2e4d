// Clients of the live connections, which show each frame that the service sends: an event stream, a WebSocket and a poll.
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { type Caller, presentedBy } from './calls.ts';
import { type RawAnswer, send } from './raw.ts';

/** Everything that an event says. */
export const FEED = `subscription ($after: String) { revocations(after: $after) {
  sequence credentialId kind effect reason committedAt userId workspaceId daemonId } }`;

/** An event as clients receive it. */
export interface FeedEvent {
  sequence: string;
  credentialId: string;
  kind: string;
  effect: string;
  reason: string;
  committedAt: string;
  userId: string | null;
  workspaceId: string | null;
  daemonId: string | null;
}

/** One GraphQL result in a stream. */
export interface Result {
  // biome-ignore lint/suspicious/noExplicitAny: any selection
  data?: any;
  // biome-ignore lint/suspicious/noExplicitAny: extensions are open
  errors?: { message: string; path?: (string | number)[]; extensions: any }[];
}

/** The headers that present a caller. */
export function headersOf(caller: Caller): Record<string, string> {
  const { bearer, apiKey, headers } = presentedBy(caller);
  return {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
    ...headers,
  };
}

/** What is read one by one: `next` waits for the next one, and returns null after the last one. */
class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  push(item: T): void {
    this.all.push(item);
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  async next(): Promise<T | null> {
    for (;;) {
      if (this.#taken < this.all.length) return this.all[this.#taken++]!;
      if (this.#ended) return null;
      await this.#changed.promise;
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

export interface StreamOptions {
  caller?: Caller;
  query?: string;
  variables?: object;
  operationName?: string;
  headers?: Record<string, string>;
}

/** A response that is read as server-sent events. */
export class EventStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All text so far. */
  text = '';
  /** The comments so far: heartbeats. */
  comments = 0;
  readonly #response: IncomingMessage;
  readonly #frames = new Inbox<{ event: string; data: string }>();
  /** Resolves when the response has ended, also without its last frame. */
  readonly closed: Promise<void>;

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode!;
    this.headers = response.headers;
    let unread = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
      const frames = (unread + text).split('\n\n');
      unread = frames.pop()!;
      for (const frame of frames) this.#read(frame);
    });
    response.on('error', () => undefined); // 'close' follows
    this.closed = new Promise((resolve) =>
      response.once('close', () => {
        this.#frames.end();
        resolve();
      }),
    );
  }

  /** Sends an operation by POST, and resolves with the response as soon as its headers have arrived. */
  static open(
    origin: string,
    { caller = {}, query = FEED, variables, operationName, headers }: StreamOptions = {},
  ): Promise<EventStream> {
    const all = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headersOf(caller),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const sent = request(`${origin}/graphql`, { method: 'POST', headers: all, agent: false }, (response) =>
        resolve(new EventStream(response)),
      );
      sent.on('error', reject);
      sent.end(JSON.stringify({ query, variables, operationName }));
    });
  }

  #read(frame: string): void {
    if (frame.startsWith(':')) {
      this.comments++;
      return;
    }
    const [event = '', data = ''] = frame.split('\n');
    this.#frames.push({ event: event.replace('event: ', ''), data: data.replace(/^data:\s?/, '') });
  }

  /** The next frame; null after the end. */
  frame(): Promise<{ event: string; data: string } | null> {
    return this.#frames.next();
  }

  /** The next result; null after the frame `complete`. Throws if the response ends without it. */
  async next(): Promise<Result | null> {
    const frame = await this.frame();
    if (!frame) throw new Error(`The stream broke off after ${JSON.stringify(this.text.slice(-300))}`);
    return frame.event === 'complete' ? null : JSON.parse(frame.data);
  }

  /** The next event of the feed. Throws if something else comes. */
  async event(): Promise<FeedEvent> {
    return eventOf(await this.next());
  }

  /** Why the service ended the stream: the code of the last error, or `complete`. Skips the events before it. */
  async end(): Promise<string> {
    let code = 'complete';
    for (;;) {
      const result = await this.next();
      if (result === null) return code;
      code = result.errors?.[0]?.extensions.code ?? code;
    }
  }

  /** Stops reading, as a client that hangs. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  /** Closes the connection, as a client that leaves. */
  close(): void {
    this.#response.destroy();
  }
}

function eventOf(result: Result | null): FeedEvent {
  if (!result?.data) throw new Error(`Not an event: ${JSON.stringify(result)}`);
  return result.data.revocations;
}

/** A message of graphql-transport-ws. */
export interface Message {
  type: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: depends on the type
  payload?: any;
}

export interface SocketOptions {
  /** Presented in `connection_init`. */
  caller?: Caller;
  /** Headers of the upgrade. */
  headers?: Record<string, string>;
  /** The payload of `connection_init` instead of the caller's; null: it is not sent. */
  init?: object | null;
  protocols?: string[];
  options?: ClientOptions;
}

/** A WebSocket that speaks the protocol by hand. */
export class Socket {
  readonly ws: WebSocket;
  readonly #messages = new Inbox<Message>();
  /** The code and the reason with which the connection was closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** The headers of the response to the upgrade. */
  headers: IncomingHttpHeaders = {};
  pings = 0;
  #ids = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.#messages.push(JSON.parse(String(data))));
    ws.on('ping', () => this.pings++);
    ws.on('upgrade', ({ headers }) => (this.headers = headers));
    ws.on('error', () => undefined); // 'close' follows
    this.closed = new Promise((resolve) =>
      ws.once('close', (code, reason) => {
        this.#messages.end();
        resolve({ code, reason: String(reason) });
      }),
    );
  }

  /** Resolves when the service has acknowledged the connection. Throws if it closes it. */
  static async open(origin: string, { init, caller = {}, ...options }: SocketOptions = {}): Promise<Socket> {
    const socket = await Socket.connect(origin, options);
    if (init === null) return socket;
    const ack = await socket.ask({ type: 'connection_init', payload: init ?? headersOf(caller) });
    if (ack?.type !== 'connection_ack') throw new Error(`Closed: ${JSON.stringify(await socket.closed)}`);
    return socket;
  }

  /** Resolves when the WebSocket is open. Rejects with the response if the service does not upgrade. */
  static connect(
    origin: string,
    { headers, protocols = ['graphql-transport-ws'], options }: Omit<SocketOptions, 'init' | 'caller'> = {},
  ): Promise<Socket> {
    const ws = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, protocols, { ...options, headers });
    const socket = new Socket(ws);
    return new Promise((resolve, reject) => {
      ws.once('open', () => resolve(socket));
      ws.once('error', reject);
      ws.once('unexpected-response', async (_request, response: IncomingMessage) => {
        const text = Buffer.concat(await response.toArray()).toString();
        reject(Object.assign(new Error(`Status ${response.statusCode}: ${text}`), { response, text }));
      });
    });
  }

  /** Sends a message, as it is if it is text. */
  send(message: Message | string): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a message and returns the next one; null if the connection is closed. */
  ask(message: Message): Promise<Message | null> {
    this.send(message);
    return this.message();
  }

  /** The next message; null after the last one. */
  message(): Promise<Message | null> {
    return this.#messages.next();
  }

  /** Begins an operation. @returns its id */
  subscribe({
    id = String(++this.#ids),
    query = FEED,
    variables,
  }: {
    id?: string;
    query?: string;
    variables?: object;
  } = {}): string {
    this.send({ type: 'subscribe', id, payload: { query, ...(variables ? { variables } : {}) } });
    return id;
  }

  /** The next result of any operation. Throws if something else comes. */
  async next(): Promise<Result> {
    const message = await this.message();
    if (message?.type !== 'next') throw new Error(`Not a result: ${JSON.stringify(message ?? (await this.closed))}`);
    return message.payload;
  }

  /** The result of one query or mutation. */
  async execute(query: string, variables?: object): Promise<Result> {
    this.subscribe({ query, variables });
    const result = await this.next();
    const last = await this.message();
    if (last?.type !== 'complete') throw new Error(`Not the end: ${JSON.stringify(last)}`);
    return result;
  }

  /** The next event of the feed. Throws if something else comes. */
  async event(): Promise<FeedEvent> {
    return eventOf(await this.next());
  }

  /** Why the service closed the connection: the code. Skips the messages before it. */
  async end(): Promise<string> {
    return String((await this.closed).code);
  }

  /** Closes the connection as a client does, and resolves when it is closed. */
  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}

/** Sends one poll. */
export function poll(
  origin: string,
  caller: Caller,
  query: Record<string, string | number> = {},
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return send(origin, `/v1/revocations${parameters.size > 0 ? `?${parameters}` : ''}`, {
    headers: { ...headersOf(caller), ...headers },
  });
}

/** Follows by one poll after the other. */
class Polls {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #events = new Inbox<FeedEvent>();
  readonly #closing = new AbortController();
  readonly #ended: Promise<string>;

  constructor(origin: string, caller: Caller, after: string) {
    this.#url = `${origin}/v1/revocations?wait=10000&after=`;
    this.#headers = headersOf(caller);
    this.#ended = this.#follow(after).finally(() => this.#events.end());
    this.#ended.catch(() => undefined); // `end` reports it.
  }

  /** Resolves with the status of the first answer that is none of events. */
  async #follow(after: string): Promise<string> {
    let from = after;
    for (;;) {
      const { signal } = this.#closing;
      const answer = await fetch(`${this.#url}${from}`, { headers: this.#headers, signal });
      if (answer.status !== 200) return String(answer.status);
      const { position, events } = (await answer.json()) as { position: string; events: FeedEvent[] };
      for (const event of events) this.#events.push(event);
      from = position;
    }
  }

  async event(): Promise<FeedEvent> {
    const event = await this.#events.next();
    if (!event) throw new Error(`The polls ended with ${await this.#ended}`);
    return event;
  }

  end(): Promise<string> {
    return this.#ended;
  }

  close(): void {
    this.#closing.abort();
  }
}

/** One way to follow the feed. */
export interface Follower {
  /** The next event. */
  event(): Promise<FeedEvent>;
  /** Why the service ended it: the code of an error in a stream, a close code, or a status. */
  end(): Promise<string>;
  close(): Promise<void> | void;
}

/** The three ways to follow the feed from a position on. Each follows when its promise has resolved. */
export const WAYS: { name: string; follow(origin: string, caller: Caller, after: string): Promise<Follower> }[] = [
  {
    name: 'an event stream',
    async follow(origin, caller, after) {
      const stream = await EventStream.open(origin, { caller, variables: { after } });
      if (stream.status !== 200) throw new Error(`Status ${stream.status}`);
      return stream;
    },
  },
  {
    name: 'a WebSocket',
    async follow(origin, caller, after) {
      const socket = await Socket.open(origin, { caller });
      socket.subscribe({ variables: { after } });
      return socket;
    },
  },
  {
    name: 'polls',
    follow: async (origin, caller, after) => new Polls(origin, caller, after),
  },
];

/** The position of this replica. */
export async function positionOf(origin: string, caller: Caller): Promise<string> {
  const { status, json, text } = await poll(origin, caller);
  if (status !== 200) throw new Error(`No position: ${status} ${text}`);
  return json.position;
}
