import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Receipt } from '../../support/history.ts';
import { inBackground } from '../../support/in-background.ts';
import { Installation, sessionOf } from '../../support/installation.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'while replicas start, stop and crash',
  { timeout: 180_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start({ leaseMs: 2000 });
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    test('a revocation holds on every replica', async () => {
      const bystanders = await rekey.apiKeys(5);
      await rekey.warmCaches(...bystanders);
      const core = [...rekey.replicas];
      const load = rekey.load(bystanders, 1);
      const receipts: Receipt[] = [];
      let over = false;
      const revoking = inBackground(
        (async () => {
          for (let turn = 0; !over; turn++) {
            const key = await rekey.apiKey();
            await rekey.verifyEverywhere(key);
            receipts.push(await rekey.revoke(core[turn % 3]!, key));
          }
        })(),
      );

      for (const end of ['leave', 'kill', 'leave', 'kill'] as const) {
        const guest = await rekey.join();
        await rekey.warmCaches(...bystanders);
        const parted = rekey.history.mayBeUnavailable(guest.name);
        rekey.remove(guest);
        await guest[end]();
        parted();
      }
      over = true;
      await revoking;
      await load.stop();

      // No revocation waits for a replica that has stopped in order. One revocation waits for a replica that has crashed.
      const kinds = receipts.map(({ propagation }) => propagation);
      expect(kinds).toContain('ACKNOWLEDGED');
      expect(Math.max(...receipts.map(({ replicas }) => replicas))).toBeGreaterThan(3);
      await rekey.untilHealthy();
      await rekey.warmCaches(...bystanders);
    });

    test('a revocation still holds after every replica was replaced', async () => {
      const [bystander, key, rotated] = await rekey.apiKeys(3);
      const member = await rekey.member();
      await rekey.warmCaches(bystander!, key!, rotated!, sessionOf(member));
      await rekey.revoke(rekey.replicas[0]!, key!);
      await rekey.logout(rekey.replicas[1]!, member);
      const replacement = await rekey.rotate(rekey.replicas[2]!, rotated!);
      const before = [...rekey.replicas];
      for (const _ of before) await rekey.join();
      for (const replica of before) rekey.remove(replica);
      await Promise.all(before.map((replica, index) => (index === 0 ? replica.kill() : replica.leave())));
      for (const verdict of await rekey.verifyEverywhere(key!, rotated!, sessionOf(member)))
        expect(verdict).toBe('refused');
      await rekey.warmCaches(bystander!, replacement);
      await rekey.untilHealthy();
    });
  },
);
