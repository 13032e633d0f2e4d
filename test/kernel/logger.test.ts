import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/kernel/logger.ts';

function captured(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => void lines.push(line) } });
  const last = () => JSON.parse(lines.at(-1) ?? 'null');
  return { logger, lines, last };
}

const SECRET = `rka_${'a1B2c3D4e5F6'.repeat(3)}`;
const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl-_x';

describe('the value of a sensitive field is never logged', () => {
  const FIELDS = [
    ...['authorization', 'Authorization', 'x-api-key', 'X-API-Key', 'cookie', 'set-cookie', 'password', 'secret'],
    ...['accessToken', 'refreshToken', 'token', 'setupToken'],
  ];

  test.each(FIELDS)('%s, at any depth', (field) => {
    const { logger, lines } = captured();
    let nested: object = { [field]: 'hunter2' };
    for (let depth = 0; depth < 8; depth++) {
      logger.info(nested, 'nested');
      nested = { inner: nested, list: [nested] };
    }
    expect(lines).toHaveLength(8);
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('[redacted]');
  });

  test.each(FIELDS)('%s, as a list or an object', (field) => {
    const { logger, lines } = captured();
    for (const value of [['a]b', 'hunter2'], [], { value: '}hunter2' }, 'say "hunter2"\\']) {
      logger.info({ [field]: value });
      logger.info({ headers: { [field]: value } });
      logger.info({ request: { headers: { [field]: value } } });
    }
    expect(lines.join('')).not.toContain('hunter2');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('in the bindings of a child logger and in a formatted message', () => {
    const { logger, lines, last } = captured();
    const child = logger.child({ password: 'hunter2', request: { token: 'hunter2' } });
    child.info({ fine: 'shown' }, 'with %j and %o', { password: 'hunter2' }, { secret: 'hunter2' });
    expect(lines.join('')).not.toContain('hunter2');
    expect(last().fine).toBe('shown');
  });

  test('and the logged object is not changed', () => {
    const { logger } = captured();
    const request = { headers: { authorization: 'Bearer x' } };
    logger.info(request);
    expect(request.headers.authorization).toBe('Bearer x');
  });
});

describe('a text with the form of a secret is masked', () => {
  const places = (text: string): [string, (logger: ReturnType<typeof createLogger>) => void][] => [
    ['in the message', (logger) => logger.info(`got ${text} from a client`)],
    ['as the whole message', (logger) => logger.info(text)],
    ['right after a line break', (logger) => logger.info(`first line\n${text}\nthird line`)],
    ['in a field with a harmless name', (logger) => logger.info({ a: { b: { c: { d: { note: `x=${text}` } } } } })],
    ['as the name of a field', (logger) => logger.info({ [text]: 1 })],
    ['in a URL', (logger) => logger.info({ url: `/v1/verify?key=${text}&x=1` })],
    ['in the bindings of a child', (logger) => logger.child({ caller: text }).info('hello')],
    ['in the message of an error', (logger) => logger.error(new Error(`cannot use ${text}`))],
    ['in the cause of an error', (logger) => logger.error(new Error('no', { cause: new Error(`was ${text}`) }), 'no')],
    ['twice in one line', (logger) => logger.info(`${text} ${text}`)],
    ['next to other characters', (logger) => logger.info(`abc${text}`)],
    ['inside JSON inside a string', (logger) => logger.info(JSON.stringify({ input: { given: text } }))],
  ];

  describe.each([
    ['an API key', SECRET, 'a1B2'],
    ['a daemon token', SECRET.replace('rka', 'rkd'), 'a1B2'],
    ['a refresh token', SECRET.replace('rka', 'rkr'), 'a1B2'],
    ['a signing secret', SECRET.replace('rka', 'rks'), 'a1B2'],
    ['the token of an invitation', SECRET.replace('rka', 'rki'), 'a1B2'],
    ['the token of a password reset', SECRET.replace('rka', 'rkp'), 'a1B2'],
    ['a truncated API key', SECRET.slice(0, 30), 'a1B2'],
    ['a JWT', JWT, 'c2ln'],
    ['a JWT without a signature', JWT.slice(0, JWT.lastIndexOf('.') + 1), 'zdWIi'],
  ])('%s', (_, text, telltale) => {
    test.each(places(text))('%s', (_, log) => {
      const { logger, lines, last } = captured();
      log(logger);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('[redacted]');
      expect(lines[0]).not.toContain(telltale);
      expect(last().level).toMatch(/^(info|error)$/);
    });
  });

  test('and a text that only resembles a secret is not masked', () => {
    const { logger, last } = captured();
    const harmless = 'rka_…1a2B key_01JC8Q4W7ZK3M5N6P8R9S0TVWX www.example.com eyJ eyJab.cd 1.2.3 rka_ mark_time';
    logger.info({ harmless }, harmless);
    expect(last()).toMatchObject({ harmless, msg: harmless });
  });

  // Linear work takes milliseconds. Quadratic work would take minutes and exceed the time limit of the test.
  test('and hostile text neither delays nor breaks a line', () => {
    const { logger, lines } = captured();
    for (const pattern of ['eyJ', 'eyJ.', 'rka_', '"password":"', '"token":[', 'a.', '\\"', '\\']) {
      const hostile = pattern.repeat(250_000 / pattern.length);
      logger.info({ a: { b: { c: { password: hostile, token: [hostile], note: hostile } } } }, hostile);
    }
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(JSON.parse(line).a.b.c.password).toBe('[redacted]');
  });
});

describe('an error', () => {
  test('keeps its message, code, stack and causes', () => {
    const { logger, last } = captured();
    const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new TypeError('cannot save', { cause }), { code: 'UNAVAILABLE' });
    logger.error(error);
    expect(last().err).toMatchObject({
      type: 'TypeError',
      message: 'cannot save',
      code: 'UNAVAILABLE',
      stack: error.stack,
      cause: { message: 'connection refused', code: 'ECONNREFUSED', stack: cause.stack },
    });
  });

  test('loses all other properties, such as the query and parameters of a driver', () => {
    const { logger, lines } = captured();
    const error = Object.assign(new Error('duplicate key'), {
      query: 'insert …',
      parameters: ['hunter2'],
      detail: 'hunter2',
    });
    logger.error({ err: error });
    logger.error({ error });
    logger.error({ err: new Error('outer', { cause: error }) });
    expect(lines.join('')).toContain('duplicate key');
    expect(lines.join('')).not.toContain('hunter2');
  });

  describe('of a database', () => {
    /** An error as MikroORM throws it, with the row that the database reports. */
    const refused = (message: string, fields: object) => {
      const error = Object.assign(new Error(message), fields);
      error.stack = `DriverException: ${message}\n    at insert (driver.js:1:2)\n\n    at query (pg.js:3:4)`;
      return error;
    };

    test('names the constraint and nothing of the row', () => {
      const { logger, lines, last } = captured();
      const row = '\n - detail: Failing row contains (hunter2,\n    at hunter2, x).\n - hint: hunter2';
      const error = refused(`violates check constraint "sane"${row}`, { code: '23514', constraint: 'sane' });
      logger.error({ err: error });
      expect(last().err).toMatchObject({
        code: '23514',
        constraint: 'sane',
        message: 'violates check constraint "sane"',
      });
      expect(last().err.stack).toBe(
        'DriverException: violates check constraint "sane"\n    at insert (driver.js:1:2)\n\n    at query (pg.js:3:4)',
      );
      logger.error({ err: new Error('outer', { cause: error }) });
      error.message = 'replaced meanwhile';
      error.stack = error.stack?.replace('    at hunter2, x', '');
      logger.error({ err: error });
      expect(last().err.stack).toContain('at insert');
      expect(lines.join('')).not.toContain('hunter2');
    });

    test.each([
      ['22007', 'invalid input syntax for type timestamp with time zone: "hunter2"'],
      ['22P02', 'invalid input value for enum mood: "hun"ter2 hunter2"'],
      ['22003', 'value "hunter2" is out of range for type integer'],
    ])('keeps the kind of an invalid value but not the value: %s', (code, message) => {
      const { logger, lines, last } = captured();
      logger.error({ err: refused(message, { code }) });
      expect(last().err.message).toContain(message.slice(0, 5));
      expect(last().err.stack).toContain('at insert');
      expect(lines.join('')).not.toMatch(/hunter2|ter2/);
    });
  });

  test('includes the errors of an AggregateError', () => {
    const { logger, last } = captured();
    logger.error({ err: new AggregateError([new Error('first address'), new Error('second address')]) });
    expect(last().err.errors.map((error: Error) => error.message)).toEqual(['first address', 'second address']);
  });

  test('does not hang the logger if it is its own cause', () => {
    const { logger, last } = captured();
    const error = new Error('ouroboros');
    error.cause = new Error('tail', { cause: error });
    logger.error(error);
    expect(last().err.cause.cause).toBe('[circular]');
  });
});

test('no text can inject a line into the log', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, value) => {
      const { logger, lines, last } = captured();
      logger.info({ value }, `${message}\r\n{"level":60,"msg":"forged"}\u2028${value}`);
      expect(lines).toHaveLength(1);
      expect(lines[0]!.indexOf('\n')).toBe(lines[0]!.length - 1);
      expect(lines[0]).not.toContain('\r');
      expect(last().level).toBe('info');
    }),
  );
});

test('each line has its time in UTC', () => {
  const { logger, last } = captured();
  logger.info('hello');
  expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('nothing below the level is logged, and an unknown level is an error', () => {
  const { logger, lines } = captured('warn');
  logger.info('quiet');
  logger.warn('loud');
  expect(lines).toHaveLength(1);
  expect(() => createLogger({ level: 'loudest' })).toThrow();
});
