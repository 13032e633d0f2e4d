import { DriverException } from '@mikro-orm/core';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { connectionBroke, sqlStateOf } from '../../src/kernel/sql-errors.ts';

/** As the server says it, and the driver hands it on. */
function answered(code: string): Error {
  return Object.assign(new pg.DatabaseError(`said with ${code}`, 0, 'error'), { code });
}
/** As the network says it. */
const broken = (code: string) => Object.assign(new Error(`write ${code}`), { code, errno: -32, syscall: 'write' });

describe('a state is what the database itself says', () => {
  test.each(['40001', '40P01', '23505', 'P0001', 'XX000'])('%s', (state) => {
    expect(sqlStateOf(answered(state))).toBe(state);
    expect(sqlStateOf(new DriverException(answered(state)))).toBe(state);
  });

  test('and EPIPE, which is as long as one, is not', () => {
    expect(sqlStateOf(broken('EPIPE'))).toBeUndefined();
    for (const error of [broken('ECONNRESET'), new Error('42'), 'a text', null, undefined]) {
      expect(sqlStateOf(error)).toBeUndefined();
    }
  });
});

describe('how a statement ended is known', () => {
  test.each(['23514', '40001', '57014', '55P03', '25P03'])('where the server itself says so: %s', (state) => {
    expect(connectionBroke(new DriverException(answered(state)))).toBe(false);
  });

  test.each([
    answered('08006'),
    answered('57P01'),
    broken('EPIPE'),
    broken('ECONNRESET'),
    new Error('Query read timeout'),
  ])('and not where the connection broke: %s', (error) => {
    expect(connectionBroke(new DriverException(error))).toBe(true);
  });
});
