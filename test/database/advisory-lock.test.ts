import { expect, test, vi } from 'vitest';
import { ADVISORY_LOCKS, lockText } from '../../src/database/advisory-lock.ts';

test('a replica takes the same locks as a replica of any earlier release', async () => {
  expect(ADVISORY_LOCKS).toEqual({
    auditChain: 823640929,
    migration: 823640926,
    invalidationLog: 823640927,
    purge: 823640928,
  });
  const execute = vi.fn(async () => []);
  await lockText({ execute } as never, 'email:x');
  expect(execute.mock.calls).toEqual([['select pg_advisory_xact_lock(hashtextextended(?, 0))', ['email:x']]]);
});
