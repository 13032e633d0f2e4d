import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('PostgreSQL', { timeout: 60_000 }, () => {
  let rekey: Installation;

  beforeAll(async () => {
    rekey = await Installation.start();
  });
  afterEach(() => rekey.assertPromiseHeld());
  afterAll(() => rekey?.destroy());

  const noLeaseIsLeft = () =>
    until('every lease has expired', async () => {
      const left = await Promise.all(rekey.replicas.map((each) => each.metric('rekey_lease_remaining_seconds')));
      return left.every((seconds) => seconds === 0);
    });

  /** Retries until the revocation is answered, as a client does after OUTCOME_UNKNOWN. */
  async function revokeInTheEnd(key: Credential): Promise<void> {
    let turn = 0;
    await until('the revocation is answered', () =>
      rekey.revoke(rekey.replicas[turn++ % 3]!, key).then(
        () => true,
        () => false,
      ),
    );
  }

  const ENDS = ['fast', 'immediate'] as const;
  test.each(ENDS)(
    'is stopped (%s) and started under load: valid keys get 503 at worst, and revoked keys stay revoked',
    async (mode) => {
      const [before, during, bystander] = await rekey.apiKeys(3);
      const flying = await rekey.apiKeys(6);
      await rekey.warmCaches(before!, during!, bystander!, ...flying);
      await rekey.revoke(rekey.replicas[0]!, before!);

      const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
      const load = rekey.load([before!, during!, bystander!, ...flying]);
      // Some commit before it stops, some do not, and the outcome of some is unknown.
      const asked = flying.map((key, index) => rekey.revoke(rekey.replicas[index % 3]!, key).catch(() => null));
      await rekey.postgres.stop(mode);
      expect(await rekey.verify(rekey.replicas[1]!, bystander!)).not.toBe('refused');
      await Promise.all(asked);
      await expect(rekey.revoke(rekey.replicas[2]!, during!)).rejects.toThrow();
      await noLeaseIsLeft();
      const verdicts = await rekey.verifyEverywhere(before!, during!, bystander!);
      expect(new Set(verdicts)).toEqual(new Set(['unavailable']));

      await rekey.postgres.start();
      for (const key of [during!, ...flying]) await revokeInTheEnd(key);
      await rekey.untilHealthy();
      for (const each of back) each();
      await load.stop();
      for (const verdict of await rekey.verifyEverywhere(before!, during!, ...flying)) expect(verdict).toBe('refused');
      await rekey.warmCaches(bystander!);
    },
    180_000,
  );

  test('is restarted three times in a row during revocations: every revocation takes effect when it is retried', async () => {
    const bystander = await rekey.apiKey();
    await rekey.warmCaches(bystander);
    const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
    const load = rekey.load([bystander]);
    const keys = await rekey.apiKeys(6);
    await rekey.verifyEverywhere(...keys);
    for (let round = 0; round < 3; round++) {
      const revoked = inBackground(Promise.all(keys.splice(0, 2).map(revokeInTheEnd)));
      await rekey.postgres.restart(round === 1 ? 'fast' : 'immediate');
      await revoked;
    }
    await rekey.untilHealthy();
    for (const each of back) each();
    await load.stop();
    await rekey.warmCaches(bystander);
  });

  test('rejects all connections for a while: a revocation takes effect when it is retried', async () => {
    const [key, bystander] = await rekey.apiKeys(2);
    await rekey.warmCaches(key!, bystander!);
    const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
    const load = rekey.load([key!, bystander!]);
    const onAnother = (sql: string) => rekey.postgres.query(sql, [], 'template1');
    await onAnother('alter database postgres allow_connections false');
    await onAnother("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'rekey%'");
    await noLeaseIsLeft();
    await onAnother('alter database postgres allow_connections true');
    await revokeInTheEnd(key!);
    await rekey.untilHealthy();
    for (const each of back) each();
    await load.stop();
    await rekey.warmCaches(bystander!);
  });

  test('is paused with open connections: replicas answer within the lease, then return 503, and recover when it continues', async () => {
    const [key, bystander] = await rekey.apiKeys(2);
    await rekey.warmCaches(key!, bystander!);
    const back = rekey.replicas.map(({ name }) => rekey.history.mayBeUnavailable(name));
    const load = rekey.load([key!, bystander!]);
    rekey.postgres.pause();
    await noLeaseIsLeft();
    const verdicts = await rekey.verifyEverywhere(key!, bystander!);
    expect(new Set(verdicts)).toEqual(new Set(['unavailable']));
    rekey.postgres.resume();
    await revokeInTheEnd(key!);
    await rekey.untilHealthy();
    for (const each of back) each();
    await load.stop();
    await rekey.warmCaches(bystander!);
  });
});
