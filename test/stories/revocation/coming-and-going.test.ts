import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Receipt } from '../../support/history.ts';
import { Installation, sessionOf } from '../../support/installation.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'replicas that come and go',
  { timeout: 180_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start();
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    test('start, leave and die during revocations, and what was revoked stays revoked on each of them', async () => {
      const bystanders = await rekey.apiKeys(5);
      await rekey.warm(...bystanders);
      const core = [...rekey.replicas];
      const load = rekey.load(bystanders, 1);
      const receipts: Receipt[] = [];
      let over = false;
      const revoking = (async () => {
        for (let turn = 0; !over; turn++) {
          const key = await rekey.apiKey();
          await rekey.verifyEverywhere(key);
          receipts.push(await rekey.revoke(core[turn % 3]!, key));
        }
      })();

      for (const end of ['leave', 'kill', 'leave', 'kill'] as const) {
        const guest = await rekey.join();
        await rekey.warm(...bystanders);
        const parted = rekey.history.mayBeUnavailable(guest.name);
        rekey.bury(guest);
        await guest[end]();
        parted();
      }
      over = true;
      await revoking;
      await load.stop();

      // Whoever left in an orderly way is waited for by nobody; whoever died, once.
      const kinds = receipts.map(({ propagation }) => propagation);
      expect(kinds).toContain('ACKNOWLEDGED');
      expect(Math.max(...receipts.map(({ replicas }) => replicas))).toBeGreaterThan(3);
      await rekey.calm();
      await rekey.warm(...bystanders);
    });

    test('all of them are started again: nothing that was revoked comes back', async () => {
      const [bystander, key, rotated] = await rekey.apiKeys(3);
      const person = await rekey.member();
      await rekey.warm(bystander!, key!, rotated!, sessionOf(person));
      await rekey.revoke(rekey.replicas[0]!, key!);
      await rekey.logout(rekey.replicas[1]!, person);
      const replacement = await rekey.rotate(rekey.replicas[2]!, rotated!);
      const before = [...rekey.replicas];
      for (const _ of before) await rekey.join();
      for (const replica of before) rekey.bury(replica);
      await Promise.all(before.map((replica, index) => (index === 0 ? replica.kill() : replica.leave())));
      for (const verdict of await rekey.verifyEverywhere(key!, rotated!, sessionOf(person)))
        expect(verdict).toBe('refused');
      await rekey.warm(bystander!, replacement);
      await rekey.calm();
    });
  },
);
