// A replica that stops: what it still does, and what each signal means.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { stopDelayMs } from '../../src/process/replica.ts';
import { PASSWORD, SETUP_TOKEN } from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { EventStream } from '../support/live.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { send } from '../support/raw.ts';
import { emptyDirectory, type ServerProcess, startServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';

// Long enough for a busy machine.
const TEST_MS = 180_000;
/** A delay that does not end during a test. */
const LONG = { REKEY_STOP_DELAY_SECONDS: '300' };
const ANNOUNCED = 'stopping: /readyz returns 503';
const CLOSED = 'stopping: no new requests';

async function graphql(url: string, query: string, bearer?: string) {
  const headers = { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) };
  const answer = await send(url, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
  return answer.json.data;
}

async function ended(server: ServerProcess): Promise<void> {
  expect(await server.exited()).toEqual({ code: 0, signal: null });
  expect(server.stderr).toBe('');
}

test('after SIGTERM it is not ready, and goes on to accept requests: each response is the last on its connection', {
  timeout: TEST_MS,
}, async () => {
  const server = startServer(migratedDirectory(), LONG);
  const url = await server.ready();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const askOverKept = async () => {
    const sent = request(`${url}/livez`, { agent });
    sent.end();
    const [response] = await once(sent, 'response');
    await response.resume().toArray();
    return [response.statusCode, response.headers.connection, sent.reusedSocket];
  };
  expect(await askOverKept()).toEqual([200, 'keep-alive', false]);

  server.kill('SIGTERM');
  await server.printed(ANNOUNCED);
  expect(await askOverKept()).toEqual([200, 'close', true]);
  expect(await send(url, '/readyz')).toMatchObject({
    status: 503,
    headers: { connection: 'close' },
    json: { status: 'stopping', database: 'ok' },
  });
  expect(await graphql(url, '{ __typename }')).toEqual({ __typename: 'Query' });
  // A service manager may send the signal to the process and to its parent, which passes it on.
  server.kill('SIGTERM');
  for (let round = 0; round < 3; round++) expect(await askOverKept()).toEqual([200, 'close', false]);
  expect(server.stdout).not.toContain(CLOSED);

  server.kill('SIGINT');
  await ended(server);
  expect(server.stdout).toContain(CLOSED);
});

test.each(['SIGINT', 'SIGHUP'] as const)('%s stops it without the delay', { timeout: TEST_MS }, async (signal) => {
  const server = startServer(migratedDirectory(), LONG);
  await server.ready();
  server.kill(signal);
  await ended(server);
});

test('SIGTERM stops it when the delay is over', { timeout: TEST_MS }, async () => {
  const server = startServer(migratedDirectory(), { REKEY_STOP_DELAY_SECONDS: '1' });
  await server.ready();
  server.kill('SIGTERM');
  await ended(server);
  expect(server.stdout.indexOf(ANNOUNCED)).toBeLessThan(server.stdout.indexOf(CLOSED));
});

test('the delay is 5 s, and 0 with the embedded database, where no other replica could take over', () => {
  const replica = { DATABASE_URL: 'postgresql://a@b/c', REKEY_MASTER_KEY: randomBytes(32).toString('base64') };
  expect(stopDelayMs(readConfig({}))).toBe(0);
  expect(stopDelayMs(readConfig(replica))).toBe(5000);
  expect(stopDelayMs(readConfig({ ...replica, REKEY_STOP_DELAY_SECONDS: '0' }))).toBe(0);
  expect(stopDelayMs(readConfig({ REKEY_STOP_DELAY_SECONDS: '300' }))).toBe(300_000);
  for (const wrong of ['301', '-1', '1.5', 'a minute'])
    expect(() => readConfig({ REKEY_STOP_DELAY_SECONDS: wrong })).toThrow('must be a whole number from 0 to 300');
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  test('streams go on during the delay, and then end; on another replica, the client misses no event', {
    timeout: TEST_MS,
  }, async () => {
    const environment = {
      ...{ DATABASE_URL: await migratedDatabase(), REKEY_MASTER_KEY: randomBytes(32).toString('base64') },
      ...{ REKEY_SETUP_TOKEN: SETUP_TOKEN, ...LONG },
    };
    const [stopped, other] = [startServer(emptyDirectory(), environment), startServer(emptyDirectory(), environment)];
    const [from, to] = [await stopped.ready(), await other.ready()];
    const { bootstrap } = await graphql(
      to,
      `mutation { bootstrap(input: { setupToken: "${SETUP_TOKEN}", email: "admin@example.com", displayName: "Ada",
        password: "${PASSWORD}" }) { ... on BootstrapSuccess { tokens { accessToken } } } }`,
    );
    const bearer = bootstrap.tokens.accessToken as string;
    /** Creates a key and revokes it, both at the other replica. */
    const revoke = async () => {
      const { createApiKey } = await graphql(
        to,
        'mutation { createApiKey(input: { name: "a", scopes: [] }) { ... on CreateApiKeySuccess { apiKey { id } } } }',
        bearer,
      );
      const { id } = createApiKey.apiKey;
      await graphql(to, `mutation { revokeApiKey(input: { apiKeyId: "${id}" }) { __typename } }`, bearer);
      return id as string;
    };
    const stream = await EventStream.open(from, { caller: { bearer } });
    const event = async (of: EventStream) => (await of.next())?.data.revocations;

    stopped.kill('SIGTERM');
    await stopped.printed(ANNOUNCED);
    const during = await revoke();
    const last = await event(stream);
    expect(last.credentialId).toBe(during);
    const late = await EventStream.open(from, { caller: { bearer }, variables: { after: last.sequence } });

    stopped.kill('SIGINT');
    for (const each of [stream, late]) {
      expect(await each.next()).toBe(null);
      await each.closed;
    }
    const meanwhile = await revoke();
    const again = await EventStream.open(to, { caller: { bearer }, variables: { after: last.sequence } });
    expect((await event(again)).credentialId).toBe(meanwhile);
    await until('the replica ends', () => !stopped.isRunning);
    await ended(stopped);
    other.kill('SIGINT');
    await ended(other);
  });
});
