// A WebSocket client that sends any bytes, as old, broken and hostile clients do.
import { connect, type Socket } from 'node:net';

/** The opcodes of RFC 6455 §5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode?: number;
  payload?: string | Buffer;
  /** Whether it is the last one of its message. */
  final?: boolean;
  /** The length that the frame announces. Defaults to the length of the payload. */
  length?: number;
  masked?: boolean;
  /** Sets the three reserved bits. */
  reserved?: boolean;
}

/** The bytes of a frame. They are masked with zeros. */
export function frameOf({
  opcode = OPCODE.text,
  payload = '',
  final = true,
  length,
  masked = true,
  reserved = false,
}: Frame): Buffer {
  const content = Buffer.from(payload);
  const announced = length ?? content.length;
  const first = (final ? 0x80 : 0) | (reserved ? 0x70 : 0) | opcode;
  const head = Buffer.alloc(10);
  head[0] = first;
  let size = 2;
  if (announced < 126) {
    head[1] = announced;
  } else if (announced < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(announced, 2);
    size = 4;
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(announced), 2);
    size = 10;
  }
  if (masked) head[1]! |= 0x80;
  return Buffer.concat([head.subarray(0, size), Buffer.alloc(masked ? 4 : 0), content]);
}

/** A message of the protocol as a frame. */
export const messageOf = (message: object) => frameOf({ payload: JSON.stringify(message) });

/** The request that opens a WebSocket. */
export const upgradeOf = (headers: Record<string, string> = {}) =>
  'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n' +
  `${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** How a connection ended: the code of the close frame, or null if there was none. */
export interface RawEnd {
  code: number | null;
}

export class RawWebSocket {
  readonly socket: Socket;
  /** The text of all messages so far. */
  readonly messages: string[] = [];
  /** Resolves with the close frame, or when the connection ends without one. */
  readonly ended: Promise<RawEnd>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  #unread = Buffer.alloc(0);
  #upgraded = false;
  #onEnd!: (end: RawEnd) => void;

  private constructor(socket: Socket, { answersPings }: { answersPings: boolean }) {
    this.socket = socket;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('data', (chunk) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#read(answersPings);
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#onEnd({ code: null });
        resolve();
      });
    });
  }

  /** Resolves when the connection is upgraded. Rejects with the response if it is not. */
  static async open(
    origin: string,
    { headers, answersPings = true }: { headers?: Record<string, string>; answersPings?: boolean } = {},
  ): Promise<RawWebSocket> {
    const { port } = new URL(origin);
    const socket = connect(Number(port), '127.0.0.1');
    const opened = new RawWebSocket(socket, { answersPings });
    socket.write(upgradeOf(headers));
    const answer = await new Promise<string>((resolve) => {
      const look = () => {
        const text = opened.#unread.toString('latin1');
        if (opened.#upgraded || text.includes('\r\n\r\n')) resolve(text);
      };
      socket.on('data', look);
      socket.once('close', () => resolve(opened.#unread.toString('latin1')));
    });
    if (!opened.#upgraded) {
      socket.destroy();
      throw new Error(answer);
    }
    return opened;
  }

  /** Resolves when the service has acknowledged the credential. */
  async present(bearer?: string): Promise<this> {
    const payload = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    this.send(messageOf({ type: 'connection_init', payload }));
    await this.receive('"connection_ack"');
    return this;
  }

  send(...bytes: Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Resolves with the first message that contains this text. Rejects if the connection ends before. */
  async receive(text: string): Promise<string> {
    for (;;) {
      const found = this.messages.find((message) => message.includes(text));
      if (found !== undefined) return found;
      const next = new Promise<void>((resolve) => this.socket.once('data', () => resolve()));
      const end = await Promise.race([this.ended, next]);
      if (end && !this.messages.some((message) => message.includes(text))) {
        throw new Error(`The connection ended (${end.code}) before ${text}: ${this.messages.join('\n')}`);
      }
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #read(answersPings: boolean): void {
    if (!this.#upgraded) {
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0 || !this.#unread.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) return;
      this.#unread = this.#unread.subarray(end + 4);
      this.#upgraded = true;
    }
    for (let frame = this.#take(); frame; frame = this.#take()) {
      const { opcode, payload } = frame;
      if (opcode === OPCODE.text) this.messages.push(payload.toString('utf8'));
      if (opcode === OPCODE.close) this.#onEnd({ code: payload.length >= 2 ? payload.readUInt16BE(0) : null });
      if (opcode === OPCODE.ping && answersPings) this.send(frameOf({ opcode: OPCODE.pong, payload }));
    }
  }

  /** The next complete frame. The service does not mask. */
  #take(): { opcode: number; payload: Buffer } | null {
    const bytes = this.#unread;
    if (bytes.length < 2) return null;
    let length = bytes[1]! & 0x7f;
    let start = 2;
    if (length === 126) {
      if (bytes.length < 4) return null;
      length = bytes.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return null;
      length = Number(bytes.readBigUInt64BE(2));
      start = 10;
    }
    if (bytes.length < start + length) return null;
    this.#unread = bytes.subarray(start + length);
    return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}
