// Keep-alive connections, each with one request in flight. Written by hand, because the client must cost much less than
// what it measures: with a client that is as slow as the server, any two servers look alike.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ServerProcess } from '../support/server-process.ts';

export interface Shot {
  method?: string;
  path: string;
  /** A function makes other headers for each request, such as a signature. */
  headers?: Record<string, string> | (() => Record<string, string>);
  body?: string;
  /** The expected status of the response. */
  status: number;
}

/** The result of one round. */
export interface LoadSample {
  perSecond: number;
  /** CPU time of the server for one request, in microseconds. */
  cpu: number;
  /** The server's share of one core. If it is far below 1, the client was measured. */
  busy: number;
}

/** Sends the same request again and again, or one with other headers each time. All responses must have the same length and the expected status. */
export class Load {
  readonly #server: ServerProcess;
  readonly #request: () => Buffer;
  readonly #start: string;
  #sockets: Socket[] = [];
  #answerBytes = 0;

  constructor(server: ServerProcess, { method = 'GET', path, headers = {}, body = '', status }: Shot) {
    this.#server = server;
    this.#start = `HTTP/1.1 ${status} `;
    const common = { Host: new URL(server.url).host, ...(body ? { 'Content-Length': Buffer.byteLength(body) } : {}) };
    const write = (given: Record<string, string>) => {
      const lines = Object.entries({ ...common, ...given }).map(([name, value]) => `${name}: ${value}\r\n`);
      return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    };
    if (typeof headers === 'function') {
      this.#request = () => write(headers());
    } else {
      const request = write(headers);
      this.#request = () => request;
    }
  }

  async open(connections: number): Promise<this> {
    const { hostname, port } = new URL(this.#server.url);
    this.#sockets = await Promise.all(
      Array.from({ length: connections }, async () => {
        const socket = connect({ host: hostname, port: Number(port), noDelay: true });
        await once(socket, 'connect');
        return socket;
      }),
    );
    this.#answerBytes = await this.#measureAnswer(this.#sockets[0]!);
    return this;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async round(milliseconds: number): Promise<LoadSample> {
    const cpuBefore = await this.#server.cpu();
    const start = performance.now();
    const deadline = start + milliseconds;
    const counts = await Promise.all(this.#sockets.map((socket) => this.#fire(socket, deadline)));
    const seconds = (performance.now() - start) / 1000;
    const cpu = (await this.#server.cpu()) - cpuBefore;
    const requests = counts.reduce((sum, count) => sum + count, 0);
    return { perSecond: requests / seconds, cpu: cpu / requests, busy: cpu / 1e6 / seconds };
  }

  /** How long each request took, in milliseconds, over one connection, one after the other. */
  async latencies(milliseconds: number): Promise<number[]> {
    const took: number[] = [];
    const deadline = performance.now() + milliseconds;
    for (let start = performance.now(); start < deadline; start = performance.now()) {
      await this.#fire(this.#sockets[0]!, 0);
      took.push(performance.now() - start);
    }
    return took;
  }

  #fire(socket: Socket, deadline: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let answered = 0;
      let received = 0;
      const done = (error?: Error) => {
        socket.off('data', onData).off('close', onClose);
        if (error) reject(error);
        else resolve(answered);
      };
      const onClose = () => done(new Error('The server closed a connection.'));
      const onData = (chunk: Buffer) => {
        if (received === 0 && chunk.toString('latin1', 0, this.#start.length) !== this.#start) {
          return done(new Error(`Unexpected answer:\n${chunk}`));
        }
        received += chunk.length;
        if (received < this.#answerBytes) return;
        if (received > this.#answerBytes) return done(new Error(`An answer of another length:\n${chunk}`));
        received = 0;
        answered++;
        if (performance.now() < deadline) socket.write(this.#request());
        else done();
      };
      socket.on('data', onData).on('close', onClose);
      socket.write(this.#request());
    });
  }

  async #measureAnswer(socket: Socket): Promise<number> {
    let answer = '';
    socket.write(this.#request());
    while (true) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n') + 4;
      if (head < 4) continue;
      if (!answer.startsWith(this.#start)) throw new Error(`Expected ${this.#start}, got:\n${answer}`);
      const length = /^content-length: (\d+)/im.exec(answer)?.[1];
      const chunked = /^transfer-encoding: chunked/im.test(answer);
      if (chunked ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= head + Number(length ?? 0))
        return answer.length;
    }
  }
}
