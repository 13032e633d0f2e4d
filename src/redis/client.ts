import { createClient } from '@redis/client';
import type { Outage } from '../kernel/outage.ts';
import type { InSpan } from '../kernel/tracing.ts';

export type RedisClient = ReturnType<typeof createRedisClient>;

/**
 * A connection to Redis that reconnects by itself. While it is down, commands fail at once, so no request waits for it.
 * The caller must close it.
 *
 * @param inSpan runs each command in a span; left out if the process does not trace
 */
export function createRedisClient(url: string, outage: Outage, inSpan?: InSpan) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // A partition closes no connection, and TCP alone keeps a broken one for a quarter of an hour. So the client pings
    // every second, and drops a connection that is silent for five seconds.
    pingInterval: 1000,
    socket: {
      connectTimeout: 500,
      socketTimeout: 5000,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 2000),
    },
  });
  if (inSpan) {
    // All commands go through this method of the object that `client` is a view of.
    const sender: typeof client = Object.getPrototypeOf(client);
    const send = sender.sendCommand.bind(sender);
    sender.sendCommand = (parts, options) => inSpan(...spanOf(String(parts[0])), () => send(parts, options));
  }
  client.on('error', (error) => {
    if (client.isOpen) outage.failed(error, 'the connection to Redis was lost; reconnecting'); // Not after a close.
  });
  client.on('ready', () => outage.worked());
  client.connect().catch(() => undefined); // Fails only if it is closed before it was connected.
  return client;
}

/** Names a command. Its keys and values are no attributes. */
function spanOf(command: string): [name: string, attributes: Record<string, string>] {
  return [`redis ${command}`, { 'db.system.name': 'redis', 'db.operation.name': command }];
}
