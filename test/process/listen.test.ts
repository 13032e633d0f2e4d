import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../src/process/listen.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

test.skipIf(!hasIpv6)('the origin of an IPv6 address has brackets, as in a URL', async () => {
  const server = createServer((_request, response) => response.end('answered'));
  onTestFinished(() => void server.close());
  const origin = await listen(server, { host: '::1', port: 0 });
  expect(origin).toBe(`http://[::1]:${(server.address() as AddressInfo).port}`);
  expect(await (await fetch(origin, { headers: { connection: 'close' } })).text()).toBe('answered');
});

test.each(['PORT', 'REKEY_METRICS_PORT'] as const)('a port in use is an error that names %s', async (variable) => {
  const [first, second] = [createServer(), createServer()];
  onTestFinished(() => void first.close());
  await listen(first, { host: '127.0.0.1', port: 0 });
  const { port } = first.address() as AddressInfo;
  await expect(listen(second, { host: '127.0.0.1', port, variable })).rejects.toThrow(
    `the address 127.0.0.1:${port} (HOST and ${variable}) is in use. Stop the process that uses it, or set another ${variable}.`,
  );
});
