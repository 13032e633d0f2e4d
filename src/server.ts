import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createHttpServer } from './http/server.ts';
import { BAD_CONFIGURATION, ConfigError } from './kernel/config-error.ts';
import { messageOf } from './kernel/message.ts';

/** How long in-flight requests may take after a stop signal. */
const DRAIN_MS = 10_000;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? '' : 'Rekey could not start: '}${messageOf(error)}\n`);
  process.exit(error instanceof ConfigError ? BAD_CONFIGURATION : 1);
}

async function main(): Promise<void> {
  const config = readConfig();
  const app = await createApp(config);
  // One process has one event loop, so the app does not measure it.
  collectDefaultMetrics({ register: app.registry });
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

  try {
    await app.start();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
    const { host, port, metricsPort } = config;
    // First: an orchestrator sends requests as soon as the service listens, and then the whole process must be there.
    if (metricsPort !== null) {
      const url = await listen(metricsServer, { host, port: metricsPort, variable: 'REKEY_METRICS_PORT' });
      process.stdout.write(`Metrics: ${url}/metrics\n`);
    }
    const url = await listen(server, { host, port, variable: 'PORT' });
    process.stdout.write(`Rekey is ready: ${url}/graphql\n`);
  } catch (error) {
    metricsServer.close();
    await app.close().catch(() => undefined); // The first error is the one that matters.
    throw error;
  }
  const setupToken = await app.announceSetupToken();
  if (setupToken) {
    process.stdout.write(`There is no administrator yet. Setup token, for the mutation \`bootstrap\`: ${setupToken}\n`);
  }
}

interface Address {
  host: string;
  port: number;
  /** The variable that sets the port. */
  variable: 'PORT' | 'REKEY_METRICS_PORT';
}

/** Starts to listen. Returns the URL. */
async function listen(server: Server, address: Address): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  }).catch((error) => {
    throw unusableAddress(error, address);
  });
  const { port } = server.address() as AddressInfo;
  return `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`;
}

/** Why the service cannot listen there, in terms of its configuration. A port in use may be free at the next start. */
function unusableAddress(error: NodeJS.ErrnoException, { host, port, variable }: Address): Error {
  const variables = `HOST and ${variable}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `the address ${host}:${port} (${variables}) is in use. Stop the process that uses it, or set another ${variable}.`,
      );
    case 'EACCES':
      return new ConfigError([
        `${variables}: this process may not listen on ${host}:${port}. Ports below 1024 need a privilege: set ${variable} to 1024 or more.`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new ConfigError([
        `${variables}: ${host}:${port} is not an address of this machine. Set HOST to one of its addresses, or to 0.0.0.0 for all of them.`,
      ]);
    case 'ENOTFOUND':
      return new ConfigError([
        `${variables}: the name ${host} cannot be resolved. Set HOST to an address of this machine, or to 0.0.0.0 for all of them.`,
      ]);
    default:
      return error;
  }
}
