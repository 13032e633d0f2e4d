// What a receipt says about verifiers, which no revocation waits for.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createVerifier } from '../../../src/client/verifier.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { until } from '../../support/until.ts';

/** For so long after a receipt, a verifier may say yes from its memory. */
const FRESH_MS = 1000;
/** Between two questions. An answer from memory lets no timer and no poll run. */
const PACE_MS = 2;

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'a verifier gives no yes for a key from 1 s after the receipt of its revocation on',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;
    let introspection: Credential;

    beforeAll(async () => {
      rekey = await Installation.start();
      introspection = await rekey.apiKey({ scopes: ['INTROSPECT'] });
    });
    afterEach(async () => {
      await rekey.assertPromiseHeld();
      await rekey.untilHealthy();
    });
    afterAll(() => rekey?.destroy());

    /** A verifier whose requests reach these replicas in turn. */
    function follow(replicas: readonly ReplicaProcess[]) {
      let verifications = 0;
      let turn = 0;
      const verify = createVerifier({
        url: replicas[0]!.url,
        credential: introspection.secret,
        timeoutMs: 300,
        fetch: (input, init) => {
          const url = new URL(String(input));
          if (url.pathname === '/v1/verify') verifications++;
          url.port = new URL(replicas[turn++ % replicas.length]!.url).port;
          return fetch(url, init);
        },
      });
      onTestFinished(() => verify.close());
      const isYes = ({ secret }: Credential) =>
        verify(secret).then(
          ({ ok }) => ok,
          () => false, // It cannot know.
        );
      const kept = (key: Credential) =>
        until('the verifier answers from memory', async () => {
          const before = verifications;
          return (await isYes(key)) && verifications === before;
        });
      return { isYes, kept };
    }

    /** Revokes a key that the verifier keeps, and asks the verifier until it must not say yes any more. */
    async function revoke(key: Credential, { isYes }: ReturnType<typeof follow>) {
      const receipt = await rekey.revoke(rekey.replicas[0]!, key);
      const answeredAt = performance.now();
      const late: number[] = [];
      for (let ok = true, began = answeredAt; ok || began < answeredAt + FRESH_MS; ) {
        began = performance.now();
        ok = await isYes(key);
        if (ok && began >= answeredAt + FRESH_MS) late.push(began - answeredAt);
        await sleep(PACE_MS);
      }
      expect(late).toEqual([]);
      return receipt;
    }

    const FAILURES: [string, (replica: ReplicaProcess) => void][] = [
      ['has lost the database without a word', (replica) => replica.postgres.blackhole()],
      ['has lost its connections to the database', (replica) => replica.postgres.cut()],
      ['has stopped', (replica) => replica.freeze()],
    ];
    test.each(FAILURES)('if the replica that it follows %s', async (_how, fail) => {
      const [, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const verifier = follow([c]);
      const key = await rekey.apiKey();
      await rekey.warmCaches(key);
      await verifier.kept(key);
      const back = rekey.history.mayBeUnavailable(c.name);
      fail(c);
      expect(await revoke(key, verifier)).toMatchObject({ propagation: 'LEASE_EXPIRED' });
      c.thaw();
      await c.postgres.heal();
      await rekey.untilHealthy();
      back();
      // It follows again, and keeps what is valid.
      const another = await rekey.apiKey();
      await verifier.kept(another);
      expect(await verifier.isYes(key)).toBe(false);
    });

    test('if its requests reach several replicas, one of which lags behind', async () => {
      const [a, , c] = rekey.replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
      const verifier = follow([a, c]);
      const back = rekey.history.mayBeUnavailable(c.name);
      for (let round = 0; round < 3; round++) {
        const key = await rekey.apiKey();
        await rekey.warmCaches(key);
        await verifier.kept(key);
        c.postgres.delay(0.4 * rekey.leaseMs);
        await revoke(key, verifier);
        await c.postgres.heal();
        await rekey.untilHealthy();
      }
      back();
    });
  },
);
