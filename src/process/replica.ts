import type { Socket } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import { createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { createHttpServer } from '../http/server.ts';
import { isSocketPath } from '../kernel/socket-path.ts';
import { claimAddress, type ListenOptions, listen } from './listen.ts';
import type { WorkerChannel } from './worker-channel.ts';

/** How long in-flight requests may take after a stop signal, in milliseconds. */
export const DRAIN_MS = 10_000;
/** The signals that stop the service. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs one replica in this process until a signal stops it. Resolves when it accepts requests.
 *
 * @param channel the channel to the primary, if this process is one of several workers
 */
export async function runReplica(config: Config, channel: WorkerChannel | null): Promise<void> {
  const app = await createApp(config, channel ? { scrape: () => channel.scrape() } : {});
  // One process has one event loop, so the app does not measure it.
  collectDefaultMetrics({ register: app.registry });
  channel?.expose(app.registry);
  const server = createHttpServer(app.handle, app.upgrade);
  const metricsServer = createHttpServer(app.handleMetrics);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    // After SIGHUP the terminal may be gone. Write errors must not stop the shutdown, which flushes what is in memory.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    app.logger.info({ signal }, 'stopping: no new requests');
    const drained = new Promise((resolve) => server.close(resolve));
    app.drain();
    // A connection that has received its last response would stay open for the next request. A connection without any
    // request, as browsers and load balancers keep in reserve, does not count as idle.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, 50);
    // Not `server.closeAllConnections()`: it skips connections that no longer use HTTP.
    const late = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, DRAIN_MS);
    await drained;
    clearInterval(sweep);
    clearTimeout(late);
    // Until here, the metrics show the shutdown.
    metricsServer.close();
    metricsServer.closeAllConnections();
    await app.close();
    app.logger.flush();
    process.exit(0);
  };

  let address: string;
  let metricsAddress: string | null = null;
  try {
    await app.start();
    for (const signal of STOP_SIGNALS) process.on(signal, () => void stop(signal));
    if (!channel) await claimAddress(config);
    // First: an orchestrator sends requests as soon as the service listens, and then the whole process must be there.
    if (config.metricsPort !== null) metricsAddress = await listen(metricsServer, metricsPlace(config));
    const api = await listen(server, config);
    address = isSocketPath(config.host) ? api : `${api}/graphql`;
  } catch (error) {
    metricsServer.close();
    await app.close().catch(() => undefined); // The first error is the one that matters.
    throw error;
  }
  const announceMetrics = () => {
    if (metricsAddress) process.stdout.write(`Metrics: ${metricsAddress}/metrics\n`);
  };
  const announce = async () => {
    const setupToken = await app.announceSetupToken();
    if (setupToken)
      process.stdout.write(
        `There is no administrator yet. Setup token, for the mutation \`bootstrap\`: ${setupToken}\n`,
      );
  };
  if (channel) {
    channel.ready(address, () => {
      announceMetrics();
      announce().catch((error) => app.logger.error({ err: error }, 'announcing the setup token failed'));
    });
  } else {
    announceMetrics();
    process.stdout.write(`Rekey is ready: ${address}\n`);
    await announce();
  }
}

/** Beside a Unix socket, the metrics are on the loopback address. */
function metricsPlace({ host, metricsPort }: Config): ListenOptions {
  return { host: isSocketPath(host) ? '127.0.0.1' : host, port: metricsPort ?? 0, variable: 'REKEY_METRICS_PORT' };
}
