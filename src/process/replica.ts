import { setTimeout as sleep } from 'node:timers/promises';
import { collectDefaultMetrics } from 'prom-client';
import { type App, createApp } from '../app.ts';
import type { Config } from '../config.ts';
import { createHttpServer } from '../http/server.ts';
import { isSocketPath } from '../kernel/socket-path.ts';
import { Connections } from './connections.ts';
import { claimAddress, type ListenOptions, listen } from './listen.ts';
import type { WorkerChannel } from './worker-channel.ts';

/** How long in-flight requests may take after a stop signal, in milliseconds. */
export const DRAIN_MS = 10_000;
/** How long a replica that is one of several stays open after SIGTERM, unless the operator has set it, in milliseconds. */
const STOP_DELAY_MS = 5000;
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
  const connections = new Connections(server);
  const stop = createStop({
    ...{ app, connections },
    delayMs: stopDelayMs(config),
    ended: () => {
      // Until here, the metrics show the shutdown.
      metricsServer.close();
      metricsServer.closeAllConnections();
    },
  });

  let address: string;
  let metricsAddress: string | null = null;
  try {
    await app.start();
    for (const signal of STOP_SIGNALS) process.on(signal, () => void stop(signal));
    channel?.onOrphaned(() => void stop('the primary has ended'));
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

/** How long a replica waits after SIGTERM. With the embedded database there is no other replica to take over. */
export function stopDelayMs({ stopDelaySeconds, databaseUrl }: Config): number {
  if (stopDelaySeconds !== null) return stopDelaySeconds * 1000;
  return databaseUrl === null ? 0 : STOP_DELAY_MS;
}

interface StopOptions {
  app: App;
  connections: Connections;
  delayMs: number;
  /** Called after the last response. */
  ended: () => void;
}

/**
 * Creates the function that stops this replica and ends the process. It may be called several times.
 *
 * SIGTERM comes from a program that replaces the replica: gateways get time to send their requests elsewhere. Every other
 * cause ends this time: a user at a terminal waits, or the replica cannot accept connections any more.
 */
function createStop({ app, connections, delayMs, ended }: StopOptions) {
  const delay = new AbortController();
  let isStopping = false;
  return async (cause: NodeJS.Signals | 'the primary has ended'): Promise<void> => {
    if (cause !== 'SIGTERM') delay.abort();
    if (isStopping) return;
    isStopping = true;
    // After SIGHUP the terminal may be gone. Write errors must not stop the shutdown, which flushes what is in memory.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    app.logger.info({ cause, delayMs: delay.signal.aborted ? 0 : delayMs }, 'stopping: /readyz returns 503');
    app.announceStop();
    connections.endWithResponses();
    await sleep(delayMs, undefined, { signal: delay.signal }).catch(() => undefined);
    await connections.stopAccepting();
    app.logger.info('stopping: no new requests');
    app.drain();
    await connections.ended(DRAIN_MS);
    ended();
    await app.close();
    app.logger.flush();
    process.exit(0);
  };
}
