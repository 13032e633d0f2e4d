import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { EventStream } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const scrape = async () => (await send(app.url, '/metrics')).text;
const count = async (labels: string) =>
  Number(new RegExp(`^rekey_http_requests_total\\{${labels}\\} (\\d+)$`, 'm').exec(await scrape())?.[1] ?? 0);

test('requests are counted by endpoint and status', async () => {
  await send(app.url, '/v1/verify');
  await send(app.url, '/livez');
  await send(app.url, '/livez', { method: 'POST' });
  expect(await count('endpoint="/v1/verify",status="401"')).toBe(1);
  expect(await count('endpoint="/livez",status="200"')).toBe(1);
  expect(await count('endpoint="/livez",status="405"')).toBe(1);
  expect(await scrape()).toMatch(/^rekey_http_request_seconds_count\{endpoint="\/livez"\} 2$/m);
});

test('paths that are no endpoint share one series, however many there are', async () => {
  for (let index = 0; index < 20; index++) await send(app.url, `/nothing/${index}?x=${index}`);
  expect(await count('endpoint="other",status="404"')).toBe(20);
  expect(await scrape()).not.toContain('nothing');
});

test('a client that disconnects before the response is counted as aborted', async () => {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  // The service has read the request when it asks for its body.
  socket.write(
    'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
  );
  await once(socket, 'data');
  socket.destroy();
  await until('the request is counted', async () => (await count('endpoint="/graphql",status="aborted"')) === 1);
});

test('an event stream that the service ends is counted, and its time is not measured', async () => {
  const key = await app.apiKey(await app.admin(), { scopes: ['SESSIONS_READ'] });
  const measured = async () =>
    /^rekey_http_request_seconds_count\{endpoint="\/graphql"\} (\d+)$/m.exec(await scrape())![1];
  const before = { requests: await count('endpoint="/graphql",status="200"'), measured: await measured() };
  const stream = await EventStream.open(app.url, { caller: { bearer: key.secret } });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  await send(app.url, '/v1/revoke', { method: 'POST', headers: form, body: `token=${key.secret}` });
  await stream.closed;
  await until(
    'the stream is counted',
    async () => (await count('endpoint="/graphql",status="200"')) === before.requests + 1,
  );
  expect(await measured()).toBe(before.measured);
});
