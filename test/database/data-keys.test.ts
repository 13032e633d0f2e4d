import { describe, expect, test } from 'vitest';
import { ACCOUNTS } from '../../src/database/data-keys.ts';
import type { Sql } from '../../src/database/sql.ts';
import { DataKeyTable, dataKeysIn, openManagement } from '../support/sealing.ts';

const place = { table: 't', column: 'c', row: 'r' };

describe('the data keys', () => {
  test('of a tenant are read once, and made at the first use', async () => {
    const { keys, table } = dataKeysIn();
    const key = await keys.newest('wsp_one', table);
    expect(table.statements).toEqual(['data-keys-load', 'data-keys-insert', 'data-keys-load']);
    expect(await keys.newest('wsp_one', table)).toBe(key);
    expect(await keys.find('wsp_one', 1, table)).toBe(key);
    expect(table.statements).toHaveLength(3);
    expect(await keys.find('wsp_one', 2, table)).toBeNull();
    expect(table.rows[0]!.wrapped).toMatch(/^s1\./);
  });

  test('of two replicas that start at once are the same', async () => {
    const table = new DataKeyTable();
    const management = openManagement;
    const [one, two] = [dataKeysIn(table, { management }).keys, dataKeysIn(table, { management }).keys];
    await Promise.all([one.start(), two.start()]);
    expect(table.rows).toHaveLength(1);
    const sealed = one.seal(await one.newest(ACCOUNTS, table), place, 'x');
    expect((await two.newest(ACCOUNTS, table)).open(place, sealed).toString()).toBe('x');
    const value = { table: 't', column: 'c', canonical: 'x' };
    expect(one.accountsIndex.index(value)).toEqual(two.accountsIndex.index(value));
  });

  test('that a transaction has made are not kept before its commit, because it may roll back', async () => {
    const { keys, table } = dataKeysIn();
    table.inTransaction = true;
    const first = await keys.newest('wsp_one', table);
    table.rows.length = 0; // The rollback.
    const second = await keys.newest('wsp_one', table);
    expect(() => second.open(place, first.seal(place, 'x'))).toThrow();
    for (const row of table.rows) row.uncommitted = false; // The commit.
    expect((await keys.newest('wsp_one', table)).open(place, second.seal(place, 'x')).toString()).toBe('x');
  });

  test('that are wrapped in the row of a credential open without a query', async () => {
    const { keys, table } = dataKeysIn();
    const sealed = (await keys.newest('wsp_one', table)).seal(place, 'x');
    const { wrapped } = table.rows[0]!;
    keys.forget('wsp_one');
    const before = table.statements.length;
    expect((await keys.unwrap('wsp_one', 1, wrapped)).open(place, sealed).toString()).toBe('x');
    await expect(keys.unwrap('wsp_two', 1, wrapped)).rejects.toMatchObject({ code: 'FORGED' });
    expect(table.statements).toHaveLength(before);
    // One version does not show which one is the newest.
    await keys.newest('wsp_one', table);
    expect(table.statements).toHaveLength(before + 1);
  });

  test('B63: are not kept by a read that began before the workspace was deleted', async () => {
    const { keys, table } = dataKeysIn();
    await keys.newest('wsp_one', table);
    keys.forget('wsp_one');
    const answered = Promise.withResolvers<void>();
    const slow: Sql = {
      async query<Row>(...statement: Parameters<Sql['query']>) {
        const rows = await table.query<Row>(...statement);
        await answered.promise;
        return rows;
      },
    };
    const reading = keys.find('wsp_one', 1, slow);
    table.rows.length = 0;
    keys.forget('wsp_one');
    answered.resolve();
    expect(await reading).not.toBeNull();
    expect(keys.inMemory('wsp_one', 1)).toBeNull();
  });

  test('B63: no longer open a value from memory after the workspace is deleted', async () => {
    const { keys, table } = dataKeysIn();
    const sealed = keys.seal(await keys.newest('wsp_one', table), place, 'x');
    table.rows.length = 0;
    expect(keys.inMemory('wsp_one', 1)?.open(place, sealed).toString()).toBe('x');
    keys.forget('wsp_one');
    expect(keys.inMemory('wsp_one', 1)).toBeNull();
    expect(await keys.find('wsp_one', 1, table)).toBeNull();
  });

  test('B63: of many tenants do not fill the memory', async () => {
    const { keys, table } = dataKeysIn(new DataKeyTable(), { mostTenants: 3 });
    await keys.start();
    for (let n = 0; n < 10; n++) await keys.newest(`wsp_${n}`, table);
    const inMemory = Array.from({ length: 10 }, (_, n) => keys.inMemory(`wsp_${n}`, 1) !== null);
    expect(inMemory.filter(Boolean)).toHaveLength(3);
    expect(keys.inMemory(ACCOUNTS, 1)).not.toBeNull();
  });
});

describe('B60: the encryptions of a key', () => {
  test('are counted over all replicas, and the key is replaced before it has sealed too many', async () => {
    const table = new DataKeyTable();
    const options = { management: openManagement, mostEncryptions: 100 };
    const replicas = [0, 1].map(() => dataKeysIn(table, options).keys);
    const [one, two] = replicas as [(typeof replicas)[0], (typeof replicas)[0]];
    await one.start();
    await two.start();
    const sealSome = async (keys: typeof one, count: number) => {
      for (let n = 0; n < count; n++) keys.seal(await keys.newest(ACCOUNTS, table), place, 'x');
      await keys.refresh();
    };
    await sealSome(one, 60);
    expect(table.rows).toMatchObject([{ encryptions: 60 }]);
    await sealSome(two, 60);
    expect(table.rows).toMatchObject([{ encryptions: 120 }, { version: 2, encryptions: 0 }]);
    expect((await two.newest(ACCOUNTS, table)).version).toBe(2);
    await one.refresh();
    expect((await one.newest(ACCOUNTS, table)).version).toBe(2);
    await sealSome(one, 99);
    expect(table.rows.map(({ encryptions }) => encryptions)).toEqual([120, 99]);
  });

  test('that could not be counted are counted later', async () => {
    const { keys, table } = dataKeysIn();
    keys.seal(await keys.newest(ACCOUNTS, table), place, 'x');
    const query = table.query.bind(table);
    table.query = () => Promise.reject(new Error('unreachable'));
    await expect(keys.count()).rejects.toThrow('unreachable');
    table.query = query;
    await keys.count();
    expect(table.rows).toMatchObject([{ encryptions: 1 }]);
    await keys.count();
    expect(table.rows).toMatchObject([{ encryptions: 1 }]);
  });

  test('move to a new version without a new blind index', async () => {
    const { keys, table } = dataKeysIn();
    await keys.start();
    const value = { table: 't', column: 'c', canonical: 'x' };
    const before = keys.accountsIndex.index(value);
    await keys.replace({ tenant: ACCOUNTS, version: 1 }, table);
    expect((await keys.newest(ACCOUNTS, table)).version).toBe(2);
    expect(keys.accountsIndex.index(value)).toEqual(before);
  });

  test('a replica that could not look for new versions for a minute reads its keys again', async () => {
    let now = 0;
    const { keys, table } = dataKeysIn(new DataKeyTable(), { monotonic: () => now });
    await keys.newest('wsp_one', table);
    now = 30_000;
    await keys.refresh();
    expect(keys.inMemory('wsp_one', 1)).not.toBeNull();
    now = 91_000;
    await keys.refresh();
    expect(keys.inMemory('wsp_one', 1)).toBeNull();
  });
});
