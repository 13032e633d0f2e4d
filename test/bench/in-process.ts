// A replica inside the process that measures it: a socket would hide what takes microseconds.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { type Administrator, ENVIRONMENT, INSERT_KEYS, keyRows, newKeys } from './client.ts';

/** Rounds of less than a millisecond: most fall between two interruptions by other processes. */
export const HITS_A_ROUND = 250;
/** On a busy machine, a lookup may give up on Redis after 25 ms now and then. */
export const ALMOST_ALL = 0.98;

export async function startApp(environment: Record<string, string>) {
  const config = readConfig({ ...ENVIRONMENT, REKEY_LOG_LEVEL: 'error', ...environment });
  const app = await createApp(config, { inMemory: true, logger: createLogger({ level: config.logLevel }) });
  await app.start();
  return app;
}
export type App = Awaited<ReturnType<typeof startApp>>;

/** Serves the replica over HTTP while `talk` runs. */
export async function serve<Result>(app: App, talk: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer(app.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await talk(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The secrets of this many new API keys. */
export async function givenKeys(app: App, owner: Administrator, count: number): Promise<string[]> {
  const keys = newKeys(count);
  await app.database.reads.query({ name: 'bench-keys', text: INSERT_KEYS }, keyRows(owner, keys));
  return keys.map(({ secret }) => secret);
}

/** A request as a small client sends it. */
export function request(headers: Record<string, string> = {}) {
  const all = { host: '127.0.0.1:4000', 'user-agent': 'bench', accept: '*/*', connection: 'keep-alive', ...headers };
  return { headers: all, rawHeaders: Object.entries(all).flat() };
}

export const bearer = (text: string) => request({ authorization: `Bearer ${text}` });

/** Requests with credentials that are in the replica's memory from now on. */
export async function known(app: App, credentials: readonly string[]) {
  const requests = credentials.map(bearer);
  for (const one of requests) {
    await app.authenticator.authenticate(one);
    await setImmediate(); // The embedded database leaves no turn for timers, and the lease would expire.
  }
  return requests;
}
