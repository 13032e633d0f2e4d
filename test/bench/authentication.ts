import { LRUCache } from 'lru-cache';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { bootstrap } from './client.ts';
import {
  ALMOST_ALL,
  type App,
  bearer,
  givenKeys,
  HITS_A_ROUND,
  known,
  request,
  serve,
  startApp,
} from './in-process.ts';
import { interleave, perAwaitedCall, perCall } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { differences } from './statistics.ts';
import type { Row } from './table.ts';

const KEYS = 1000;
const MISSES_A_ROUND = 24;

/** Room for one credential: if several take turns, none is found in the memory of this process. */
const FORGETFUL = { REKEY_CACHE_ENTRIES: '1' };

/** A lookup that a layer behind this process's memory has to answer. */
interface Miss {
  what: string;
  app: App;
  layer: 'shared' | 'database';
  secrets: string[];
}

export async function authentication(servers: Servers | null): Promise<Report> {
  const apps: App[] = [];
  const start = async (environment: Record<string, string>) => {
    const app = await startApp(environment);
    apps.push(app);
    return app;
  };
  try {
    const embedded = await start(FORGETFUL);
    const embeddedKeys = await givenKeys(embedded, await serve(embedded, bootstrap), KEYS);
    const misses: Miss[] = [
      { what: 'miss, answered by the embedded database', app: embedded, layer: 'database', secrets: embeddedKeys },
    ];
    const database = await servers?.database('authentication');
    const roomy = await start(database ?? {});
    const secrets = await givenKeys(roomy, servers?.administrator ?? (await serve(roomy, bootstrap)), KEYS);
    if (database) {
      const withRedis = { ...database, ...FORGETFUL };
      const alone = { ...withRedis, REDIS_URL: '' };
      misses.unshift(
        { what: 'miss, answered by Redis', app: await start(withRedis), layer: 'shared', secrets },
        { what: 'miss, answered by PostgreSQL', app: await start(alone), layer: 'database', secrets },
      );
    }
    const hits = await hitRows(roomy, secrets);
    const { rows, notes } = await missRows(misses);
    return { rows: [...hits, ...rows, await refusalRow(roomy, secrets)], notes };
  } finally {
    for (const app of apps) await app.close();
  }
}

async function hitRows(app: App, secrets: string[]): Promise<Row[]> {
  const bare = new LRUCache<string, object>({ max: 100_000 });
  for (const secret of secrets) bare.set(sha256Base64url(secret), {});
  const requests = await known(app, secrets);
  const anonymous = request();

  const { authenticator, cache } = app;
  const before = cache.counts.memory;
  const rounds = 2000;
  const warmUp = 400;
  const samples = await interleave(
    {
      bare: perCall(HITS_A_ROUND, (index) => bare.get(sha256Base64url(secrets[index % KEYS]!))),
      checked: perCall(HITS_A_ROUND, (index) => cache.recall(sha256Base64url(secrets[index % KEYS]!))),
      key: perCall(HITS_A_ROUND, (index) => authenticator.authenticate(requests[index % KEYS]!)),
      anonymous: perCall(HITS_A_ROUND, () => authenticator.authenticate(anonymous)),
    },
    { rounds, warmUp },
  );
  const hits = (cache.counts.memory - before) / (2 * HITS_A_ROUND * (rounds + warmUp));
  if (hits < ALMOST_ALL) throw new Error(`Only ${hits} of the lookups were hits.`);
  const unit = 'µs';
  return [
    { what: 'hit: API key', unit, samples: samples.key, target: { atMost: 3 } },
    { what: 'no credential', unit, samples: samples.anonymous },
    { what: 'bare cache: SHA-256 and one lookup in lru-cache', unit, samples: samples.bare },
    { what: 'the same with the check of the entry (lease, log, expiry)', unit, samples: samples.checked },
    {
      what: 'the check alone (difference)',
      unit,
      samples: differences(samples.checked, samples.bare),
      target: { atMost: 1 },
    },
  ];
}

async function missRows(misses: Miss[]): Promise<Report> {
  const statements = misses.map(({ app }) => countReads(app));
  const contestants = Object.fromEntries(
    misses.map(({ what, app, secrets }) => {
      const requests = secrets.slice(0, MISSES_A_ROUND).map(bearer);
      const measure = perAwaitedCall(MISSES_A_ROUND, async (index) =>
        app.authenticator.authenticate(requests[index % requests.length]!),
      );
      return [what, measure];
    }),
  );
  for (const measure of Object.values(contestants)) await measure(); // Once each, so that Redis holds them.
  const before = misses.map(({ app, layer }) => app.cache.counts[layer]);
  for (const counter of statements) counter.count = 0;
  const rounds = 80;
  const warmUp = 8;
  const samples = await interleave(contestants, { rounds, warmUp });
  const lookups = MISSES_A_ROUND * (rounds + warmUp);
  const perLookup = misses.map(({ what, app, layer }, index) => {
    const share = (app.cache.counts[layer] - before[index]!) / lookups;
    if (share < ALMOST_ALL) throw new Error(`${what}: it answered only ${share} of the lookups.`);
    return (statements[index]!.count / lookups).toFixed(2);
  });
  return {
    rows: Object.entries(samples).map(([what, values]) => ({ what, unit: 'µs', samples: values })),
    notes: [`statements for each miss, in this order: ${perLookup.join(', ')}`],
  };
}

async function refusalRow({ authenticator }: App, secrets: string[]): Promise<Row> {
  const mistyped = secrets.map((secret) => bearer(secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0')));
  const { refused } = await interleave(
    {
      refused: perAwaitedCall(200, (index) =>
        Promise.resolve(authenticator.authenticate(mistyped[index % KEYS]!)).catch(() => null),
      ),
    },
    { rounds: 80 },
  );
  return { what: 'refusal of a mistyped API key, by its checksum', unit: 'µs', samples: refused };
}

/** Counts the reads of authentication. The batches of last uses are not part of any request. */
function countReads(app: App): { count: number } {
  const { reads } = app.database;
  const query = reads.query.bind(reads);
  const counter = { count: 0 };
  reads.query = (statement, values) => {
    if (statement.name.endsWith('-load')) counter.count++;
    return query(statement, values);
  };
  return counter;
}
