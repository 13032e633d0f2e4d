// The process of the service: start, stop, crash, and two processes at the same time.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PASSWORD } from './support/app.ts';
import { fillDirectory } from './support/embedded-template.ts';
import { EventStream, poll, Socket } from './support/live.ts';
import { databasesAt } from './support/postgres.ts';
import { send } from './support/raw.ts';
import { emptyDirectory, SERVER, ServerProcess, startServer } from './support/server-process.ts';
import { until } from './support/until.ts';

// Long enough for a busy machine. On an idle one, each test takes a few seconds.
const TEST_MS = 180_000;

async function graphql(url: string, query: string, variables: object = {}, credential?: string) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(credential ? { authorization: `Bearer ${credential}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for
  return (await response.json()) as any;
}

const setupTokenOf = ({ stdout }: ServerProcess) => /setup_[0-9A-Za-z]{32}/.exec(stdout)?.[0];

async function bootstrap(url: string, setupToken: string): Promise<string> {
  const { data } = await graphql(
    url,
    `mutation ($input: BootstrapInput!) { bootstrap(input: $input) {
      ... on BootstrapSuccess { tokens { accessToken } } ... on UserError { message }
    } }`,
    { input: { setupToken, email: 'admin@example.com', password: PASSWORD, displayName: 'Ada' } },
  );
  return data.bootstrap.tokens.accessToken;
}

async function createApiKey(url: string, credential: string): Promise<{ id: string; secret: string }> {
  const { data } = await graphql(
    url,
    `mutation { createApiKey(input: { name: "a key", scopes: [API_KEYS_READ] }) {
      ... on CreateApiKeySuccess { secret apiKey { id } }
    } }`,
    {},
    credential,
  );
  return { id: data.createApiKey.apiKey.id, secret: data.createApiKey.secret };
}

const verify = async (url: string, secret: string) =>
  (await send(url, '/v1/verify', { headers: { authorization: `Bearer ${secret}` } })).status;

/** A data directory of an earlier start, so that a test need not wait for its creation. For one process at a time. */
let used: string | null = null;
function usedDirectory(): string {
  if (!used) throw new Error('No process was started yet.');
  return used;
}
beforeAll(async () => {
  used = mkdtempSync(join(tmpdir(), 'rekey-used-'));
  fillDirectory(used);
  const server = new ServerProcess({ directory: used });
  await server.ready();
  server.kill('SIGTERM');
  await server.exited();
}, TEST_MS);
afterAll(() => {
  if (used) rmSync(used, { recursive: true, force: true });
});

describe('the service on the embedded database', () => {
  test('starts in an empty folder and keeps its data after a restart and a crash', {
    timeout: TEST_MS,
  }, async () => {
    const directory = emptyDirectory();

    const first = startServer(directory);
    const url = await first.ready();
    await first.printed(/Setup token/);
    expect(new URL(url)).toMatchObject({ hostname: '127.0.0.1' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const setupToken = setupTokenOf(first) as string;
    const accessToken = await bootstrap(url, setupToken);
    const key = await createApiKey(url, accessToken);
    expect(await verify(url, key.secret)).toBe(204);
    const masterKey = readFileSync(join(directory, '.rekey', 'master.key'), 'utf8');
    expect(statSync(join(directory, '.rekey', 'master.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, '.rekey')).mode & 0o777).toBe(0o700);
    expect(Buffer.from(masterKey, 'base64')).toHaveLength(32);
    first.kill('SIGTERM');
    expect(await first.exited()).toEqual({ code: 0, signal: null });
    expect(existsSync(join(directory, '.rekey', 'owner'))).toBe(false);

    const second = startServer(directory);
    const again = await second.ready();
    expect(await verify(again, key.secret)).toBe(204);
    const viewer = await graphql(again, '{ viewer { user { email } } }', {}, accessToken);
    expect(viewer.data.viewer.user.email).toBe('admin@example.com');
    const login = await graphql(
      again,
      `mutation { login(input: { email: "ADMIN@example.com", password: "${PASSWORD}" }) { __typename } }`,
    );
    expect(login.data.login.__typename).toBe('LoginSuccess');
    // The uses that were in memory at SIGTERM were written.
    const { data } = await graphql(again, `{ apiKey(id: "${key.id}") { lastUsedAt } }`, {}, accessToken);
    expect(Date.now() - Date.parse(data.apiKey.lastUsedAt)).toBeLessThan(TEST_MS);
    // No setup token is printed any more, and the old one is no longer valid.
    expect(second.stdout).not.toContain('setup');
    await expect(bootstrap(again, setupToken)).rejects.toThrow();
    const created = await createApiKey(again, accessToken);
    second.kill('SIGKILL');
    await second.exited();
    expect(existsSync(join(directory, '.rekey', 'owner'))).toBe(true);

    // The lock of a killed process does not block a start, and changes that were confirmed before the crash are stored.
    const third = startServer(directory);
    expect(await verify(await third.ready(), created.secret)).toBe(204);
    expect(readFileSync(join(directory, '.rekey', 'master.key'), 'utf8')).toBe(masterKey);
    for (const { stdout, stderr } of [first, second, third]) {
      expect(stderr).toBe('');
      for (const secret of [key.secret, created.secret, accessToken, PASSWORD, masterKey.trim()]) {
        expect(stdout).not.toContain(secret);
      }
    }
  });

  test('rejects a second process in the same directory and names the first', { timeout: TEST_MS }, async () => {
    const directory = usedDirectory();
    // Of two concurrent processes, one gets the directory.
    const processes = [startServer(directory), startServer(directory)] as const;
    const outcomes = await Promise.allSettled(processes.map((each) => each.ready()));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const [running, rejected] =
      outcomes[0]?.status === 'fulfilled' ? processes : ([processes[1], processes[0]] as const);
    expect(await rejected.exited()).toEqual({ code: 1, signal: null });
    const message = `in use by process ${running.pid}. Stop that process, or set DATABASE_URL to use PostgreSQL, which several processes can share.`;
    expect(rejected.stderr).toContain(message);

    const late = startServer(directory);
    expect(await late.exited()).toEqual({ code: 1, signal: null });
    expect(late.stderr).toContain(message);
    expect(late.stderr.trim().split('\n')).toHaveLength(1);
    // Neither has disturbed the process that holds the directory.
    expect((await fetch(`${await running.ready()}/readyz`)).status).toBe(200);
  });

  test('does not start with a manifest of documents in which a hash is wrong', { timeout: TEST_MS }, async () => {
    const directory = emptyDirectory();
    const path = join(directory, 'manifest.json');
    writeFileSync(path, JSON.stringify({ [`sha256:${'0'.repeat(64)}`]: 'query A { viewer { scopes } }' }));
    const server = startServer(directory, { REKEY_TRUSTED_DOCUMENTS: path });
    expect(await server.exited()).toEqual({ code: 78, signal: null });
    expect(server.stderr).toContain('REKEY_TRUSTED_DOCUMENTS: the entry "sha256:0000');
    expect(server.stderr).toContain('is not the hash of its text.');
  });

  test('does not replace a damaged master key', { timeout: TEST_MS }, async () => {
    const directory = emptyDirectory();
    mkdirSync(join(directory, '.rekey'));
    const path = join(directory, '.rekey', 'master.key');
    writeFileSync(path, 'damaged');
    const server = startServer(directory);
    expect(await server.exited()).toEqual({ code: 78, signal: null });
    expect(server.stderr).toContain('master.key does not hold a master key.');
    expect(server.stderr).not.toContain('damaged');
    expect(readFileSync(path, 'utf8')).toBe('damaged');
  });

  test('does not replace a missing master key while its database exists', {
    timeout: TEST_MS,
  }, async () => {
    const directory = usedDirectory();
    const path = join(directory, '.rekey', 'master.key');
    const key = readFileSync(path, 'utf8');
    rmSync(path);
    const server = startServer(directory);
    expect(await server.exited()).toEqual({ code: 78, signal: null });
    expect(server.stderr).toMatch(/master\.key, the master key of that database, is missing.*Restore the file/);
    expect(existsSync(path)).toBe(false);

    // The key may come from the environment instead.
    const restored = startServer(directory, { REKEY_MASTER_KEY: key.trim() });
    await restored.ready();
    expect(existsSync(path)).toBe(false);
    restored.kill('SIGTERM');
    await restored.exited();
    writeFileSync(path, key, { mode: 0o600 });
  });

  test('rejects another master key than that of the database, unless that one is configured as retired', {
    timeout: TEST_MS,
  }, async () => {
    const directory = usedDirectory();
    const another = { REKEY_MASTER_KEY: randomBytes(32).toString('base64') };
    const server = startServer(directory, another);
    expect(await server.exited()).toEqual({ code: 78, signal: null });
    expect(server.stderr).toMatch(/REKEY_MASTER_KEY: the database holds values that were sealed with the master key/);
    expect(server.stderr).toContain('REKEY_RETIRED_MASTER_KEYS');
    expect(server.stderr).not.toContain(another.REKEY_MASTER_KEY);

    const key = readFileSync(join(directory, '.rekey', 'master.key'), 'utf8').trim();
    const rotated = startServer(directory, { ...another, REKEY_RETIRED_MASTER_KEYS: key });
    await rotated.ready();
    rotated.kill('SIGTERM');
    expect(await rotated.exited()).toEqual({ code: 0, signal: null });
  });
});

describe('SIGTERM', () => {
  test('lets the service answer in-flight requests, reject new ones and exit with code 0', {
    timeout: TEST_MS,
  }, async () => {
    const server = startServer(usedDirectory());
    const url = await server.ready();
    const { port } = new URL(url);
    const body = '{"query":"{ __typename }"}';
    const agent = new Agent({ keepAlive: true });
    // An idle connection, as in the pool of a client.
    const idle = connect(Number(port), '127.0.0.1');
    await once(idle, 'connect');
    idle.on('error', () => undefined);
    const idleClosed = once(idle, 'close');

    const slow = () => {
      const sent = request(`${url}/graphql`, {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      });
      const answered = once(sent, 'response');
      sent.write(body.slice(0, 5));
      return async () => {
        sent.end(body.slice(5));
        const [response] = await answered;
        expect(response.statusCode).toBe(200);
        const chunks = await response.toArray();
        expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ data: { __typename: 'Query' } });
        return sent.socket!;
      };
    };
    const [finish, finishLater] = [slow(), slow()];
    // When the server answers a later request, it has read the beginning of these.
    await fetch(`${url}/livez`);
    server.kill('SIGTERM');
    await server.printed(/stopping: no new requests/);

    const connecting = () =>
      new Promise((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => resolve('connected'));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        socket.on('close', () => socket.destroy());
      });
    await expect.poll(connecting, { timeout: 10_000 }).toBe('ECONNREFUSED');

    // The process does not wait for idle connections: it closes them while a request is in flight.
    await idleClosed;
    const socket = await finish();
    if (!socket.destroyed) await once(socket, 'close');
    await finishLater();
    expect(await server.exited()).toEqual({ code: 0, signal: null });
    expect(server.stderr).toBe('');
    agent.destroy();
    idle.destroy();
  });

  test('ends live connections before anything else: `complete`, close code 1001, and a poll answers what there is', {
    timeout: TEST_MS,
  }, async () => {
    const directory = emptyDirectory();
    fillDirectory(directory);
    const server = startServer(directory);
    const url = await server.ready();
    await server.printed(/Setup token/);
    const caller = { bearer: await bootstrap(url, setupTokenOf(server) as string) };
    const stream = await EventStream.open(url, { caller });
    const socket = await Socket.open(url, { caller });
    socket.subscribe();
    await socket.execute('{ __typename }'); // The subscription before it has begun.
    const { json } = await poll(url, caller);
    const polled = poll(url, caller, { after: json.position, wait: 10_000 });
    await until('the poll waits', async () =>
      /rekey_live_connections\{kind="poll"\} 1\n/.test((await send(url, '/metrics')).text),
    );

    // A request whose body is not complete keeps the process, until the time for in-flight requests is over.
    const body = '{"query":"{ __typename }"}';
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(`${url}/graphql`, { method: 'POST', headers, agent: false });
    const answered = once(sent, 'response');
    sent.write(body.slice(0, 5));
    await fetch(`${url}/livez`);

    server.kill('SIGTERM');
    expect(await stream.next()).toBe(null);
    await stream.closed;
    expect(await socket.closed).toEqual({ code: 1001, reason: 'This replica stops. Connect again.' });
    const answer = await polled;
    expect([answer.status, answer.json]).toEqual([200, { ...json, events: [], more: false }]);

    sent.end(body.slice(5));
    const [response] = await answered;
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(await server.exited()).toEqual({ code: 0, signal: null });
    expect(server.stderr).toBe('');
  });

  test('reaches the service through `npm start`, which waits until it has ended', {
    timeout: TEST_MS,
  }, async () => {
    const command: [string, ...string[]] = ['npm', 'start', '--prefix', join(import.meta.dirname, '..')];
    const server = startServer(emptyDirectory(), { REKEY_DATA_DIR: usedDirectory() }, command);
    const url = await server.ready();
    server.kill('SIGTERM');
    await server.exited();
    expect(server.stdout).toContain('stopping: no new requests');
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });

  test.each([
    ['node', [process.execPath, SERVER]],
    ['npm start', ['npm', 'start', '--prefix', join(import.meta.dirname, '..')]],
  ] as const)(
    'is equivalent to SIGHUP, which a closed terminal sends: %s',
    {
      timeout: TEST_MS,
    },
    async (_, command) => {
      // A terminal signals the whole group.
      const grouped: [string, ...string[]] = ['setsid', ...command];
      const server = startServer(emptyDirectory(), { REKEY_DATA_DIR: join(usedDirectory(), '.rekey') }, grouped);
      const url = await server.ready();
      process.kill(-server.pid, 'SIGHUP');
      await server.exited();
      expect(server.stdout).toContain('stopping: no new requests');
      await expect.poll(() => existsSync(join(usedDirectory(), '.rekey', 'owner')), { timeout: 10_000 }).toBe(false);
      await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
    },
  );

  test('may be sent at once after the start, repeatedly, and together with SIGINT', { timeout: TEST_MS }, async () => {
    const given = 'given-by-the-operator-0123456789';
    const server = startServer(usedDirectory(), { REKEY_SETUP_TOKEN: given });
    await server.ready();
    server.kill('SIGINT');
    server.kill('SIGTERM');
    server.kill('SIGINT');
    expect(await server.exited()).toEqual({ code: 0, signal: null });
    // A configured setup token is not printed, and no other one is generated.
    expect(server.stdout + server.stderr).not.toContain(given);
    expect(server.stdout).not.toContain('Setup token');
  });
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  test('two processes that start concurrently on an empty database share one schema, one key and one setup token', {
    timeout: TEST_MS,
  }, async () => {
    const databases = databasesAt(inject('postgresUrl') as string);
    const databaseUrl = await databases.createDatabase();
    const environment = { DATABASE_URL: databaseUrl, REKEY_MASTER_KEY: randomBytes(32).toString('base64') };
    const directory = emptyDirectory();
    const replicas = [startServer(directory, environment), startServer(directory, environment)] as const;
    const [one, other] = (await Promise.all(replicas.map((replica) => replica.ready()))) as [string, string];

    const database = new URL(databaseUrl).pathname.slice(1);
    const rows = await databases.query<{ name: string }>('select name from rekey_migrations', [], database);
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);

    await expect.poll(() => replicas.map(setupTokenOf).filter(Boolean)).toHaveLength(1);
    const accessToken = await bootstrap(other, replicas.map(setupTokenOf).find(Boolean) as string);
    const { secret } = await createApiKey(one, accessToken);
    expect(await verify(other, secret)).toBe(204);
    expect(existsSync(join(directory, '.rekey'))).toBe(false);

    for (const replica of replicas) replica.kill('SIGTERM');
    for (const replica of replicas) expect(await replica.exited()).toEqual({ code: 0, signal: null });
    for (const { stderr } of replicas) expect(stderr).toBe('');
  });
});
