// The clients of the soak: what they share, and the connections that they close while the replicas are measured.
import { Agent } from 'node:http';
import { type RawAnswer, type RawRequest, send } from '../support/raw.ts';
import type { Administrator, Key } from './client.ts';

/** What is there before the soak begins. */
export interface Given {
  administrator: Administrator;
  /** Keys that all replicas know or can read. */
  keys: readonly Key[];
  /** A key that may introspect and read sessions. */
  caller: Key;
  /** A key with a rate limit that the soak exceeds. */
  limited: Key;
  workspaceId: string;
  signer: Key;
}

export interface Operation {
  input?: object;
  /** Defaults to `input` alone. */
  variables?: object;
  bearer?: string;
}

/** The service or its database has too much to do: 429 or 503. On a busy machine, this is the right answer. */
export class Busy extends Error {}

export class SoakClient {
  readonly given: Given;
  /** Requests that were answered as expected, by what they are. */
  readonly answered = new Map<string, number>();
  #agent = new Agent({ keepAlive: true });

  constructor(given: Given) {
    this.given = given;
  }

  /** Closes all idle connections. */
  disconnect(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true });
  }

  /** Sends a request. Rejects if it gets another status than one of these. */
  async send(
    url: string,
    path: string,
    { expected, ...request }: RawRequest & { expected: number | readonly number[] },
  ): Promise<RawAnswer> {
    const answer = await send(url, path, { ...request, agent: this.#agent });
    if (![expected].flat().includes(answer.status)) {
      const what = `${request.method ?? 'GET'} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`;
      throw [429, 503].includes(answer.status) ? new Busy(what) : new Error(what);
    }
    this.count(`${request.method ?? 'GET'} ${path.split('?')[0]} ${answer.status}`);
    return answer;
  }

  /** The value of the only root field. Rejects if there are errors. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the document asked for
  async graphql(url: string, query: string, { input, variables = { input }, bearer }: Operation): Promise<any> {
    const { json } = await this.send(url, '/graphql', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
      body: JSON.stringify({ query, variables }),
      expected: 200,
    });
    if (json.errors || !json.data) throw new Error(`${query}: ${JSON.stringify(json.errors)}`);
    return Object.values(json.data)[0];
  }

  /** Rejects if the replica answers another status for this secret. */
  async verify(url: string, secret: string, expected: number | readonly number[]): Promise<void> {
    await this.send(url, '/v1/verify', { headers: { Authorization: `Bearer ${secret}` }, expected });
  }

  count(what: string): void {
    this.answered.set(what, (this.answered.get(what) ?? 0) + 1);
  }
}
