import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { InvalidationMemory } from '../../src/revocation/invalidation-memory.ts';
import { backends, type TestApp } from '../support/app.ts';
import { embeddedTemplate } from '../support/embedded-template.ts';
import { until } from '../support/until.ts';

let app: TestApp | undefined;
// Created once, and slow: it must not count against the timeout of the first test.
beforeAll(embeddedTemplate);
afterEach(async () => {
  vi.restoreAllMocks();
  await app?.close();
});

const metrics = async (name: string) => {
  const text = await (await fetch(`${app!.url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name));
};

/** Every row that a run writes, as text. */
async function traces(): Promise<string[]> {
  const tables = ['canary', 'canary_witnesses', 'api_keys', 'users', 'credential_usage'];
  const rows = await Promise.all(tables.map((table) => app!.sql(`select to_jsonb(t)::text as row from ${table} t`)));
  return rows.flat().map(({ row }) => row);
}

/** Records the secrets of the canary that are introspected, and the results. */
function recordIntrospections(asked?: () => Promise<void>) {
  const introspected: { secret: string; principal: unknown }[] = [];
  const { authenticator } = app!.app;
  const introspect = authenticator.introspect.bind(authenticator);
  vi.spyOn(authenticator, 'introspect').mockImplementation(async (secret) => {
    await asked?.();
    const principal = await introspect(secret);
    introspected.push({ secret, principal });
    return principal;
  });
  return introspected;
}

describe.each(backends())('the canary on $name', ({ start }) => {
  test('measures the time until its key is rejected, reports no failure, and leaves no row', async () => {
    app = await start();
    await app.app.canary.run();
    await app.app.canary.run();
    expect(await metrics('rekey_canary_seconds_count')).toEqual([
      'rekey_canary_seconds_count{propagation="acknowledged"} 2',
    ]);
    expect(await metrics('rekey_canary_replicas_total')).toEqual([
      'rekey_canary_replicas_total{outcome="refused"} 2',
      'rekey_canary_replicas_total{outcome="accepted"} 0',
      'rekey_canary_replicas_total{outcome="silent"} 0',
    ]);
    expect(await metrics('rekey_canary_failures_total')).toEqual(['rekey_canary_failures_total 0']);
    expect(await traces()).toEqual([]);
  });

  const defects: [what: string, breakIt: () => unknown][] = [
    ['a replica that uses every cached entry', () => vi.spyOn(app!.app.replica, 'isFresh').mockReturnValue(true)],
    [
      'a replica that acknowledges what it does not apply',
      () => vi.spyOn(InvalidationMemory.prototype, 'add').mockReturnValue(),
    ],
    [
      'a receipt that waits for no replica',
      () => {
        vi.spyOn(app!.app.replica, 'sync').mockResolvedValue();
        vi.spyOn(app!.app.replica, 'leaseRemaining').mockReturnValue(1000);
        const { propagation } = app!.app.database;
        const query = propagation.query.bind(propagation);
        vi.spyOn(propagation, 'query').mockImplementation(async (statement, values) => {
          const rows = await query(statement, values);
          return rows.map((row) => ({ ...(row as object), replicas: '[]' })) as never;
        });
      },
    ],
  ];

  test.each(defects)('reports %s', async (_what, breakIt) => {
    app = await start();
    breakIt();
    await app.app.canary.run();
    expect(await metrics('rekey_canary_failures_total')).toEqual(['rekey_canary_failures_total 1']);
    expect(await metrics('rekey_canary_replicas_total{outcome="accepted"}')).toEqual([
      'rekey_canary_replicas_total{outcome="accepted"} 1',
    ]);
    expect(await metrics('rekey_canary_seconds_count')).toEqual([]);
    expect(app.log.filter((line) => line.includes('BROKEN PROMISE'))).toHaveLength(1);
    expect(await traces()).toEqual([]);
  });

  test('issues a key without scopes and permissions, and stores its secret nowhere in plain text', async () => {
    app = await start({ env: { REKEY_LOG_LEVEL: 'trace' } });
    const seen: string[] = [];
    const introspected = recordIntrospections(async () => void seen.push(...(await traces())));
    await app.app.canary.run();
    const accepted = introspected.map(({ principal }) => principal).filter((principal) => principal !== null);
    expect(accepted[0]).toMatchObject({ scopes: [], permissions: [], workspaceId: null });
    const secrets = new Set(introspected.map(({ secret }) => secret));
    expect(secrets.size).toBe(1);
    const [secret] = secrets;
    expect(seen.filter((row) => row.includes('"secret_sealed"')).length).toBeGreaterThan(0);
    expect([...seen, ...app.log].filter((text) => text.includes(secret!.slice(4, 16)))).toEqual([]);
  });

  test('deletes its rows at once if its coordinator fails, and at the next run if its coordinator crashed', async () => {
    app = await start();
    const { canary, database } = app.app;
    const query = database.reads.query.bind(database.reads);
    const failing = new Set(['canary-revoke']);
    vi.spyOn(database.reads, 'query').mockImplementation(async (statement, values) => {
      if (failing.has(statement.name)) throw new Error(`${statement.name} does not work today.`);
      return query(statement, values);
    });
    await expect(canary.run()).rejects.toThrow('canary-revoke does not work today.');
    expect(await traces()).toEqual([]);

    // As after a crash: no statement runs any more, so nothing is deleted.
    let begun = false;
    vi.mocked(database.reads.query).mockImplementation(async (statement, values) => {
      if (statement.name === 'canary-tally') begun = true;
      if (begun) throw new Error('The coordinator crashed.');
      return query(statement, values);
    });
    await expect(canary.run()).rejects.toThrow('The coordinator crashed.');
    vi.mocked(database.reads.query).mockImplementation(query as never);
    const keys = () => app!.sql('select id from api_keys');
    const left = await keys();
    expect(left).toHaveLength(1);
    // As long as its coordinator may still run, no other run starts.
    await canary.run();
    expect(await keys()).toEqual(left);
    await app.sql("update canary set announced_at = announced_at - interval '1 hour'");
    await canary.run();
    expect(await traces()).toEqual([]);
    expect(await metrics('rekey_canary_seconds_count')).toEqual([
      'rekey_canary_seconds_count{propagation="acknowledged"} 1',
    ]);
  });

  test('runs by itself again and again with REKEY_CANARY=on', async () => {
    app = await start({ env: { REKEY_CANARY: 'on' }, overrides: { canaryMs: 1000 } });
    await until('two runs have ended', async () => {
      const [line] = await metrics('rekey_canary_seconds_count');
      return Number(line?.split(' ').at(-1)) >= 2;
    });
    expect(await metrics('rekey_canary_failures_total')).toEqual(['rekey_canary_failures_total 0']);
  });

  test('stops with its replica during a run, and leaves no row', async () => {
    app = await start({ overrides: { canaryMs: 0 } });
    const { canary } = app.app;
    const begun = new Promise<void>((resolve) => void recordIntrospections(async () => resolve()));
    const looking = canary.look();
    await begun;
    await canary.stop();
    await looking;
    expect(await traces()).toEqual([]);
  });
});
