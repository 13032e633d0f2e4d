import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Revocation } from '../../support/history.ts';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation, sessionOf } from '../../support/installation.ts';
import type { Direction } from '../../support/proxy.ts';
import { until } from '../../support/until.ts';

const commits = (chunk: Buffer, direction: Direction) =>
  direction === 'request' && /\bcommit\b/i.test(chunk.toString());
const listens = (chunk: Buffer, direction: Direction) => direction === 'request' && chunk.includes('listen auth_inval');

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'a revocation whose revoker or notification is lost',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start({ leaseMs: 1000 });
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    /** The revocation is committed now. No mutation returns for it, so it must hold after one lease. */
    function committedByNow(revocation: Revocation): void {
      revocation.certainFrom = performance.now() + rekey.longestLeaseMs;
    }

    const refusedEverywhere = (...revoked: Credential[]) =>
      until('every replica refuses', async () =>
        (await rekey.verifyEverywhere(...revoked)).every((verdict) => verdict === 'refused'),
      );

    /** Disconnects every listener. It reconnects, and the answer to its LISTEN never arrives. */
    async function dropNotifications(): Promise<void> {
      const dropped = rekey.replicas.map(({ postgres }) => postgres.holdRepliesWhen(listens));
      await disconnectListeners();
      await Promise.all(dropped);
    }

    const disconnectListeners = () =>
      rekey.postgres.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rekey-listen'",
      );

    const heal = () => Promise.all(rekey.replicas.map(({ postgres }) => postgres.heal()));

    test('when the revoker is killed right after its COMMIT: every replica rejects the key within a lease', async () => {
      const [key, bystander] = await rekey.apiKeys(2);
      await rekey.warmCaches(key!, bystander!);
      const load = rekey.load([key!, bystander!]);
      const revoker = await rekey.join();
      rekey.remove(revoker);
      await rekey.warmCaches(key!, bystander!);

      const committed = revoker.postgres.holdRepliesWhen(commits);
      const revocation = rekey.recordRevocation(`key:${key!.id}`, [key!]);
      const lost = revoker.mutate('revokeApiKey', { apiKeyId: key!.id }, 'apiKey { id }', rekey.admin.accessToken);
      const noAnswer = expect(lost).rejects.toThrow();
      await committed;
      committedByNow(revocation);
      await revoker.kill();
      await noAnswer;

      await refusedEverywhere(key!);
      // One revocation waits for the killed replica, and the next one does not.
      const [first] = await rekey.apiKeys(1);
      await rekey.warmCaches(first!);
      expect(await rekey.revoke(rekey.replicas[0]!, first!)).toMatchObject({ propagation: 'LEASE_EXPIRED' });
      await rekey.untilHealthy();
      const [next] = await rekey.apiKeys(1);
      await rekey.warmCaches(next!);
      expect(await rekey.revoke(rekey.replicas[0]!, next!)).toMatchObject({
        propagation: 'ACKNOWLEDGED',
        replicas: 3,
        acknowledged: 3,
      });
      await load.stop();
    });

    test('when the revoker is killed and no notification arrives: every replica rejects the key within a lease', async () => {
      const [key, bystander] = await rekey.apiKeys(2);
      const revoker = await rekey.join();
      rekey.remove(revoker);
      await dropNotifications();
      await rekey.warmCaches(key!, bystander!);
      const load = rekey.load([key!, bystander!]);

      const committed = revoker.postgres.holdRepliesWhen(commits);
      const revocation = rekey.recordRevocation(`key:${key!.id}`, [key!]);
      const lost = revoker.mutate('revokeApiKey', { apiKeyId: key!.id }, 'apiKey { id }', rekey.admin.accessToken);
      const noAnswer = expect(lost).rejects.toThrow();
      await committed;
      committedByNow(revocation);
      await revoker.kill();
      await noAnswer;
      await refusedEverywhere(key!);
      await load.stop();
      await heal();
      await rekey.untilHealthy();
    });

    test('when all listeners are disconnected in a loop: every replica still acknowledges it', async () => {
      const bystanders = await rekey.apiKeys(5);
      await rekey.warmCaches(...bystanders);
      const load = rekey.load(bystanders);
      let over = false;
      const terminating = inBackground(
        (async () => {
          while (!over) await disconnectListeners();
        })(),
      );
      for (let turn = 0; turn < 30; turn++) {
        const key = await rekey.apiKey();
        await rekey.warmCaches(key);
        const receipt = await rekey.revoke(rekey.replicas[turn % 3]!, key);
        expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
      }
      over = true;
      await terminating;
      await load.stop();
    });

    describe('in plain SQL', () => {
      /** Runs the statement. Every replica must reject these credentials within a lease of its commit. */
      async function revokes(sql: string, parameters: unknown[], tag: string, revoked: Credential[]): Promise<void> {
        const revocation = rekey.recordRevocation(tag, revoked);
        await rekey.postgres.query(sql, parameters);
        committedByNow(revocation);
        await refusedEverywhere(...revoked);
      }

      const BY_HAND: [string, string][] = [
        ['an update of revoked_at', 'update api_keys set revoked_at = now() where id = $1'],
        ['a delete of the row', 'delete from api_keys where id = $1'],
        ['an update of expires_at', 'update api_keys set expires_at = now() where id = $1'],
        ['an update of secret_hash', "update api_keys set secret_hash = 'of another' || id where id = $1"],
      ];
      test.each(BY_HAND)('%s: every replica rejects the API key within a lease', async (_what, sql) => {
        const [key, bystander] = await rekey.apiKeys(2);
        await rekey.warmCaches(key!, bystander!);
        const load = rekey.load([key!, bystander!]);
        await revokes(sql, [key!.id], `key:${key!.id}`, [key!]);
        await load.stop();
        await rekey.warmCaches(bystander!);
      });

      test('a revoked session and a disabled user: every replica rejects all of their credentials within a lease', async () => {
        const [one, other] = await Promise.all([rekey.member(), rekey.member()]);
        const keys = await rekey.apiKeys(3, other);
        await rekey.warmCaches(sessionOf(one), sessionOf(other), ...keys);
        const load = rekey.load([sessionOf(one), sessionOf(other), ...keys]);
        const end = 'update sessions set revoked_at = now() where id = $1';
        await revokes(end, [one.sessionId], `session:${one.sessionId}`, [sessionOf(one)]);
        await rekey.warmCaches(sessionOf(other), ...keys);
        const disable = 'update users set disabled_at = now() where id = $1';
        await revokes(disable, [other.id], `user:${other.id}`, [sessionOf(other), ...keys]);
        await load.stop();
      });

      test('a removed scope: no replica returns it after a lease', async () => {
        const key = await rekey.apiKey({ scopes: ['API_KEYS_READ', 'API_KEYS_WRITE'] });
        const revoked = await rekey.apiKey();
        const scopes = async () => {
          const authorization = `Bearer ${key.secret}`;
          const replies = rekey.replicas.map((replica) => replica.ask('GET', '/v1/verify', { authorization }));
          return (await Promise.all(replies)).map(({ headers }) => headers['x-rekey-scopes']);
        };
        await rekey.warmCaches(key, revoked);
        expect(await scopes()).toEqual(Array(3).fill('API_KEYS_READ,API_KEYS_WRITE'));
        await rekey.postgres.query("update api_keys set scopes = '{API_KEYS_READ}' where id = $1", [key.id]);
        const committed = performance.now();
        let heldUntil = committed;
        await until('the scope is cut everywhere', async () => {
          const began = performance.now();
          const all = await scopes();
          if (all.some((each) => each !== 'API_KEYS_READ')) heldUntil = began;
          return heldUntil < began;
        });
        // However slow the machine is: no request that began a lease after the commit got the scope.
        expect(heldUntil - committed).toBeLessThan(rekey.longestLeaseMs);
        await rekey.revoke(rekey.replicas[1]!, revoked);
      });

      test('a truncate of the table while no notification arrives: every replica rejects every key within a lease', async () => {
        const keys = await rekey.apiKeys(5);
        await dropNotifications();
        await rekey.warmCaches(...keys, sessionOf(rekey.admin));
        const load = rekey.load([...keys, sessionOf(rekey.admin)]);
        await revokes('truncate api_keys cascade', [], '*', keys);
        await load.stop();
        await heal();
        await rekey.warmCaches(sessionOf(rekey.admin));
      });
    });
  },
);
