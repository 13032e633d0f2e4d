import { describe, expect, test } from 'vitest';
import { Lease, leaseOver } from '../../src/revocation/lease.ts';

/** A lease on clocks that the test sets, both in milliseconds. */
function given() {
  const at = { monotonic: 5000, wall: 1_000_000 };
  const lease = new Lease({ monotonic: () => at.monotonic, now: () => new Date(at.wall) });
  const pass = (milliseconds: number) => {
    at.monotonic += milliseconds;
    at.wall += milliseconds;
  };
  return { at, lease, pass };
}

describe('a lease', () => {
  test('does not exist before the first sync', () => {
    expect(given().lease.remaining()).toBe(0);
  });

  test('begins at the moment before the query, not at the answer', () => {
    const { lease, pass } = given();
    const asked = lease.stamp();
    pass(300);
    lease.renew(asked, { leaseMs: 2000, databaseMs: 0 });
    expect(lease.remaining()).toBe(1700);
    pass(1699);
    expect(lease.remaining()).toBe(1);
    pass(1);
    expect(lease.remaining()).toBe(0);
  });

  test.each([
    ['the monotonic clock alone moves on: the wall clock was set back by as much', { monotonic: 2000, wall: 0 }],
    ['the wall clock alone moves on: the machine was suspended', { monotonic: 0, wall: 2000 }],
    ['the wall clock is set back', { monotonic: 0, wall: -1 }],
  ])('is over if %s', (_, { monotonic, wall }) => {
    const { at, lease } = given();
    lease.renew(lease.stamp(), { leaseMs: 2000, databaseMs: 0 });
    at.monotonic += monotonic;
    at.wall += wall;
    expect(lease.remaining()).toBe(0);
  });

  test('is over when it is given up, and the time of the database goes on', () => {
    const { lease, pass } = given();
    lease.renew(lease.stamp(), { leaseMs: 2000, databaseMs: 77_000 });
    lease.end();
    pass(10);
    expect([lease.remaining(), lease.databaseTime()]).toEqual([0, 77_010]);
  });

  test('that was granted is over by the clock of another machine only after the drift of two clocks, too', () => {
    expect(leaseOver(2000)).toBe(2020);
  });
});

test('the time of the database goes on with the monotonic clock, and is that of this machine before the first sync', () => {
  const { at, lease, pass } = given();
  expect(lease.databaseTime()).toBe(at.wall);
  const asked = lease.stamp();
  pass(300);
  lease.renew(asked, { leaseMs: 2000, databaseMs: 77_000 });
  at.wall -= 500_000;
  expect(lease.databaseTime()).toBe(77_300);
});
