// HOST as the path of a Unix socket.
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migratedDirectory } from '../support/embedded-template.ts';
import { emptyDirectory, type ServerProcess, startServer } from '../support/server-process.ts';

// Long enough for a busy machine.
const TEST_MS = 180_000;

interface Reply {
  status: number;
  text: string;
}

/** Sends one request over the socket. */
function ask(socketPath: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ socketPath, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode!, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Starts the service with this socket, on an embedded database of its own. */
const startOn = (path: string, environment: Record<string, string> = {}): ServerProcess =>
  startServer(migratedDirectory(), { HOST: path, ...environment });

const isReady = (server: ServerProcess, path: string) => server.printed(`Rekey is ready: ${path}\n`);

test('is the only place where it listens, for its owner and its group, and is removed at the end', {
  timeout: TEST_MS,
}, async () => {
  const path = join(emptyDirectory(), 'rekey.sock');
  const server = startOn(path);
  await isReady(server, path);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(await ask(path, '/livez')).toEqual({ status: 200, text: 'ok' });
  const headers = { 'content-type': 'application/json' };
  const { text } = await ask(path, '/graphql', headers, '{"query":"{ __typename }"}');
  expect(JSON.parse(text)).toEqual({ data: { __typename: 'Query' } });
  server.kill('SIGTERM');
  expect(await server.exited()).toEqual({ code: 0, signal: null });
  expect(existsSync(path)).toBe(false);
  expect(server.stderr).toBe('');
});

test('that a killed process has left behind is replaced', { timeout: TEST_MS }, async () => {
  const path = join(emptyDirectory(), 'rekey.sock');
  const killed = startOn(path);
  await isReady(killed, path);
  killed.kill('SIGKILL');
  await killed.exited();
  expect(existsSync(path)).toBe(true);
  const server = startOn(path);
  await isReady(server, path);
  expect(await ask(path, '/livez')).toEqual({ status: 200, text: 'ok' });
});

test('on which another process listens is not taken from it', { timeout: TEST_MS }, async () => {
  const path = join(emptyDirectory(), 'rekey.sock');
  const first = startOn(path);
  await isReady(first, path);
  const second = startOn(path);
  expect(await second.exited()).toEqual({ code: 1, signal: null });
  expect(second.stderr).toContain(`the socket ${path} (HOST) is in use`);
  expect(second.stderr.trim().split('\n')).toHaveLength(1);
  expect(await ask(path, '/livez')).toEqual({ status: 200, text: 'ok' });
});

test('does not replace a file that is no socket', { timeout: TEST_MS }, async () => {
  const path = join(emptyDirectory(), 'notes.txt');
  writeFileSync(path, 'of the operator');
  const server = startOn(path);
  expect(await server.exited()).toEqual({ code: 1, signal: null });
  expect(server.stderr).toContain(`the socket ${path} (HOST) is in use`);
  expect(statSync(path).size).toBe('of the operator'.length);
});

test('in a folder that does not exist is an error that says so', { timeout: TEST_MS }, async () => {
  const path = join(emptyDirectory(), 'missing', 'rekey.sock');
  const server = startOn(path);
  expect(await server.exited()).toEqual({ code: 1, signal: null });
  expect(server.stderr).toContain(`the folder of the socket ${path} (HOST) does not exist`);
});

test('has peers without an address: with `unix` among the trusted proxies, they may name the client', {
  timeout: TEST_MS,
}, async () => {
  const path = join(emptyDirectory(), 'rekey.sock');
  const login = (address: string) =>
    ask(
      path,
      '/graphql',
      { 'content-type': 'application/json', 'x-forwarded-for': address },
      '{"query":"mutation { login(input: { email: \\"a@example.com\\", password: \\"not the password of any account\\" }) { __typename } }"}',
    );
  const limits = { REKEY_LOGIN_PER_MINUTE: '1' };
  const trusting = startOn(path, { ...limits, REKEY_TRUSTED_PROXIES: 'unix' });
  await isReady(trusting, path);
  expect((await login('192.0.2.1')).text).toContain('InvalidCredentialsError');
  expect((await login('192.0.2.1')).text).toContain('RATE_LIMITED');
  expect((await login('192.0.2.2')).text).toContain('InvalidCredentialsError');
  trusting.kill('SIGTERM');
  await trusting.exited();

  const other = startOn(path, limits);
  await isReady(other, path);
  expect((await login('192.0.2.1')).text).toContain('InvalidCredentialsError');
  expect((await login('192.0.2.2')).text).toContain('RATE_LIMITED');
});

test('two processes that find the same stale socket at once: one gets it, and the other says that it is in use', {
  timeout: TEST_MS,
}, async () => {
  const path = join(emptyDirectory(), 'rekey.sock');
  const killed = startOn(path);
  await isReady(killed, path);
  killed.kill('SIGKILL');
  await killed.exited();
  const both = [startOn(path), startOn(path)] as const;
  const outcomes = await Promise.all(
    both.map((each) =>
      Promise.race([
        isReady(each, path).then(
          () => 'ready',
          () => 'ended',
        ),
        each.exited().then(() => 'ended'),
      ]),
    ),
  );
  expect(outcomes.toSorted()).toEqual(['ended', 'ready']);
  expect(await ask(path, '/livez')).toEqual({ status: 200, text: 'ok' });
});
