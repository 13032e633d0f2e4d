import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/kernel/ids.ts';
import { SEALED } from '../support/constants.ts';
import { ServerProcess } from '../support/server-process.ts';
import { graphql, INSERT_KEYS, keyRows, newKeys, revoke } from './client.ts';
import { daemonRows } from './daemons.ts';
import { interleave } from './interleave.ts';
import { type LiveClient, openLiveClients, startLiveClients } from './live-clients.ts';
import { Load } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { quantile, ratios } from './statistics.ts';
import type { Row } from './table.ts';

/** Half of them are event streams, half are WebSockets. */
const SUBSCRIPTIONS = 2000;
const USERS = 40;
const STREAMS_OF_A_USER = SUBSCRIPTIONS / USERS;
/** Users that are disabled before anything is measured. */
const WARM_UP = 4;
const REVOCATIONS = 100;
/** While requests are measured: a revocation so often. Each is sent to every subscription. */
const EVENT_EVERY_MS = 500;
const ROUNDS = { rounds: 10, warmUp: 1 };
const ROUND_MS = 2000;
/** Time to write last uses, and to collect garbage. */
const SETTLE_MS = 3000;
const UNBOUND = { REKEY_LIVE_PER_ADDRESS: '10000', REKEY_LIVE_PER_CREDENTIAL: '10000' };

/** Two thousand subscriptions on one replica: what they cost, and how fast they end. */
export async function live(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['live: needs PostgreSQL and Redis'] };
  const ended = await endRows(servers);
  const beside = await besideRows(servers);
  return {
    rows: [...ended, ...beside, ...(await daemonRows(servers))],
    notes: [
      `${SUBSCRIPTIONS} subscriptions: half event streams, half WebSockets, each with a credential of its own`,
      'longest turn: CPU time of the main thread in one turn of the event loop',
      `beside events: a revocation every ${EVENT_EVERY_MS} ms, which every subscription receives`,
    ],
  };
}

const databaseOf = (environment: { DATABASE_URL: string }) => new URL(environment.DATABASE_URL).pathname.slice(1);

/** Users with many credentials and streams are disabled, one after the other. */
async function endRows(servers: Servers): Promise<Row[]> {
  const { administrator } = servers;
  const environment = await servers.database('live');
  const replica = await ServerProcess.replica({ ...environment, ...UNBOUND });
  const clients: LiveClient[] = [];
  try {
    const users = await newUsers(servers, databaseOf(environment));
    for (const { id, secrets } of users.splice(0, WARM_UP))
      await disabled(replica.url, id, await openLiveClients(replica.url, secrets), administrator);
    await sleep(SETTLE_MS);
    const before = await replica.memory();
    const streams: LiveClient[][] = [];
    for (const { secrets } of users) streams.push(await openLiveClients(replica.url, secrets));
    clients.push(...streams.flat());
    await sleep(SETTLE_MS);
    const after = await replica.memory();

    const each: number[] = [];
    const last: number[] = [];
    for (const [index, { id }] of users.entries()) {
      const took = await disabled(replica.url, id, streams[index]!, administrator);
      each.push(...took);
      last.push(Math.max(...took));
    }
    const ofOne = (bytes: (memory: NodeJS.MemoryUsage) => number) => [
      (bytes(after) - bytes(before)) / clients.length / 1024,
    ];
    const what = `a user with ${STREAMS_OF_A_USER} streams is disabled`;
    const target = { atMost: 250 };
    return [
      { what: 'one subscription: heap', unit: 'KiB', samples: ofOne(({ heapUsed }) => heapUsed) },
      { what: '  with buffers outside of the heap', unit: 'KiB', samples: ofOne((all) => all.heapUsed + all.external) },
      { what: '  resident memory of the process', unit: 'KiB', samples: ofOne(({ rss }) => rss) },
      { what: `${what}: request to the end of a stream, p50`, unit: 'ms', samples: each },
      { what: `${what}: request to the end of a stream, p99`, unit: 'ms', samples: each, at: 0.99, target },
      { what: `${what}: request to the end of the last one`, unit: 'ms', samples: last, target },
    ];
  } finally {
    for (const client of clients) client.close();
    await replica.stop();
  }
}

/** Requests beside subscriptions to all revocations, while revocations happen; and the longest turn of a burst. */
async function besideRows(servers: Servers): Promise<Row[]> {
  const { postgres, administrator } = servers;
  const [quiet, busy] = await Promise.all(
    ['live-quiet', 'live-busy'].map(async (name) => {
      const environment = await servers.database(name);
      const revoked = newKeys(2000);
      await postgres.query(INSERT_KEYS, keyRows(administrator, revoked), databaseOf(environment));
      const replica = await ServerProcess.replica({ ...environment, ...UNBOUND });
      const secrets = await followers(servers, databaseOf(environment));
      const load = await new Load(replica, verifyOf(secrets[0]!)).open(1);
      return { replica, load, revoked, secrets };
    }),
  );
  const clients = await startLiveClients(busy!.replica.url, busy!.secrets);
  try {
    const p99Of = (of: typeof quiet) => () => p99BesideEvents(of!, administrator);
    const { alone, live } = await interleave({ alone: p99Of(quiet), live: p99Of(busy) }, ROUNDS);
    const turnWithout = await longestTurn(quiet!, administrator);
    const turn = await longestTurn(busy!, administrator);
    const what = 'verify p99 beside events';
    return [
      { what: `${what}, without subscriptions`, unit: 'ms', samples: alone },
      {
        what: `${what}, with ${SUBSCRIPTIONS} subscriptions / without`,
        unit: 'ms',
        samples: live,
        ratio: ratios(live, alone),
        target: { atMost: 2 },
      },
      { what: `longest turn of ${REVOCATIONS} revocations, without subscriptions`, unit: 'ms', samples: [turnWithout] },
      { what: `longest turn of ${REVOCATIONS} revocations, with ${SUBSCRIPTIONS}`, unit: 'ms', samples: [turn] },
    ];
  } finally {
    await clients.stop();
    quiet!.load.close();
    busy!.load.close();
    await Promise.all([quiet!.replica.stop(), busy!.replica.stop()]);
  }
}

const verifyOf = (secret: string) => ({
  path: '/v1/verify',
  status: 204,
  headers: { Authorization: `Bearer ${secret}` },
});

/** Verifies again and again over one connection, while keys are revoked. */
async function p99BesideEvents(
  { replica, load, revoked }: { replica: ServerProcess; load: Load; revoked: { id: string }[] },
  administrator: Servers['administrator'],
): Promise<number> {
  let stop = false;
  const events = (async () => {
    while (!stop) {
      await revoke(replica.url, revoked.pop()!.id, administrator);
      await sleep(EVENT_EVERY_MS);
    }
  })();
  const took = await load.latencies(ROUND_MS);
  stop = true;
  await events;
  return quantile(took, 0.99);
}

/** Keys are revoked one after the other. Watching the turns takes a core from then on. */
async function longestTurn(
  { replica, revoked }: { replica: ServerProcess; revoked: { id: string }[] },
  administrator: Servers['administrator'],
): Promise<number> {
  await replica.longestTurn();
  for (const { id } of revoked.splice(0, REVOCATIONS)) await revoke(replica.url, id, administrator);
  await sleep(SETTLE_MS);
  return replica.longestTurn();
}

const INSERT_LIVE_KEYS = `insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
  select id, $1, 'live', 'rka_…0000', secret_hash, $4, '{}', now() from unnest($2::text[], $3::text[]) as new (id, secret_hash)`;

/** New keys of the administrator that follow all revocations: their secrets. */
async function followers({ postgres, administrator }: Servers, database: string): Promise<string[]> {
  const keys = newKeys(SUBSCRIPTIONS);
  await postgres.query(INSERT_LIVE_KEYS, [...keyRows(administrator, keys), ['INTROSPECT']], database);
  return keys.map(({ secret }) => secret);
}

/** New users, each with a key for each of their streams. */
async function newUsers({ postgres }: Servers, database: string): Promise<{ id: string; secrets: string[] }[]> {
  const users = Array.from({ length: USERS + WARM_UP }, () => ({ id: newId('usr'), keys: newKeys(STREAMS_OF_A_USER) }));
  for (const { id, keys } of users) {
    await postgres.query(
      `insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
        values ($1, '${SEALED}', sha256($1::text::bytea), '${SEALED}', 'MEMBER', 'none', now())`,
      [id],
      database,
    );
    const rows = keyRows({ id, accessToken: '' }, keys);
    await postgres.query(INSERT_LIVE_KEYS, [...rows, ['SESSIONS_READ']], database);
  }
  return users.map(({ id, keys }) => ({ id, secrets: keys.map(({ secret }) => secret) }));
}

/** Disables a user. Returns how long each of the user's streams was open from then on, in milliseconds. */
async function disabled(
  url: string,
  userId: string,
  streams: readonly LiveClient[],
  { accessToken }: Servers['administrator'],
): Promise<number[]> {
  const start = performance.now();
  const { receipt } = await graphql(url, DISABLE, { userId }, accessToken);
  if (!receipt) throw new Error(`${userId} was not disabled.`);
  const closed = await Promise.all(streams.map(({ closedAt }) => closedAt));
  return closed.map((at) => at - start);
}

const DISABLE = `mutation ($input: DisableUserInput!) {
  disableUser(input: $input) { ... on DisableUserSuccess { receipt { propagation } } }
}`;
