// One client sends more requests than the service can handle at once. Other callers can still revoke.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLObjectType, type GraphQLUnionType } from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createSchema } from '../../src/graphql/yoga.ts';
import { type Account, type Answer, startTestApp, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { as, exchange, login, RECEIPT, UNLIMITED } from '../support/sessions.ts';
import { until } from '../support/until.ts';

const LEDGER_ENTRY = 'mutation ($input: RevokeAccessTokenInput!) { revokeAccessToken(input: $input) { __typename } }';
const NEW_KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }';
const REFRESH = 'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename } }';

describe.skipIf(!inject('postgresUrl'))('a flood on PostgreSQL', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    const databaseUrl = await migratedDatabase();
    app = await startTestApp({ databaseUrl, redisUrl: null, env: UNLIMITED });
    admin = await app.admin();
  });
  afterAll(() => app?.close());

  /** Holds the row of a session: what touches the session waits until the row is released. */
  async function hold({ sessionId }: Account): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: app.app.config.databaseUrl! });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from sessions where id = $1 for update', [sessionId]);
    let held = true;
    const release = async () => {
      if (held) await holder.end();
      held = false;
    };
    onTestFinished(release);
    return release;
  }

  const waitingForLocks = async () =>
    (
      await app.sql(`select count(*)::int as n from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`)
    )[0].n;
  const many = (count: number, ask: () => Promise<Answer>) => Array.from({ length: count }, ask);
  const ledgerEntry = (account: Account) =>
    app.graphql(LEDGER_ENTRY, { input: { jti: `${account.sessionId}.${randomUUID()}` } }, as(account));
  const newKey = (account: Account) => app.graphql(NEW_KEY, { input: { name: 'one of many' } }, as(account));
  const revokeOne = async (by: Account) => {
    const { id } = await app.apiKey(admin);
    return () => app.mutate('revokeApiKey', { apiKeyId: id }, `... on RevokeApiKeySuccess { ${RECEIPT} }`, as(by));
  };
  const outcomes = (answers: Answer[]) =>
    new Set(answers.map(({ status, errors }) => errors?.[0]?.extensions.code ?? status));

  const floods: [string, (member: Account) => Promise<Answer>][] = [
    ['revokes 100 access tokens', ledgerEntry],
    ['makes 100 API keys', newKey],
    ['refreshes 100 times', ({ refreshToken }) => app.graphql(REFRESH, { input: { refreshToken } })],
  ];
  test.each(floods)('a member who %s at once delays no revocation of another user', async (_what, ask) => {
    const member = await app.member();
    const revoke = await revokeOne(admin);
    const release = await hold(member);
    // The first requests wait for the row. The others arrive then, so that a busy machine does not miss this moment.
    const flood = many(5, () => ask(member));
    await until('the flood waits', waitingForLocks);
    flood.push(...many(95, () => ask(member)));
    // The test still holds the row, so no request of the flood is done. A request that waited for them would not return.
    expect(await revoke()).toMatchObject({ receipt: { propagation: 'ACKNOWLEDGED' } });
    expect((await newKey(admin)).errors).toBeUndefined();
    await release();
    for (const outcome of outcomes(await Promise.all(flood))) {
      expect([200, 'RATE_LIMITED', 'AUTHENTICATION_UNAVAILABLE']).toContain(outcome);
    }
    expect(await waitingForLocks()).toBe(0);
  });

  test('a mutation that waits for too long gets 503 with Retry-After and changes nothing', async () => {
    const member = await app.member();
    const release = await hold(member);
    const flood = many(30, () => newKey(member));
    const refused = await Promise.race(flood);
    expect(refused).toMatchObject({ status: 503, errors: [{ extensions: { retryAfterSeconds: 1 } }] });
    expect(refused.headers.get('retry-after')).toBe('1');
    await release();
    const made = (await Promise.all(flood)).filter(({ errors }) => !errors).length;
    const [{ n }] = await app.sql('select count(*)::int as n from api_keys where user_id = ?', [member.id]);
    expect([made < 30, n]).toEqual([true, made]);
  });

  test('a stolen session that floods does not prevent its user from revoking sessions', async () => {
    const stolen = await app.member();
    const [own, third] = [await login(app, stolen), await login(app, stolen)];
    const release = await hold(stolen);
    const flood = many(200, () => ledgerEntry(stolen));
    await until('the flood waits', waitingForLocks);
    const ended = await app.mutate('revokeSession', { sessionId: third.sessionId }, '', as(own));
    expect(ended.__typename).toBe('RevokeSessionSuccess');
    await release();
    await app.mutate('revokeSession', { sessionId: stolen.sessionId }, '', as(own));
    expect(await app.accepts(stolen.accessToken)).toBe(false);
    await Promise.all(flood);
  });

  test('when many members flood at once, each member and a revocation among them are served', async () => {
    const members = await Promise.all(Array.from({ length: 20 }, () => app.member()));
    const revoke = await revokeOne(admin);
    const flood = members.flatMap((member) => many(5, () => ledgerEntry(member)));
    expect(await revoke()).toMatchObject({ receipt: { propagation: 'ACKNOWLEDGED' } });
    const answers = await Promise.all(flood);
    for (let member = 0; member < members.length; member++) {
      const own = answers.slice(5 * member, 5 * member + 5);
      expect(own.some(({ errors }) => !errors)).toBe(true);
    }
  });

  test('revocations that wait for a silent replica hold no connection, so other mutations commit meanwhile', async () => {
    const keys = await Promise.all(Array.from({ length: 12 }, () => app.apiKey(admin, { name: 'one of twelve' })));
    await app.sql(`insert into auth_replica (id, lease_ms) values (gen_random_uuid(), 2000)`);
    const revoking = keys.map(({ id }) =>
      app.mutate('revokeApiKey', { apiKeyId: id }, `... on RevokeApiKeySuccess { ${RECEIPT} }`, as(admin)),
    );
    let answered = 0;
    for (const each of revoking) void each.then(() => answered++);
    const named = `select count(*)::int as n from api_keys where name = 'one of twelve' and revoked_at is not null`;
    const revoked = async () => (await app.sql(named))[0].n;
    await until('all of them are committed', async () => (await revoked()) === keys.length);
    expect(answered).toBe(0);
    expect((await newKey(admin)).errors).toBeUndefined();
    for (const { receipt } of await Promise.all(revoking)) expect(receipt.propagation).toBe('LEASE_EXPIRED');
  });

  test('each credential may add REKEY_LEDGER_PER_MINUTE entries to the ledger, counted over all replicas', async () => {
    const url = app.app.config.databaseUrl;
    const limited = await Promise.all(
      [1, 2].map(() =>
        startTestApp({ databaseUrl: url, redisUrl: null, env: { ...UNLIMITED, REKEY_LEDGER_PER_MINUTE: '3' } }),
      ),
    );
    try {
      const member = await app.member();
      const other = await login(app, member);
      const entry = (replica: number, account: Account) =>
        limited[replica]!.graphql(
          LEDGER_ENTRY,
          { input: { jti: `${account.sessionId}.${randomUUID()}` } },
          as(account),
        );
      for (let i = 0; i < 3; i++) expect((await entry(i % 2, member)).status).toBe(200);
      for (const replica of [0, 1]) {
        const { status, headers } = await entry(replica, member);
        expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true]);
      }
      expect((await entry(0, other)).status).toBe(200);
      expect(await exchange(limited[0]!, member.refreshToken)).toMatch(/^rkr_/);
      const rows = 'select count(*)::int as n from access_token_revocations where session_id = ?';
      expect(await app.sql(rows, [member.sessionId])).toEqual([{ n: 3 }]);
    } finally {
      await Promise.all(limited.map((each) => each.close()));
    }
  });
});

test('every mutation that returns a receipt, and no other, uses the connections reserved for revocations', () => {
  const directory = join(import.meta.dirname, '..', '..', 'src', 'graphql', 'resolvers', 'Mutation');
  const types = createSchema().getMutationType()!.getFields();
  const hasReceipt = ({ type }: { type: unknown }) =>
    (type as { ofType: GraphQLUnionType }).ofType
      .getTypes()
      .some((member) => member instanceof GraphQLObjectType && 'receipt' in member.getFields());
  const wrong = readdirSync(directory).filter((file) => {
    const source = readFileSync(join(directory, file), 'utf8');
    return hasReceipt(types[file.replace('.ts', '')]!) !== source.includes('context.revocation()');
  });
  expect(wrong).toEqual([]);
});
