import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { ConfigError } from '../kernel/config-error.ts';
import { isSocketPath } from '../kernel/socket-path.ts';
import { clearStaleSocket, restrictSocket } from './unix-socket.ts';

export interface ListenOptions {
  /** An address, a host name, or the path of a Unix socket. */
  host: string;
  port: number;
  /** The variable that sets the port. */
  variable?: 'PORT' | 'REKEY_METRICS_PORT';
}

/**
 * Removes a socket that a crashed process has left behind. Call it once before `listen`, also for several workers, which
 * share one socket.
 *
 * @throws Error if a process listens on the socket
 */
export async function claimAddress({ host }: Pick<ListenOptions, 'host'>): Promise<void> {
  if (!isSocketPath(host)) return;
  const isFree = await clearStaleSocket(host).catch((error) => {
    throw unusableSocket(error, host);
  });
  if (!isFree) throw inUse(host);
}

/**
 * Listens at the configured place.
 *
 * @returns the origin of its URLs, or the path of the socket
 * @throws ConfigError if this machine can never listen there; Error if it can at another time
 */
export async function listen(server: Server, { host, port, variable = 'PORT' }: ListenOptions): Promise<string> {
  if (isSocketPath(host)) return listenOnSocket(server, host);
  await listening(server, () => server.listen(port, host)).catch((error) => {
    throw unusableAddress(error, { host, port, variable });
  });
  const { port: taken } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
}

async function listenOnSocket(server: Server, path: string): Promise<string> {
  try {
    await listening(server, () => server.listen(path));
    restrictSocket(path);
  } catch (error) {
    throw unusableSocket(error as NodeJS.ErrnoException, path);
  }
  return path;
}

function listening(server: Server, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
    begin();
  });
}

const inUse = (path: string) =>
  new Error(`the socket ${path} (HOST) is in use. Stop the process that uses it, or set another path.`);

/** Why the service cannot listen on this socket. A folder may be made later, so a missing one is not final. */
function unusableSocket(error: NodeJS.ErrnoException, path: string): Error {
  // Node reports a missing folder as EACCES, as Windows does.
  if (!existsSync(dirname(path))) return new Error(`the folder of the socket ${path} (HOST) does not exist.`);
  switch (error.code) {
    case 'EADDRINUSE':
      return inUse(path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ConfigError([`HOST: this process may not create the socket ${path}.`]);
    default:
      return error;
  }
}

/** Why the service cannot listen there, in terms of its configuration. A port in use may be free at the next start. */
function unusableAddress(error: NodeJS.ErrnoException, { host, port, variable }: Required<ListenOptions>): Error {
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
