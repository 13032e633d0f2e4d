import { once } from 'node:events';
import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startProxy, type TcpProxy } from './proxy.ts';

// Returns every line, and records the lines that it got.
const asked: string[] = [];
const ends: string[] = [];
const echo = createServer((socket) => {
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
    asked.push(chunk.toString());
    socket.write(chunk);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => ends.push(received));
});

let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  asked.length = 0;
  ends.length = 0;
  if (!echo.listening) await once(echo.listen(0, '127.0.0.1'), 'listening');
  proxy = await startProxy({ host: '127.0.0.1', port: (echo.address() as { port: number }).port });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
});

async function connected() {
  const socket = tcpConnect({ port: proxy.port, host: '127.0.0.1' });
  clients.push(socket);
  let received = '';
  let failure: string | undefined;
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure = error.code;
  });
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return { socket, received: () => received, failure: () => failure, send: (text: string) => socket.write(text) };
}

const soon = { timeout: 2_000, interval: 5 };
const silence = () => sleep(60); // there is no event to wait for

test('a proxy forwards in both directions, and its URL differs only in host and port', async () => {
  const client = await connected();
  client.send('hello');
  await expect.poll(client.received, soon).toBe('hello');
  expect(proxy.connections()).toBe(1);
  expect(proxy.url('postgres://me:secret@db:5432/name?ssl=off')).toBe(
    `postgres://me:secret@127.0.0.1:${proxy.port}/name?ssl=off`,
  );
  expect(proxy.url('redis://cache')).toBe(`redis://127.0.0.1:${proxy.port}`);
  client.socket.end();
  await expect.poll(() => ends, soon).toContain('hello');
  await expect.poll(() => proxy.connections(), soon).toBe(0);
});

test('a cut resets open connections and refuses new ones until `heal`', async () => {
  const client = await connected();
  client.send('hello');
  await expect.poll(client.received, soon).toBe('hello');
  proxy.cut();
  await expect.poll(client.failure, soon).toBe('ECONNRESET');
  expect((await connected()).failure()).toBe('ECONNREFUSED');
  await proxy.heal();
  const next = await connected();
  next.send('again');
  await expect.poll(next.received, soon).toBe('again');
});

test('a black hole keeps old and new connections and forwards nothing, not even their end, and `heal` delivers all in order', async () => {
  const old = await connected();
  old.send('0');
  await expect.poll(old.received, soon).toBe('0');
  const leaving = await connected();
  leaving.send('x');
  await expect.poll(leaving.received, soon).toBe('x');

  proxy.blackhole();
  const fresh = await connected();
  old.send('1');
  await silence();
  old.send('2');
  fresh.send('new');
  leaving.socket.destroy();
  await silence();
  expect(asked.join('')).toBe('0x');
  expect(ends).not.toContain('x');
  expect(proxy.connections()).toBe(2);

  await proxy.heal();
  await expect.poll(old.received, soon).toBe('012');
  await expect.poll(fresh.received, soon).toBe('new');
  await expect.poll(() => ends, soon).toContain('x');
});

test('held replies are delivered after their release, while requests are forwarded at once', async () => {
  const client = await connected();
  const held = proxy.holdReplies();
  client.send('question');
  await held;
  expect(asked).toEqual(['question']);
  await silence();
  expect(client.received()).toBe('');
  proxy.releaseReplies();
  await expect.poll(client.received, soon).toBe('question');
});

test('a predicate holds only the connection that it matches', async () => {
  const [slow, quick] = [await connected(), await connected()];
  const held = proxy.holdRepliesWhen((chunk, direction) => direction === 'request' && chunk.includes('select'));
  slow.send('select 1');
  await held;
  quick.send('update');
  await expect.poll(quick.received, soon).toBe('update');
  expect(slow.received()).toBe('');
  proxy.releaseReplies();
  await expect.poll(slow.received, soon).toBe('select 1');
});

test('a delay postpones replies, keeps their order, and ends with `heal`', async () => {
  const client = await connected();
  proxy.delay(80);
  const start = performance.now();
  client.send('late');
  await expect.poll(client.received, soon).toBe('late');
  expect(performance.now() - start).toBeGreaterThanOrEqual(79);
  proxy.delay(60_000);
  client.send('r');
  await expect.poll(() => asked.join(''), soon).toBe('later');
  await proxy.heal();
  await expect.poll(client.received, soon).toBe('later');
});
