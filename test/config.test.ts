import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig, variables } from '../src/config.ts';
import { ConfigError } from '../src/kernel/config-error.ts';

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

describe('an unset variable has its documented default', () => {
  test('all variables', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      workers: 1,
      stopDelaySeconds: null,
      metricsPort: null,
      databaseUrl: null,
      databaseDirectUrl: null,
      changeConnections: 10,
      revocationConnections: 4,
      readConnections: 8,
      nonceConnections: 4,
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
      introspection: null,
      trustedDocuments: null,
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
      auditRetentionDays: 0,
      introspectionUsername: false,
      passwordMinLength: 15,
      signatureWindowSeconds: 300,
      canary: false,
      allowedOrigins: [],
      liveConnections: 10_000,
      livePerAddress: 500,
      livePerCredential: 100,
      liveSubscriptions: 20,
    });
  });

  const VARIABLES = [
    ...['HOST', 'PORT', 'DATABASE_URL', 'REDIS_URL', 'REKEY_DATA_DIR', 'REKEY_MASTER_KEY', 'REKEY_RETIRED_MASTER_KEYS'],
    ...[
      'REKEY_SETUP_TOKEN',
      'REKEY_REGISTRATION',
      'REKEY_INTROSPECTION_USERNAME',
      'REKEY_ISSUER',
      'REKEY_LEASE_MS',
      'REKEY_TRUSTED_PROXIES',
    ],
    ...['REKEY_LOG_LEVEL', 'REKEY_CACHE_SECONDS', 'REKEY_CACHE_ENTRIES', 'REKEY_LAST_USED_SECONDS'],
    ...['REKEY_ACCESS_TOKEN_SECONDS', 'REKEY_REFRESH_IDLE_SECONDS', 'REKEY_REFRESH_ABSOLUTE_SECONDS'],
    ...[
      'REKEY_REFRESH_GRACE_SECONDS',
      'REKEY_LOGIN_PER_MINUTE',
      'REKEY_REGISTER_PER_MINUTE',
      'REKEY_REFRESH_PER_MINUTE',
    ],
    ...['REKEY_LEDGER_PER_MINUTE', 'REKEY_FAILED_AUTH_PER_MINUTE', 'REKEY_API_KEYS_PER_USER'],
    ...['REKEY_PASSWORD_MIN_LENGTH', 'REKEY_CANARY', 'REKEY_ALLOWED_ORIGINS', 'REKEY_METRICS_PORT'],
    ...['DATABASE_DIRECT_URL', 'REKEY_WORKERS', 'REKEY_CHANGE_CONNECTIONS', 'REKEY_REVOCATION_CONNECTIONS'],
    ...['REKEY_READ_CONNECTIONS', 'REKEY_NONCE_CONNECTIONS'],
    ...['REKEY_SIGNATURE_WINDOW_SECONDS', 'REKEY_AUDIT_RETENTION_DAYS'],
    ...['REKEY_INTROSPECTION', 'REKEY_TRUSTED_DOCUMENTS'],
    ...['REKEY_LIVE_CONNECTIONS', 'REKEY_LIVE_PER_ADDRESS', 'REKEY_LIVE_PER_CREDENTIAL', 'REKEY_LIVE_SUBSCRIPTIONS'],
  ];

  test('an empty value counts as unset, as from `REDIS_URL= npm start` or a compose file', () => {
    expect(readConfig(Object.fromEntries(VARIABLES.map((name) => [name, ''])))).toEqual(readConfig({}));
  });

  test('every variable is read: a value for each changes every setting', () => {
    const config = readConfig({
      HOST: '::',
      PORT: '0',
      DATABASE_URL: 'postgresql://rekey@pooler.example/rekey',
      DATABASE_DIRECT_URL: 'postgresql://rekey@db.example/rekey',
      REKEY_WORKERS: '2',
      REDIS_URL: 'rediss://cache.example:6380/2',
      REKEY_DATA_DIR: '/var/lib/rekey',
      REKEY_MASTER_KEY: KEY,
      REKEY_RETIRED_MASTER_KEYS: ` ${randomBytes(32).toString('base64')} , ${randomBytes(32).toString('base64url')},`,
      REKEY_SETUP_TOKEN: 'twenty characters or more',
      REKEY_REGISTRATION: 'open',
      REKEY_INTROSPECTION_USERNAME: 'on',
      REKEY_ISSUER: 'https://rekey.example',
      REKEY_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32, 192.0.2.1',
      REKEY_LOG_LEVEL: 'silent',
      REKEY_CANARY: 'on',
      REKEY_INTROSPECTION: 'closed',
      REKEY_TRUSTED_DOCUMENTS: 'src/client/generated/persisted-documents.json',
      REKEY_STOP_DELAY_SECONDS: '7',
      REKEY_METRICS_PORT: '9464',
      REKEY_ALLOWED_ORIGINS: 'https://app.example, HTTP://localhost:5173',
      ...Object.fromEntries(
        VARIABLES.filter((name) => /_(SECONDS|ENTRIES|MS|MINUTE|USER|LENGTH|DAYS|CONNECTIONS)$|_LIVE_/.test(name)).map(
          (name) => [name, '128'],
        ),
      ),
    });
    const defaults = readConfig({});
    for (const [name, value] of Object.entries(config)) {
      expect(value, name).not.toEqual(defaults[name as keyof typeof defaults]);
    }
    expect(config.masterKey).toEqual(Buffer.from(KEY, 'base64'));
    expect(config.retiredMasterKeys).toHaveLength(2);
    expect(config.allowedOrigins).toEqual(['https://app.example', 'http://localhost:5173']);
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
  });

  test('the configuration is frozen', () => {
    expect(() => Object.assign(readConfig({}), { registration: 'open' })).toThrow(TypeError);
  });
});

describe('access tokens must not expire before the limit allows another refresh', () => {
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
  ])('%d s with %s refreshes per minute is rejected, and the error names both variables', (seconds, perMinute) => {
    expect(() => given(seconds, perMinute)).toThrow(/REKEY_ACCESS_TOKEN_SECONDS=.* REKEY_REFRESH_PER_MINUTE=/);
  });

  test.each([
    [12, undefined],
    [60, 1],
    [10, 6],
    [10, 0],
    [300, 1],
  ])('%d s with %s refreshes per minute is accepted', (seconds, perMinute) => {
    expect(given(seconds, perMinute).accessTokenSeconds).toBe(seconds);
  });
});

test.each([
  ...['0.0.0.0', '::', '::1', 'localhost', 'my_host', 'a-b.example.org', '0', 'rekey-1'],
  ...['/run/rekey/rekey.sock', `/${'a'.repeat(102)}`, '/run/two words.sock'],
])('HOST=%s is accepted', (HOST) => {
  expect(readConfig({ HOST }).host).toBe(HOST);
});

describe('an invalid value is rejected', () => {
  test.each([
    ['HOST', '256.1.1.1'],
    ['HOST', 'not a host'],
    ['HOST', 'a..b'],
    ['HOST', 'http://127.0.0.1'],
    ['HOST', 'run/rekey.sock'],
    ['HOST', '/run/rekey/'],
    ['HOST', '/run/rekey.sock '],
    ['HOST', `/${'a'.repeat(103)}`],
    ['REKEY_METRICS_PORT', '65536'],
    ['REKEY_METRICS_PORT', 'on'],
    ['REKEY_METRICS_PORT', '4000'],
    ['PORT', '65536'],
    ['REKEY_WORKERS', '0'],
    ['REKEY_WORKERS', '65'],
    ['REKEY_WORKERS', 'auto'],
    ['REKEY_CHANGE_CONNECTIONS', '1'],
    ['REKEY_NONCE_CONNECTIONS', '201'],
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
    ['PORT', '4_000'],
    ['PORT', '４０００'],
    ['PORT', '+4000'],
    ['HOST', '127.0.0.1 '],
    ['DATABASE_URL', 'postgresql://rekey:100%@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:a%zz@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:a%ff@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://re%key:a@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:a@db.example/re%key'],
    ['DATABASE_URL', 'postgresql://rekey:a@db.example/rekey?options=%'],
    ['DATABASE_URL', 'postgresql://rekey:a b@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:a@db.example/rekey\n'],
    ['DATABASE_URL', 'postgresql://rekey:1#2@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:1/2@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:1?2@db.example/rekey'],
    ['DATABASE_URL', 'postgresql://rekey:a@db.example'],
    ['DATABASE_URL', 'postgresql://rekey:a@db.example/'],
    ['DATABASE_URL', 'postgresql:///rekey'],
    ['DATABASE_URL', 'postgresql://one.example,two.example/rekey'],
    ['DATABASE_URL', 'postgresql://db.example:0/rekey'],
    ['DATABASE_URL', 'postgresql://db.example:65536/rekey'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?port=abc'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?sslmode=on'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?sslrootcert=/no/such/file'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?sslrootcert=/tmp'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?sslnegotiation=foo'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?uselibpqcompat=true&sslmode=verify-ca'],
    ['DATABASE_URL', 'postgresql://db.example/rekey%00'],
    ['DATABASE_URL', 'postgresql:///rekey?host=/run&host=db.example'],
    ['REDIS_URL', 'redis://:%00@cache.example'],
    ['DATABASE_URL', 'host=db.example dbname=rekey'],
    ['REDIS_URL', 'redis://:100%@cache.example'],
    ['REDIS_URL', 'rediss://us%er:a@cache.example'],
    ['REDIS_URL', 'redis://cache.example/abc'],
    ['REDIS_URL', 'redis://cache.example/0/1'],
    ['REDIS_URL', 'redis://cache.example/-1'],
    ['REDIS_URL', 'redis://cache.example?db=1'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis:///0'],
    ['REDIS_URL', 'redis://:6379'],
    ['REDIS_URL', 'redis://:secret@'],
    ['REDIS_URL', 'redis:cache.example'],
    ['REDIS_URL', 'cache.example:6379'],
    ['REDIS_URL', 'unix:///run/redis.sock'],
    ['REKEY_DATA_DIR', ' '],
    ['REKEY_DATA_DIR', '/var/lib/rekey\n'],
    ['REKEY_SETUP_TOKEN', ' '.repeat(30)],
    ['REKEY_SETUP_TOKEN', `a${' '.repeat(28)}b`],
    ['REKEY_SETUP_TOKEN', 'Vq7rT2xLw9Kd4mZs8Hb3 '],
    ['REKEY_SETUP_TOKEN', 'Vq7rT2xLw9Kd4mZs8Hb3\n'],
    ['REKEY_SETUP_TOKEN', 'Vq7rT2xLw9Kd4mZs8Hb'],
    ['REKEY_SETUP_TOKEN', 'a'.repeat(30)],
    ['REKEY_SETUP_TOKEN', 'changeme'.repeat(3)],
    ['REKEY_SETUP_TOKEN', '12345678901234567890'],
    ['REKEY_SETUP_TOKEN', 'abcdefghijklmnopqrstuvwxyz'],
    ['REKEY_SETUP_TOKEN', 'Vq7rT2xLw9'.repeat(3)],
    ['REKEY_SETUP_TOKEN', 'x'.repeat(257)],
    ['REKEY_ISSUER', ' https://rekey.example'],
    ['REKEY_ISSUER', 'https://rekey.example/#a'],
    ['REKEY_ISSUER', 'https://rekey.example/?a=b'],
    ['REKEY_TRUSTED_PROXIES', 'fe80::1%eth0/64'],
    ['REKEY_TRUSTED_PROXIES', '10.0.0.0/'],
    ['REKEY_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['REKEY_TRUSTED_PROXIES', '10.0.0.0 10.0.0.1'],
    ['REKEY_LEASE_MS', '2 000'],
    ['REKEY_LEASE_MS', '2_000'],
    ['REKEY_LEASE_MS', '2e3'],
    ['REKEY_LEASE_MS', '2s'],
    ['REKEY_LEASE_MS', '-2000'],
    ['REKEY_CACHE_ENTRIES', '100,000'],
    ['REKEY_CACHE_ENTRIES', '9'.repeat(400)],
    ['REKEY_CANARY', 'true'],
  ])('%s=%s', (name, value) => {
    const problems = problemsOf({ [name]: value, ...(name === 'DATABASE_URL' ? { REKEY_MASTER_KEY: KEY } : {}) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}\\b`));
    // The error repeats only the names of networks, which contain no secret.
    if (name !== 'REKEY_TRUSTED_PROXIES' && value.length > 10) expect(problems[0]).not.toContain(value);
    expect(problems[0]).not.toMatch(/100%|a%zz|a%ff|secret/);
  });

  test.each([
    ['DATABASE_URL', 'postgresql:///rekey?host=/run/postgresql'],
    ['DATABASE_URL', 'postgresql://%2Frun%2Fpostgresql/rekey'],
    ['DATABASE_URL', 'postgres://rekey:100%25%20%23%2F%3F%40@db.example:5433/rekey?sslmode=verify-full'],
    ['DATABASE_URL', 'postgresql://[::1]/rekey'],
    ['DATABASE_URL', 'postgresql://db.example/rekey?host=10.0.0.1&port=5433'],
    ['REDIS_URL', 'redis://cache.example'],
    ['REDIS_URL', 'redis://cache.example/'],
    ['REDIS_URL', 'rediss://user:100%25@cache.example:6380/15'],
    ['REDIS_URL', 'redis://[::1]:6379/0'],
    ['REKEY_SETUP_TOKEN', 'Vq7rT2xLw9Kd4mZs8Hb3'],
    ['REKEY_SETUP_TOKEN', 'a sentence of the operator'],
    ['REKEY_SETUP_TOKEN', randomBytes(24).toString('hex')],
    ['REKEY_SETUP_TOKEN', randomBytes(24).toString('base64')],
    ['REKEY_ISSUER', 'https://rekey.example/path'],
    ['REKEY_TRUSTED_PROXIES', '::1, 10.0.0.0/8,,'],
  ])('but %s=%s is accepted', (name, value) => {
    expect(problemsOf({ [name]: value, ...(name === 'DATABASE_URL' ? { REKEY_MASTER_KEY: KEY } : {}) })).toEqual([]);
  });

  test.each([
    ['REKEY_LEASE_MSEC', 'REKEY_LEASE_MS'],
    ['REKEY_REGISTATION', 'REKEY_REGISTRATION'],
    ['REKEY_LOGINS_PER_MINUTE', 'REKEY_LOGIN_PER_MINUTE'],
    ['rekey_registration', 'REKEY_REGISTRATION'],
    ['REKEY_MASTERKEY', 'REKEY_MASTER_KEY'],
    ['REKEY_PORT', 'PORT'],
    ['REKEY_DATABASE_URL', 'DATABASE_URL'],
    ['REKEY_REDIS_URL', 'REDIS_URL'],
  ])('an unknown variable, with a suggestion: %s', (name, meant) => {
    const problems = problemsOf({ [name]: 'hunter2', PORT: 'x' });
    expect(problems).toHaveLength(2);
    expect(problems).toContainEqual(`${name} is an unknown variable. Did you mean ${meant}?`);
  });

  test('an unknown variable without a similar name, with a reference to the documentation', () => {
    expect(problemsOf({ REKEY_XYZZY_PLUGH: 'on' })).toEqual([expect.stringContaining('README')]);
    const long = `REKEY_${'A'.repeat(100_000)}`;
    expect(problemsOf({ [long]: 'on' })[0]!.length).toBeLessThan(200);
  });

  test('but an unknown variable is accepted if a platform sets it or if it is empty', () => {
    const links = {
      REKEY_SERVICE_HOST: '10.0.0.1',
      REKEY_SERVICE_PORT: '4000',
      REKEY_SERVICE_PORT_HTTP: '4000',
      REKEY_PORT: 'tcp://10.0.0.1:4000',
      REKEY_PORT_4000_TCP: 'tcp://10.0.0.1:4000',
      REKEY_PORT_4000_TCP_ADDR: '10.0.0.1',
      REKEY_PORT_4000_TCP_PORT: '4000',
      REKEY_REDIS_SERVICE_HOST: '10.0.0.2',
      REKEY_REDIS_PORT: 'tcp://10.0.0.2:6379',
      REKEY_NOTHING: '',
    };
    expect(problemsOf(links)).toEqual([]);
  });

  test.each([
    ['only zeros', Buffer.alloc(32).toString('base64')],
    ['16 bytes', randomBytes(16).toString('base64')],
    ['a passphrase', Buffer.from('correct horse battery staple 123').toString('base64')],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['a sentence', 'change me before you go live'],
    ['the hash of a famous word', 'XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg='],
  ])('a master key that is easy to guess: %s', (_, key) => {
    for (const name of ['REKEY_MASTER_KEY', 'REKEY_RETIRED_MASTER_KEYS']) {
      const problems = problemsOf({ [name]: key });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${name}: .*openssl rand -base64 32`));
      expect(problems[0]).not.toContain(key);
    }
  });

  test('DATABASE_DIRECT_URL', () => {
    const given = { DATABASE_URL: 'postgres://pooler.example/rekey', REKEY_MASTER_KEY: KEY };
    expect(problemsOf({ ...given, DATABASE_DIRECT_URL: 'postgres://rekey:hunter2@db.example' })).toEqual([
      expect.stringMatching(/^DATABASE_DIRECT_URL must name one database/),
    ]);
    expect(problemsOf({ DATABASE_DIRECT_URL: 'postgres://db.example/rekey' })).toEqual([
      expect.stringMatching(/^DATABASE_DIRECT_URL is set without DATABASE_URL/),
    ]);
  });

  test('several workers on the embedded database', () => {
    expect(problemsOf({ REKEY_WORKERS: '2' })).toEqual([
      expect.stringMatching(/^REKEY_WORKERS: the embedded database belongs to one process\. Set DATABASE_URL/),
    ]);
  });

  test('`unix` as a trusted proxy of a service that listens on a port: a peer that has gone has no address either', () => {
    const trusting = { REKEY_TRUSTED_PROXIES: '10.0.0.0/8, unix' };
    expect(problemsOf(trusting)).toEqual([expect.stringMatching(/^REKEY_TRUSTED_PROXIES: `unix` .* HOST is not/)]);
    expect(readConfig({ ...trusting, HOST: '/run/rekey.sock' }).trustedProxies).toEqual(['10.0.0.0/8', 'unix']);
  });

  test('DATABASE_URL without REKEY_MASTER_KEY', () => {
    const problems = problemsOf({ DATABASE_URL: 'postgres://rekey@db.example/rekey' });
    expect(problems).toEqual([expect.stringMatching(/^REKEY_MASTER_KEY is required with DATABASE_URL/)]);
    expect(problemsOf({ DATABASE_URL: 'postgres://rekey@db.example/rekey', REKEY_MASTER_KEY: '' })).toHaveLength(1);
  });
});

describe('a secret or a URL may be in a file', () => {
  const fileWith = (content: string | Buffer) => {
    const file = join(mkdtempSync(join(tmpdir(), 'rekey-config-')), 'key');
    writeFileSync(file, content);
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    return file;
  };
  const SECRETS = {
    DATABASE_URL: 'postgres://rekey:hunter2@pooler.example/rekey',
    DATABASE_DIRECT_URL: 'postgres://rekey:hunter2@db.example/rekey',
    REDIS_URL: 'redis://:hunter2@cache.example',
    REKEY_MASTER_KEY: KEY,
    REKEY_RETIRED_MASTER_KEYS: randomBytes(32).toString('base64'),
    REKEY_SETUP_TOKEN: 'Vq7rT2xLw9Kd4mZs8Hb3',
  };

  test('every one of them, with the same value as from the environment', () => {
    const files = Object.entries(SECRETS).map(([name, text]) => [`${name}_FILE`, fileWith(`${text}\n`)]);
    expect(readConfig(Object.fromEntries(files))).toEqual(readConfig(SECRETS));
    const inFile = Object.values(variables).flatMap((variable) => (variable.inFile ? variable.name : []));
    expect(inFile.toSorted()).toEqual(Object.keys(SECRETS).toSorted());
  });

  test.each([
    ['without a line break at its end', KEY],
    ['with a line break of Windows', `${KEY}\r\n`],
    ['with several line breaks at its end', `${KEY}\n\n`],
    ['with a byte order mark', `\ufeff${KEY}\n`],
  ])('%s', (_, content) => {
    expect(readConfig({ REKEY_MASTER_KEY_FILE: fileWith(content) }).masterKey).toEqual(Buffer.from(KEY, 'base64'));
  });

  test.each([
    ['is not there', () => '/no/such/file', 'the file cannot be read (ENOENT).'],
    ['is a directory', () => tmpdir(), 'it names a directory, not a file.'],
    ['is empty', () => fileWith(''), 'the file is empty.'],
    ['holds only white space', () => fileWith(' \n\t\n'), 'the file is empty.'],
    ['has several lines', () => fileWith(`${KEY}\n${KEY}\n`), 'the file must have one line, and it has several.'],
    [
      'has a line of Windows too many',
      () => fileWith(`a\r\n${KEY}`),
      'the file must have one line, and it has several.',
    ],
    ['is not text in UTF-8', () => fileWith(Buffer.from([0x68, 0xff, 0xfe])), 'the file must be text in UTF-8.'],
    [
      'is text in UTF-16',
      () => fileWith(Buffer.from(KEY, 'utf16le')),
      'the file must be text, and it holds a NUL byte.',
    ],
    ['is too large', () => fileWith('a'.repeat(65_537)), 'the file must have at most 64 KiB.'],
    ['never ends', () => '/dev/zero', 'the file must have at most 64 KiB.'],
  ])('a file that %s is one problem, and causes no other', (_, path, problem) => {
    for (const name of Object.keys(SECRETS)) {
      const others = Object.fromEntries(Object.entries(SECRETS).filter(([other]) => other !== name));
      expect(problemsOf({ ...others, [`${name}_FILE`]: path() })).toEqual([`${name}_FILE: ${problem}`]);
    }
  });

  test('a value in a file is checked as from the environment', () => {
    expect(problemsOf({ REKEY_MASTER_KEY_FILE: fileWith('hunter2') })).toEqual([
      expect.stringMatching(/^REKEY_MASTER_KEY: The master key (?!.*hunter2)/),
    ]);
  });

  test('both forms at once are a problem, also if the file cannot be read', () => {
    for (const [name, value] of Object.entries(SECRETS)) {
      for (const path of [fileWith(value), '/no/such/file']) {
        expect(problemsOf({ ...SECRETS, [`${name}_FILE`]: path })).toEqual([
          `${name} and ${name}_FILE are both set. Set one of them.`,
        ]);
      }
    }
  });

  test('all problems are reported at once: with files, with values and with names', () => {
    const problems = problemsOf({
      ...{ DATABASE_URL_FILE: '/no/such/file', REDIS_URL_FILE: fileWith('http://cache.example'), PORT: 'x' },
      REKEY_LEASE: '1',
    });
    expect(problems).toEqual([
      'DATABASE_URL_FILE: the file cannot be read (ENOENT).',
      expect.stringMatching(/^PORT must be/),
      expect.stringMatching(/^REDIS_URL must be a URL/),
      expect.stringMatching(/^REKEY_LEASE is an unknown variable/),
      expect.stringMatching(/^REKEY_MASTER_KEY is required with DATABASE_URL/),
    ]);
  });

  test('other variables may not', () => {
    expect(problemsOf({ REKEY_ISSUER_FILE: fileWith('urn:x') })).toEqual([
      expect.stringMatching(/^REKEY_ISSUER_FILE is an unknown variable/),
    ]);
  });
});

describe('an issuer', () => {
  const issuer = (bytes: number) => `urn:${'x'.repeat(bytes - 4)}`;

  test('may have 512 bytes', () => {
    expect(readConfig({ REKEY_ISSUER: issuer(512) }).issuer).toHaveLength(512);
  });

  test('must not have more than 512 bytes as JSON, so that its tokens fit into cookies', () => {
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
});
