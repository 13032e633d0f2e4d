import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';

const KEY = randomBytes(32).toString('base64');

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('what is not set has the value that the documentation gives', () => {
  test('the whole table', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      databaseUrl: null,
      dataDirectory: '.rekey',
      redisUrl: null,
      masterKey: null,
      retiredMasterKeys: [],
      setupToken: null,
      registration: 'closed',
      issuer: 'urn:rekey',
      leaseMs: 2000,
      trustedProxies: [],
      logLevel: 'info',
      cacheSeconds: 600,
      cacheEntries: 100_000,
      lastUsedSeconds: 60,
      accessTokenSeconds: 300,
      refreshIdleSeconds: 604_800,
      refreshAbsoluteSeconds: 2_592_000,
      refreshGraceSeconds: 10,
      loginPerMinute: 10,
      registerPerMinute: 10,
      refreshPerMinute: 5,
      ledgerPerMinute: 120,
      failedAuthPerMinute: 600,
      apiKeysPerUser: 100,
      passwordMinLength: 15,
      canary: false,
    });
  });

  const VARIABLES = [
    ...['HOST', 'PORT', 'DATABASE_URL', 'REDIS_URL', 'REKEY_DATA_DIR', 'REKEY_MASTER_KEY', 'REKEY_RETIRED_MASTER_KEYS'],
    ...['REKEY_SETUP_TOKEN', 'REKEY_REGISTRATION', 'REKEY_ISSUER', 'REKEY_LEASE_MS', 'REKEY_TRUSTED_PROXIES'],
    ...['REKEY_LOG_LEVEL', 'REKEY_CACHE_SECONDS', 'REKEY_CACHE_ENTRIES', 'REKEY_LAST_USED_SECONDS'],
    ...['REKEY_ACCESS_TOKEN_SECONDS', 'REKEY_REFRESH_IDLE_SECONDS', 'REKEY_REFRESH_ABSOLUTE_SECONDS'],
    ...[
      'REKEY_REFRESH_GRACE_SECONDS',
      'REKEY_LOGIN_PER_MINUTE',
      'REKEY_REGISTER_PER_MINUTE',
      'REKEY_REFRESH_PER_MINUTE',
    ],
    ...['REKEY_LEDGER_PER_MINUTE', 'REKEY_FAILED_AUTH_PER_MINUTE', 'REKEY_API_KEYS_PER_USER'],
    ...['REKEY_PASSWORD_MIN_LENGTH', 'REKEY_CANARY'],
  ];

  test('empty is not set, as it comes out of `REDIS_URL= npm start` and out of many a compose file', () => {
    expect(readConfig(Object.fromEntries(VARIABLES.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  test('every variable is read: a value for each changes the whole', () => {
    const config = readConfig({
      HOST: '::',
      PORT: '0',
      DATABASE_URL: 'postgresql://rekey@db.example/rekey',
      REDIS_URL: 'rediss://cache.example:6380/2',
      REKEY_DATA_DIR: '/var/lib/rekey',
      REKEY_MASTER_KEY: KEY,
      REKEY_RETIRED_MASTER_KEYS: ` ${randomBytes(32).toString('base64')} , ${randomBytes(32).toString('base64url')},`,
      REKEY_SETUP_TOKEN: 'twenty characters or more',
      REKEY_REGISTRATION: 'open',
      REKEY_ISSUER: 'https://rekey.example',
      REKEY_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32, 192.0.2.1',
      REKEY_LOG_LEVEL: 'silent',
      REKEY_CANARY: 'on',
      ...Object.fromEntries(
        VARIABLES.filter((name) => /_(SECONDS|ENTRIES|MS|MINUTE|USER|LENGTH)$/.test(name)).map((name) => [name, '128']),
      ),
    });
    const defaults = readConfig({});
    for (const [name, value] of Object.entries(config)) {
      expect(value, name).not.toEqual(defaults[name as keyof typeof defaults]);
    }
    expect(config.masterKey).toEqual(Buffer.from(KEY, 'base64'));
    expect(config.retiredMasterKeys).toHaveLength(2);
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
  });

  test('nobody changes it afterwards', () => {
    expect(() => Object.assign(readConfig({}), { registration: 'open' })).toThrow(TypeError);
  });
});

describe('access tokens that end before their session may be refreshed again', () => {
  const given = (seconds: number, perMinute?: number) =>
    readConfig({
      REKEY_ACCESS_TOKEN_SECONDS: String(seconds),
      ...(perMinute === undefined ? {} : { REKEY_REFRESH_PER_MINUTE: String(perMinute) }),
    });

  test.each([
    [10, undefined],
    [11, 5],
    [59, 1],
    [19, 3],
  ])('%d s with %s refreshes a minute: refused, and both variables are named', (seconds, perMinute) => {
    expect(() => given(seconds, perMinute)).toThrow(/REKEY_ACCESS_TOKEN_SECONDS=.* REKEY_REFRESH_PER_MINUTE=/);
  });

  test.each([
    [12, undefined],
    [60, 1],
    [10, 6],
    [10, 0],
    [300, 1],
  ])('%d s with %s refreshes a minute: fits', (seconds, perMinute) => {
    expect(given(seconds, perMinute).accessTokenSeconds).toBe(seconds);
  });
});

test.each(['0.0.0.0', '::', '::1', 'localhost', 'my_host', 'a-b.example.org', '0', 'rekey-1'])(
  'HOST=%s fits',
  (HOST) => {
    expect(readConfig({ HOST }).host).toBe(HOST);
  },
);

describe('what does not fit is refused', () => {
  test.each([
    ['HOST', '256.1.1.1'],
    ['HOST', 'not a host'],
    ['HOST', 'a..b'],
    ['HOST', 'http://127.0.0.1'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4000.5'],
    ['PORT', '0x10'],
    ['PORT', ' 4000'],
    ['PORT', 'http'],
    ['PORT', '1e3'],
    ['DATABASE_URL', 'mysql://db/rekey'],
    ['DATABASE_URL', 'db.example'],
    ['REDIS_URL', 'http://cache.example'],
    ['REKEY_SETUP_TOKEN', 'short'],
    ['REKEY_REGISTRATION', 'yes'],
    ['REKEY_REGISTRATION', 'OPEN'],
    ['REKEY_ISSUER', 'rekey'],
    ['REKEY_LEASE_MS', '99'],
    ['REKEY_LEASE_MS', '60001'],
    ['REKEY_TRUSTED_PROXIES', 'proxy.example'],
    ['REKEY_TRUSTED_PROXIES', '10.0.0.0/8, 10.0.0.0/33'],
    ['REKEY_TRUSTED_PROXIES', '999.0.0.1'],
    ['REKEY_TRUSTED_PROXIES', '2001:db8::/129'],
    ['REKEY_TRUSTED_PROXIES', ':::'],
    ['REKEY_LOG_LEVEL', 'verbose'],
    ['REKEY_CACHE_SECONDS', '0'],
    ['REKEY_CACHE_ENTRIES', '0'],
    ['REKEY_LAST_USED_SECONDS', '0'],
    ['REKEY_ACCESS_TOKEN_SECONDS', '9'],
    ['REKEY_REFRESH_GRACE_SECONDS', '301'],
    ['REKEY_LOGIN_PER_MINUTE', 'none'],
    ['REKEY_LOGIN_PER_MINUTE', '10001'],
    ['REKEY_PASSWORD_MIN_LENGTH', '7'],
    ['REKEY_RETIRED_MASTER_KEYS', `${KEY},short`],
  ])('%s=%s', (name, value) => {
    const problems = problemsOf({ [name]: value, ...(name === 'DATABASE_URL' ? { REKEY_MASTER_KEY: KEY } : {}) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
  });

  test.each([
    ['nothing but zeros', Buffer.alloc(32).toString('base64')],
    ['16 bytes', randomBytes(16).toString('base64')],
    ['a passphrase', Buffer.from('correct horse battery staple 123').toString('base64')],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['a sentence', 'change me before you go live'],
    ['the hash of a famous word', 'XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg='],
  ])('a master key that could be guessed: %s', (_, key) => {
    for (const name of ['REKEY_MASTER_KEY', 'REKEY_RETIRED_MASTER_KEYS']) {
      const problems = problemsOf({ [name]: key });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${name}: .*openssl rand -base64 32`));
      expect(problems[0]).not.toContain(key);
    }
  });

  test('a database that others share, without a key that others share', () => {
    const problems = problemsOf({ DATABASE_URL: 'postgres://rekey@db.example/rekey' });
    expect(problems).toEqual([expect.stringMatching(/^REKEY_MASTER_KEY is required with DATABASE_URL/)]);
    expect(problemsOf({ DATABASE_URL: 'postgres://rekey@db.example/rekey', REKEY_MASTER_KEY: '' })).toHaveLength(1);
  });
});

/** A process with this environment alone, when it has ended. */
const run = (environment: Record<string, string>) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '..', 'src', 'server.ts')], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    encoding: 'utf8',
  });

describe('an issuer', () => {
  const issuer = (bytes: number) => `urn:${'x'.repeat(bytes - 4)}`;

  test('may have 512 bytes', () => {
    expect(readConfig({ REKEY_ISSUER: issuer(512) }).issuer).toHaveLength(512);
  });

  test('has no more, as JSON writes them: its tokens would not fit into cookies', () => {
    for (const text of [
      issuer(513),
      `urn:${'ü'.repeat(255)}`,
      `urn:${'"'.repeat(255)}`,
      `https://${'x'.repeat(4000)}`,
    ]) {
      expect(problemsOf({ REKEY_ISSUER: text })).toEqual([
        expect.stringMatching(/^REKEY_ISSUER must have at most 512 bytes\. .*cookies/),
      ]);
    }
  });

  test('that is too long stops the process with exit code 78', () => {
    const { status, stderr } = run({ REKEY_ISSUER: issuer(1000) });
    expect(status).toBe(78);
    expect(stderr).toContain('REKEY_ISSUER must have at most 512 bytes');
  });
});

describe('the process that is configured wrongly', () => {
  const SECRETS = ['hunter2-database', 'hunter2-cache', 'hunter2-key', 'hunter2-token'];
  const wrong = {
    PORT: 'http',
    DATABASE_URL: 'mysql://rekey:hunter2-database@db.example/rekey',
    REDIS_URL: 'http://:hunter2-cache@cache.example',
    REKEY_MASTER_KEY: 'hunter2-key',
    REKEY_SETUP_TOKEN: 'hunter2-token',
    REKEY_REGISTRATION: 'maybe',
    REKEY_TRUSTED_PROXIES: 'proxy.example',
    REKEY_LOG_LEVEL: 'loud',
  };
  test('says everything that is wrong at once, none of it with its value, and exits with 78', () => {
    const { status, stdout, stderr } = run(wrong);
    expect(status).toBe(78);
    expect(stdout).toBe('');
    for (const name of Object.keys(wrong)) expect(stderr, name).toContain(name);
    expect(stderr.trim().split('\n')).toHaveLength(1 + Object.keys(wrong).length);
    for (const secret of SECRETS) expect(stderr).not.toContain(secret);
    expect(stderr).not.toMatch(/ {4}at |node:internal/);
  });

  test('says the whole truth also where only the combination is wrong', () => {
    const { status, stderr } = run({ DATABASE_URL: 'postgres://rekey:hunter2-database@db.example/rekey', PORT: 'x' });
    expect(status).toBe(78);
    expect(stderr).toContain('REKEY_MASTER_KEY is required');
    expect(stderr).toContain('PORT must be');
    expect(stderr).not.toContain('hunter2');
  });
});
