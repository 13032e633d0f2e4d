import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../support/server-process.ts';
import { bootstrap, ENVIRONMENT, graphql } from './client.ts';
import { interleave } from './interleave.ts';
import { Load, type LoadSample, type Shot } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { median, ratios } from './statistics.ts';
import type { Row } from './table.ts';

const BARE_SERVER = join(import.meta.dirname, 'bare-server.ts');
const BARE_YOGA = join(import.meta.dirname, 'bare-yoga.ts');
const CONNECTIONS = 32;
/** Short, so that both of a pair see the same machine; long enough for CPU clocks that tick every 4 ms. */
const ROUND_MS = 200;
const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ... on CreateApiKeySuccess { secret } }
}`;

export async function http(servers: Servers | null): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-bench-'));
  const environment = (await servers?.database('http')) ?? { ...ENVIRONMENT, REKEY_DATA_DIR: directory };
  const replica = await ServerProcess.replica(environment);
  const open: Load[] = [];
  const processes = [replica];
  try {
    const { accessToken } = servers?.administrator ?? (await bootstrap(replica.url));
    const input = {
      name: 'bench',
      scopes: ['API_KEYS_READ', 'WORKSPACES_READ'],
      permissions: ['orders:read', 'orders:write'],
    };
    const { secret } = await graphql(replica.url, CREATE_KEY, input, accessToken);
    const bare = await ServerProcess.measured([BARE_SERVER, JSON.stringify(await verifyHeaders(replica.url, secret))]);
    const yoga = await ServerProcess.measured([BARE_YOGA]);
    processes.push(bare, yoga);

    const load = async (server: ServerProcess, shot: Shot) => {
      const opened = await new Load(server, shot).open(CONNECTIONS);
      open.push(opened);
      return () => opened.round(ROUND_MS);
    };
    const verify = { path: '/v1/verify', status: 204, headers: { Authorization: `Bearer ${secret}` } };
    const endpoints = await interleave(
      { bare: await load(bare, verify), verify: await load(replica, verify) },
      { rounds: 40, warmUp: 6 },
    );
    const operations = await interleave(
      {
        anonymous: await load(replica, operation('{ __typename }')),
        key: await load(replica, operation('{ __typename }', secret)),
        token: await load(replica, operation('{ __typename }', accessToken)),
        viewer: await load(replica, operation('{ viewer { scopes } }', secret)),
      },
      { rounds: 36, warmUp: 6 },
    );
    // Apart from those above: after a turn of another process, the CPU caches are cold.
    const beside = await interleave(
      {
        yoga: await load(yoga, operation('{ __typename }')),
        key: await load(replica, operation('{ __typename }', secret)),
        viewer: await load(replica, operation('{ viewer { scopes } }', secret)),
      },
      { rounds: 16, warmUp: 6 },
    );
    const busy = Object.entries({ ...endpoints, ...operations }).map(
      ([name, samples]) => `${name} ${(median(samples.map((sample) => sample.busy)) * 100).toFixed(0)} %`,
    );
    return {
      rows: [
        ...pair('bare node:http, 204 with the same headers', endpoints.bare),
        ...pair('/v1/verify, API key / bare node:http', endpoints.verify, endpoints.bare, 0.8),
        ...pair('{ __typename }, no credential', operations.anonymous),
        ...pair('{ __typename }, API key / no credential', operations.key, operations.anonymous, 0.95),
        ...pair('{ __typename }, access token / no credential', operations.token, operations.anonymous, 0.95),
        ...pair('{ viewer { scopes } }, API key / { __typename }', operations.viewer, operations.anonymous, 0.95),
        ...pair('bare graphql-yoga, { __typename }', beside.yoga),
        ...pair('{ __typename }, API key / bare graphql-yoga', beside.key, beside.yoga),
        ...pair('{ viewer { scopes } }, API key / bare graphql-yoga', beside.viewer, beside.yoga),
      ],
      notes: [
        `${CONNECTIONS} keep-alive connections from another process; rounds of ${ROUND_MS} ms, taking turns`,
        `the server's share of a core: ${busy.join(', ')}`,
      ],
    };
  } finally {
    for (const load of open) load.close();
    for (const server of processes) await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Requests per second as a client sees them, and CPU time, which other processes on the machine disturb less. */
function pair(what: string, samples: LoadSample[], against?: LoadSample[], atLeast?: number): Row[] {
  const perSecond = samples.map((sample) => sample.perSecond);
  const cpu = samples.map((sample) => sample.cpu);
  if (!against) {
    return [
      { what, unit: 'requests/s', samples: perSecond },
      { what: '  CPU of the server', unit: 'µs', samples: cpu },
    ];
  }
  const target = atLeast === undefined ? {} : { target: { atLeast } };
  return [
    {
      what,
      unit: 'requests/s',
      samples: perSecond,
      ratio: ratios(
        perSecond,
        against.map((sample) => sample.perSecond),
      ),
      ...target,
    },
    {
      what: '  CPU of the server',
      unit: 'µs',
      samples: cpu,
      // The other way round: what one core could answer without other processes on it.
      ratio: ratios(
        against.map((sample) => sample.cpu),
        cpu,
      ),
      ...target,
    },
  ];
}

function operation(query: string, credential?: string): Shot {
  return {
    method: 'POST',
    path: '/graphql',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json',
      ...(credential ? { Authorization: `Bearer ${credential}` } : {}),
    },
    body: JSON.stringify({ query }),
    status: 200,
  };
}

/** The headers that the handler itself sets. Node adds the others. */
async function verifyHeaders(url: string, secret: string): Promise<Record<string, string>> {
  const { headers } = await fetch(`${url}/v1/verify`, { headers: { Authorization: `Bearer ${secret}` } });
  return Object.fromEntries([...headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)));
}
