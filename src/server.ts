import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { BAD_CONFIGURATION, ConfigError } from './kernel/config-error.ts';
import { messageOf } from './kernel/message-of.ts';

/** How long requests under way may take after SIGTERM. */
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
  const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 65_000 }, app.handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    app.logger.info({ signal }, 'stopping: no new requests');
    const drained = new Promise((resolve) => server.close(resolve));
    // A connection that has got its last answer would be kept open for the next request, and one that never asked
    // anything, as browsers and balancers keep in reserve, does not even count as idle.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, 50);
    const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await drained;
    clearInterval(sweep);
    clearTimeout(late);
    await app.close();
    app.logger.flush();
    process.exit(0);
  };

  try {
    await app.start();
    process.on('SIGTERM', (signal) => void stop(signal));
    process.on('SIGINT', (signal) => void stop(signal));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, config.host, resolve);
    });
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
