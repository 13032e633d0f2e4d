// Clients that send one request after the other, and miss no failure.
import { Agent, request } from 'node:http';

/** One request. Throws with the reason if its response is not the right one. */
type Ask = (send: Send) => Promise<void>;
export type Send = (
  path: string,
  options: { method: string; headers?: Record<string, string>; body?: string },
) => Promise<{ status: number; text: string }>;

export class SteadyClients {
  /** What went wrong: never the fault of a client, because each waits for its response before it sends again. */
  readonly failures: string[] = [];
  answered = 0;
  #stopped = false;
  readonly #running: Promise<void>[];

  /** Each client sends these requests in turn, over one connection, or each over a new one. */
  constructor(url: string, options: { count: number; keepsConnection: boolean; asks: Record<string, Ask> }) {
    const { count, keepsConnection, asks } = options;
    this.#running = Array.from({ length: count }, () => this.#run(url, keepsConnection, asks));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #run(url: string, keepsConnection: boolean, asks: Record<string, Ask>): Promise<void> {
    const agent = new Agent({ keepAlive: keepsConnection, maxSockets: 1 });
    while (!this.#stopped) {
      for (const [name, ask] of Object.entries(asks)) {
        try {
          await ask((path, options) => sendOver(agent, new URL(path, url), options));
          this.answered++;
        } catch (error) {
          this.failures.push(`${name}: ${(error as Error).message}`);
        }
      }
    }
    agent.destroy();
  }
}

function sendOver(agent: Agent, url: URL, { method, headers = {}, body }: Parameters<Send>[1]): ReturnType<Send> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
