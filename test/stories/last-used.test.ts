// The last use of a credential is written in batches, with a delay, and to a table of its own.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { LastUsed } from '../../src/credentials/last-used.ts';
import {
  type Account,
  backends,
  MASTER_KEY,
  SETUP_TOKEN,
  startTestApp,
  type TestApp,
  testEnvironment,
} from '../support/app.ts';
import { migratedDirectory } from '../support/embedded-template.ts';
import { databasesAt } from '../support/postgres.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { startProxy } from '../support/proxy.ts';
import { emptyDirectory, startServer } from '../support/server-process.ts';

afterEach(() => vi.restoreAllMocks());

const LATER = { timeout: 10_000, interval: 100 };

const lastUsedAt = async (app: Pick<TestApp, 'graphql'>, account: Account, id: string): Promise<string | null> => {
  const query = 'query ($id: ID!) { apiKey(id: $id) { lastUsedAt } }';
  const { data } = await app.graphql(query, { id }, { bearer: account.accessToken });
  return data.apiKey.lastUsedAt;
};

/** Counts the statements that write uses, and can make them fail. */
function observeWrites(app: TestApp): { writes: () => number; failing: (are: boolean) => void } {
  let writes = 0;
  let failing = false;
  const { reads } = app.app.database;
  const query = reads.query.bind(reads);
  vi.spyOn(reads, 'query').mockImplementation(async (statement, values) => {
    if (statement.name === 'usage-note') {
      writes++;
      if (failing) throw new Error('The database is unreachable.');
    }
    return query(statement, values);
  });
  return { writes: () => writes, failing: (are) => void (failing = are) };
}

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;

  beforeAll(async () => {
    app = await start();
    member = await app.member();
  });

  afterAll(() => app?.close());

  test('F1.12: many uses of several keys take few writes, each key shows its own last use, and a rejection is no use', async () => {
    const [one, two, unused, revoked] = [
      await app.apiKey(member),
      await app.apiKey(member),
      await app.apiKey(member),
      await app.apiKey(member),
    ];
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', { bearer: member.accessToken });
    const { writes } = observeWrites(app);
    for (let use = 0; use < 20; use++) {
      await Promise.all([one, two, revoked].map(({ secret }) => app.accepts(secret)));
    }
    const shown = () => Promise.all([one, two, unused, revoked].map(({ id }) => lastUsedAt(app, member, id)));
    const aTime = expect.any(String);
    await expect.poll(shown, LATER).toEqual([aTime, aTime, null, null]);
    expect(writes()).toBeLessThanOrEqual(3);
  });

  test('F1.12: a late write of a use restores neither a revoked key nor a deleted one', async () => {
    const [revoked, deleted] = [await app.apiKey(member), await app.apiKey(member)];
    const observed = observeWrites(app);
    observed.failing(true); // The uses stay in memory until the keys are revoked and deleted.
    expect([await app.accepts(revoked.secret), await app.accepts(deleted.secret)]).toEqual([true, true]);
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', { bearer: member.accessToken });
    const sql = (text: string) => app.app.database.fork().execute<Record<string, unknown>[]>(text);
    const before = await sql(`select * from api_keys where id = '${revoked.id}'`);
    await sql(`delete from api_keys where id = '${deleted.id}'`);
    observed.failing(false);
    const written = `select count(*)::int as n from credential_usage where credential_id = '${revoked.id}'`;
    await expect.poll(async () => (await sql(written))[0]!.n, LATER).toBe(1);
    expect(await sql(`select * from api_keys where id = '${revoked.id}'`)).toEqual(before);
    expect(await sql(`select * from api_keys where id = '${deleted.id}'`)).toEqual([]);
    expect([await app.accepts(revoked.secret), await app.accepts(deleted.secret)]).toEqual([false, false]);
  });
});

describe.each(backends())('F1.12: with two replicas, on $name', ({ start }) => {
  test('the last use in the database never lags behind by more than the configured time', async () => {
    const app = await start();
    onTestFinished(() => app.close());
    const { id } = await app.apiKey(await app.member());
    const lagSeconds = 60;
    // In the past, because a use in the future is corrected.
    const begin = Date.now() - 3_600_000;
    let second = 0;
    const now = () => begin + second * 1000;
    const newReplica = () =>
      new LastUsed({
        ...{
          sql: app.app.database.reads,
          logger: app.app.logger,
          outage: app.app.outage,
          now,
          lagSeconds,
          entries: 10,
          tables: [],
        },
        clock: { now: () => new Date(now()), monotonic: now },
        addressOf: () => null,
        addressed: [],
        sealer: app.app.sealer,
      });
    const [first, other] = [newReplica(), newReplica()];
    const recorded = async () => {
      const [row] = await app.sql('select last_used_at from credential_usage where credential_id = ?', [id]);
      return (new Date(row.last_used_at).getTime() - begin) / 1000;
    };
    first.note(id);
    await first.flush();
    let longestLag = 0;
    // The second replica begins at the worst moment of each window of the first one.
    for (const beginning of [29, 31, 59, 61]) {
      for (const from = second + beginning; second < from + 65; ) {
        second++;
        if (second < from) continue;
        other.note(id);
        await other.flush();
        longestLag = Math.max(longestLag, second - (await recorded()));
      }
      first.note(id);
      await first.flush();
    }
    expect(longestLag).toBeLessThanOrEqual(lagSeconds);
    expect(longestLag).toBeGreaterThan(0);
  });
});

describe.skipIf(inject('postgresUrl') === null)('on PostgreSQL', () => {
  test('F1.12: close() writes uses that are still in memory', async () => {
    const databaseUrl = await migratedDatabase();
    const app = await startTestApp({ databaseUrl });
    const { id, secret } = await app.apiKey(await app.member());
    expect(await app.accepts(secret)).toBe(true);
    await app.close();
    const database = new URL(databaseUrl).pathname.slice(1);
    const used = 'select last_used_at from credential_usage where credential_id = $1';
    expect(await databasesAt(databaseUrl).query(used, [id], database)).toHaveLength(1);
  });

  test('F1.12: two replicas together write one use per window', async () => {
    const databaseUrl = await migratedDatabase();
    const replicas = [await startTestApp({ databaseUrl }), await startTestApp({ databaseUrl })];
    const member = await replicas[0]!.member();
    const { id, secret } = await replicas[0]!.apiKey(member);
    const database = new URL(databaseUrl).pathname.slice(1);
    const versions: unknown[] = [];
    for (const replica of replicas) {
      expect(await replica.accepts(secret)).toBe(true);
      await replica.close(); // Writes it.
      const row = 'select xmin::text, last_used_at from credential_usage where credential_id = $1';
      versions.push((await databasesAt(databaseUrl).query(row, [id], database))[0]);
    }
    expect(versions[0]).toBeDefined();
    expect(versions[1]).toEqual(versions[0]);
  });

  test('F1.12: uses during an outage of the database are written after it', async () => {
    const databaseUrl = await migratedDatabase();
    const proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(databaseUrl).port) });
    const app = await startTestApp({ databaseUrl: proxy.url(databaseUrl), env: { REKEY_LEASE_MS: '30000' } });
    onTestFinished(async () => {
      await proxy.heal();
      await app.close();
      await proxy.close();
    });
    const member = await app.member();
    const { id, secret } = await app.apiKey(member);
    const proxied = observeWrites(app);
    expect(await app.accepts(secret)).toBe(true);
    proxy.cut();
    await expect.poll(proxied.writes, LATER).toBeGreaterThan(0);
    expect(await app.accepts(secret)).toBe(true);
    await proxy.heal();
    await expect.poll(() => lastUsedAt(app, member, id), LATER).not.toBeNull();
  });
});

describe('SIGTERM', () => {
  /** The service as its operator starts it. */
  async function startService(env: Record<string, string>) {
    const server = startServer(emptyDirectory(), testEnvironment({ env }));
    const url = await server.ready();
    const graphql = async (query: string, variables: object = {}, { bearer }: { bearer?: string } = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) },
        body: JSON.stringify({ query, variables }),
      });
      return response.json();
    };
    const stop = async () => {
      server.kill('SIGTERM');
      return (await server.exited()).code;
    };
    return { url, graphql, stop } as { url: string; graphql: TestApp['graphql']; stop: () => Promise<number | null> };
  }

  const databases = ['the embedded database', ...(inject('postgresUrl') ? ['PostgreSQL'] : [])];

  test.each(databases)(
    'F1.12: on %s, SIGTERM loses no use',
    async (name) => {
      const env: Record<string, string> = { REKEY_DATA_DIR: join(migratedDirectory(), '.rekey') };
      if (name === 'PostgreSQL') {
        env.DATABASE_URL = await migratedDatabase();
        env.REKEY_MASTER_KEY = MASTER_KEY;
      }
      const first = await startService(env);
      const bootstrap = await first.graphql(
        `mutation { bootstrap(input: { setupToken: "${SETUP_TOKEN}", email: "a@example.com", displayName: "A",
        password: "tidal lantern quarrel oboe" }) { ... on BootstrapSuccess { tokens { accessToken } } } }`,
      );
      const bearer = bootstrap.data.bootstrap.tokens.accessToken;
      const created = await first.graphql(
        'mutation { createApiKey(input: { name: "used" }) { ... on CreateApiKeySuccess { secret apiKey { id } } } }',
        {},
        { bearer },
      );
      const { secret, apiKey } = created.data.createApiKey;
      const used = await fetch(`${first.url}/v1/verify`, { headers: { 'x-api-key': secret } });
      expect(used.status).toBe(204);
      expect(await first.stop()).toBe(0);

      const second = await startService(env);
      expect(await lastUsedAt(second, { accessToken: bearer } as Account, apiKey.id)).not.toBeNull();
      expect(await second.stop()).toBe(0);
    },
    180_000,
  );
});
