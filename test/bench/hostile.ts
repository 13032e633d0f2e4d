import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf, hostileHeads, hostileRequests } from '../support/hostile.ts';
import { send } from '../support/raw.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Administrator, graphql, INSERT_KEYS, keyRows, newKeys, revoke, verify } from './client.ts';
import { interleave } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { quantile, ratios } from './statistics.ts';
import type { Row } from './table.ts';

const LARGEST_BODY = 256 * 1024;
const LARGEST_HEAD = 15 * 1024;
const FLOOD = 400;
const REVOCATIONS = 12;
const MEMBER = { email: 'member@example.com', password: 'tidal lantern quarrel oboe' };

/** How a client can delay others: with one request, with requests one after another, and with many at once. */
export async function hostile(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['hostile: needs PostgreSQL and Redis'] };
  const environment = {
    ...(await servers.database('hostile')),
    REKEY_REGISTRATION: 'open',
    REKEY_REGISTER_PER_MINUTE: '0',
  };
  const watched = await ServerProcess.replica(environment);
  const replica = await ServerProcess.replica(environment);
  try {
    const { administrator } = servers;
    const { rows, worst } = await turnRows(watched, administrator);
    await watched.stop(); // Watching takes a core.
    const beside = await besideRows(replica, administrator, worst);
    const flood = await floodRows(replica, servers, new URL(environment.DATABASE_URL).pathname.slice(1));
    return {
      rows: [...rows, ...beside, ...flood],
      notes: [
        'longest turn: CPU time of the main thread in one turn of the event loop, at most over all requests of a kind',
        'beside: one client sends the worst of those requests, one after the other, for as long as it is measured',
      ],
    };
  } finally {
    await Promise.all([watched.stop(), replica.stop()]);
  }
}

const post = (url: string, body: string, { accessToken }: Pick<Administrator, 'accessToken'>) =>
  send(url, '/graphql', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${accessToken}` },
    body,
  });

async function turnRows(replica: ServerProcess, administrator: Administrator): Promise<{ rows: Row[]; worst: string }> {
  const turns = new Map<string, number[]>();
  let worst = { turn: 0, body: '' };
  const measure = async (kind: string, request: () => Promise<unknown>): Promise<number> => {
    let turn = Number.POSITIVE_INFINITY;
    // At the second try, the code is compiled.
    for (let tried = 0; tried < 2; tried++) {
      await replica.longestTurn();
      await request();
      turn = Math.min(turn, await replica.longestTurn());
    }
    turns.set(kind, [...(turns.get(kind) ?? []), turn]);
    return turn;
  };
  for (const request of hostileRequests()) {
    for (const size of [8 * 1024, LARGEST_BODY]) {
      const body = bodyOf(request, size);
      const turn = await measure(request.kind, () => post(replica.url, body, administrator));
      if (turn > worst.turn) worst = { turn, body };
    }
  }
  for (const { path, method, headers, query } of hostileHeads()) {
    const head = headers(LARGEST_HEAD);
    await measure('header or parameter', () =>
      send(replica.url, `${path}${query(LARGEST_HEAD)}`, { method, headers: head }),
    );
  }
  const rows = [...turns].map(
    ([kind, samples]): Row => ({ what: `longest turn, ${kind}`, unit: 'ms', samples, at: 1, target: { atMost: 50 } }),
  );
  return { rows, worst: worst.body };
}

/** How long `/v1/verify` takes beside a client that sends this body, and beside one that sends an ordinary one of its size. */
async function besideRows(replica: ServerProcess, administrator: Administrator, worst: string): Promise<Row[]> {
  const ordinary = '{"query":"{ __typename }"}'.padEnd(Buffer.byteLength(worst));
  const p99Beside = (body: string | null) => async (): Promise<number> => {
    let stop = false;
    const client = (async () => {
      while (!stop && body !== null) await post(replica.url, body, administrator);
    })();
    const took: number[] = [];
    for (let asked = 0; asked < 300; asked++) {
      const start = performance.now();
      if ((await verify(replica.url, administrator.accessToken)) !== 204) throw new Error('A good token was refused.');
      took.push(performance.now() - start);
    }
    stop = true;
    await client;
    return quantile(took, 0.99);
  };
  const { alone, same, hostile } = await interleave(
    { alone: p99Beside(null), same: p99Beside(ordinary), hostile: p99Beside(worst) },
    { rounds: 8, warmUp: 1 },
  );
  return [
    { what: 'verify p99, alone', unit: 'ms', samples: alone },
    { what: 'verify p99, beside ordinary requests of 256 KiB', unit: 'ms', samples: same, ratio: ratios(same, alone) },
    {
      what: 'verify p99, beside hostile ones / ordinary ones',
      unit: 'ms',
      samples: hostile,
      ratio: ratios(hostile, same),
      target: { atMost: 2 },
    },
  ];
}

/** An administrator revokes keys while a member has as many mutations in flight as one client can send. */
async function floodRows(replica: ServerProcess, servers: Servers, database: string): Promise<Row[]> {
  const { administrator, postgres } = servers;
  const keys = newKeys(2 * REVOCATIONS);
  await postgres.query(INSERT_KEYS, keyRows(administrator, keys), database);
  const { tokens } = await graphql(
    replica.url,
    `mutation ($input: RegisterInput!) {
      register(input: $input) { ... on RegisterSuccess { tokens { accessToken session { id } } } }
    }`,
    { ...MEMBER, displayName: 'Member' },
  );
  const took = async (keyId: string) => (await revoke(replica.url, keyId, administrator)).whole;
  const quiet: number[] = [];
  for (const { id } of keys.slice(0, REVOCATIONS)) quiet.push(await took(id));

  const flooded: number[] = [];
  for (const { id } of keys.slice(REVOCATIONS)) {
    const query = 'mutation ($input: RevokeAccessTokenInput!) { revokeAccessToken(input: $input) { __typename } }';
    const flood = Array.from({ length: FLOOD }, () => {
      const variables = { input: { jti: `${tokens.session.id}.${crypto.randomUUID()}` } };
      return post(replica.url, JSON.stringify({ query, variables }), tokens);
    });
    await sleep(20); // They have arrived, and are in flight.
    flooded.push(await took(id));
    await Promise.all(flood);
  }
  return [
    { what: 'revokeApiKey, quiet', unit: 'ms', samples: quiet, at: 0.99 },
    {
      what: `revokeApiKey p99, beside ${FLOOD} mutations of one member`,
      unit: 'ms',
      samples: flooded,
      at: 0.99,
      target: { atMost: 250 },
    },
  ];
}
