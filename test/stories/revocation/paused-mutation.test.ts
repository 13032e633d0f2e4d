import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { inBackground } from '../../support/in-background.ts';
import { type Credential, Installation, sessionOf } from '../../support/installation.ts';
import type { Direction } from '../../support/proxy.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';
import { until } from '../../support/until.ts';

/** Matches a request that contains this text. */
const contains = (text: string) => (chunk: Buffer, direction: Direction) =>
  direction === 'request' && chunk.toString('latin1').toLowerCase().includes(text);

const MAKE_A_KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }';

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))(
  'a mutation that is paused in its transaction',
  { timeout: 60_000 },
  () => {
    let rekey: Installation;

    beforeAll(async () => {
      rekey = await Installation.start();
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(() => rekey?.destroy());

    const writesWith = (replica: ReplicaProcess, caller: Credential, name: string) =>
      replica.graphql(MAKE_A_KEY, { input: { name } }, caller.secret);

    const madeAt = async (name: string) => {
      const rows = await rekey.postgres.query<{ at: Date }>('select created_at as at from api_keys where name = $1', [
        name,
      ]);
      return rows.map(({ at }) => at);
    };

    const lockIsAwaited = async () =>
      (await rekey.postgres.query("select from pg_stat_activity where wait_event_type = 'Lock'")).length > 0;

    test('before it confirms its caller: it does not commit after the caller is revoked', async () => {
      const [a, b] = rekey.replicas as [ReplicaProcess, ReplicaProcess];
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      for (let round = 0; round < 5; round++) {
        const caller = await rekey.apiKey({ scopes: ['API_KEYS_WRITE'] });
        await rekey.warmCaches(caller);
        const name = `paused at its beginning ${round}`;
        const paused = a.postgres.holdRepliesWhen(contains('start transaction'));
        const written = inBackground(writesWith(a, caller, name));
        await paused;
        await rekey.revoke(b, caller);
        a.postgres.releaseReplies();
        expect((await written).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
        expect(await madeAt(name)).toEqual([]);
      }
    });

    test('before it confirms its caller: it does not commit after the user is disabled or the session is revoked', async () => {
      const [a, b] = rekey.replicas as [ReplicaProcess, ReplicaProcess];
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      const [disabled, loggedOut] = await Promise.all([rekey.member(), rekey.member()]);
      const theirs = await rekey.apiKey({ scopes: ['API_KEYS_WRITE'] }, disabled);
      const ends: [Credential, () => Promise<unknown>][] = [
        [theirs, () => rekey.disable(b, disabled, [theirs])],
        [sessionOf(loggedOut), () => rekey.logout(b, loggedOut)],
      ];
      for (const [caller, end] of ends) {
        await rekey.warmCaches(caller);
        const name = `paused ${caller.id}`;
        const paused = a.postgres.holdRepliesWhen(contains('start transaction'));
        const written = inBackground(writesWith(a, caller, name));
        await paused;
        await end();
        a.postgres.releaseReplies();
        expect((await written).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
        expect(await madeAt(name)).toEqual([]);
      }
    });

    test('after it confirmed its caller: the revocation waits for it, so nothing is written after the revocation', async () => {
      const [a, b] = rekey.replicas as [ReplicaProcess, ReplicaProcess];
      const bystander = await rekey.apiKey();
      await rekey.warmCaches(bystander);
      for (const statement of ['for share', 'insert into "api_keys"']) {
        const caller = await rekey.apiKey({ scopes: ['API_KEYS_WRITE'] });
        await rekey.warmCaches(caller);
        const name = `paused at ${statement}`;
        const paused = a.postgres.holdRepliesWhen(contains(statement));
        const written = inBackground(writesWith(a, caller, name));
        await paused;
        const revoked = inBackground(rekey.revoke(b, caller));
        await until('the revocation waits', lockIsAwaited);
        a.postgres.releaseReplies();
        expect((await written).data.createApiKey).toEqual({ __typename: 'CreateApiKeySuccess' });
        const { committedAt } = await revoked;
        const [at] = await madeAt(name);
        expect(at!.getTime()).toBeLessThanOrEqual(Date.parse(committedAt));
      }
    });

    const SILENT: [string, (replica: ReplicaProcess) => void, (replica: ReplicaProcess) => unknown][] = [
      ['is frozen', (replica) => replica.freeze(), (replica) => replica.thaw()],
      ['is cut off', (replica) => replica.postgres.blackhole(), (replica) => replica.postgres.heal()],
    ];
    test.each(SILENT)(
      'on a replica that %s: it does not delay the revocation of its caller for long',
      async (_how, silence, end) => {
        const [a, b] = rekey.replicas as [ReplicaProcess, ReplicaProcess];
        const caller = await rekey.apiKey({ scopes: ['API_KEYS_WRITE'] });
        const bystander = await rekey.apiKey();
        await rekey.warmCaches(caller, bystander);
        const name = `paused on one that ${_how}`;
        const back = rekey.history.mayBeUnavailable(a.name);
        const paused = a.postgres.holdRepliesWhen(contains('for share'));
        const written = inBackground(writesWith(a, caller, name));
        await paused;
        silence(a);
        // Returns while the replica is still silent: the server releases its locks, and its lease expires.
        await rekey.revoke(b, caller);
        await end(a);
        a.postgres.releaseReplies();
        expect((await written).errors).toHaveLength(1);
        expect(await madeAt(name)).toEqual([]);
        await rekey.untilHealthy();
        back();
        await rekey.warmCaches(bystander);
      },
    );
  },
);
