import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { messageOf } from '../../src/kernel/message.ts';

test('messageOf describes a refused connection to a host with two addresses like one with a single address', async () => {
  const lookup = (_host: string, _options: object, found: (error: null, addresses: object[]) => void) =>
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  const connecting = createConnection({ host: 'database.internal', port: 1, lookup: lookup as never });
  const error = await new Promise((resolve) => connecting.once('error', resolve));
  expect(error).toMatchObject({ name: 'AggregateError', message: '' });
  expect(messageOf(error)).toMatch(/ECONNREFUSED 127\.0\.0\.1:1/);
});

test('messageOf gives a text for any thrown value', () => {
  expect(messageOf(new Error('The disk is full.'))).toBe('The disk is full.');
  expect(messageOf(new AggregateError([new Error('inner')], 'outer'))).toBe('outer');
  expect(messageOf('a text')).toBe('a text');
  expect(messageOf(undefined)).toBe('undefined');
});
