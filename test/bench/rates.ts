// What a rate limit costs: a verified request of a key with a limit, by the place of its share, against one without.
import { ServerProcess } from '../support/server-process.ts';
import { type Administrator, graphql } from './client.ts';
import { type App, bearer, serve, startApp } from './in-process.ts';
import { interleave, perAwaitedCall } from './interleave.ts';
import { Load, type LoadSample } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row } from './table.ts';

const KEYS = 100;
const CALLS_A_ROUND = 200;
const CONNECTIONS = 32;
const ROUND_MS = 200;
/** The largest limit. A share of it is 116 requests. */
const LIMIT = { requests: 1_000_000, windowSeconds: 86_400 };
const CREATE = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } }
}`;

export async function rates(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: rate limits'] };
  const database = await servers.database('rates');
  const environment = { redis: database, postgresql: { ...database, REDIS_URL: '' } };
  const { administrator } = servers;
  const rows = [...(await inProcess(environment, administrator)), ...(await overHttp(environment, administrator))];
  return { rows, notes: [`a limit of ${LIMIT.requests} requests in ${LIMIT.windowSeconds} s; over HTTP: one key`] };
}

type Environments = { redis: Record<string, string>; postgresql: Record<string, string> };

async function create(url: string, { accessToken }: Administrator, rateLimit?: object): Promise<string> {
  return (await graphql(url, CREATE, { name: 'bench', rateLimit }, accessToken)).secret;
}

async function inProcess(environments: Environments, administrator: Administrator): Promise<Row[]> {
  const apps = { redis: await startApp(environments.redis), postgresql: await startApp(environments.postgresql) };
  const secretsOf = (app: App, rateLimit?: object) =>
    serve(app, async (url) => {
      const secrets: string[] = [];
      while (secrets.length < KEYS) secrets.push(await create(url, administrator, rateLimit));
      return secrets;
    });
  const authenticate = async (app: App, rateLimit?: object) => {
    const requests = (await secretsOf(app, rateLimit)).map(bearer);
    for (const each of requests) await app.authenticator.authenticate(each);
    return perAwaitedCall(CALLS_A_ROUND, async (index) => app.authenticator.authenticate(requests[index % KEYS]!));
  };
  const reached = async (app: App) => {
    const [secret] = await serve(app, async (url) => [await create(url, administrator, { ...LIMIT, requests: 1 })]);
    const request = bearer(secret!);
    return perAwaitedCall(CALLS_A_ROUND, async () => {
      await Promise.resolve(app.authenticator.authenticate(request)).catch(() => null);
    });
  };
  try {
    const samples = await interleave(
      {
        none: await authenticate(apps.postgresql),
        postgresql: await authenticate(apps.postgresql, LIMIT),
        redis: await authenticate(apps.redis, LIMIT),
        rejected: await reached(apps.postgresql),
      },
      { rounds: 400, warmUp: 150, longestMs: 30_000 },
    );
    const row = (what: string, values: number[]): Row => ({ what, unit: 'µs', samples: values });
    return [
      row('hit in memory, no limit', samples.none),
      row('with a limit, shares of PostgreSQL', samples.postgresql),
      row('with a limit, share in Redis', samples.redis),
      row('beyond the limit: rejected', samples.rejected),
    ];
  } finally {
    for (const app of Object.values(apps)) await app.close();
  }
}

async function overHttp(environments: Environments, administrator: Administrator): Promise<Row[]> {
  const processes: ServerProcess[] = [];
  const loads: Load[] = [];
  const start = async (environment: Record<string, string>) => {
    const process = await ServerProcess.replica(environment);
    processes.push(process);
    return process;
  };
  const load = async (server: ServerProcess, rateLimit?: object) => {
    const secret = await create(server.url, administrator, rateLimit);
    const shot = { path: '/v1/verify', status: 204, headers: { Authorization: `Bearer ${secret}` } };
    const opened = await new Load(server, shot).open(CONNECTIONS);
    loads.push(opened);
    return () => opened.round(ROUND_MS);
  };
  try {
    const [withRedis, alone] = [await start(environments.redis), await start(environments.postgresql)];
    const shares = await interleave(
      { none: await load(alone), limited: await load(alone, LIMIT) },
      { rounds: 30, warmUp: 6 },
    );
    const common = await interleave(
      { none: await load(withRedis), limited: await load(withRedis, LIMIT) },
      { rounds: 30, warmUp: 6 },
    );
    return [
      ...pair('/v1/verify with a limit, shares of PostgreSQL / without a limit', shares, 0.8),
      ...pair('/v1/verify with a limit, share in Redis / without a limit', common),
    ];
  } finally {
    for (const each of loads) each.close();
    for (const process of processes) await process.stop();
  }
}

function pair(what: string, { none, limited }: { none: LoadSample[]; limited: LoadSample[] }, atLeast?: number): Row[] {
  const of = (samples: LoadSample[], name: 'perSecond' | 'cpu') => samples.map((sample) => sample[name]);
  const target = atLeast === undefined ? {} : { target: { atLeast } };
  const [fast, slow] = [of(none, 'perSecond'), of(limited, 'perSecond')];
  const [less, more] = [of(none, 'cpu'), of(limited, 'cpu')];
  return [
    { what, unit: 'requests/s', samples: slow, ratio: ratios(slow, fast), ...target },
    { what: '  CPU of the server', unit: 'µs', samples: more, ratio: ratios(less, more), ...target },
  ];
}
