import { createClient } from '@redis/client';
import type { Logger } from '../kernel/logger.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;

/**
 * A connection to Redis that comes and goes by itself. Nobody waits for it: while it is not there, commands fail at
 * once. Whoever made it closes it.
 */
export function createRedisClient(url: string, logger: Logger) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // A partition closes no connection, and TCP alone would hold on to a dead one for a quarter of an hour: a ping a
    // second, and whoever is silent for five is hung up on.
    pingInterval: 1000,
    socket: {
      connectTimeout: 500,
      socketTimeout: 5000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2000),
    },
  });
  const { host } = new URL(url); // The rest of it may hold a password.
  let lost = false;
  client.on('error', (error) => {
    if (lost || !client.isOpen) return; // Once per outage, not per attempt; and closing it on purpose is none.
    lost = true;
    logger.warn({ err: error, redis: host }, 'the connection to Redis was lost; reconnecting');
  });
  client.on('ready', () => {
    if (lost) logger.info({ redis: host }, 'reconnected to Redis');
    lost = false;
  });
  client.connect().catch(() => undefined); // Fails only when it is closed before it was ever there.
  return client;
}
