import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ServerProcess } from '../support/server-process.ts';
import {
  bootstrap,
  ENVIRONMENT,
  graphql,
  INSERT_KEYS,
  type Key,
  keyRows,
  newKeys,
  type Revocation,
  revoke,
  verify,
} from './client.ts';
import { interleave } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row } from './table.ts';

const REVOCATIONS = 200;
/** On a machine that is busy with something else, a hundred are enough. */
const LONGEST_MS = 8000;
/** For each replica, before anything is measured: a process that has just started runs everything for the first time. */
const WARM_UP = 25;
const LEASE_MS = 2000;
const LEASE_OVER_MS = LEASE_MS * 1.01;
const IDLE_ROUNDS = 8;
const IDLE_ROUND_MS = 3000;
const MILLION = 1_000_000;

export async function revocation(servers: Servers | null): Promise<Report> {
  const embedded = await embeddedRows();
  if (!servers) return { rows: embedded, notes: [] };
  const scale = await scaleRows(servers);
  const size = await sizeRows(servers);
  return {
    rows: [...scale, ...size, ...embedded],
    notes: [`lease: ${LEASE_MS} ms; all replicas, PostgreSQL and the caller share this machine's cores`],
  };
}

/** Several replicas on one database, each a process of its own. */
class Fleet {
  readonly replicas: ServerProcess[] = [];
  readonly #servers: Servers;
  readonly #environment: { DATABASE_URL: string } & Record<string, string>;

  constructor(servers: Servers, environment: { DATABASE_URL: string } & Record<string, string>) {
    this.#servers = servers;
    this.#environment = environment;
  }

  get database(): string {
    return new URL(this.#environment.DATABASE_URL).pathname.slice(1);
  }

  async grow(size: number): Promise<void> {
    const missing = Array.from({ length: size - this.replicas.length }, () => ServerProcess.replica(this.#environment));
    this.replicas.push(...(await Promise.all(missing)));
  }

  /** New keys that every replica has in its memory. */
  async keys(count: number): Promise<Key[]> {
    const keys = newKeys(count);
    const { postgres, administrator } = this.#servers;
    await postgres.query(INSERT_KEYS, keyRows(administrator, keys), this.database);
    await Promise.all(
      this.replicas.map(async ({ url }) => {
        for (const { secret } of keys)
          if ((await verify(url, secret)) !== 204) throw new Error('A good key was refused.');
      }),
    );
    return keys;
  }

  revoke(key: Key, replica = this.replicas[0]!): Promise<Revocation> {
    return revoke(replica.url, key.id, this.#servers.administrator);
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
  }
}

async function scaleRows(servers: Servers): Promise<Row[]> {
  const fleet = new Fleet(servers, await servers.database('scale'));
  const rows: Row[] = [];
  try {
    for (const size of [1, 2, 4, 8]) {
      await fleet.grow(size);
      rows.push(...(await revocationRows(fleet, size)));
      if (size === 4) rows.push(...(await propagationRows(servers, fleet)), ...(await stoppedRows(fleet)));
    }
    rows.push(await idleRow(servers, fleet));
  } finally {
    await fleet.stop();
  }
  return rows;
}

async function revocationRows(fleet: Fleet, size: number): Promise<Row[]> {
  const done: Revocation[] = [];
  const keys = await fleet.keys(WARM_UP * size + REVOCATIONS);
  const start = performance.now();
  for (const [index, key] of keys.entries()) {
    const revocation = await fleet.revoke(key, fleet.replicas[index % size]);
    if (index < WARM_UP * size) continue;
    done.push(revocation);
    if (done.length >= REVOCATIONS / 2 && performance.now() - start > LONGEST_MS) break;
  }
  if (done.some(({ propagation, acknowledged }) => propagation !== 'ACKNOWLEDGED' || acknowledged !== size)) {
    throw new Error(`Not every revocation was acknowledged by ${size} replicas.`);
  }
  const settled = done.map((revocation) => revocation.settled);
  const whole = done.map((revocation) => revocation.whole);
  const target = (atMost: number) => (size === 4 ? { target: { atMost } } : {});
  const unit = 'ms';
  const replicas = size === 1 ? '1 replica' : `${size} replicas`;
  return [
    { what: `${replicas}: commit to receipt, p50`, unit, samples: settled, ...target(10) },
    { what: `${replicas}: commit to receipt, p99`, unit, samples: settled, at: 0.99, ...target(100) },
    { what: `${replicas}: the whole mutation, p50`, unit, samples: whole, ...target(10) },
    { what: `${replicas}: the whole mutation, p99`, unit, samples: whole, at: 0.99, ...target(100) },
  ];
}

/** A revocation without a mutation: an operator's UPDATE, and a replica that is asked again and again. */
async function propagationRows({ postgres }: Servers, fleet: Fleet): Promise<Row[]> {
  const sql = new pg.Client({ connectionString: postgres.url(fleet.database) });
  await sql.connect();
  const samples: number[] = [];
  try {
    for (const [index, { id, secret }] of (await fleet.keys(100)).entries()) {
      const { url } = fleet.replicas[index % fleet.replicas.length]!;
      const refusedAt = (async () => {
        while ((await verify(url, secret)) !== 401);
        return performance.now();
      })();
      await sql.query('update api_keys set revoked_at = now() where id = $1', [id]);
      const committedAt = performance.now();
      samples.push((await refusedAt) - committedAt);
    }
  } finally {
    await sql.end();
  }
  const what = '4 replicas: commit of a plain UPDATE to refusal elsewhere';
  return [
    { what: `${what}, p50`, unit: 'ms', samples },
    { what: `${what}, p99`, unit: 'ms', samples, at: 0.99 },
  ];
}

async function stoppedRows(fleet: Fleet): Promise<Row[]> {
  const stopped = fleet.replicas.at(-1)!;
  const keys = await fleet.keys(30);
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 0; round < 3; round++) {
    stopped.pause();
    first.push((await fleet.revoke(keys.pop()!)).whole);
    await sleep(LEASE_OVER_MS + 250); // By then, the fence is complete.
    for (let count = 0; count < 5; count++) next.push((await fleet.revoke(keys.pop()!)).settled);
    stopped.resume();
    while ((await fetch(`${stopped.url}/readyz`)).status !== 200) await sleep(50);
    await sleep(LEASE_MS / 2);
  }
  const what = '4 replicas, one of them stopped';
  const unit = 'ms';
  return [
    { what: `${what}: the whole mutation`, unit, samples: first, target: { atMost: LEASE_OVER_MS + 250 } },
    { what: `${what}: commit to receipt, once it is fenced off`, unit, samples: next, target: { atMost: 10 } },
  ];
}

/** By PostgreSQL's own count of transactions, each of which is one statement here. */
async function idleRow({ postgres }: Servers, fleet: Fleet): Promise<Row> {
  const transactions = async () => {
    const [row] = await postgres.query<{ count: string }>(
      'select xact_commit + xact_rollback as count from pg_stat_database where datname = $1',
      [fleet.database],
    );
    return Number(row!.count);
  };
  const samples: number[] = [];
  await sleep(5000); // Recent uses are written, and connections report their counts.
  for (let round = 0; round < IDLE_ROUNDS; round++) {
    const before = await transactions();
    const start = performance.now();
    await sleep(IDLE_ROUND_MS);
    const seconds = (performance.now() - start) / 1000;
    samples.push(((await transactions()) - before) / seconds / fleet.replicas.length);
  }
  return { what: 'one idle replica (of 8)', unit: 'statements/s', samples };
}

/** The same revocation with small and with large tables, in turns. */
async function sizeRows(servers: Servers): Promise<Row[]> {
  const small = await filledFleet(servers, 'small', 1000);
  const large = await filledFleet(servers, 'large', MILLION);
  try {
    const rounds = 80;
    const warmUp = 40;
    const [few, many] = [await small.keys(rounds + warmUp), await large.keys(rounds + warmUp)];
    const samples = await interleave(
      { small: () => small.revoke(few.pop()!), large: () => large.revoke(many.pop()!) },
      { rounds, warmUp },
    );
    const [fewMs, manyMs] = [samples.small.map(({ whole }) => whole), samples.large.map(({ whole }) => whole)];
    return [
      { what: '2 replicas, a thousand keys and log rows: the whole mutation', unit: 'ms', samples: fewMs },
      {
        what: '2 replicas, a million of each / a thousand',
        unit: 'ms',
        samples: manyMs,
        ratio: ratios(manyMs, fewMs),
        target: { atMost: 1.2 },
      },
    ];
  } finally {
    await Promise.all([small.stop(), large.stop()]);
  }
}

async function filledFleet(servers: Servers, name: string, size: number): Promise<Fleet> {
  const fleet = new Fleet(servers, await servers.database(name));
  await servers.fill(name, [
    [
      `insert into api_keys (id, user_id, name, hint, secret_hash, scopes, permissions, created_at)
        select 'key_' || lpad(i::text, 26, '0'), $2, 'bench', 'rka_…0000', 'bench ' || sha256(i::text::bytea)::text,
          '{API_KEYS_READ}', '{orders:read}', now() - make_interval(secs => i)
        from generate_series(1, $1::int) as i`,
      [size, servers.administrator.id],
    ],
    [
      `insert into auth_inval (seq, tag) select i, 'key:key_' || lpad(i::text, 26, '0') from generate_series(1, $1::int) as i`,
      [size],
    ],
    ['update auth_epoch set seq = $1', [size]],
    ['vacuum (analyze) api_keys'],
    ['vacuum (analyze) auth_inval'],
  ]);
  await fleet.grow(2);
  return fleet;
}

/** One process, which acknowledges itself. */
async function embeddedRows(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-bench-'));
  const replica = await ServerProcess.replica({ ...ENVIRONMENT, REKEY_DATA_DIR: directory });
  try {
    const administrator = await bootstrap(replica.url);
    const create = `mutation ($input: CreateApiKeyInput!) {
      createApiKey(input: $input) { ... on CreateApiKeySuccess { apiKey { id } } }
    }`;
    const samples: number[] = [];
    for (let count = 0; count < 30; count++) {
      const { apiKey } = await graphql(replica.url, create, { name: 'bench' }, administrator.accessToken);
      samples.push((await revoke(replica.url, apiKey.id, administrator)).whole);
    }
    return [{ what: 'embedded database: the whole mutation', unit: 'ms', samples }];
  } finally {
    await replica.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
