// What `clearStaleSocket` finds at the path of a Unix socket.
import { existsSync, linkSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clearStaleSocket } from '../../src/process/unix-socket.ts';

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-socket-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function listenAt(path: string, backlog?: number): Promise<() => Promise<void>> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen({ path, backlog }, resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  onTestFinished(() => void close());
  return close;
}

/** A socket on which no process listens any more. */
async function staleAt(path: string): Promise<void> {
  const close = await listenAt(`${path}.of-the-server`);
  linkSync(`${path}.of-the-server`, path); // Node removes only the name that it knows.
  await close();
}

const accepts = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(path, () => socket.end());
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(true));
  });

test('nothing: the path is free', async () => {
  expect(await clearStaleSocket(join(folder(), 'a.sock'))).toBe(true);
});

test('a socket on which no process listens: it is removed', async () => {
  const directory = folder();
  const path = join(directory, 'a.sock');
  await staleAt(path);
  expect(await clearStaleSocket(path)).toBe(true);
  expect(readdirSync(directory)).toEqual([]);
});

test('a socket on which a process listens: it stays', async () => {
  const path = join(folder(), 'a.sock');
  await listenAt(path);
  expect(await clearStaleSocket(path)).toBe(false);
  expect(await accepts(path)).toBe(true);
});

test('a socket whose process has accepted none of many connections yet: it stays', async () => {
  const path = join(folder(), 'a.sock');
  await listenAt(path, 1);
  // All of them connect in this turn of the event loop, and the server accepts in a later one.
  const waiting = Array.from({ length: 4 }, () => accepts(path));
  expect(await clearStaleSocket(path)).toBe(false);
  expect(existsSync(path)).toBe(true);
  await Promise.all(waiting);
});

test('another file: it stays', async () => {
  const path = join(folder(), 'a.sock');
  writeFileSync(path, 'of the operator');
  expect(await clearStaleSocket(path)).toBe(false);
  expect(existsSync(path)).toBe(true);
});

test('a stale socket that another process replaces meanwhile: that process keeps the path', async () => {
  const directory = folder();
  const path = join(directory, 'a.sock');
  await staleAt(path);
  await listenAt(join(directory, 'new.sock'));
  const cleared = clearStaleSocket(path); // The operating system has refused its connection already.
  rmSync(path);
  renameSync(join(directory, 'new.sock'), path);
  expect(await cleared).toBe(false);
  expect(await accepts(path)).toBe(true);
  expect(readdirSync(directory)).toEqual(['a.sock']);
});

test('a stale socket that another process removes meanwhile: the path is free', async () => {
  const path = join(folder(), 'a.sock');
  await staleAt(path);
  const cleared = clearStaleSocket(path);
  rmSync(path);
  expect(await cleared).toBe(true);
});
