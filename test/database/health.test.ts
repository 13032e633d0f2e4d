import { beforeEach, expect, test } from 'vitest';
import { DatabaseHealth } from '../../src/database/health.ts';
import type { Sql, Statement } from '../../src/database/sql.ts';

let now: number;
let asked: string[];
let row: { standby: boolean; readOnly: boolean };
let failure: Error | null;
const sql: Sql = {
  query: async <Row>({ name }: Statement) => {
    asked.push(name);
    if (failure && name === 'health-write') throw failure;
    return [row] as Row[];
  },
};
const writes = () => asked.filter((name) => name === 'health-write').length;

beforeEach(() => {
  [now, asked, failure] = [0, [], null];
  row = { standby: false, readOnly: false };
});

test('checks a write at most once a second, and a read for each request', async () => {
  const health = new DatabaseHealth(sql, () => now);
  for (let turn = 0; turn < 10; turn++) {
    const problems = await Promise.all(Array.from({ length: 5 }, () => health.problem()));
    expect(new Set(problems)).toEqual(new Set([null]));
    now += 99;
  }
  expect([asked.length - writes(), writes()]).toEqual([50, 1]);
  now = 1000;
  await health.problem();
  expect(writes()).toBe(2);
});

test('reports a failed write until the next one succeeds', async () => {
  const health = new DatabaseHealth(sql, () => now);
  failure = Object.assign(new Error('could not extend file'), { code: '53100' });
  const full = 'no disk space, memory or connection is left (SQLSTATE 53100)';
  expect([await health.problem(), await health.problem(), writes()]).toEqual([full, full, 1]);
  failure = null;
  now = 1000;
  expect(await health.problem()).toBeNull();
});

test('does not try a write on a standby or read-only database', async () => {
  const health = new DatabaseHealth(sql, () => now);
  row = { standby: true, readOnly: true };
  expect([await health.problem(), await health.answers()]).toEqual(['a standby, which accepts no writes', false]);
  row = { standby: false, readOnly: true };
  expect(await health.problem()).toBe('read-only');
  expect(writes()).toBe(0);
});
