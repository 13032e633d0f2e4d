import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { until } from '../../support/until.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'a replica whose connection to the database fails',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start();
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    const noLease = (replica: ReplicaProcess) =>
      until('its lease has expired', async () => (await replica.metric('rekey_lease_remaining_seconds')) === 0);

    const PARTITIONS: [string, (replica: ReplicaProcess) => void][] = [
      ['while the network drops packets', (replica) => replica.postgres.blackhole()],
      ['while the network closes connections', (replica) => replica.postgres.cut()],
    ];
    test.each(PARTITIONS)(
      '%s: answers within its lease, then returns 503, and rejects what was revoked when it is back',
      async (_how, part) => {
        const [a, b, c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
        const [bystander, unseen, first, second] = await rekey.apiKeys(4);
        await rekey.warmCaches(bystander!, first!, second!);
        const coldStarts = await c.metric('rekey_cold_starts_total');

        const back = rekey.history.mayBeUnavailable(c.name);
        part(c);
        expect(await rekey.verify(c, bystander!)).toBe('accepted');
        const load = rekey.load([bystander!, unseen!]);

        // It returns while the replica is away. That this takes a lease at most is checked where time is simulated: see
        // test/revocation/support/oracle.ts.
        expect(await rekey.revoke(a, first!)).toMatchObject({
          propagation: 'LEASE_EXPIRED',
          replicas: 3,
          acknowledged: 2,
        });

        await noLease(c);
        const expectUnavailable = async (...keys: Credential[]) => {
          const verdicts = await Promise.all(keys.map((key) => rekey.verify(c, key)));
          for (const verdict of verdicts) expect(verdict).toBe('unavailable');
        };
        await expectUnavailable(bystander!, unseen!, first!);
        await load.stop();

        // After the fence, no revocation waits for it.
        await until('it is removed', async () => (await rekey.postgres.query('select from auth_replica')).length === 2);
        expect(await rekey.revoke(b, second!)).toMatchObject({
          propagation: 'ACKNOWLEDGED',
          replicas: 2,
          acknowledged: 2,
        });
        await expectUnavailable(bystander!, unseen!, first!, second!);

        await c.postgres.heal();
        await rekey.untilHealthy();
        back();
        expect(await c.metric('rekey_cold_starts_total')).toBeGreaterThan(coldStarts);
        await rekey.warmCaches(bystander!, unseen!);
        for (const verdict of await rekey.verifyEverywhere(first!, second!)) expect(verdict).toBe('refused');
      },
    );

    test('for less than a lease: only a revocation waits, and every other request is answered', async () => {
      const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      const load = rekey.load([bystander]);
      for (let round = 0; round < 5; round++) {
        const key = await rekey.apiKey();
        await rekey.warmCaches(key);
        const back = rekey.history.mayBeUnavailable(c.name);
        c.postgres.blackhole();
        const revoked = inBackground(rekey.revoke(a, key));
        await until('the others refuse', async () => (await rekey.verify(a, key)) === 'refused');
        await c.postgres.heal();
        await revoked;
        await rekey.untilHealthy();
        back();
      }
      await load.stop();
    });

    test('and that should revoke: it returns no receipt for a revocation that it cannot commit', async () => {
      const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const [bystander, key] = await rekey.apiKeys(2);
      await rekey.warmCaches(bystander!, key!);
      const back = rekey.history.mayBeUnavailable(c.name);
      const load = rekey.load([bystander!, key!]);
      c.postgres.cut();
      await expect(rekey.revoke(c, key!)).rejects.toThrow();
      await noLease(c);
      await expect(rekey.revoke(c, key!)).rejects.toThrow();
      await rekey.revoke(a, key!);
      await c.postgres.heal();
      await rekey.untilHealthy();
      back();
      await load.stop();
      expect(await rekey.revoke(c, key!)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
    });

    const DELAYS = [0.4, 0.9, 1.2];
    test.each(DELAYS)('or whose answers are %d leases late: it accepts no revoked key', async (leases) => {
      const [a, b, c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const bystanders = await rekey.apiKeys(3);
      await rekey.warmCaches(...bystanders);
      const back = rekey.history.mayBeUnavailable(c.name);
      const load = rekey.load(bystanders);
      c.postgres.delay(leases * rekey.leaseMs);
      for (const revoker of [a, b]) {
        const key = await rekey.apiKey();
        await rekey.warmCaches(key);
        await rekey.revoke(revoker, key);
      }
      await c.postgres.heal();
      await rekey.untilHealthy();
      back();
      await load.stop();
      await rekey.warmCaches(...bystanders);
    });

    test('or whose answers are late while it revokes: its receipt waits for them, and is true', async () => {
      const [a] = rekey.replicas as [ReplicaProcess];
      const [key, bystander] = await rekey.apiKeys(2);
      await rekey.warmCaches(key!, bystander!);
      const back = rekey.history.mayBeUnavailable(a.name);
      const load = rekey.load([key!, bystander!]);
      a.postgres.delay(0.3 * rekey.leaseMs);
      await rekey.revoke(a, key!);
      await a.postgres.heal();
      await rekey.untilHealthy();
      back();
      await load.stop();
      await rekey.warmCaches(bystander!);
    });
  },
);
