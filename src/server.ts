import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import { createApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
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
    await app.close();
    app.logger.flush();
    process.exit(0);
  };

  try {
    await app.start();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
    await listen(server, config);
  } catch (error) {
    await app.close().catch(() => undefined); // The first error is the one that matters.
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  process.stdout.write(`Rekey is ready: http://${host}:${port}/graphql\n`);
  const setupToken = await app.announceSetupToken();
  if (setupToken) {
    process.stdout.write(`There is no administrator yet. Setup token, for the mutation \`bootstrap\`: ${setupToken}\n`);
  }
}

async function listen(server: Server, { host, port }: Config): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error) => {
    throw unusableAddress(error, { host, port });
  });
}

/** Why the service cannot listen there, in terms of its configuration. A port in use may be free at the next start. */
function unusableAddress(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `the address ${host}:${port} (HOST and PORT) is in use. Stop the process that uses it, or set another PORT.`,
      );
    case 'EACCES':
      return new ConfigError([
        `HOST and PORT: this process may not listen on ${host}:${port}. Ports below 1024 need a privilege: set PORT to 1024 or more.`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new ConfigError([
        `HOST and PORT: ${host}:${port} is not an address of this machine. Set HOST to one of its addresses, or to 0.0.0.0 for all of them.`,
      ]);
    case 'ENOTFOUND':
      return new ConfigError([
        `HOST and PORT: the name ${host} cannot be resolved. Set HOST to an address of this machine, or to 0.0.0.0 for all of them.`,
      ]);
    default:
      return error;
  }
}
