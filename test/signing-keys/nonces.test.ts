// A nonce is used once, on real databases: over connections, over replicas, after housekeeping and changes of the clock.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Nonces } from '../../src/signing-keys/nonces.ts';
import { backends, type TestDatabase } from '../revocation/support/databases.ts';
import { newNonce } from '../support/signing.ts';
import { times } from '../support/values.ts';

const WINDOW = 300_000;
const MINUTE = 60_000;
const keyId = 'sgk_01JDQ8Z3W4F5G6H7J8K9M0N1P2';

describe.each(backends())('nonces on $name', ({ open }) => {
  let database: TestDatabase;
  let nonces: Nonces;
  beforeAll(async () => {
    database = await open();
    nonces = new Nonces({ sql: database.nonces, windowMs: WINDOW });
  });
  afterAll(() => database?.close());
  beforeEach(async () => {
    await database.sql('delete from request_nonces');
    await database.sql('update request_nonce_horizon set signed_at = 0');
  });

  const now = async () =>
    (await database.sql<{ now: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as now'))[0]!.now;
  /** A request that was signed so many milliseconds ago. */
  const signed = async (ago: number, nonce = newNonce()) => ({
    keyId,
    nonce,
    signedAt: Math.round((await now()) - ago),
  });
  const stored = async () => (await database.sql('select 1 from request_nonces')).length;
  /** Moves the clock of the database forward, by moving everything that was stored to an earlier time. */
  const later = async (milliseconds: number) => {
    await database.sql('update request_nonces set signed_at = signed_at - $1::bigint', [milliseconds]);
    await database.sql('update request_nonce_horizon set signed_at = greatest(0, signed_at - $1::bigint)', [
      milliseconds,
    ]);
  };

  test('is used once', async () => {
    const use = await signed(0);
    expect(await nonces.consume(use)).toBe('fresh');
    expect(await nonces.consume(use)).toBe('replayed');
    expect(await nonces.consume({ ...use, signedAt: use.signedAt - 1 })).toBe('replayed');
    expect(await stored()).toBe(1);
  });

  test('F3.13: of fifty uses at once, one is the first', async () => {
    const use = await signed(0);
    const outcomes = await Promise.all(times(50, () => nonces.consume(use)));
    expect(outcomes.filter((outcome) => outcome === 'fresh')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(49);
  });

  test('F3.15: belongs to its key: another key has the same one', async () => {
    const use = await signed(0);
    expect(await nonces.consume(use)).toBe('fresh');
    expect(await nonces.consume({ ...use, keyId: `${keyId.slice(0, -1)}3` })).toBe('fresh');
  });

  test('of one key is not that of another key whose id continues with the beginning of the nonce', async () => {
    const use = await signed(0);
    expect(await nonces.consume({ ...use, nonce: `A${use.nonce}` })).toBe('fresh');
    expect(await nonces.consume({ ...use, keyId: `${keyId}A` })).toBe('fresh');
  });

  test.each([
    [WINDOW - MINUTE, 'fresh'],
    [MINUTE - WINDOW, 'fresh'],
    [WINDOW + 1, 'tooLate'],
    [-WINDOW - MINUTE, 'tooLate'],
    [1_700_000_000_000, 'tooLate'],
  ])('of a request that was signed %i ms ago is %s, by the clock of the database', async (ago, expected) => {
    expect(await nonces.consume(await signed(ago))).toBe(expected);
    expect(await stored()).toBe(expected === 'fresh' ? 1 : 0);
  });

  test('F3.14: is kept for the whole time in which its request is acceptable, also if it was signed ahead of time', async () => {
    const ahead = await signed(1000 - WINDOW);
    expect(await nonces.consume(ahead)).toBe('fresh');
    // Nearly ten minutes later, the request is still acceptable.
    for (let minute = 1; minute <= 9; minute++) {
      await later(MINUTE);
      await nonces.purge();
      expect(await stored()).toBe(1);
    }
    expect(await nonces.consume({ ...ahead, signedAt: ahead.signedAt - 9 * MINUTE })).toBe('replayed');
    await later(3 * MINUTE);
    await nonces.purge();
    expect(await stored()).toBe(0);
  });

  test('housekeeping deletes any number of old nonces, and keeps the others', async () => {
    await database.sql(`insert into request_nonces (digest, signed_at)
      select decode(lpad(to_hex(i), 64, '0'), 'hex'), (extract(epoch from now()) * 1000)::bigint - 3600000 + i
        from generate_series(1, 7000) as i`);
    const use = await signed(0);
    await nonces.consume(use);
    await Promise.all(times(3, () => nonces.purge())); // Each of them deletes all that the others leave.
    expect(await stored()).toBe(1);
    expect(await nonces.consume(use)).toBe('replayed');
  });

  describe('what housekeeping has deleted is never accepted again', () => {
    test('if the clock of the database is set back', async () => {
      const use = await signed(0);
      expect(await nonces.consume(use)).toBe('fresh');
      // The clock is an hour ahead for a while, and is then corrected.
      await database.sql('update request_nonces set signed_at = signed_at - 3600000');
      await nonces.purge();
      expect(await stored()).toBe(0);
      await database.sql('update request_nonce_horizon set signed_at = signed_at + 3600000');
      expect(await nonces.consume(use)).toBe('tooLate');
      // Clients sign on: only what is not later than the deleted request is lost.
      expect(await nonces.consume({ ...use, signedAt: use.signedAt + 1 })).toBe('fresh');
    });

    test('if another replica accepts requests for longer', async () => {
      const narrow = new Nonces({ sql: database.nonces, windowMs: 10_000 });
      const use = await signed(5000);
      expect(await narrow.consume(use)).toBe('fresh');
      await later(2 * MINUTE);
      await narrow.purge();
      expect(await stored()).toBe(0);
      expect(await nonces.consume({ ...use, signedAt: use.signedAt - 2 * MINUTE })).toBe('tooLate');
    });

    test('and the horizon never moves back, and stays where it is if nothing is deleted', async () => {
      const horizon = async () =>
        (await database.sql<{ at: number }>('select signed_at::float8 as at from request_nonce_horizon'))[0]!.at;
      const old = await signed(3_600_000);
      await database.sql(`insert into request_nonces values ('\\x01', $1), ('\\x02', $2)`, [
        old.signedAt,
        old.signedAt - 5000,
      ]);
      await nonces.purge();
      expect(await horizon()).toBe(old.signedAt);
      await database.sql(`insert into request_nonces values ('\\x03', $1)`, [old.signedAt - 60_000]);
      await nonces.purge();
      expect(await horizon()).toBe(old.signedAt);
      await nonces.consume(await signed(0));
      await nonces.purge();
      expect(await horizon()).toBe(old.signedAt);
    });
  });

  test.each([
    ['off', 'on'],
    ['local', 'on'],
    ['on', 'on'],
    ['remote_apply', 'remote_apply'],
  ])('is written with synchronous_commit = %s as with %s, so that it survives a crash', async (own, expected) => {
    let text = '';
    const recording = async (statement: { text: string }) => {
      text = statement.text;
      return [];
    };
    await new Nonces({ sql: { query: recording }, windowMs: WINDOW }).consume(await signed(0));
    const values = [`'${'ab'.repeat(32)}'`, String(Math.round(await now())), String(WINDOW)];
    const em = database.fork();
    await em.begin();
    try {
      await em.execute(`set local synchronous_commit = ${own}`);
      const [row] = await em.execute(text.replace(/\$(\d)/g, (_, index) => values[Number(index) - 1]!));
      expect(row).toEqual({ timely: true, fresh: true });
      // For the rest of the transaction, its COMMIT included.
      expect(await em.execute('show synchronous_commit')).toEqual([{ synchronous_commit: expected }]);
    } finally {
      await em.rollback();
    }
  });
});
