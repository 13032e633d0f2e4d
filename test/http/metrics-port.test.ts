// `REKEY_METRICS_PORT`, as an operator sets it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { send } from '../support/raw.ts';
import { startServer } from '../support/server-process.ts';

// Long enough for a busy machine.
const TEST_MS = 180_000;

test('the metrics have a port of their own, which has nothing else, and the service has no metrics', {
  timeout: TEST_MS,
}, async () => {
  const server = startServer(migratedDirectory(), { REKEY_METRICS_PORT: '0' });
  const url = await server.ready();
  const [, metricsUrl] = /^Metrics: (http:\/\/127\.0\.0\.1:\d+)\/metrics$/m.exec(server.stdout)!;
  const scraped = await send(metricsUrl!, '/metrics');
  expect(scraped.status).toBe(200);
  expect(scraped.headers['content-type']).toContain('text/plain');
  expect(scraped.headers['x-request-id']).toBeDefined();
  for (const name of ['rekey_auth_mode', 'nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total']) {
    expect(scraped.text, name).toMatch(new RegExp(`^${name}\\b`, 'm'));
  }
  expect((await send(url, '/metrics')).status).toBe(404);
  for (const path of ['/', '/graphql', '/v1/verify', '/readyz', '/openapi.json']) {
    expect((await send(metricsUrl!, path)).status, path).toBe(404);
  }
  expect((await send(metricsUrl!, '/metrics', { method: 'POST' })).status).toBe(405);
  const { paths } = JSON.parse((await send(url, '/openapi.json')).text);
  expect(paths).toHaveProperty('/readyz');
  expect(paths).not.toHaveProperty('/metrics');

  // A connection of a scraper stays open between two scrapes, and does not delay the shutdown.
  const { port } = new URL(metricsUrl!);
  const kept = connect(Number(port), '127.0.0.1');
  await once(kept, 'connect');
  kept.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(kept, 'data');
  server.kill('SIGTERM');
  expect(await server.exited()).toEqual({ code: 0, signal: null });
  kept.destroy();
});

test('a port in use stops the start, and the error names the variable', { timeout: TEST_MS }, async () => {
  const occupied = createServer();
  onTestFinished(() => void occupied.close());
  await new Promise<void>((resolve) => occupied.listen(0, '127.0.0.1', resolve));
  const { port } = occupied.address() as AddressInfo;
  const server = startServer(migratedDirectory(), { REKEY_METRICS_PORT: String(port) });
  expect(await server.exited()).toEqual({ code: 1, signal: null });
  expect(server.stderr).toContain(`127.0.0.1:${port} (HOST and REKEY_METRICS_PORT) is in use`);
  expect(server.stdout).not.toContain('Rekey is ready');
});

test('the port of the service is no port for the metrics, and 0 picks one for each', () => {
  expect(() => readConfig({ PORT: '9000', REKEY_METRICS_PORT: '9000' })).toThrow(/must be different ports/);
  expect(readConfig({ PORT: '0', REKEY_METRICS_PORT: '0' }).metricsPort).toBe(0);
  expect(readConfig({}).metricsPort).toBeNull();
});
