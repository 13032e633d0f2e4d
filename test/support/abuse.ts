// What one abusive client sends, for the story of another client beside it and for the benchmark of its latency.
import { connect, type Socket } from 'node:net';
import { makeSecret } from '../../src/crypto/secret-text.ts';

/** A request that is rejected. */
export interface AbusiveRequest {
  name: string;
  /** The request as it is sent, on a connection of its own or after the one before it. */
  bytes(): string;
  /** The status of its response. */
  status: number;
  /** Whether no two of these requests are equal. */
  differs?: true;
}

const JSON_TYPE = 'application/json';
const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

function post(body: string, type = JSON_TYPE): string {
  const length = Buffer.byteLength(body);
  return `POST /graphql HTTP/1.1\r\nHost: rekey\r\nAccept: application/graphql-response+json\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`;
}
const operation = (query: string) => post(JSON.stringify({ query }));
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: rekey\r\n${headers}\r\n`;

const MULTIPART =
  '--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ __typename }"}\r\n--x--\r\n';

/** A request that is accepted, for comparison. */
export const ORDINARY: AbusiveRequest = {
  name: 'an ordinary operation',
  bytes: () => operation('{ __typename }'),
  status: 200,
};

export const ABUSIVE_REQUESTS: readonly AbusiveRequest[] = [
  { name: '1 000 aliases', bytes: () => operation(`{ ${many(1000, (i) => `a${i}: __typename`)} }`), status: 400 },
  {
    name: '200 aliases of a login',
    bytes: () =>
      operation(
        `mutation { ${many(200, (i) => `a${i}: login(input: { email: "a@b.c", password: "x" }) { __typename }`)} }`,
      ),
    status: 400,
  },
  { name: '10 000 tokens', bytes: () => operation(`{ ${many(9998, () => 'a')} }`), status: 400 },
  { name: '60 levels', bytes: () => operation(`{ ${'viewer { '.repeat(59)} scopes ${'}'.repeat(59)} }`), status: 400 },
  {
    name: 'a cycle of fragments',
    bytes: () => operation(`{ ...F0 } ${many(100, (i) => `fragment F${i} on Query { ...F${(i + 1) % 100} }`)}`),
    status: 400,
  },
  {
    name: 'fragments that double at each level',
    bytes: () =>
      operation(
        `{ ...F0 } ${many(60, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F60 on Query { __typename }`,
      ),
    status: 400,
  },
  {
    name: 'an operation that costs a hundred times the limit',
    bytes: () =>
      operation(
        '{ workspaces(first: 100) { nodes { members(first: 100) { nodes { user { id email displayName } } } } } }',
      ),
    status: 400,
  },
  { name: 'a body of 2 MB', bytes: () => post(JSON.stringify({ query: ' '.repeat(2_000_000) })), status: 413 },
  { name: 'a form', bytes: () => post('query=%7B__typename%7D', 'application/x-www-form-urlencoded'), status: 415 },
  { name: 'multipart', bytes: () => post(MULTIPART, 'multipart/form-data; boundary=x'), status: 415 },
  { name: 'text', bytes: () => post('{"query":"{ __typename }"}', 'text/plain'), status: 415 },
  { name: 'GET', bytes: () => get('/graphql?query=%7B__typename%7D'), status: 405 },
  {
    name: 'a batch',
    bytes: () => post(`[${many(100, () => '{"query":"{ __typename }"}').replaceAll('} {', '},{')}]`),
    status: 400,
  },
  { name: 'a header of 64 KiB', bytes: () => get('/v1/verify', `X-Long: ${'x'.repeat(65_536)}\r\n`), status: 431 },
  {
    name: '4 000 headers',
    bytes: () => get('/v1/verify', many(4000, (i) => `X-${i}: x\r\n`).replaceAll('\n ', '\n')),
    status: 431,
  },
  {
    name: 'a random key',
    bytes: () => get('/v1/verify', `X-API-Key: ${makeSecret('rka')}\r\n`),
    status: 401,
    differs: true,
  },
];

/** Sends requests one after the other on one connection, and opens another one when the server closes it. */
export class AbusiveClient {
  readonly #port: number;
  readonly #made = new Map<string, string>();
  #socket: Socket | null = null;

  constructor(origin: string) {
    this.#port = Number(new URL(origin).port);
  }

  /** Sends a request. Resolves with the status of its response. */
  send(request: AbusiveRequest): Promise<number> {
    const bytes = this.#bytesOf(request);
    const socket = (this.#socket ??= this.#open());
    return new Promise((resolve, reject) => {
      let received = '';
      const done = (status: number | null) => {
        socket.off('data', read).off('close', closed);
        if (status === null) reject(new Error(`The connection was closed after ${JSON.stringify(received)}`));
        else resolve(status);
      };
      const closed = () => {
        this.#socket = null;
        done(statusIn(received));
      };
      const read = (chunk: Buffer) => {
        received += chunk.toString('latin1');
        const [head, body = ''] = received.split('\r\n\r\n', 2);
        const length = /content-length: (\d+)/i.exec(head!)?.[1];
        if (length === undefined || body.length < Number(length)) return;
        if (/connection: close/i.test(head!)) return; // `closed` follows
        done(statusIn(received));
      };
      socket.on('data', read).on('close', closed);
      socket.write(bytes);
    });
  }

  /** The same bytes again, unless each request differs: the client must cost less than the service. */
  #bytesOf({ name, bytes, differs }: AbusiveRequest): string {
    const made = (differs ? undefined : this.#made.get(name)) ?? bytes();
    this.#made.set(name, made);
    return made;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined); // 'close' follows
    return socket;
  }
}

const statusIn = (received: string) => {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
  return status === undefined ? null : Number(status);
};

/** How a slow client begins: with a head, or with a head and a body, that never ends. */
export const SLOW = {
  'slow headers': 'POST /graphql HTTP/1.1\r\nHost: rekey\r\nX-Slow: ',
  'slow bodies': `POST /graphql HTTP/1.1\r\nHost: rekey\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: 100000\r\n\r\n`,
} as const;

/** Opens many connections, and sends one more byte on each of them again and again. */
export async function slowClients(
  origin: string,
  begin: string,
  { count, everyMs }: { count: number; everyMs: number },
): Promise<{ open(): number; stop(): void }> {
  const port = Number(new URL(origin).port);
  const sockets = await Promise.all(
    Array.from({ length: count }, () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => undefined);
      return new Promise<Socket>((resolve) =>
        socket.once('connect', () => {
          socket.write(begin);
          resolve(socket);
        }),
      );
    }),
  );
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(' ');
  }, everyMs);
  return {
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    stop() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}
