// Three replicas, each in its own process, and a key with a rate limit. Whatever happens to Redis, no window accepts more
// requests than the limit, and what no outage loses is accepted.
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type Credential, Installation } from '../support/installation.ts';
import { findRedis } from '../support/redis.ts';
import type { ReplicaProcess } from '../support/replica-process.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const LIMIT = 150;
const BURST = 120;
const installed = inject('postgresUrl') !== null && findRedis() !== null;

describe.skipIf(!installed)('the rate limit of a key over three replicas', { timeout: 60_000 }, () => {
  let installation: Installation;
  let key: Credential;
  beforeAll(async () => {
    installation = await Installation.start();
  });
  afterAll(() => installation?.destroy());
  beforeEach(async () => {
    await installation.redis.start();
    await Promise.all(installation.replicas.map(({ redis }) => redis.heal()));
    await installation.untilHealthy();
    await Promise.all(installation.replicas.map(usesRedis));
    key = await limitedKey();
  });

  const limitedKey = (requests = LIMIT) =>
    installation.apiKey({ rateLimit: { requests, windowSeconds: 86_400 } }, installation.admin);
  const verify = (replica: ReplicaProcess, { secret }: Credential) =>
    replica.ask('GET', '/v1/verify', { authorization: `Bearer ${secret}` });
  /** Waits until a replica takes requests of a share in Redis. */
  async function usesRedis(replica: ReplicaProcess): Promise<void> {
    const other = await limitedKey(1_000_000);
    const taken = () => replica.metric('rekey_limited_requests_total', 'share="redis"');
    const before = await taken();
    await until(`${replica.name} uses Redis`, async () => {
      await verify(replica, other);
      return (await taken()) > before;
    });
  }

  /** Sends many requests at once to all replicas. Returns how many were accepted. Every other one must get 429. */
  async function burst(count = BURST, meanwhile: () => unknown = () => undefined): Promise<number> {
    const { replicas } = installation;
    const asked = times(count, (index) => verify(replicas[index % replicas.length]!, key));
    await meanwhile();
    const answers = await Promise.all(asked);
    for (const { status, headers } of answers) {
      expect([204, 429]).toContain(status);
      expect(headers['ratelimit-policy']).toBe(`"key";q=${LIMIT};w=86400`);
    }
    return answers.filter(({ status }) => status === 204).length;
  }
  /** Sends bursts until the window is used up: PostgreSQL has handed everything out, and nothing is accepted any more. */
  async function useUp(): Promise<number> {
    let accepted = 0;
    await until('the window is used up', async () => {
      const more = await burst();
      accepted += more;
      const sql = `select granted from rate_windows where credential_id = '${key.id}'`;
      const [row] = await installation.postgres.query<{ granted: number }>(sql);
      return more === 0 && row!.granted === LIMIT && (await everyReplicaIsQuiet());
    });
    return accepted;
  }
  /** Whether each replica rejects without asking: nothing is on its way any more. */
  async function everyReplicaIsQuiet(): Promise<boolean> {
    const answers = await Promise.all(installation.replicas.map((replica) => verify(replica, key)));
    return answers.every(({ status }) => status === 429);
  }

  test('with Redis, exactly the limit is accepted', async () => {
    const first = await burst(3 * LIMIT);
    expect(first).toBeLessThanOrEqual(LIMIT);
    expect(first + (await useUp())).toBe(LIMIT);
  });

  test('without Redis, exactly the limit is accepted', async () => {
    await installation.redis.stop();
    expect(await useUp()).toBe(LIMIT);
  });

  test('a Redis that stops in the middle of a window resets nothing, nor does one that returns', async () => {
    let accepted = await burst(40);
    accepted += await burst(40, () => installation.redis.stop());
    accepted += await burst(20);
    await installation.redis.start();
    await Promise.all(installation.replicas.map(usesRedis));
    accepted += await useUp();
    expect(accepted).toBeLessThanOrEqual(LIMIT);
    expect(accepted).toBeGreaterThan(LIMIT - 50); // What Redis held, and what was on its way.
  });

  test('replicas with Redis and one without it count together', async () => {
    installation.replicas[0]!.redis.cut();
    expect(await useUp()).toBe(LIMIT);
  });

  test('a Redis that hangs delays requests for a moment, and none is counted twice', async () => {
    let accepted = await burst(30);
    accepted += await burst(60, () => installation.redis.freeze());
    installation.redis.thaw();
    accepted += await useUp();
    expect(accepted).toBeLessThanOrEqual(LIMIT);
    expect(accepted).toBeGreaterThan(LIMIT - 50);
  });

  test('a replica that is killed loses its share, and the others accept the rest', async () => {
    await installation.redis.stop();
    let accepted = await burst(30);
    const killed = installation.replicas.at(-1)!;
    await killed.kill();
    installation.remove(killed);
    accepted += await useUp();
    await installation.join();
    accepted += await useUp();
    expect(accepted).toBeLessThanOrEqual(LIMIT);
    expect(accepted).toBeGreaterThan(LIMIT - 50);
  });
});
