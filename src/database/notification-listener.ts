import pg from 'pg';
import type { Logger } from '../kernel/logger.ts';
import { withTimeout } from '../kernel/timeout.ts';
import { destroy } from './connections.ts';
import { connectionTo } from './session-settings.ts';
import type { NotificationListener } from './sql.ts';

const CONNECT_MS = 1000;
/** How often the connection that listens is asked whether it still does. */
const CHECK_MS = 5000;

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

  /** Resolves soon, whatever the database does: without notifications the service hears of a change later, and is never wrong. */
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
      // Connect, LISTEN, then notify: whatever was committed before LISTEN took effect is found by the sync after it.
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
