import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { inBackground } from '../../support/in-background.ts';
import { Installation, sessionOf } from '../../support/installation.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { until } from '../../support/until.ts';

const HOUR = 3_600_000;

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('with wrong clocks', { timeout: 60_000 }, () => {
  let rekey: Installation;

  beforeAll(async () => {
    rekey = await Installation.start({ leaseMs: 1000 });
  });
  afterEach(async () => {
    const right = { wallOffsetMs: 0, monotonicStands: false };
    await Promise.all(rekey.replicas.map((replica) => replica.skewClock(right)));
    await rekey.untilHealthy();
    await rekey.assertPromiseHeld();
  });
  afterAll(() => rekey?.destroy());

  test('an hour ahead on one replica and an hour behind on another: every revocation and every expiry takes effect on time', async () => {
    const [ahead, behind, right] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    await ahead.skewClock({ wallOffsetMs: HOUR });
    await behind.skewClock({ wallOffsetMs: -HOUR });
    await rekey.untilHealthy();
    const bystander = await rekey.apiKey();
    const member = await rekey.member();
    await rekey.warmCaches(bystander, sessionOf(member));
    const load = rekey.load([bystander, sessionOf(member)]);
    for (let turn = 0; turn < 12; turn++) {
      const key = await rekey.apiKey();
      await rekey.warmCaches(key);
      const receipt = await rekey.revoke(rekey.replicas[turn % 3]!, key);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
    }

    // A key expires on all replicas at the same moment: by the database's clock.
    const expiresAt = Date.now() + 2000;
    const input = { expiresAt: new Date(expiresAt).toISOString() };
    const short = await Promise.all([ahead, behind, right].map((maker) => rekey.apiKey(input, rekey.admin, maker)));
    await rekey.warmCaches(...short);
    const end = rekey.history.revoking(
      'an end of their own',
      short.map(({ secret }) => secret),
    );
    end.began = expiresAt - performance.timeOrigin;
    end.certainFrom = end.began + 20; // How far two clocks may drift apart between two syncs.
    await until('all have expired everywhere', async () =>
      (await rekey.verifyEverywhere(...short)).every((verdict) => verdict === 'refused'),
    );
    await load.stop();
    await rekey.logout(ahead, member);
  });

  test('set forward and back during revocations: every revocation still takes effect', async () => {
    const bystander = await rekey.apiKey();
    await rekey.warmCaches(bystander);
    const load = rekey.load([bystander]);
    const steps = [HOUR, -HOUR, 0, -5000, 24 * HOUR, 100, -100, -24 * HOUR, 0];
    for (const [turn, wallOffsetMs] of steps.entries()) {
      const stepped = rekey.replicas[turn % 3]!;
      const [key, second] = await rekey.apiKeys(2);
      await rekey.warmCaches(key!, second!);
      await Promise.all([
        stepped.skewClock({ wallOffsetMs }),
        rekey.revoke(rekey.replicas[(turn + 1) % 3]!, key!),
        rekey.revoke(stepped, second!),
      ]);
      await rekey.warmCaches(bystander);
    }
    await load.stop();
  });

  test('a wall clock that is set back within a lease: the monotonic clock ends the lease', async () => {
    const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const [key, bystander] = await rekey.apiKeys(2);
    await rekey.warmCaches(key!, bystander!);
    const back = rekey.history.mayBeUnavailable(c.name);
    c.postgres.blackhole();
    const revoked = inBackground(rekey.revoke(a, key!));
    await until('half a lease has passed', async () => (await c.metric('rekey_lease_remaining_seconds')) < 0.5);
    await c.skewClock({ wallOffsetMs: -400 });
    expect(await revoked).toMatchObject({ propagation: 'LEASE_EXPIRED' });
    const verdicts = await Promise.all([rekey.verify(c, key!), rekey.verify(c, bystander!)]);
    expect(verdicts).toEqual(['unavailable', 'unavailable']);
    await c.skewClock({ wallOffsetMs: 0 });
    await c.postgres.heal();
    await rekey.untilHealthy();
    back();
    await rekey.warmCaches(bystander!);
  });

  const HALTED: [string, { wallOffsetMs?: number; monotonicStands?: boolean }][] = [
    // As while a machine sleeps: the wall clock goes on.
    ['a monotonic clock that stands still: the wall clock ends the lease', { monotonicStands: true }],
    // As when an operator sets it: the monotonic clock goes on.
    ['a wall clock that is set back by an hour: the monotonic clock ends the lease', { wallOffsetMs: -HOUR }],
  ];
  test.each(HALTED)('%s', async (_how, skew) => {
    const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
    const [key, bystander] = await rekey.apiKeys(2);
    await rekey.warmCaches(key!, bystander!);
    const back = rekey.history.mayBeUnavailable(c.name);
    c.postgres.blackhole();
    await c.skewClock(skew);
    expect(await rekey.revoke(a, key!)).toMatchObject({ propagation: 'LEASE_EXPIRED' });
    const verdicts = await Promise.all([rekey.verify(c, key!), rekey.verify(c, bystander!)]);
    expect(verdicts).toEqual(['unavailable', 'unavailable']);
    await c.skewClock({ wallOffsetMs: 0, monotonicStands: false });
    await c.postgres.heal();
    await rekey.untilHealthy();
    back();
    await rekey.warmCaches(bystander!);
  });
});
