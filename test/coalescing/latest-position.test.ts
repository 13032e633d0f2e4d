// When the position of the latest change is read, and by whom it may be used.
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import type { LatestChangesRow } from '../../src/audit/latest-changes.ts';
import { LatestPosition } from '../../src/coalescing/latest-position.ts';
import { silentLogger } from '../support/loggers.ts';

let replica: { serverIdentity: string };
let asked: PromiseWithResolvers<LatestChangesRow[]>[];
let position: LatestPosition;
beforeEach(() => {
  replica = { serverIdentity: 'a server' };
  asked = [];
  const query = () => {
    const answer = Promise.withResolvers<LatestChangesRow[]>();
    asked.push(answer);
    return answer.promise as Promise<never[]>;
  };
  position = new LatestPosition({ sql: { query }, replica, logger: silentLogger });
});
const row = (sequence: number | null, positions: string | null = '1 2'): LatestChangesRow[] => [
  { sequence, positions },
];

test('calls during a read share the next one, which begins after them', async () => {
  const first = position.read();
  const [second, third] = [position.read(), position.read()];
  expect(asked).toHaveLength(1);
  asked[0]!.resolve(row(1));
  await first;
  await turn();
  const fourth = position.read();
  expect(asked).toHaveLength(2);
  asked[1]!.resolve(row(2));
  expect(await second).toBe(await third);
  expect(await second).not.toBe(await first);
  await turn();
  expect(asked).toHaveLength(3);
  asked[2]!.resolve(row(2));
  expect(await fourth).toBe(await second);
});

test('a read that fails twice gives no position, and the next one begins', async () => {
  const first = position.read();
  const second = position.read();
  asked[0]!.reject(new Error('The database did not answer in time.'));
  await turn();
  asked[1]!.reject(new Error('The database did not answer in time.'));
  expect(await first).toBeNull();
  await turn();
  asked[2]!.resolve(row(1));
  expect(await second).not.toBeNull();
});

test('each revocation and each change is another position', async () => {
  const found: (string | null)[] = [];
  for (const rows of [row(1), row(2), row(2, '1 2 3'), row(2, null)]) {
    const reading = position.read();
    asked.at(-1)!.resolve(rows);
    found.push(await reading);
    await turn();
  }
  expect(new Set(found).size).toBe(4);
});

test('a standby, another server, and no lease give no position', async () => {
  const standby = position.read();
  asked[0]!.resolve(row(null));
  expect(await standby).toBeNull();
  await turn();
  const during = position.read();
  replica.serverIdentity = 'another server';
  asked[1]!.resolve(row(1));
  expect(await during).toBeNull();
  await turn();
  replica.serverIdentity = '';
  const without = position.read();
  asked[2]!.resolve(row(1));
  expect(await without).toBeNull();
});
