// The baseline of `/v1/verify`: the least that an HTTP server in Node can do, with the same response headers.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const headers: Record<string, string> = JSON.parse(process.argv[2] ?? '{}');

const server = createServer({ requestTimeout: 30_000, keepAliveTimeout: 65_000 }, (_request, response) => {
  response.writeHead(204, headers);
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready: http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
});
