import pg from 'pg';
import type { Logger } from '../kernel/logger.ts';
import { withTimeout } from '../kernel/timeout.ts';
import { connectionTo } from './session-settings.ts';
import type { Sql, Statement } from './sql.ts';
import { connectionBroke, notConnected } from './sql-errors.ts';

const CONNECT_MS = 1000;

/** Reads on a small pool of their own, prepared, and given up after `timeoutMs`, waiting for a connection included. */
export class PooledSql implements Sql {
  readonly #pool: pg.Pool;
  readonly #timeoutMs: number;

  constructor(url: string, options: { size: number; timeoutMs: number; logger: Logger }) {
    this.#timeoutMs = options.timeoutMs;
    const { size, timeoutMs } = options;
    this.#pool = new pg.Pool({
      ...connectionTo(url, { applicationName: 'rekey', statementMs: timeoutMs, lockMs: timeoutMs }),
      max: size,
      connectionTimeoutMillis: Math.min(CONNECT_MS, timeoutMs),
    });
    // Idle connections break when the server goes away; the query that needs one says so itself.
    this.#pool.on('error', (error) => options.logger.debug({ err: error }, 'an idle database connection failed'));
  }

  async query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const until = performance.now() + this.#timeoutMs;
    const client = await this.#pool.connect().catch(notConnected);
    client.on('error', ignore); // Of a connection in use, its query says so.
    let broken = true;
    try {
      const asking = client.query({ ...statement, values: [...values] });
      const result = await withTimeout(until - performance.now(), asking);
      broken = false;
      return result.rows;
    } catch (error) {
      broken = !wasRefused(error);
      if (broken) destroy(client);
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

interface Connection {
  readonly client: pg.Client;
  readonly connected: Promise<unknown>;
}

/**
 * One connection for one purpose. Reconnects at the next query after a failure; a server that has not answered after
 * `timeoutMs`, connecting included, counts as one, and so does one whose answer was lost on the way.
 */
export class DedicatedSql implements Sql {
  readonly #url: string;
  readonly #purpose: string;
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  #connection: Connection | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(url: string, options: { purpose: string; timeoutMs: number; logger: Logger }) {
    this.#url = url;
    this.#purpose = options.purpose;
    this.#timeoutMs = options.timeoutMs;
    this.#logger = options.logger;
  }

  /** One at a time, in the order they were asked. */
  query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const answer = this.#turn.then(() => this.#query<Row>(statement, values));
    this.#turn = answer.catch(() => undefined); // The caller gets the error. The next statement gets its turn.
    return answer;
  }

  async #query<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    const { client, connected } = connection;
    try {
      const asking = connected.then(() => client.query({ ...statement, values: [...values] }));
      return (await withTimeout(this.#timeoutMs, asking)).rows;
    } catch (error) {
      if (!wasRefused(error)) {
        this.#forget(connection);
        destroy(client);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = null;
    await connection?.connected.then(() => connection.client.end()).catch(() => undefined);
  }

  #connect(): Connection {
    const client = new pg.Client({
      ...connectionTo(this.#url, { applicationName: `rekey-${this.#purpose}` }),
      connectionTimeoutMillis: Math.min(CONNECT_MS, this.#timeoutMs),
    });
    const connection = { client, connected: client.connect().catch(notConnected) };
    client.on('error', (error) => {
      this.#logger.debug({ err: error, purpose: this.#purpose }, 'a dedicated database connection failed');
      this.#forget(connection);
    });
    // A server that is starting up, or full, answers too: with a refusal.
    connection.connected.catch(() => this.#forget(connection));
    return connection;
  }

  #forget(connection: Connection): void {
    if (this.#connection === connection) this.#connection = null;
  }
}

/**
 * Only where the server itself rejected a statement is the connection in a known state. The state says so and not the
 * severity, which the server translates into its own language.
 */
const wasRefused = (error: unknown) => error instanceof pg.DatabaseError && !connectionBroke(error);

const ignore = () => undefined;

/**
 * Ends a connection without waiting for the other side. `end()` waits for a server that may never answer.
 *
 * The socket is not part of the driver's public interface; there is no other way
 * (https://github.com/brianc/node-postgres/issues/1244).
 */
export function destroy(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
