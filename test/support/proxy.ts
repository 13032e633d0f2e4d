// A TCP proxy inside the test that simulates network failures: reset connections, silent loss, delay, and a response
// that is in flight while something else happens.
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { freePort } from './ports.ts';

/** request: from the client to the server. reply: the other way. */
export type Direction = 'request' | 'reply';
export type HoldPredicate = (chunk: Buffer, direction: Direction) => boolean;

export interface TcpProxy {
  readonly port: number;
  /** The same URL with the host and port of the proxy. */
  url(from: string): string;
  /** Resets every connection and refuses new ones, like a running host without the server. */
  cut(): void;
  /** Accepts and keeps connections but forwards nothing, like a partition. The server notices no client. */
  blackhole(): void;
  /** Forwards requests and holds replies. The promise resolves when the first reply is held. */
  holdReplies(): Promise<void>;
  /**
   * Holds the replies of a connection from the first chunk on that matches the predicate. Other connections are not
   * affected. A matching request is forwarded. The promise resolves when the first reply is held.
   */
  holdRepliesWhen(predicate: HoldPredicate): Promise<void>;
  releaseReplies(): void;
  /** Delays every reply by so much. */
  delay(milliseconds: number): void;
  /** Ends all failures and delivers what was held, in order. After `cut`, await it before connecting. */
  heal(): Promise<void>;
  /** Connections from clients that are open now. */
  connections(): number;
  close(): Promise<void>;
}

type Item = { data: Buffer | 'end' | 'reset' | 'close'; dueAt: number };

export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const port = await freePort();
  const links = new Set<Link>();
  let server: Server | null = null;
  let blackholed = false;
  let holding = false;
  let holdsWhen: HoldPredicate | null = null;
  let delayMs = 0;
  let replyIsHeld: () => void = () => undefined;

  class Link {
    readonly client: Socket;
    readonly queues: Record<Direction, Item[]> = { request: [], reply: [] };
    upstream: Socket | null = null;
    held = false;
    timer: NodeJS.Timeout | undefined;

    constructor(client: Socket) {
      this.client = client;
      links.add(this);
      client.setNoDelay(true);
      this.#read(client, 'request');
      client.on('close', () => this.#deleteWhenClosed());
      this.pump();
    }

    #read(socket: Socket, direction: Direction): void {
      const push = (data: Item['data']) => {
        if (Buffer.isBuffer(data) && holdsWhen?.(data, direction)) this.held = true;
        const dueAt = direction === 'reply' ? performance.now() + delayMs : 0;
        this.queues[direction].push({ data, dueAt });
        this.pump();
        if (direction === 'reply' && (holding || this.held) && Buffer.isBuffer(data)) replyIsHeld();
      };
      socket.on('data', push);
      socket.on('end', () => push('end'));
      socket.on('error', () => undefined); // 'close' follows
      socket.on('close', (hadError) => push(hadError ? 'reset' : 'close'));
    }

    /** Forwards everything that is due. */
    pump(): void {
      if (blackholed) return;
      if (this.upstream === null) {
        this.upstream = tcpConnect({ ...target, allowHalfOpen: true, noDelay: true });
        this.#read(this.upstream, 'reply');
      }
      for (const item of this.queues.request.splice(0)) forward(item, this.upstream);
      if (holding || this.held) return;
      const replies = this.queues.reply;
      while (replies[0] !== undefined && replies[0].dueAt <= performance.now()) {
        forward(replies.shift() as Item, this.client);
      }
      clearTimeout(this.timer);
      if (replies[0] !== undefined) {
        this.timer = setTimeout(() => this.pump(), Math.max(1, Math.ceil(replies[0].dueAt - performance.now())));
      }
      this.#deleteWhenClosed();
    }

    makeAllDue(): void {
      for (const item of this.queues.reply) item.dueAt = 0;
    }

    reset(): void {
      clearTimeout(this.timer);
      this.queues.request.length = 0;
      this.queues.reply.length = 0;
      this.client.resetAndDestroy();
      this.upstream?.resetAndDestroy();
      links.delete(this);
    }

    // In a partition the server does not know yet that the client has closed. The link is kept until it does.
    #deleteWhenClosed(): void {
      if (this.client.destroyed && this.upstream?.destroyed) links.delete(this);
    }
  }

  async function listen(): Promise<void> {
    if (server !== null) return;
    const listening = createServer({ allowHalfOpen: true }, (client) => new Link(client));
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.once('error', reject);
      listening.listen(port, '127.0.0.1', resolve);
    });
  }

  function cut(): void {
    server?.close();
    server = null;
    for (const link of links) link.reset();
  }

  function pumpAll(): void {
    for (const link of links) link.pump();
  }

  function untilReplyIsHeld(): Promise<void> {
    return new Promise((resolve) => {
      replyIsHeld = resolve;
    });
  }

  function releaseReplies(): void {
    holding = false;
    holdsWhen = null;
    for (const link of links) link.held = false;
    pumpAll();
  }

  await listen();
  return {
    port,
    url(from) {
      const url = new URL(from);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    cut,
    blackhole() {
      blackholed = true;
    },
    holdReplies() {
      holding = true;
      return untilReplyIsHeld();
    },
    holdRepliesWhen(predicate) {
      holdsWhen = predicate;
      return untilReplyIsHeld();
    },
    releaseReplies,
    delay(milliseconds) {
      delayMs = milliseconds;
    },
    async heal() {
      blackholed = false;
      delayMs = 0;
      for (const link of links) link.makeAllDue();
      releaseReplies();
      await listen();
    },
    connections: () => [...links].filter(({ client }) => !client.destroyed && !client.readableEnded).length,
    async close() {
      cut();
    },
  };
}

function forward(item: Item, to: Socket): void {
  if (to.destroyed) return;
  if (item.data === 'end') to.end();
  else if (item.data === 'reset') to.resetAndDestroy();
  else if (item.data === 'close') to.destroySoon();
  else to.write(item.data);
}
