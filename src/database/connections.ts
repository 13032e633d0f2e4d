import pg from 'pg';
import type { Logger } from '../kernel/logger.ts';
import { limitedWait } from '../kernel/request-context.ts';
import { withTimeout } from '../kernel/timeout.ts';
import type { PoolState } from './metrics.ts';
import { mayWait } from './pool-repair.ts';
import { connectionTo, pooledConnectionTo } from './session-settings.ts';
import type { Sql, Statement } from './sql.ts';
import { connectionBroke, notConnected } from './sql-errors.ts';
import { setByTransaction } from './transaction-settings.ts';

const CONNECT_MS = 1000;

export interface PooledSqlOptions {
  /** The most connections. */
  size: number;
  timeoutMs: number;
  logger: Logger;
  /** Whether a pooler in transaction mode is between this pool and the server. */
  behindPooler?: boolean;
}

/**
 * Statements on their own small pool, prepared unless they go through a pooler. A statement fails after `timeoutMs`,
 * including the wait for a connection, or when its request may wait no longer.
 */
export class PooledSql implements Sql {
  readonly #pool: pg.Pool;
  readonly #timeoutMs: number;

  constructor(url: string, { size, timeoutMs, logger, behindPooler = false }: PooledSqlOptions) {
    this.#timeoutMs = timeoutMs;
    const timeouts = { statementMs: timeoutMs, lockMs: timeoutMs };
    const connection = behindPooler ? pooledConnectionTo : connectionTo;
    this.#pool = new pg.Pool({
      ...connection(url, { applicationName: 'rekey', ...timeouts }),
      max: size,
      connectionTimeoutMillis: Math.min(CONNECT_MS, timeoutMs),
    });
    // Idle connections break when the server goes away. The query that needs one reports it.
    this.#pool.on('error', (error) => logger.debug({ err: error }, 'an idle database connection failed'));
    if (behindPooler) setByTransaction(this.#pool, timeouts);
  }

  query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return limitedWait(() => this.#query<Row>(statement, values));
  }

  async #query<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const until = performance.now() + this.#timeoutMs;
    const client = await this.#connect().catch(notConnected);
    client.on('error', ignore); // The query on this connection reports the error.
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

  async #connect(): Promise<pg.PoolClient> {
    mayWait(this.#pool);
    return this.#pool.connect();
  }

  /** @param name of the pool, for the metrics */
  state(name: string): PoolState {
    return stateOfPool(name, this.#pool);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

export function stateOfPool(name: string, { totalCount, idleCount, waitingCount, options }: pg.Pool): PoolState {
  return { pool: name, busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount, limit: options.max };
}

interface Connection {
  readonly client: pg.Client;
  readonly connected: Promise<unknown>;
}

/**
 * One connection for one purpose. After a failure, the next query reconnects. A response that does not arrive within
 * `timeoutMs`, including the time to connect, or that was lost on the way, is a failure, too.
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

  /** Runs one statement at a time, in the order of the calls. */
  query<Row>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const answer = this.#turn.then(() => this.#query<Row>(statement, values));
    this.#turn = answer.catch(() => undefined); // The caller gets the error. The next statement still runs.
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
        this.#remove(connection);
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
      this.#remove(connection);
    });
    // A server that is starting up, or that has no free connection, rejects the connection.
    connection.connected.catch(() => this.#remove(connection));
    return connection;
  }

  #remove(connection: Connection): void {
    if (this.#connection === connection) this.#connection = null;
  }
}

/**
 * The connection is in a known state only if the server itself rejected the statement. The SQLSTATE shows this. The
 * severity does not, because the server translates it into its own language.
 */
const wasRefused = (error: unknown) => error instanceof pg.DatabaseError && !connectionBroke(error);

const ignore = () => undefined;

/**
 * Closes a connection without waiting for the server. `end()` waits for a server that may never answer.
 *
 * The socket is not part of the driver's public interface, but there is no other way
 * (https://github.com/brianc/node-postgres/issues/1244).
 */
export function destroy(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
