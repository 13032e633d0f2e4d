import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { sha256Base64url } from '../../../src/crypto/hash.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import type { Direction } from '../../support/proxy.ts';
import { until } from '../../support/until.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'an answer that a revocation overtakes',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start({ leaseMs: 2000 });
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    /** Matches the statement that looks up this secret. */
    const asksAbout = (secret: string) => (chunk: Buffer, direction: Direction) =>
      direction === 'request' && chunk.includes(sha256Base64url(secret));

    test('from the database, held across the revocation: the lookup and later requests are rejected', async () => {
      const [a, b] = rekey.replicas;
      const bystander = await rekey.apiKey();
      for (let round = 0; round < 10; round++) {
        const key = await rekey.apiKey();
        const read = a!.postgres.holdRepliesWhen(asksAbout(key.secret));
        const miss = rekey.verify(a!, key);
        await read;
        expect(await rekey.revoke(b!, key)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
        a!.postgres.releaseReplies();
        // It began before the revocation, and is checked when it ends.
        expect(await miss).toBe('refused');
        expect(await rekey.verify(a!, key)).toBe('refused');
      }
      await rekey.warmCaches(bystander);
    });

    test('from the database: requests that join the lookup after the revocation returned are rejected', async () => {
      const [a, b] = rekey.replicas;
      const bystander = await rekey.apiKey();
      for (let round = 0; round < 10; round++) {
        const key = await rekey.apiKey();
        const read = a!.postgres.holdRepliesWhen(asksAbout(key.secret));
        const early = [rekey.verify(a!, key)];
        await read;
        early.push(rekey.verify(a!, key));
        await a!.untilRequestsAreRead();
        await rekey.revoke(b!, key);
        const late = Array.from({ length: 5 }, () => rekey.verify(a!, key));
        await a!.untilRequestsAreRead();
        a!.postgres.releaseReplies();
        for (const verdict of await Promise.all([...early, ...late])) expect(verdict).toBe('refused');
      }
      await rekey.warmCaches(bystander);
    });

    test('from the database, if another credential was revoked: the lookup is accepted', async () => {
      const [a, b] = rekey.replicas;
      const [key, other] = await rekey.apiKeys(2);
      const read = a!.postgres.holdRepliesWhen(asksAbout(key!.secret));
      const miss = rekey.verify(a!, key!);
      await read;
      await rekey.revoke(b!, other!);
      a!.postgres.releaseReplies();
      expect(await miss).toBe('accepted');
    });

    test('on its way to Redis: no replica accepts the late entry, warm or cold', async () => {
      const [a, b] = rekey.replicas;
      const bystander = await rekey.apiKey();
      const stored = (key: Credential) => rekey.redis.command('EXISTS', `rekey:auth:${sha256Base64url(key.secret)}`);

      /** A key that was revoked while the entry of the first replica was in flight to Redis. Null if the replica gave up the write. */
      async function revokedMeanwhile(): Promise<Credential | null> {
        const key = await rekey.apiKey();
        a!.redis.blackhole();
        expect(await rekey.verify(a!, key)).toBe('accepted');
        expect(await rekey.revoke(b!, key)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
        expect(await stored(key)).toBe(0);
        await a!.redis.heal();
        const arrived = until('the late write has arrived', () => stored(key), 1000);
        return arrived.then(
          () => key,
          () => null,
        );
      }
      const key = (await until('a write was late enough', revokedMeanwhile))!;

      const cold = await rekey.join();
      for (let round = 0; round < 5; round++) {
        for (const verdict of await rekey.verifyEverywhere(key)) expect(verdict).toBe('refused');
      }
      expect(await stored(key)).toBe(1);
      await rekey.warmCaches(bystander);
      rekey.remove(cold);
      await cold.leave();
    });
  },
);
