import pg from 'pg';
import type { Logger } from '../kernel/logger.ts';
import { withTimeout } from '../kernel/timeout.ts';
import { connectionTo } from './session-settings.ts';
import type { NotificationListener, Sql, Statement } from './sql.ts';
import { connectionBroke, NotConnected } from './sql-errors.ts';

const CONNECT_MS = 1000;
/** How often the connection that listens is asked whether it still does. */
const CHECK_MS = 5000;

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

/**
 * For the pool of the unit of work, which the query builder uses: an error of connecting says that it is one, and broken
 * connections are replaced.
 */
export function watchPool(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  pool.connect = (() => connect().catch(notConnected)) as typeof pool.connect;
  replaceBroken(pool);
}

/**
 * Gives the place of a connection that broke, or did not answer in time, back to its pool, and ends the connection. The
 * query builder gives one back after a commit or a rollback that succeeded, and on such a connection neither does: every
 * transaction that the server ended would take a place away for good. After anything else it gives back whatever it
 * has, and the next one would wait behind a statement that was given up.
 */
function replaceBroken(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    const replace = () => {
      const { release } = client;
      client.release = () => undefined; // Whoever holds it may still want to give it back.
      try {
        release(true);
      } catch {
        // It was not in use.
      }
    };
    client.once('end', replace);
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => {
      const answer = query(...given);
      if (answer instanceof Promise) {
        answer.catch((error) => {
          if (!(error instanceof pg.DatabaseError)) replace(); // Heard here first: whoever holds it gives it back next.
        });
      }
      return answer;
    }) as typeof client.query;
  });
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
    this.#turn = answer.catch(() => undefined); // Whoever asked is told; the next one has his own turn.
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
        destroy(client); // Not `end()`: that waits for a server that may never answer.
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

/** LISTENs on a connection of its own and comes back by itself. It needs a session connection, not a pooler. */
export class PostgresNotificationListener implements NotificationListener {
  readonly #url: string;
  readonly #channel: string;
  readonly #logger: Logger;
  readonly #checkEveryMs: number;
  #client: pg.Client | null = null;
  #onNotify: () => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #attempt = 0;
  #closed = false;

  constructor(url: string, channel: string, logger: Logger, { checkEveryMs = CHECK_MS } = {}) {
    this.#url = url;
    this.#channel = channel;
    this.#logger = logger;
    this.#checkEveryMs = checkEveryMs;
  }

  /** Resolves soon, whatever the database does: without a bell the service is slower to hear, never wrong. */
  async listen(ring: () => void): Promise<void> {
    this.#onNotify = ring;
    await this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#client) destroy(this.#client);
    this.#client = null;
  }

  async #connect(): Promise<void> {
    if (this.#closed) return;
    const client = new pg.Client({
      ...connectionTo(this.#url, { applicationName: 'rekey-listen' }),
      connectionTimeoutMillis: CONNECT_MS,
      keepAliveInitialDelayMillis: 1000,
    });
    let lost = false;
    const onLost = (error?: Error) => {
      if (lost) return;
      lost = true;
      destroy(client);
      this.#reconnectLater(error);
    };
    client.on('error', onLost);
    client.on('end', () => onLost());
    client.on('notification', () => this.#onNotify());
    this.#client = client;
    try {
      // Connect, LISTEN, then ring: whatever was committed before LISTEN took effect is found by the sync after it.
      const listening = client.connect().then(() => client.query(`listen ${this.#channel}`));
      await withTimeout(CONNECT_MS, listening);
      if (lost) return;
      this.#attempt = 0;
      this.#checkLater(client, onLost);
      this.#onNotify();
    } catch (error) {
      onLost(error as Error);
    }
  }

  /** A connection may be dead without a word, and then nothing is ever heard of it; so it is asked now and then. */
  #checkLater(client: pg.Client, onLost: (error?: Error) => void): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      const asking = client.query('select from pg_listening_channels() as channel where channel = $1', [this.#channel]);
      withTimeout(CONNECT_MS, asking).then(
        ({ rowCount }) => {
          if (rowCount === 1) this.#checkLater(client, onLost);
          else
            onLost(
              new Error(
                'The connection no longer receives notifications. Connect to PostgreSQL without a transaction pooler.',
              ),
            );
        },
        (error) => onLost(error),
      );
    }, this.#checkEveryMs);
    this.#timer.unref();
  }

  #reconnectLater(error: Error | undefined): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    const delay = Math.min(50 * 2 ** this.#attempt++, 2000);
    this.#logger.warn({ err: error, delay }, 'the notification connection was lost; reconnecting');
    this.#timer = setTimeout(() => void this.#connect(), delay);
    this.#timer.unref();
  }
}

/**
 * Only where the server itself rejected a statement is the connection in a known state. The state says so and not the
 * severity, which the server translates into its own language.
 */
const wasRefused = (error: unknown) => error instanceof pg.DatabaseError && !connectionBroke(error);

function notConnected(error: unknown): never {
  throw new NotConnected(error);
}

const ignore = () => undefined;

/** Ends a connection without waiting for the other side. */
function destroy(client: pg.ClientBase): void {
  // pg keeps its socket to itself; `connection.stream` is where it has been since its first version.
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
