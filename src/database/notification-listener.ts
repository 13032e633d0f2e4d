import pg from 'pg';
import { systemClock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { Outage } from '../kernel/outage.ts';
import { withTimeout } from '../kernel/timeout.ts';
import { destroy } from './connections.ts';
import { connectionTo } from './session-settings.ts';
import type { NotificationListener } from './sql.ts';

const CONNECT_MS = 1000;
/** How often the listening connection is checked, in milliseconds. */
const CHECK_MS = 5000;

/** LISTENs on its own connection and reconnects by itself. It needs a session of its own, so it goes past a pooler. */
export class PostgresNotificationListener implements NotificationListener {
  readonly #url: string;
  readonly #channel: string;
  readonly #outage: Outage;
  readonly #checkEveryMs: number;
  /** Other channels, which are less urgent. */
  readonly #others = new Map<string, () => void>();
  #client: pg.Client | null = null;
  #onNotify: () => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  #attempt = 0;
  #closed = false;

  constructor(url: string, channel: string, logger: Logger, { checkEveryMs = CHECK_MS } = {}) {
    this.#url = url;
    this.#channel = channel;
    this.#outage = new Outage({
      ...{ logger, clock: systemClock },
      began: 'the notification connection was lost; reconnecting',
      over: 'the notification connection is back',
    });
    this.#checkEveryMs = checkEveryMs;
  }

  /** Resolves soon, also if the database is down. Without notifications, changes are found later, by the next sync. */
  async listen(onNotify: () => void): Promise<void> {
    this.#onNotify = onNotify;
    await this.#connect();
  }

  /** Also listens to another channel, on the same connection. Must be called before `listen`. */
  alsoOn(channel: string, onNotify: () => void): void {
    this.#others.set(channel, onNotify);
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
    client.on('notification', ({ channel }) => (this.#others.get(channel) ?? this.#onNotify)());
    this.#client = client;
    try {
      // Connect, LISTEN, then call `onNotify`: its sync finds all that was committed before LISTEN took effect.
      const listen = [this.#channel, ...this.#others.keys()].map((channel) => `listen ${channel}`).join('; ');
      const listening = client.connect().then(() => client.query(listen));
      await withTimeout(CONNECT_MS, listening);
      if (lost) return;
      this.#attempt = 0;
      this.#outage.worked();
      this.#checkLater(client, onLost);
      this.#onNotify();
      for (const onNotify of this.#others.values()) onNotify();
    } catch (error) {
      onLost(error as Error);
    }
  }

  /** A connection may break without an error, and then no notification arrives. So it is checked regularly. */
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
                'The connection no longer receives notifications. Set DATABASE_DIRECT_URL to PostgreSQL without a pooler.',
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
    this.#outage.failed(error, 'connecting failed', { delay });
    this.#timer = setTimeout(() => void this.#connect(), delay);
    this.#timer.unref();
  }
}
