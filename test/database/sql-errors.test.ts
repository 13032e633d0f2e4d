import { connect } from 'node:net';
import { DriverException } from '@mikro-orm/core';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import {
  connectionBroke,
  databaseDidNotAnswer,
  NotConnected,
  sqlStateOf,
  whyNotNow,
} from '../../src/database/sql-errors.ts';
import { freePort } from '../support/ports.ts';

/** An error of the server, as the driver throws it. */
function answered(code: string): Error {
  return Object.assign(new pg.DatabaseError(`error ${code}`, 0, 'error'), { code });
}
/** An error of the network. */
const broken = (code: string) => Object.assign(new Error(`write ${code}`), { code, errno: -32, syscall: 'write' });

describe('sqlStateOf', () => {
  test.each(['40001', '40P01', '23505', 'P0001', 'XX000'])('returns the state of the server: %s', (state) => {
    expect(sqlStateOf(answered(state))).toBe(state);
    expect(sqlStateOf(new DriverException(answered(state)))).toBe(state);
  });

  test('returns nothing for an error of the network, not even for EPIPE, which is as long as a state', () => {
    expect(sqlStateOf(broken('EPIPE'))).toBeUndefined();
    for (const error of [broken('ECONNRESET'), new Error('42'), 'a text', null, undefined]) {
      expect(sqlStateOf(error)).toBeUndefined();
    }
  });
});

describe('connectionBroke', () => {
  test.each(['23514', '40001', '57014', '55P03', '25P03'])(
    'is false for an error that the server reports: %s',
    (state) => {
      expect(connectionBroke(new DriverException(answered(state)))).toBe(false);
    },
  );

  test.each([
    answered('08006'),
    answered('57P01'),
    answered('40003'),
    answered('58000'),
    answered('XX000'),
    broken('EPIPE'),
    broken('ECONNRESET'),
    new Error('Query read timeout'),
  ])('is true if the outcome of the statement is unknown: %s', (error) => {
    expect(connectionBroke(new DriverException(error))).toBe(true);
  });
});

describe('databaseDidNotAnswer', () => {
  const SILENCE: [what: string, error: unknown][] = [
    ...[
      ...['08000', '08001', '08006', '08P01', '0A000', '25006', '25P03', '25P04', '28000', '28P01', '3D000', '40001'],
      ...['40P01', '42501', '53000', '53100', '53200', '53300', '53400', '55000', '55P03', '57000', '57014', '57P01'],
      ...['57P02', '57P03', '57P04', '57P05', '58000', '58030', '58P01', '72000', 'XX000', 'XX001', 'XX002'],
    ].map((code): [string, Error] => [code, answered(code)]),
    ...[
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENOTFOUND',
      'EAI_AGAIN',
    ].map((code): [string, Error] => [code, broken(code)]),
    ...[
      'Connection terminated',
      'Connection terminated unexpectedly',
      'Connection terminated due to connection timeout',
      'timeout expired',
      'timeout exceeded when trying to connect',
      'Query read timeout',
      'The database did not answer in time.',
      'Client was closed and is not queryable',
      'Client has encountered a connection error and is not queryable',
    ].map((message): [string, Error] => [message, new Error(message)]),
  ];

  test.each(SILENCE)('is true for %s', (_, error) => {
    expect(databaseDidNotAnswer(error)).toBe(true);
  });

  test.each(SILENCE)('is true for %s if the ORM has wrapped it or it is a cause', (_, error) => {
    expect(databaseDidNotAnswer(new DriverException(error as Error))).toBe(true);
    const cause = new Error('could not read', { cause: error });
    expect(databaseDidNotAnswer(new Error('could not say', { cause }))).toBe(true);
  });

  test('is true for a host with several addresses, none of which accepts connections', async () => {
    const port = await freePort();
    const lookup = (_name: string, _options: object, found: (error: null, addresses: object[]) => void) =>
      found(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);
    const error = await new Promise<Error>((resolve) => {
      connect({ host: 'database', port, autoSelectFamily: true, lookup: lookup as never }).on('error', resolve);
    });
    expect(error).toBeInstanceOf(AggregateError);
    expect(databaseDidNotAnswer(error)).toBe(true);
  });

  test('is false for a statement that the server rejects, and for other errors', () => {
    const states = [
      '21000',
      '22003',
      '22P02',
      '23503',
      '23505',
      '25001',
      '25P02',
      '3F000',
      '42601',
      '42P01',
      '42703',
      '54001',
    ];
    for (const state of [...states, '55006', '2D000', 'P0001', 'P0004', '01000']) {
      expect(databaseDidNotAnswer(answered(state)), state).toBe(false);
    }
    const others = [new TypeError('x is not a function'), broken('ENOENT'), 'Query read timeout', null, undefined];
    for (const error of others) expect(databaseDidNotAnswer(error)).toBe(false);
  });

  test('is true for every failure to open a connection, and whyNotNow names the reason if the server reports it', () => {
    const causes: [unknown, string | undefined][] = [
      [answered('28P01'), 'the server rejects the user name or the password of this service (SQLSTATE 28P01)'],
      [answered('42704'), 'the server rejects the statement (SQLSTATE 42704)'],
      [answered('57P03'), undefined],
      [new Error('The server does not support SSL connections'), undefined],
      [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), undefined],
      [
        Object.assign(new Error('connect ENOENT /run/.s.PGSQL.5432'), { code: 'ENOENT', syscall: 'connect' }),
        undefined,
      ],
      [broken('DEPTH_ZERO_SELF_SIGNED_CERT'), undefined],
    ];
    for (const [cause, why] of causes) {
      const error = new NotConnected(cause);
      expect(databaseDidNotAnswer(error)).toBe(true);
      expect(databaseDidNotAnswer(new DriverException(error))).toBe(true);
      expect(whyNotNow(error)).toBe(why);
    }
  });

  test('is false for causes that form a cycle', () => {
    const error = new Error('round');
    error.cause = new Error('and round', { cause: error });
    expect(databaseDidNotAnswer(error)).toBe(false);
  });
});
