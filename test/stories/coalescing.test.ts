// A herd of identical queries over three replicas: how often it is executed, while Redis and replicas come and go.
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type Credential, Installation } from '../support/installation.ts';
import { findRedis } from '../support/redis.ts';
import type { ReplicaProcess, Reply } from '../support/replica-process.ts';
import { until } from '../support/until.ts';

const HERD = 1000;
const QUERY = 'query ($first: Int!) { apiKeys(first: $first) { nodes { id name status user { id displayName } } } }';
const EXECUTED = ['led', 'alone'];
const installed = inject('postgresUrl') !== null && findRedis() !== null;

describe.skipIf(!installed)('three replicas', () => {
  let all: Installation;
  let key: Credential;

  beforeAll(async () => {
    all = await Installation.start({ replicas: 3, leaseMs: 2000 });
  });
  afterAll(() => all?.destroy());
  beforeEach(async () => {
    key = await all.apiKey({ scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'] });
    await all.warmCaches(key);
  });

  const ask = (replica: ReplicaProcess, first = 100): Promise<Reply> =>
    replica.ask(
      'POST',
      '/graphql',
      { 'content-type': 'application/json', authorization: `Bearer ${key.secret}` },
      JSON.stringify({ query: QUERY, variables: { first } }),
    );
  /** The sum of a metric over these replicas. */
  const sum = async (name: string, labels: string[] = [''], replicas = all.replicas) => {
    const counts = await Promise.all(replicas.flatMap((replica) => labels.map((label) => replica.metric(name, label))));
    return counts.reduce((total, count) => total + count, 0);
  };
  const executions = (replicas = all.replicas) =>
    sum(
      'rekey_coalescing_requests_total',
      EXECUTED.map((outcome) => `"${outcome}"`),
      replicas,
    );
  const waiting = (replicas = all.replicas) => sum('rekey_coalescing_waiting', [''], replicas);
  /** Rows of the log and recorded changes: each of them begins another execution. */
  const changes = async () => {
    const [row] = await all.postgres.query<{ count: number }>(
      `select ((select seq from auth_epoch) + (select count(*) from audit_events
        where outcome = 'SUCCEEDED' and type <> 'personal-data.read'))::int as count`,
    );
    return row!.count;
  };
  /** Holds the executions of this replica: the answers of its database to the query. Its other connections continue. */
  const holdExecutions = (replica: ReplicaProcess) => {
    onTestFinished(() => replica.postgres.releaseReplies());
    return replica.postgres.holdRepliesWhen(
      (chunk, direction) => direction === 'request' && chunk.includes('k.id from api_keys'),
    );
  };
  const spread = (count: number) => Array.from({ length: count }, (_each, index) => ask(all.replicas[index % 3]!));
  const expectSame = (replies: Reply[]) => {
    for (const { status, text } of replies) expect(status, text).toBe(200);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies[0]!.text).toContain(key.id);
  };

  /**
   * The answers to a herd, how often it was executed, and how much has changed meanwhile. A replica that was too busy to
   * renew its lease answers 503. Then the herd tries again, as clients do.
   */
  const herd = async () => {
    for (let attempt = 1; ; attempt++) {
      const [before, changed] = [await executions(), await changes()];
      const replies = await Promise.all(spread(HERD));
      const executed = (await executions()) - before;
      const isBusy = replies.some(({ status }) => status === 503);
      if (!isBusy || attempt === 5) return { replies, executed, changed: (await changes()) - changed };
      await until('every replica holds a lease', async () => {
        const leases = await Promise.all(
          all.replicas.map((replica) => replica.metric('rekey_lease_remaining_seconds')),
        );
        return leases.every((seconds) => seconds > 0);
      });
    }
  };

  test('a herd of a thousand queries is executed at most once at each replica, and each gets the same answer', async () => {
    const { replies, executed, changed } = await herd();
    expectSame(replies);
    // Once over all of them, as the next test shows, unless a replica is too busy to get the result from Redis in time.
    expect(executed).toBeLessThanOrEqual(3 * (1 + changed));
  });

  test('a held execution answers a herd at all replicas', async () => {
    const before = await executions();
    const isHeld = holdExecutions(all.replicas[0]!);
    const first = ask(all.replicas[0]!);
    await isHeld;
    const others = spread(30);
    await until('all of them wait', async () => (await waiting()) === 30);
    all.replicas[0]!.postgres.releaseReplies();
    expectSame(await Promise.all([first, ...others]));
    expect((await executions()) - before).toBe(1);
  });

  test('without Redis, it is executed at most once at each replica', async () => {
    await all.redis.stop();
    onTestFinished(() => all.redis.start());
    const { replies, executed, changed } = await herd();
    expectSame(replies);
    expect(executed).toBeLessThanOrEqual(3 * (1 + changed));
  });

  test.each([
    ['stops', () => all.redis.stop(), () => all.redis.start()],
    ['freezes', async () => all.redis.freeze(), async () => all.redis.thaw()],
  ])(
    'Redis %s in the middle: every request is answered, by at most one execution at each replica',
    async (_what, away, back) => {
      await untilRedisIsUsed();
      const before = await executions();
      const isHeld = holdExecutions(all.replicas[0]!);
      const first = ask(all.replicas[0]!);
      await isHeld;
      const others = spread(30);
      await until('all of them wait', async () => (await waiting()) === 30);
      await away();
      onTestFinished(back);
      const elsewhere = others.filter((_request, index) => index % 3 !== 0);
      expectSame(await Promise.all(elsewhere));
      all.replicas[0]!.postgres.releaseReplies();
      expectSame(await Promise.all([first, ...others]));
      expect((await executions()) - before).toBeLessThanOrEqual(3);
    },
  );

  test('the replica that executes is killed: the others answer for themselves', async () => {
    await untilRedisIsUsed();
    const victim = await all.join();
    await until('it holds a lease', async () => (await victim.metric('rekey_lease_remaining_seconds')) > 0);
    const survivors = all.replicas.filter((replica) => replica !== victim);
    const before = await executions(survivors);
    const isHeld = holdExecutions(victim);
    const lost = ask(victim).catch(() => 'no answer');
    await isHeld;
    const others = survivors.flatMap((replica) => [ask(replica), ask(replica)]);
    await until('all of them wait', async () => (await waiting(survivors)) === others.length);
    all.remove(victim);
    await victim.kill();
    expectSame(await Promise.all(others));
    expect(await lost).toBe('no answer');
    expect((await executions(survivors)) - before).toBeLessThanOrEqual(survivors.length);
  });

  test('a revocation in the middle: no request at any replica gets the result after it has returned', async () => {
    await untilRedisIsUsed();
    const [leader, other] = all.replicas as [ReplicaProcess, ReplicaProcess];
    const isHeld = holdExecutions(leader);
    const first = ask(leader);
    await isHeld;
    const others = spread(30);
    await until('all of them wait', async () => (await waiting()) === 30);
    await other.mutate('revokeApiKey', { apiKeyId: key.id }, 'apiKey { id }', all.admin.accessToken);
    for (const { status, text } of await Promise.all(others)) {
      expect(status).toBe(401);
      expect(text).not.toContain(key.id);
    }
    leader.postgres.releaseReplies();
    expect((await first).status).toBe(401);
  });

  /** The breakers try Redis again once per second. Each query is another one, so none of them has been kept. */
  async function untilRedisIsUsed(): Promise<void> {
    let first = 0;
    await until('every replica uses Redis', async () => {
      first = (first % 99) + 1;
      const failed = await sum('rekey_coalescing_errors_total', ['"redis"']);
      const answers = await Promise.all(all.replicas.map((replica) => ask(replica, first)));
      expect(answers.map(({ status }) => status)).toEqual(all.replicas.map(() => 200));
      return (await sum('rekey_coalescing_errors_total', ['"redis"'])) === failed;
    });
  }
});
