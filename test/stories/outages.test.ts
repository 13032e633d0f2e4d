// PostgreSQL and Redis fail, one by one and together: every endpoint answers in time and with the right status, a request
// that got 503 has changed nothing, and everything works again by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { MASTER_KEY, startTestApp, type TestApp } from '../support/app.ts';
import { type Need, newSubjects, requestsOf, type Subjects } from '../support/every-endpoint.ts';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../support/postgres.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { findRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const ROLE = 'rekey_service';
const LEASE_MS = 1000;
/** What is promised, and time for a loaded machine. Waits without a common limit take 10 s and more. */
const PROMISED_MS = 3000 + 4000;
/** After its commit, a revocation waits for the other replicas: until their leases have expired, and for a first look. */
const PROPAGATION_MS = LEASE_MS * 1.01 + LEASE_MS / 4;
const SETTINGS = {
  REKEY_LEASE_MS: String(LEASE_MS),
  REKEY_MASTER_KEY: MASTER_KEY,
  REKEY_ISSUER: 'https://rekey.example',
  // Limits that are counted, and that no test here reaches.
  REKEY_LOGIN_PER_MINUTE: '10000',
  REKEY_REFRESH_PER_MINUTE: '10000',
  REKEY_FAILED_AUTH_PER_MINUTE: '10000',
};

/** What an outage leaves. Replicas that have lost their lease decide nothing from memory. */
type Left = 'everything' | 'reads' | 'nothing' | 'something';

const UNAVAILABLE = ['503 AUTHENTICATION_UNAVAILABLE', '503 authentication_unavailable'];
/** The commit was sent, and its answer did not arrive in time. */
const UNKNOWN = ['200 OUTCOME_UNKNOWN', '500 outcome_unknown'];

/** The outcomes that are right. */
function allowed(left: Left, need: Need, works: string): string[] {
  const changes = need === 'change' || need === 'revocation';
  if (left === 'everything' || need === 'nothing') return [works];
  if (need === 'readiness') return left === 'nothing' ? ['503'] : ['200', '503'];
  if (left === 'reads') return changes ? UNAVAILABLE : [works];
  if (left === 'something') return [works, ...UNAVAILABLE, ...(changes ? UNKNOWN : [])];
  return need === 'memory' ? [works, ...UNAVAILABLE] : UNAVAILABLE;
}

const canRun =
  findPostgres() !== null && findRedis() !== null && inject('postgresUrl') !== null && inject('redisUrl') !== null;
const WAYS = ['PostgreSQL', ...(findPgBouncer() === null ? [] : ['PgBouncer'])];

describe.skipIf(!canRun).each(WAYS)('on %s', { timeout: 120_000 }, (way) => {
  let postgres: PostgresServer;
  let toPostgres: TcpProxy;
  let redis: RedisServer;
  let pooler: PgBouncer | null = null;
  let app: TestApp;

  beforeAll(async () => {
    postgres = await startPostgres();
    toPostgres = await startProxy({ host: '127.0.0.1', port: postgres.port });
    redis = await startRedis();
    await postgres.query(`create role ${ROLE} login`);
    const url = new URL(await postgres.createDatabase('rekey'));
    await postgres.query(`alter database rekey owner to ${ROLE}`);
    url.username = ROLE;
    const direct = toPostgres.url(url.href);
    if (way === 'PgBouncer') pooler = await startPgBouncer({ port: toPostgres.port, user: ROLE });
    app = await startTestApp({
      databaseUrl: pooler ? pooler.url(url.href) : direct,
      redisUrl: redis.url,
      env: { ...SETTINGS, ...(pooler ? { DATABASE_DIRECT_URL: direct } : {}) },
    });
  });
  afterAll(async () => {
    await app?.close();
    await pooler?.destroy();
    await toPostgres?.close();
    await redis?.destroy();
    await postgres?.destroy();
  });
  /** Ends every outage, also after a failure, so that the next test finds what works. */
  afterEach(async () => {
    postgres.resume();
    await postgres.start();
    await toPostgres.heal();
    await allow('insert, update, delete');
    await postgres.query(`alter role ${ROLE} connection limit -1`);
    redis.thaw();
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  });

  const disconnect = () =>
    postgres.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
  const allow = (what: string) =>
    postgres.query(`grant ${what} on all tables in schema public to ${ROLE}`, [], 'rekey');
  const deny = (what: string) =>
    postgres.query(`revoke ${what} on all tables in schema public from ${ROLE}`, [], 'rekey');
  const leased = () => app.app.replica.leaseRemaining() > 0;
  const working = () =>
    until('the replica works', async () => leased() && (await fetch(`${app.url}/readyz`)).status === 200);

  /** Sends one request to each endpoint at once. Fails if one takes too long. */
  async function outcomes(subjects: Subjects): Promise<Record<string, string>> {
    const requests = Object.entries(requestsOf(app, subjects, makeSecret('rka')));
    const ended = requests.map(async ([name, { need, send }]) => {
      const deadline = new AbortController();
      const longest = PROMISED_MS + (need === 'revocation' ? PROPAGATION_MS : 0);
      const late = sleep(longest, `no answer within ${longest} ms`, { signal: deadline.signal }).catch(() => '');
      const outcome = await Promise.race([send(), late]);
      deadline.abort();
      return [name, outcome] as const;
    });
    return Object.fromEntries(await Promise.all(ended));
  }

  function expectAllowed(found: Record<string, string>, subjects: Subjects, left: Left): void {
    const wrong = Object.entries(requestsOf(app, subjects, makeSecret('rka')))
      .map(([name, { need, works }]) => ({ name, outcome: found[name]!, right: allowed(left, need, works) }))
      .filter(({ outcome, right }) => !right.includes(outcome));
    expect(wrong).toEqual([]);
  }

  /** What was answered is true: a success has changed something, and a 503 has not. */
  async function expectTrue(found: Record<string, string>, { account, revoked, revokedBySecret }: Subjects) {
    const made = await app.sql(`select 1 from api_keys where user_id = ? and name = 'made meanwhile'`, [account.id]);
    const changed = {
      createApiKey: made.length > 0,
      revokeApiKey: !(await app.accepts(revoked.secret)),
      revoke: !(await app.accepts(revokedBySecret.secret)),
    };
    const known = Object.entries(changed).filter(([name]) => !UNKNOWN.includes(found[name]!));
    expect(known).toEqual(known.map(([name]) => [name, found[name] === 'ok']));
  }

  type Outage = [what: string, left: Left, begin: () => unknown, end: () => unknown];
  const OUTAGES: Outage[] = [
    ['PostgreSQL is frozen', 'nothing', () => postgres.pause(), () => postgres.resume()],
    ['the network to PostgreSQL drops all packets', 'nothing', () => toPostgres.blackhole(), () => toPostgres.heal()],
    ['PostgreSQL is stopped', 'nothing', () => postgres.stop(), () => postgres.start()],
    [
      'PostgreSQL has no connection left',
      'nothing',
      async () => {
        await postgres.query(`alter role ${ROLE} connection limit 0`);
        await disconnect();
      },
      () => postgres.query(`alter role ${ROLE} connection limit -1`),
    ],
    ['PostgreSQL answers after 0.25 s', 'something', () => toPostgres.delay(250), () => toPostgres.heal()],
    ['PostgreSQL answers after 0.7 s', 'something', () => toPostgres.delay(700), () => toPostgres.heal()],
    ['PostgreSQL answers after 1.5 s', 'something', () => toPostgres.delay(1500), () => toPostgres.heal()],
    [
      'PostgreSQL accepts no changes',
      'reads',
      () => deny('insert, update, delete'),
      () => allow('insert, update, delete'),
    ],
    ['Redis is frozen', 'everything', () => redis.freeze(), () => redis.thaw()],
    [
      'Redis is full',
      'everything',
      async () => {
        await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
        await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
      },
      () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    ],
    [
      'Redis is frozen, and PostgreSQL, too',
      'nothing',
      () => {
        redis.freeze();
        postgres.pause();
      },
      () => {
        redis.thaw();
        postgres.resume();
      },
    ],
    [
      'Redis is frozen, and PostgreSQL answers after 0.7 s',
      'something',
      () => {
        redis.freeze();
        toPostgres.delay(700);
      },
      async () => {
        redis.thaw();
        await toPostgres.heal();
      },
    ],
  ];

  /** A pooler is another way to the same server, so these stand for all. */
  const behindPooler = ['PostgreSQL is frozen', 'PostgreSQL has no connection left', 'PostgreSQL answers after 0.7 s'];
  const outages = way === 'PgBouncer' ? OUTAGES.filter(([what]) => behindPooler.includes(what)) : OUTAGES;

  test.each(outages)(
    '%s: every endpoint answers in time and truly, and works again afterwards',
    async (_what, left, begin, end) => {
      await working();
      const [atOnce, later, inFlight] = [await newSubjects(app), await newSubjects(app), await newSubjects(app)];
      await working();
      // Requests that the outage interrupts.
      const interrupted = outcomes(inFlight);
      await begin();
      const first = outcomes(atOnce);
      const found = [await interrupted, await first];
      if (left === 'nothing') await until('the lease is over', () => !leased());
      found.push(await outcomes(later));
      await end();
      await working();

      expectAllowed(found[0]!, inFlight, left === 'everything' ? 'everything' : 'something');
      expectAllowed(found[1]!, atOnce, left);
      expectAllowed(found[2]!, later, left);
      for (const [round, subjects] of [inFlight, atOnce, later].entries()) await expectTrue(found[round]!, subjects);

      await expect
        .poll(async () => {
          const subjects = await newSubjects(app);
          const again = await outcomes(subjects);
          return Object.entries(requestsOf(app, subjects, '')).filter(([name, { works }]) => again[name] !== works);
        })
        .toEqual([]);
    },
  );

  test('a herd of identical queries ends in time while PostgreSQL is frozen', async () => {
    const { account } = await newSubjects(app);
    await working();
    postgres.pause();
    const query = () => app.graphql('{ apiKeys { nodes { id } } }', {}, { bearer: account.accessToken });
    const all = Promise.all(times(60, () => query()));
    const late = sleep(PROMISED_MS, null);
    const answers = await Promise.race([all, late]);
    postgres.resume();
    expect(answers?.map(({ status }) => status)).toEqual(times(60, () => 503));
  });
});
