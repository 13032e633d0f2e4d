import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Verdict } from '../../support/history.ts';
import { inBackground } from '../../support/in-background.ts';
import { Installation } from '../../support/installation.ts';
import { randomFrom } from '../../support/random.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'a replica that is paused and continues',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start({ leaseMs: 250 });
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    test('at random moments around its fencing accepts no revoked key', async () => {
      const random = randomFrom(20_261_122);
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      const keys = await rekey.apiKeys(60);

      for (let round = 0; round < 30; round++) {
        const paused = rekey.replicas[round % 3]!;
        const others = rekey.replicas.filter((replica) => replica !== paused);
        const [first, second] = keys.splice(0, 2) as [(typeof keys)[0], (typeof keys)[0]];
        // Times in leases: the wait for it ends at 1.01 after the first commit, and it is removed at 2.02.
        const stopAfter = random() * 0.2;
        const pauseFor = random() * 2.6;
        const secondAfter = random() * 1.8;
        const leases = (count: number) => sleep(count * rekey.leaseMs);
        await Promise.all(
          rekey.replicas.flatMap((replica) => [first, second].map((key) => rekey.verify(replica, key))),
        );

        const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
        const asked: Promise<Verdict>[] = [];
        const ask = () => {
          for (const key of [first, second, bystander]) asked.push(rekey.verify(paused, key));
        };
        const pausing = leases(stopAfter).then(async () => {
          paused.freeze();
          ask();
          await leases(pauseFor);
          paused.thaw();
          ask();
        });
        const revoking = [
          rekey.revoke(others[0]!, first).then(ask),
          leases(secondAfter)
            .then(() => rekey.revoke(others[1]!, second))
            .then(ask),
        ];
        await Promise.all([pausing, ...revoking]);
        ask();
        await Promise.all(asked);
        for (const each of back) each();
      }
      await rekey.untilHealthy();
      await rekey.warmCaches(bystander);
      // At least one was paused past its fencing. Otherwise nothing was tested.
      const starts = await Promise.all(rekey.replicas.map((replica) => replica.metric('rekey_cold_starts_total')));
      expect(Math.max(...starts)).toBeGreaterThan(0);
    });

    test('between the COMMIT of a revocation and its response still returns a true receipt', async () => {
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      const random = randomFrom(7);
      for (let round = 0; round < 6; round++) {
        const revoker = rekey.replicas[round % 3]!;
        const key = await rekey.apiKey();
        await rekey.warmCaches(key);
        const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
        const committed = revoker.postgres.holdRepliesWhen(
          (chunk, direction) => direction === 'request' && /\bcommit\b/i.test(chunk.toString()),
        );
        const revoked = inBackground(rekey.revoke(revoker, key));
        await committed;
        revoker.freeze();
        revoker.postgres.releaseReplies();
        await sleep(random() * 2 * rekey.leaseMs);
        revoker.thaw();
        await revoked;
        await rekey.untilHealthy();
        for (const each of back) each();
      }
      expect(await rekey.verify(rekey.replicas[0]!, bystander)).toBe('accepted');
    });
  },
);
