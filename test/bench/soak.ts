// Ten minutes of everything that clients do to two replicas. Then: what does not go back to where it was?
// `npm run bench -- soak` alone runs it. `BENCH_SECONDS=60` makes it shorter.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Administrator, graphql, INSERT_KEYS, type Key, keyRows, newKeys } from './client.ts';
import { Load } from './load.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { type Given, SoakClient } from './soak-client.ts';
import { SoakLoad } from './soak-load.ts';
import { median } from './statistics.ts';
import type { Row, Unit } from './table.ts';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 600);
const SAMPLES = 30;
/** What is measured before this share of the run does not count: pools open, and the code is compiled. */
const WARM_UP = 0.1;
/** The last third may have a tenth more than the first one. */
const AT_MOST = 1.1;
/** V8 gives memory back to the system late. */
const RESIDENT_AT_MOST = 1.25;
/** Small caches are full soon, and small pools all the time. Large ones would grow during the whole run, as they may. */
const ENVIRONMENT = {
  REKEY_CACHE_ENTRIES: '2000',
  REKEY_CHANGE_CONNECTIONS: '4',
  REKEY_REVOCATION_CONNECTIONS: '2',
  REKEY_READ_CONNECTIONS: '3',
  REKEY_NONCE_CONNECTIONS: '2',
  REKEY_ACCESS_TOKEN_SECONDS: '60',
  REKEY_LOG_LEVEL: 'warn',
};
const KEYS = 5000;
const LONGEST_FILL_MS = 300_000;
/** More than `explain` remembers, so that its memory is full from the beginning. */
const REMEMBERED = { accepted: 20_000, rejected: 50_000 };

/** What is measured of one replica while no client is connected. */
type Sample = Record<keyof typeof MEASURED, number>;

interface Measured {
  what: string;
  unit: Unit;
  atMost?: number;
}

const MIB = 1024 * 1024;
const MEASURED = {
  heap: { what: 'heap after a garbage collection', unit: 'MiB' },
  external: { what: 'buffers outside of the heap', unit: 'MiB' },
  rss: { what: 'resident memory', unit: 'MiB', atMost: RESIDENT_AT_MOST },
  descriptors: { what: 'file descriptors', unit: 'open' },
  timers: { what: 'timers', unit: 'open' },
  handles: { what: 'other handles and requests of Node', unit: 'open' },
} satisfies Record<string, Measured>;

export async function soak(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['soak: needs PostgreSQL and Redis'] };
  const environment = { ...(await servers.database('soak')), ...ENVIRONMENT };
  const replicas = [await ServerProcess.replica(environment), await ServerProcess.replica(environment)];
  try {
    const urls = replicas.map(({ url }) => url);
    const given = await prepare(servers, urls[0]!);
    for (const replica of replicas) await fillMemory(replica, given);
    const client = new SoakClient(given);
    const load = new SoakLoad(client, urls);
    const samples: Sample[][] = replicas.map(() => []);
    const connections: Connections[] = [];
    const start = performance.now();
    print(HEADINGS.join('  '));
    for (let taken = 0; taken < SAMPLES; taken++) {
      load.start();
      await sleep((SECONDS * 1000) / SAMPLES);
      await load.rest();
      const now = await Promise.all(replicas.map(measure));
      const open = await connectionsOf(servers);
      now.forEach((sample, index) => void samples[index]!.push(sample));
      connections.push(open);
      print(lineOf((performance.now() - start) / 1000, now, open));
    }
    return judge({ replicas, samples, connections, load, client });
  } finally {
    for (const replica of replicas) if (replica.isRunning) await replica.stop();
  }
}

async function prepare({ administrator, postgres }: Servers, url: string): Promise<Given> {
  const keys = newKeys(KEYS);
  await postgres.query(INSERT_KEYS, keyRows(administrator, keys), 'soak');
  const create = (input: object) => createKey(url, administrator, input);
  const bearer = administrator.accessToken;
  const { workspace } = await graphql(
    url,
    'mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { ... on CreateWorkspaceSuccess { workspace { id } } } }',
    { name: 'soak' },
    bearer,
  );
  const { secret, signingKey } = await graphql(
    url,
    'mutation ($input: CreateSigningKeyInput!) { createSigningKey(input: $input) { ... on CreateSigningKeySuccess { secret signingKey { id } } } }',
    { workspaceId: workspace.id },
    bearer,
  );
  return {
    administrator,
    keys,
    caller: await create({ scopes: ['INTROSPECT', 'SESSIONS_READ'] }),
    limited: await create({ rateLimit: { requests: 20, windowSeconds: 2 } }),
    workspaceId: workspace.id,
    signer: { id: signingKey.id, secret },
  };
}

async function createKey(url: string, { accessToken }: Administrator, input: object): Promise<Key> {
  const { secret, apiKey } = await graphql(
    url,
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { id } } } }',
    { name: 'soak', ...input },
    accessToken,
  );
  return { id: apiKey.id, secret };
}

/** Until `explain` forgets a request for each new one. Each of its entries holds a credential, as in the run. */
async function fillMemory(replica: ServerProcess, { keys }: Given): Promise<void> {
  const fill = async (count: number, secretOf: () => string, status: number) => {
    const headers = () => ({ Authorization: `Bearer ${secretOf()}` });
    const load = await new Load(replica, { path: '/v1/verify', headers, status }).open(32);
    const deadline = performance.now() + LONGEST_FILL_MS;
    for (let sent = 0; sent < count; ) {
      const before = performance.now();
      const { perSecond } = await load.round(500);
      sent += perSecond * ((performance.now() - before) / 1000);
      if (performance.now() > deadline) throw new Error('The memory of `explain` does not fill up.');
    }
    load.close();
  };
  await fill(REMEMBERED.accepted, () => keys[Math.floor(Math.random() * keys.length)]!.secret, 204);
  await fill(REMEMBERED.rejected, () => makeSecret('rka'), 401);
}

async function measure(replica: ServerProcess): Promise<Sample> {
  await isQuiet(replica);
  const { heapUsed, external, rss } = await replica.memory();
  const { Timeout: timers = 0, ...others } = await replica.resources();
  return {
    heap: heapUsed / MIB,
    external: external / MIB,
    rss: rss / MIB,
    descriptors: await replica.descriptors(),
    timers,
    handles: Object.values(others).reduce((sum, count) => sum + count, 0),
  };
}

/** Resolves when the replica has noticed that its clients have left. */
async function isQuiet(replica: ServerProcess): Promise<void> {
  for (let before = -1, tried = 0; tried < 50; tried++) {
    const now = await replica.descriptors();
    if (now === before) return;
    before = now;
    await sleep(200);
  }
}

interface Connections {
  postgres: number;
  redis: number;
}

async function connectionsOf({ postgres, redis }: Servers): Promise<Connections> {
  const [row] = await postgres.query<{ count: string }>(
    `select count(*) from pg_stat_activity where datname = 'soak'`,
    [],
    'soak',
  );
  const clients = String(await redis.command('CLIENT', 'LIST', 'TYPE', 'normal'));
  const subscribers = String(await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  const lines = `${clients}\n${subscribers}`.split('\n').filter((line) => line.startsWith('id='));
  return { postgres: Number(row!.count), redis: lines.length };
}

const HEADINGS = [
  '  time',
  'heap MiB     ',
  'buffers MiB  ',
  'memory MiB   ',
  'descriptors',
  'timers',
  'handles',
  'PostgreSQL',
  'Redis',
];

function lineOf(seconds: number, samples: readonly Sample[], { postgres, redis }: Connections): string {
  const both = (of: keyof Sample, digits: number) => samples.map((sample) => sample[of].toFixed(digits)).join(' / ');
  const cells = [`${seconds.toFixed(0)} s`.padStart(6), both('heap', 1), both('external', 1), both('rss', 0)];
  cells.push(both('descriptors', 0), both('timers', 0), both('handles', 0), String(postgres), String(redis));
  return cells.map((cell, index) => cell.padEnd(HEADINGS[index]!.length)).join('  ');
}

interface Soaked {
  replicas: readonly ServerProcess[];
  samples: readonly Sample[][];
  connections: readonly Connections[];
  load: SoakLoad;
  client: SoakClient;
}

function judge({ replicas, samples, connections, load, client }: Soaked): Report {
  const rows: Row[] = [];
  for (const [index, ofReplica] of samples.entries()) {
    for (const [name, { what, unit, atMost }] of Object.entries<Measured>(MEASURED)) {
      const values = ofReplica.map((sample) => sample[name as keyof Sample]);
      rows.push(growth(`replica ${index + 1}: ${what}, last third / first`, unit, values, atMost));
    }
  }
  rows.push(
    growth(
      'connections in PostgreSQL, last third / first',
      'open',
      connections.map(({ postgres }) => postgres),
    ),
  );
  rows.push(
    growth(
      'connections in Redis, last third / first',
      'open',
      connections.map(({ redis }) => redis),
    ),
  );
  const output = replicas.flatMap(({ stdout, stderr }) => `${stdout}${stderr}`.split('\n'));
  const logged = output.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const errors = logged.filter(({ level }) => level === 'error' || level === 'fatal');
  const total = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const none = { atMost: 0 };
  rows.push(
    {
      what: 'replicas that ended, as by an unhandled rejection',
      unit: 'of 2',
      samples: [replicas.filter(({ isRunning }) => !isRunning).length],
      target: none,
    },
    { what: 'log lines of level error', unit: 'lines', samples: [errors.length], target: none },
    { what: 'turns that ended with 429 or 503, as on a busy machine', unit: 'turns', samples: [total(load.busy)] },
    { what: 'unexpected answers', unit: 'requests', samples: [total(load.failures)], target: none },
  );
  const notes = [
    `${total(client.answered)} requests: ${listed(client.answered)}`,
    ...(load.busy.size > 0 ? [`429 or 503: ${listed(load.busy)}`] : []),
    ...(load.failures.size > 0 ? [`unexpected: ${listed(load.failures)}`] : []),
    ...(logged.length > 0 ? [`logged: ${listed(countedBy(logged, ({ level, msg }) => `${level} ${msg}`))}`] : []),
  ];
  return { rows, notes };
}

/** The samples of the last third, against those of the first third after the warm-up. */
function growth(what: string, unit: Unit, values: readonly number[], atMost = AT_MOST): Row {
  const counted = values.slice(Math.ceil(values.length * WARM_UP));
  const third = Math.floor(counted.length / 3);
  const last = counted.slice(-third);
  return {
    what,
    unit,
    samples: last,
    ratio: [median(last) / median(counted.slice(0, third))],
    target: { atMost },
  };
}

function countedBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}

const listed = (counts: Map<string, number>) =>
  [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
