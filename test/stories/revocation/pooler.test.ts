import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import type { Receipt } from '../../support/history.ts';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import { findPgBouncer, keepsPreparedStatements } from '../../support/pgbouncer.ts';
import type { Direction } from '../../support/proxy.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { until } from '../../support/until.ts';

const canRun = inject('postgresUrl') && inject('redisUrl') && findPgBouncer() !== null;
const POOLERS: [string, Record<string, string>][] = [
  ['in transaction mode', {}],
  // The next session is always another one, and there are never enough.
  ['that changes the session after every transaction', { server_round_robin: '1', default_pool_size: '4' }],
  ...(keepsPreparedStatements()
    ? [['that keeps prepared statements', { max_prepared_statements: '100' }] as [string, Record<string, string>]]
    : []),
];

describe.skipIf(!canRun).each(POOLERS)('behind a PgBouncer %s', { timeout: 180_000 }, (_, pooler) => {
  let rekey: Installation;

  beforeAll(async () => {
    // Long enough that a busy machine does not look like an unreachable replica.
    rekey = await Installation.start({ leaseMs: 2000, pooler });
  });
  afterEach(() => rekey.assertPromiseHeld());
  afterAll(() => rekey?.destroy());

  test('100 revocations of every kind, through all replicas in turn: no request that arrives after one of them is accepted', async () => {
    const bystanders = await rekey.apiKeys(10);
    const keys = await rekey.apiKeys(80);
    const members = await Promise.all(Array.from({ length: 20 }, () => rekey.member()));
    const keysOf = await Promise.all(members.map((member) => rekey.apiKeys(2, member)));
    await rekey.warmCaches(...bystanders, ...keys, ...keysOf.flat());

    const receipts: Receipt[] = [];
    const replacements: Credential[] = [];
    const steps: ((by: ReplicaProcess) => Promise<void>)[] = [
      ...keys.slice(0, 60).map((key) => async (by: ReplicaProcess) => {
        receipts.push(await rekey.revoke(by, key));
      }),
      ...keys.slice(60).map((key) => async (by: ReplicaProcess) => {
        replacements.push(await rekey.rotate(by, key));
      }),
      ...members.slice(0, 10).map((member) => async (by: ReplicaProcess) => {
        receipts.push(await rekey.logout(by, member));
      }),
      ...members.slice(10).map((member, index) => async (by: ReplicaProcess) => {
        const ending = index % 2 === 0 ? 'disable' : 'delete';
        receipts.push(await rekey[ending](by, member, keysOf[index + 10]));
      }),
    ];
    expect(steps).toHaveLength(100);

    const load = rekey.load(bystanders);
    // Two revokers at a time, each taking its steps from across all kinds.
    const revoker = async (first: number) => {
      for (let turn = first; turn < steps.length; turn += 2)
        await steps[(turn * 7) % steps.length]!(rekey.replicas[turn % 3]!);
    };
    await Promise.all([revoker(0), revoker(1)]);
    await load.stop();

    for (const receipt of receipts) expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
    await rekey.warmCaches(...bystanders, ...replacements);
  });

  test('a lookup whose answer the pooler holds across the revocation is rejected, and so are later requests', async () => {
    const [a, b] = rekey.replicas;
    const bystander = await rekey.apiKey();
    for (let round = 0; round < 5; round++) {
      const key = await rekey.apiKey();
      const asksAbout = (chunk: Buffer, direction: Direction) =>
        direction === 'request' && chunk.includes(sha256Base64url(key.secret));
      const read = a!.pooler!.holdRepliesWhen(asksAbout);
      const miss = rekey.verify(a!, key);
      await read;
      expect(await rekey.revoke(b!, key)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
      a!.pooler!.releaseReplies();
      expect(await miss).toBe('refused');
      expect(await rekey.verify(a!, key)).toBe('refused');
    }
    await rekey.warmCaches(bystander);
  });

  test('a replica that loses only its direct way has no lease: it reads the database through the pooler for each request', async () => {
    const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const [bystander, key] = await rekey.apiKeys(2);
    await rekey.warmCaches(bystander!, key!);
    const back = rekey.history.mayBeUnavailable(c.name);
    c.postgres.blackhole();
    const load = rekey.load([bystander!, key!]);
    expect(await rekey.revoke(a, key!)).toMatchObject({ propagation: 'LEASE_EXPIRED', acknowledged: 2 });
    expect(await rekey.verify(c, key!)).toBe('refused');
    await until('it reads the database', async () => (await c.metric('rekey_auth_mode', 'mode="direct"')) === 1);
    expect(await rekey.verify(c, bystander!)).toBe('accepted');
    expect(await rekey.verify(c, key!)).toBe('refused');
    await c.postgres.heal();
    await rekey.untilHealthy();
    back();
    await load.stop();
  });

  test('a replica that loses only the pooler confirms revocations as before, and returns 503 for what it has not cached', async () => {
    const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const [bystander, key, unseen] = await rekey.apiKeys(3);
    await rekey.warmCaches(bystander!, key!);
    const back = rekey.history.mayBeUnavailable(c.name);
    c.pooler!.cut();
    const load = rekey.load([bystander!, key!]);
    expect(await rekey.verify(c, bystander!)).toBe('accepted');
    expect(await rekey.revoke(a, key!)).toMatchObject({ propagation: 'ACKNOWLEDGED', acknowledged: 3 });
    expect(['refused', 'unavailable']).toContain(await rekey.verify(c, key!));
    expect(['accepted', 'unavailable']).toContain(await rekey.verify(c, unseen!));
    await c.pooler!.heal();
    back();
    await load.stop();
    await rekey.warmCaches(bystander!, unseen!);
  });

  test('the pooler is killed and started again under load: a revocation takes effect when it is retried', async () => {
    const [bystander, ...keys] = await rekey.apiKeys(4);
    await rekey.warmCaches(bystander!, ...keys);
    const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
    const load = rekey.load([bystander!, ...keys]);
    let turn = 0;
    const revoked = keys.map((key) =>
      inBackground(
        until('the revocation is answered', () =>
          rekey.revoke(rekey.replicas[turn++ % 3]!, key).then(
            () => true,
            () => false,
          ),
        ),
      ),
    );
    await rekey.pooler!.stop();
    expect(await rekey.verify(rekey.replicas[0]!, bystander!)).not.toBe('refused');
    await rekey.pooler!.start();
    await Promise.all(revoked);
    await rekey.untilHealthy();
    for (const each of back) each();
    await load.stop();
    for (const verdict of await rekey.verifyEverywhere(...keys)) expect(verdict).toBe('refused');
    await rekey.warmCaches(bystander!);
  });
});
