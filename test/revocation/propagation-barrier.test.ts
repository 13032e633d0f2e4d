// Promises of the protocol, with real replicas on a real database. Leases are short, so that nothing waits for long.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { apiKeyCredential } from '../../src/api-keys/api-key.credential.ts';
import { readConfig } from '../../src/config.ts';
import type { Sql, Statement } from '../../src/database/sql.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { leaseOver } from '../../src/revocation/lease.ts';
import { createRevocationMetrics } from '../../src/revocation/metrics.ts';
import { LONGEST_LEASE_MS, PropagationBarrier } from '../../src/revocation/propagation-barrier.ts';
import { Replica } from '../../src/revocation/replica.ts';
import { silentLogger, silentOutage } from '../support/loggers.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';
import { backends, fill, openTestDatabase, type TestDatabase } from './support/databases.ts';
import { join, type Member } from './support/replica.ts';

const LEASE_MS = 300;

/** For credential types that prove nothing. */
const runtimeOn = (sql: Sql) => ({
  sql,
  accessTokens: { verify: async () => null },
  signatures: { read: () => null },
});

describe.each(backends())('a revocation on $name', ({ open }) => {
  let database: TestDatabase;
  let member: Member;
  beforeAll(async () => {
    database = await open();
    await fill(database);
    member = await join(database, { leaseMs: LEASE_MS });
  });
  afterAll(async () => {
    await member?.stop();
    await database?.close();
  });
  /** Adds the row of a replica that has crashed. */
  const addCrashedReplica = () =>
    database.sql('insert into auth_replica (id, lease_ms) values ($1::uuid, $2::int)', [randomUUID(), LEASE_MS]);
  const registered = async () => (await database.sql('select from auth_replica')).length;
  const gone = () => until('the crashed replicas are removed', async () => (await registered()) === 1);

  test('has a receipt that is true in every field', async () => {
    await database.sql(`update api_keys set revoked_at = now() where id = 'key_one'`);
    const [row] = await database.sql<{ seq: number; at: number }>(
      `select seq::float8 as seq, extract(epoch from at)::float8 * 1000 as at from auth_inval where tag = 'key:key_one'
        order by seq desc limit 1`,
    );
    const receipt = await member.barrier.waitUntilPropagated('key:key_one', new Date(row!.at));
    expect(receipt).toMatchObject({
      sequence: String(row!.seq),
      propagation: 'ACKNOWLEDGED',
      replicas: 1,
      acknowledged: 1,
      left: 0,
    });
    expect(Math.abs(receipt.committedAt.getTime() - row!.at)).toBeLessThan(1);
    expect(receipt.settledInMilliseconds).toBeGreaterThan(0);
    expect(member.replica.applied).toBeGreaterThanOrEqual(row!.seq);

    // If the log has no row of the change any more, the receipt names the time that the changed row names.
    const changedAt = new Date('2020-01-01');
    expect((await member.barrier.waitUntilPropagated('key:forgotten', changedAt)).committedAt).toEqual(changedAt);
  });

  test('of a subject that was revoked before returns the time of the first commit, despite later changes', async () => {
    await database.sql(`update users set disabled_at = now() where id = 'usr_two'`);
    const [row] = await database.sql<{ at: number; disabledAt: Date }>(
      `select extract(epoch from at)::float8 * 1000 as at, disabled_at as "disabledAt" from auth_inval, users
        where tag = 'user:usr_two' and id = 'usr_two'`,
    );
    await until('the clock goes on', () => Date.now() > row!.at + 10);
    await database.sql(`update users set session_generation = session_generation + 1 where id = 'usr_two'`);
    const receipt = await member.barrier.waitUntilPropagated('user:usr_two', new Date(row!.disabledAt));
    expect(Math.abs(receipt.committedAt.getTime() - row!.at)).toBeLessThan(1);
  });

  test('counts a replica that left before it confirmed as left, and not as acknowledged', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    await database.sql(`insert into auth_replica (id, lease_ms) values ($1::uuid, 60000), ($2::uuid, 60000)`, [
      id,
      other,
    ]);
    await database.sql(`select auth_invalidate('key:x')`);
    const looked = Promise.withResolvers<void>();
    const propagation = {
      async query<Row>(statement: Statement, values?: readonly unknown[]) {
        const rows = await database.propagation.query<Row>(statement, values);
        if (statement.name === 'propagation') looked.resolve();
        return rows;
      },
    };
    const common = {
      replica: member.replica,
      clock: systemClock,
      logger: silentLogger,
      outage: silentOutage,
      metrics: createRevocationMetrics(),
    };
    const barrier = new PropagationBarrier({
      ...common,
      ...{ sql: propagation, spare: unreachable, housekeeping: unreachable },
    });
    const settled = barrier.waitUntilPropagated('key:x', new Date());
    await looked.promise;
    await database.sql('delete from auth_replica where id = $1::uuid', [id]);
    await database.sql('update auth_replica set applied = 1000000 where id = $1::uuid', [other]);
    expect(await settled).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3, acknowledged: 2, left: 1 });
    await database.sql('delete from auth_replica where id = $1::uuid', [other]);
  });

  test('waits for a silent replica as long as its lease may last, and so does a repeated revocation', async () => {
    await addCrashedReplica();
    await database.sql(`update users set disabled_at = now() where id = 'usr_one'`);
    const expired = { propagation: 'LEASE_EXPIRED', replicas: 2, acknowledged: 1, left: 0 };
    for (const _again of [1, 2]) {
      const receipt = await member.barrier.waitUntilPropagated('user:usr_one', new Date(0));
      expect(receipt).toMatchObject(expired);
      expect(receipt.settledInMilliseconds).toBeGreaterThanOrEqual(leaseOver(LEASE_MS));
    }
    await gone();
    expect(await member.barrier.waitUntilPropagated('user:usr_one', new Date(0))).toMatchObject({
      propagation: 'ACKNOWLEDGED',
      replicas: 1,
      acknowledged: 1,
    });
  });

  test('counts a replica that leaves while another one is silent as left, and the silent one not at all', async () => {
    const [silent, leaving] = [randomUUID(), randomUUID()];
    const insert = 'insert into auth_replica (id, lease_ms) values ($1::uuid, $2::int)';
    for (const id of [silent, leaving]) await database.sql(insert, [id, LEASE_MS]);
    await database.sql(`select auth_invalidate('key:x')`);
    let looks = 0;
    const propagation = {
      async query<Row>(statement: Statement, values?: readonly unknown[]) {
        const rows = await database.propagation.query<Row>(statement, values);
        if (statement.name === 'propagation' && looks++ === 0)
          await database.sql('delete from auth_replica where id = $1::uuid', [leaving]);
        return rows;
      },
    };
    const common = {
      replica: member.replica,
      clock: systemClock,
      logger: silentLogger,
      outage: silentOutage,
      metrics: createRevocationMetrics(),
    };
    const receipt = await new PropagationBarrier({
      ...common,
      sql: propagation,
      spare: unreachable,
      housekeeping: unreachable,
    }).waitUntilPropagated('key:x', new Date());
    expect(receipt).toMatchObject({ propagation: 'LEASE_EXPIRED', replicas: 3, acknowledged: 1, left: 1 });
    await gone();
  });

  test('does not wait for a crashed replica that a probe has found before', async () => {
    await database.sql(`delete from auth_inval where tag = 'probe'`);
    await addCrashedReplica();
    await member.barrier.purge();
    await gone();
    await addCrashedReplica();
    await member.barrier.purge(); // One probe per minute: this purge sends none.
    expect(await registered()).toBe(2);
    await database.sql('delete from auth_replica where id <> $1::uuid', [member.id]);
  });

  test('does not queue behind housekeeping, which has other connections', async () => {
    const asked: string[] = [];
    const propagation = {
      query<Row>(statement: Statement, values?: readonly unknown[]) {
        asked.push(statement.name);
        return database.propagation.query<Row>(statement, values);
      },
    };
    await database.sql(`delete from auth_inval where tag = 'probe'`);
    const common = {
      replica: member.replica,
      clock: systemClock,
      logger: silentLogger,
      outage: silentOutage,
      metrics: createRevocationMetrics(),
    };
    await new PropagationBarrier({
      ...common,
      sql: propagation,
      spare: propagation,
      housekeeping: database.reads,
    }).purge();
    expect([...new Set(asked)]).toEqual(['propagation']);
  });

  test('a replica that was silent for longer than the retention of the log starts cold', async () => {
    const asleep = await join({ ...database, notifications: noNotifications }, { leaseMs: LEASE_MS, start: false });
    const before = asleep.id;
    await database.sql(`select auth_invalidate('key:missed')`);
    await database.sql(`update auth_inval set at = at - interval '2 hours'`);
    await member.barrier.purge();
    expect(await database.sql(`select from auth_inval where tag = 'key:missed'`)).toEqual([]);
    const old = { asOf: asleep.replica.applied, tags: ['key:missed'] };
    await asleep.replica.sync();
    expect(asleep.id).not.toBe(before);
    expect(asleep.replica.leaseRemaining()).toBeGreaterThan(0);
    expect(asleep.replica.isFresh(old, Number.POSITIVE_INFINITY)).toBe(false);
    await asleep.stop();
  });

  test('a replica that leaves gives up its lease before it deregisters', async () => {
    let left = Number.NaN;
    const sync = {
      async query<Row>(statement: Statement, values?: readonly unknown[]) {
        if (statement.name === 'replica-deregister') left = other.replica.leaseRemaining();
        return database.sync.query<Row>(statement, values);
      },
    };
    const other = await join({ ...database, sync, notifications: noNotifications }, { leaseMs: 60_000, start: false });
    expect(other.replica.leaseRemaining()).toBeGreaterThan(0);
    await other.stop();
    expect(left).toBe(0);
  });

  test('a replica that leaves is not registered any more, so no revocation waits for it', async () => {
    const other = await join({ ...database, notifications: noNotifications }, { leaseMs: LEASE_MS, start: false });
    expect(await registered()).toBe(2);
    await other.stop();
    expect(await registered()).toBe(1);
  });

  test('a caller that lost a permission or a scope since its authentication is not confirmed', async () => {
    const credential = apiKeyCredential;
    await database.sql(`update users set disabled_at = null, permissions = '{read,write}'`);
    await database.sql(`update api_keys set revoked_at = null`);
    const { principal } = await credential.load('hash', runtimeOn(database.reads));
    const em = database.fork();
    const confirmed = async () => {
      await em.begin();
      const confirms = await credential.confirm(em, principal!, null);
      await em.rollback();
      return confirms;
    };
    expect(await confirmed()).toBe(true);
    await database.sql(`update api_keys set permissions = '{read}'`);
    expect(await confirmed()).toBe(false);
    await database.sql(`update api_keys set permissions = '{read,write}', scopes = '{API_KEYS_READ}'`);
    expect(await confirmed()).toBe(false);
  });
});

/** A connection on which every query fails, as with too many clients. */
const unreachable = { query: () => Promise.reject(new Error('The database did not answer.')) };
const noNotifications = { listen: async () => undefined, close: async () => undefined };

test('the longest lease that a revoker waits for is the longest that the configuration allows', () => {
  const withLease = (ms: number) => readConfig({ REKEY_LEASE_MS: String(ms) }).leaseMs;
  expect(withLease(LONGEST_LEASE_MS)).toBe(LONGEST_LEASE_MS);
  expect(() => withLease(LONGEST_LEASE_MS + 1)).toThrow();
});

const [, shared] = backends();

describe.skipIf(!shared)('with failures between replicas and their database', () => {
  let origin: TestDatabase;
  let proxy: TcpProxy;
  let through: TestDatabase;
  const members: Member[] = [];
  beforeAll(async () => {
    origin = await shared!.open();
    const { hostname: host, port } = new URL(origin.url!);
    proxy = await startProxy({ host, port: Number(port) });
    through = await openTestDatabase(proxy.url(origin.url!));
  });
  afterEach(async () => {
    await proxy.heal();
    for (const member of members.splice(0)) await member.stop();
  });
  afterAll(async () => {
    await through?.close();
    await proxy?.close();
    await origin?.close();
  });
  const joins = async (database: TestDatabase, leaseMs = LEASE_MS) => {
    members.push(await join({ ...database, notifications: noNotifications }, { leaseMs, start: false }));
    return members.at(-1)!;
  };

  test('a revoker that loses its database after the commit returns when the leases have expired', async () => {
    const revoker = await joins(through);
    await revoker.replica.sync();
    proxy.blackhole();
    const receipt = await revoker.barrier.waitUntilPropagated('key:x', new Date(0));
    expect(receipt).toMatchObject({ propagation: 'LEASE_EXPIRED', replicas: 1, acknowledged: 0 });
    expect(receipt.settledInMilliseconds).toBeGreaterThanOrEqual(leaseOver(LEASE_MS));
  });

  test('a revoker that cannot read which replicas have confirmed waits for the longest lease that its next sync shows', async () => {
    const blind = { ...origin, propagation: unreachable, reads: unreachable, notifications: noNotifications };
    const revoker = await join(blind, { leaseMs: LEASE_MS, start: false });
    members.push(revoker);
    await until('it has no lease', () => revoker.replica.leaseRemaining() === 0);
    const receipt = await revoker.barrier.waitUntilPropagated('key:x', new Date(0));
    expect(receipt).toMatchObject({ propagation: 'LEASE_EXPIRED', acknowledged: 0 });
    expect(receipt.settledInMilliseconds).toBeGreaterThanOrEqual(leaseOver(LEASE_MS));
    expect(receipt.settledInMilliseconds).toBeLessThan(LONGEST_LEASE_MS);
  });

  test('a revoker whose two own connections fail reads on another connection for which replicas it must wait', async () => {
    let broken = false;
    const sync = {
      query: (...asked: Parameters<Sql['query']>) => (broken ? unreachable : origin.sync).query(...asked),
    };
    const database = { ...origin, sync: sync as Sql, propagation: unreachable, notifications: noNotifications };
    const revoker = await join(database, { leaseMs: LEASE_MS, start: false });
    broken = true;
    await until('it has no lease', () => revoker.replica.leaseRemaining() === 0);
    await origin.sql('insert into auth_replica (id, lease_ms) values ($1::uuid, $2::int)', [randomUUID(), LEASE_MS]);
    await origin.sql(`select auth_invalidate('key:x')`);
    const receipt = await revoker.barrier.waitUntilPropagated('key:x', new Date(0));
    await origin.sql('delete from auth_replica');
    expect(receipt).toMatchObject({ propagation: 'LEASE_EXPIRED', replicas: 2 });
    expect(receipt.settledInMilliseconds).toBeLessThan(LONGEST_LEASE_MS);
  });

  test('a late answer starts no new wait: the receipt covers the revocation and what was known before', async () => {
    const late = { milliseconds: 0 };
    const clock = { ...systemClock, monotonic: () => performance.now() + late.milliseconds };
    const slow = {
      query: async <Row>(statement: Statement, values?: readonly unknown[]) => {
        const rows = await origin.propagation.query<Row>(statement, values);
        if (statement.name === 'propagation' && late.milliseconds === 0) late.milliseconds = LEASE_MS * 0.8;
        return rows;
      },
    };
    const revoker = await join(
      { ...origin, propagation: slow, notifications: noNotifications },
      { leaseMs: LEASE_MS, start: false, clock },
    );
    members.push(revoker);
    const known = revoker.replica.applied;
    await origin.sql('insert into auth_replica (id, lease_ms) values ($1::uuid, $2::int)', [randomUUID(), LEASE_MS]);
    await origin.sql(`select auth_invalidate('key:x')`);
    const receipt = await revoker.barrier.waitUntilPropagated('key:x', new Date(0));
    await origin.sql('delete from auth_replica where id <> $1::uuid', [revoker.id]);
    expect(receipt).toMatchObject({ propagation: 'LEASE_EXPIRED', sequence: String(known), replicas: 2 });
  });

  describe('if an answer on one connection is lost', () => {
    const LONG_LEASE_MS = 4000;
    let longLeased: TestDatabase;
    beforeAll(async () => {
      longLeased = await openTestDatabase(proxy.url(origin.url!), LONG_LEASE_MS);
    });
    afterAll(() => longLeased?.close());
    /** Loses the answer once. The next connection gets its answer. */
    const losing = (statement: string) => {
      let lost = false;
      return proxy.holdRepliesWhen((chunk, direction) => {
        if (lost || direction !== 'request' || !chunk.includes(`\0${statement}\0`)) return false;
        lost = true;
        return true;
      });
    };

    test('a replica syncs again and keeps its lease', async () => {
      const member = await join({ ...longLeased, notifications: noNotifications }, { leaseMs: LONG_LEASE_MS });
      members.push(member);
      await losing('replica-sync');
      let [before, lost] = [LONG_LEASE_MS, false];
      await until('it was renewed', () => {
        const left = member.replica.leaseRemaining();
        const renewed = left > before;
        before = left;
        lost ||= left === 0;
        return renewed;
      });
      expect(lost).toBe(false);
    });

    test('a revocation is acknowledged, and so is the one that waits behind it', async () => {
      const member = await join(
        { ...longLeased, reads: unreachable, notifications: noNotifications },
        { leaseMs: LONG_LEASE_MS },
      );
      members.push(member);
      await member.barrier.waitUntilPropagated('key:x', new Date(0)); // Connected.
      const lost = losing('propagation');
      const both = ['key:x', 'key:y'].map((tag) => member.barrier.waitUntilPropagated(tag, new Date(0)));
      await lost;
      const acknowledged = { propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 };
      expect(await Promise.all(both)).toMatchObject([acknowledged, acknowledged]);
    });

    test('a replica whose registration was carried out is not registered twice', async () => {
      const ids: string[] = [];
      const common = {
        clock: systemClock,
        logger: silentLogger,
        outage: silentOutage,
        metrics: createRevocationMetrics(),
        sql: longLeased.sync,
        notifications: noNotifications,
      };
      const newReplicaId = () => {
        ids.push(randomUUID());
        return ids.at(-1)!;
      };
      await origin.sql('delete from auth_replica');
      const replica = new Replica({
        ...common,
        feed: new InvalidationFeed(silentLogger),
        newReplicaId,
        leaseMs: LONG_LEASE_MS,
        longestEntryMs: 600_000,
      });
      const again = losing('replica-register');
      const failing = replica.sync();
      await again;
      await expect(failing).rejects.toThrow();
      await replica.sync();
      expect(await origin.sql('select from auth_replica')).toHaveLength(1);
      expect(ids).toHaveLength(1);
      await replica.stop();
      expect(await origin.sql('select from auth_replica')).toEqual([]);
    });
  });

  test('no replica takes a longer lease than the shortest one that is registered', async () => {
    const brief = await joins(origin);
    const long = await joins(origin, 10 * LEASE_MS);
    expect(long.replica.leaseRemaining()).toBeLessThanOrEqual(LEASE_MS);
    await brief.replica.sync();
    expect(brief.replica.longestLeaseMs).toBe(10 * LEASE_MS);
    await brief.stop();
    await long.replica.sync();
    expect(long.replica.leaseRemaining()).toBeGreaterThan(LEASE_MS);
  });

  test('an earlier fence does not remove a replica that another fence has just marked', async () => {
    const revoker = await joins(origin);
    const id = randomUUID();
    await origin.sql('insert into auth_replica (id, lease_ms) values ($1::uuid, $2::int)', [id, LEASE_MS]);
    await origin.sql(`select auth_invalidate('key:x')`);
    // The replica is silent until the deadline. Its confirmation arrives just before the mark.
    let spared = false;
    const slow = {
      query: async <Row>(statement: { name: string; text: string }, values?: readonly unknown[]): Promise<Row[]> => {
        if (statement.name === 'fence-suspect') {
          await origin.sql('update auth_replica set applied = 1000000 where id = $1::uuid', [id]);
          spared = true;
        }
        const rows = await origin.propagation.query<Row>(statement, values);
        if (statement.name === 'fence-suspect') {
          await origin.sql('update auth_replica set suspect = true where id = $1::uuid', [id]); // By another fence.
        }
        if (statement.name === 'fence-expel') expelled.push(...((values as [string[]])[0] ?? []));
        return rows;
      },
    };
    const expelled: string[] = [];
    const fencing = await join(
      { ...origin, propagation: slow, notifications: noNotifications },
      { leaseMs: LEASE_MS, start: false },
    );
    members.push(fencing);
    await revoker.replica.sync();
    await fencing.barrier.waitUntilPropagated('key:x', new Date(0));
    await until('the mark was set', () => spared);
    // Another revocation runs both steps of a fence. By then, the first fence would have removed the replica.
    await until('a fence removes what it marked', async () => {
      await revoker.barrier.waitUntilPropagated('key:x', new Date(0));
      return (await origin.sql('select from auth_replica where id = $1::uuid', [id])).length === 0;
    });
    expect(expelled).toEqual([]);
  });
});

describe.skipIf(!findPostgres())('when another server takes over', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  let database: TestDatabase;
  beforeAll(async () => {
    server = await startPostgres({ settings: { wal_level: 'replica', hot_standby: 'on' } });
    database = await openTestDatabase(await server.createDatabase('rekey'), LEASE_MS);
    await fill(database);
  });
  afterAll(async () => {
    await database?.close();
    await server?.destroy();
  });

  test('a standby grants no lease and answers no lookup, and after its promotion a revocation waits for one lease', async () => {
    // Without a timer: it syncs only when the test says so.
    const member = await join({ ...database, notifications: noNotifications }, { leaseMs: 1000, start: false });
    const credential = apiKeyCredential;
    expect((await credential.load('hash', runtimeOn(database.reads))).principal).not.toBeNull();
    const primary = member.replica.serverIdentity;

    await server.query(`copy (select) to program 'touch standby.signal'`);
    await server.restart();
    await expect(member.replica.sync()).rejects.toThrow('standby');
    const load = () => credential.load('hash', runtimeOn(database.reads)).catch((error) => error);
    await until('it answers again', async () => !/terminat|closed|reset/i.test(String((await load()).message)));
    expect(String(await load())).toContain('standby');
    await until('no lease is left', () => member.replica.leaseRemaining() === 0);

    await server.query('select pg_promote()');
    await member.replica.sync();
    expect(member.replica.serverIdentity).not.toBe(primary);
    expect(await member.barrier.waitUntilPropagated('key:key_one', new Date(0))).toMatchObject({
      propagation: 'LEASE_EXPIRED',
    });
    await until('the new primary is confirmed', async () => {
      const receipt = await member.barrier.waitUntilPropagated('key:key_one', new Date(0));
      return receipt.propagation === 'ACKNOWLEDGED';
    });
    expect((await credential.load('hash', runtimeOn(database.reads))).principal).not.toBeNull();
    await member.stop();
  });
});
