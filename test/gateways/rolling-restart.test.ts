// One replica after the other restarts behind load balancers, with the files that src/http/README.md shows. The clients do
// not notice.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PASSWORD, SETUP_TOKEN } from '../support/app.ts';
import { findGateway } from '../support/gateways.ts';
import { LOAD_BALANCERS, type LoadBalancer, startLoadBalancer } from '../support/load-balancers.ts';
import { freePort } from '../support/ports.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { send } from '../support/raw.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Send, SteadyClients } from '../support/steady-clients.ts';
import { until } from '../support/until.ts';

// Long enough for a busy machine: each replica starts twice, and stops after the delay that operators have.
const TEST_MS = 600_000;
const UP_MS = 60_000;
const REPLICAS = 3;
const CLIENTS = 2;
const JSON_BODY = { 'content-type': 'application/json' };

/** Requests that this replica has answered, as it counts them. A scrape is not one of them. */
async function requestsAt(port: number): Promise<number> {
  const { text } = await send(`http://127.0.0.1:${port}`, '/metrics');
  const counts = text.matchAll(/^rekey_http_requests_total\{[^}]*endpoint="\/(?:graphql|v1\/verify)"[^}]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe.skipIf(inject('postgresUrl') === null || inject('redisUrl') === null)('three replicas', () => {
  let databaseUrl: string;
  let ports: number[];
  let environment: Record<string, string>;
  const replicas: ServerProcess[] = [];
  const balancers: LoadBalancer[] = [];
  let accessToken: string;
  let key: string;
  let made = 0;

  const startReplica = async (index: number) => {
    const server = new ServerProcess({ environment: { ...environment, PORT: String(ports[index]) } });
    replicas[index] = server;
    await server.ready();
  };
  const graphql = async (sending: Send, query: string, bearer?: string) => {
    const headers = { ...JSON_BODY, ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) };
    const { status, text } = await sending('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
    if (status !== 200 || text.includes('"errors"')) throw new Error(`${status} ${text}`);
    return JSON.parse(text).data;
  };
  const createKey = async (sending: Send, name: string) => {
    const query = `mutation { createApiKey(input: { name: "${name}", scopes: [] }) {
      ... on CreateApiKeySuccess { secret } ... on UserError { message } } }`;
    const { createApiKey } = await graphql(sending, query, accessToken);
    if (!createApiKey.secret) throw new Error(createApiKey.message);
    return createApiKey.secret as string;
  };

  beforeAll(async () => {
    databaseUrl = await migratedDatabase();
    ports = await Promise.all(Array.from({ length: REPLICAS }, freePort));
    environment = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: inject('redisUrl') as string,
      REKEY_MASTER_KEY: randomBytes(32).toString('base64'),
      REKEY_SETUP_TOKEN: SETUP_TOKEN,
      REKEY_ACCESS_TOKEN_SECONDS: '3600',
      REKEY_API_KEYS_PER_USER: '0',
      REKEY_TRUSTED_PROXIES: '127.0.0.1/32',
      REKEY_LOG_LEVEL: 'warn',
      REKEY_STOP_DELAY_SECONDS: '', // The default: the delay that operators have.
    };
    await Promise.all(ports.map((_, index) => startReplica(index)));
    const direct: Send = (path, { headers, ...options }) =>
      send(`http://127.0.0.1:${ports[0]}`, path, { ...options, ...(headers && { headers }) });
    const { bootstrap } = await graphql(
      direct,
      `mutation { bootstrap(input: { setupToken: "${SETUP_TOKEN}", email: "admin@example.com", displayName: "Ada",
        password: "${PASSWORD}" }) { ... on BootstrapSuccess { tokens { accessToken } } } }`,
    );
    accessToken = bootstrap.tokens.accessToken;
    key = await createKey(direct, 'for verify');
    for (const kind of LOAD_BALANCERS) if (findGateway(kind)) balancers.push(await startLoadBalancer(kind, ports));
  }, TEST_MS);
  afterAll(async () => {
    for (const each of balancers) await each.stop();
    for (const each of replicas) {
      each.kill('SIGKILL');
      await each.exited();
    }
  });

  test('restart one after the other, and every request is answered; no mutation is lost or doubled', {
    timeout: TEST_MS,
  }, async () => {
    const asks = {
      query: async (sending: Send) => void (await graphql(sending, '{ viewer { scopes } }', accessToken)),
      mutation: async (sending: Send) => void (await createKey(sending, `made ${++made}`)),
      async verify(sending: Send) {
        const { status, text } = await sending('/v1/verify', { method: 'GET', headers: { 'x-api-key': key } });
        if (status !== 204) throw new Error(`${status} ${text}`);
      },
    };
    const clients = balancers.map(
      // A reload of nginx closes idle connections of its clients.
      ({ url, name }) => new SteadyClients(url, { count: CLIENTS, keepsConnection: name !== 'nginx', asks }),
    );
    const everyReplicaIsUsed = async () => {
      const before = await Promise.all(ports.map(requestsAt));
      for (const [index, port] of ports.entries())
        await until(`replica ${index + 1} gets requests`, async () => (await requestsAt(port)) > before[index]!, UP_MS);
    };
    for (const [index, port] of ports.entries()) {
      await everyReplicaIsUsed();
      for (const balancer of balancers) await balancer.takeOut(port);
      replicas[index]!.kill('SIGTERM');
      expect(await replicas[index]!.exited()).toEqual({ code: 0, signal: null });
      await startReplica(index);
      for (const balancer of balancers) await balancer.putBack(port);
    }
    await everyReplicaIsUsed();
    for (const each of clients) await each.stop();

    expect(Object.fromEntries(balancers.map(({ name }, index) => [name, clients[index]!.failures]))).toEqual(
      Object.fromEntries(balancers.map(({ name }) => [name, []])),
    );
    for (const { answered } of clients) expect(answered).toBeGreaterThan(0);
    const rows = await databasesAt(databaseUrl).query<{ keys: number }>(
      'select count(*)::int as keys from api_keys',
      [],
      new URL(databaseUrl).pathname.slice(1),
    );
    expect(rows[0]!.keys).toBe(made + 1);
    for (const { stderr } of replicas) expect(stderr).toBe('');
  });
});
