import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Receipt } from '../../support/history.ts';
import { type Credential, Installation } from '../../support/installation.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('under load', { timeout: 180_000 }, () => {
  let rekey: Installation;

  beforeAll(async () => {
    // Longer than in the other stories: a busy machine must not look like an unreachable replica.
    rekey = await Installation.start({ leaseMs: 2000 });
  });
  afterEach(() => rekey.assertPromiseHeld());
  afterAll(() => rekey?.destroy());

  test('300 revocations of every kind, through all replicas in turn: no request that arrives after one of them is accepted', async () => {
    const bystanders = await rekey.apiKeys(20);
    const keys = await rekey.apiKeys(250);
    const members = await Promise.all(Array.from({ length: 50 }, () => rekey.member()));
    const keysOf = await Promise.all(members.map((member) => rekey.apiKeys(2, member)));
    await rekey.warmCaches(...bystanders, ...keys, ...keysOf.flat());

    const receipts: Receipt[] = [];
    const replacements: Credential[] = [];
    const steps: ((turn: number) => Promise<void>)[] = [
      ...keys.slice(0, 180).map((key) => async (turn: number) => {
        receipts.push(await rekey.revoke(rekey.replicas[turn % 3]!, key));
      }),
      ...keys.slice(180).map((key) => async (turn: number) => {
        replacements.push(await rekey.rotate(rekey.replicas[turn % 3]!, key));
      }),
      ...members.slice(0, 25).map((member) => async (turn: number) => {
        receipts.push(await rekey.logout(rekey.replicas[turn % 3]!, member));
      }),
      ...members.slice(25).map((member, index) => async (turn: number) => {
        const ending = index % 2 === 0 ? 'disable' : 'delete';
        receipts.push(await rekey[ending](rekey.replicas[turn % 3]!, member, keysOf[index + 25]));
      }),
    ];
    expect(steps).toHaveLength(300);

    const load = rekey.load(bystanders);
    // Two revokers at a time, each taking its steps from across all kinds.
    const revoker = async (first: number) => {
      for (let turn = first; turn < steps.length; turn += 2) await steps[(turn * 7) % steps.length]!(turn);
    };
    await Promise.all([revoker(0), revoker(1)]);
    await load.stop();

    for (const receipt of receipts) expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
    await rekey.warmCaches(...bystanders, ...replacements);
  });
});
