// HTTP requests that `fetch` would correct or reject, as gateways, old clients and attackers send them.
import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Undefined if the text is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: any response
  json: any;
}

export interface RawRequest {
  method?: string;
  headers?: OutgoingHttpHeaders | readonly string[];
  body?: string | Buffer;
  /** The address to send from. */
  localAddress?: string;
  /** Keeps connections for further requests. Defaults to a new connection. */
  agent?: Agent | false;
}

/** Sends one request unchanged. Rejects if the connection breaks before a response. */
export function send(
  origin: string,
  path: string,
  { method = 'GET', headers = {}, body, localAddress, agent = false }: RawRequest = {},
) {
  const { hostname, port } = new URL(origin);
  return new Promise<RawAnswer>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, localAddress, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode as number, headers: response.headers, text, json: parsed(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The response of the server to these bytes until it closes the connection. Gives up after `timeoutMs`. */
export function sendBytes(origin: string, bytes: string | Uint8Array, timeoutMs = 2000): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const finish = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(timeoutMs, finish);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', finish);
    socket.end(bytes);
  });
}
