import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { PASSWORD } from '../support/constants.ts';
import { type Account, type Credential, Installation, sessionOf } from '../support/installation.ts';
import { type PreviousVersion, previousVersion } from '../support/previous-version.ts';
import type { ReplicaProcess } from '../support/replica-process.ts';
import { signedHeaders } from '../support/signing.ts';

const previous: PreviousVersion | null = previousVersion();
if (!previous) process.stderr.write('SKIPPED: the previous version, for this is not a clone with its history.\n');

describe.skipIf(!previous || !inject('postgresUrl') || !inject('redisUrl'))(
  'a replica of the previous version on the schema of this one',
  { timeout: 180_000 },
  () => {
    let rekey: Installation;
    let older: ReplicaProcess;
    let newer: ReplicaProcess;
    let bystanders: Credential[];
    let member: Account;

    beforeAll(async () => {
      // An upgrade: the previous version has served, and goes on while the first replica of this one migrates.
      rekey = await Installation.start({ replicas: 1, leaseMs: 2000, server: previous!.server });
      older = rekey.replicas[0]!;
      bystanders = await rekey.apiKeys(3);
      member = await rekey.member();
      await rekey.warmCaches(...bystanders, sessionOf(member));
      const before = await migrations();
      const load = rekey.load(bystanders);
      newer = await rekey.join();
      await load.stop();
      expect((await migrations()).length).toBeGreaterThan(before.length);
    });
    afterEach(() => rekey.assertPromiseHeld());
    afterAll(async () => {
      await rekey?.destroy();
      previous?.remove();
    });

    const migrations = () => rekey.postgres.query('select name from rekey_migrations');

    /** Both ways: what one version has made, the other one accepts, changes and ends. */
    const eachWay = (run: (maker: ReplicaProcess, other: ReplicaProcess) => Promise<void>) => async () => {
      await run(older, newer);
      await run(newer, older);
    };

    test('accepts what was made before, and was warm all the time', async () => {
      await rekey.warmCaches(...bystanders, sessionOf(member));
      const key = await rekey.apiKey({}, rekey.admin, older);
      await rekey.revoke(newer, key);
    });

    test(
      'API keys: made, rotated and revoked by either version',
      eachWay(async (maker, other) => {
        const [kept, rotated] = [
          await rekey.apiKey({}, rekey.admin, maker),
          await rekey.apiKey({ permissions: ['a:b'] }, rekey.admin, maker),
        ];
        await rekey.warmCaches(kept, rotated);
        const next = await rekey.rotate(other, rotated);
        await rekey.warmCaches(next);
        expect(await rekey.revoke(other, kept)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 2 });
        expect(await rekey.revoke(maker, next)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 2 });
      }),
    );

    test(
      'sessions: started at one version, refreshed at the other, ended at either',
      eachWay(async (maker, other) => {
        const selection = 'tokens { accessToken refreshToken session { id } }';
        const { email } = await rekey.member();
        const { tokens } = await maker.mutate('login', { email, password: PASSWORD }, `user { id } ${selection}`);
        const refreshed = await other.mutate('refreshSession', { refreshToken: tokens.refreshToken }, selection);
        const again = await maker.mutate('refreshSession', { refreshToken: refreshed.tokens.refreshToken }, selection);
        const account = { ...member, accessToken: again.tokens.accessToken, sessionId: again.tokens.session.id };
        await rekey.warmCaches(sessionOf(account));
        expect(await rekey.logout(other, account)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 2 });
      }),
    );

    test(
      'accounts: registered at one version, disabled and deleted at the other',
      eachWay(async (maker, other) => {
        const [disabled, deleted] = [await rekey.member(), await rekey.member()];
        const keys = [await rekey.apiKey({}, disabled, maker), await rekey.apiKey({}, deleted, maker)] as const;
        await rekey.warmCaches(...keys, sessionOf(disabled), sessionOf(deleted));
        await rekey.disable(other, disabled, [keys[0]]);
        await rekey.delete(other, deleted, [keys[1]]);
      }),
    );

    test(
      'daemon tokens, signing keys and policies of a workspace, across the versions',
      eachWay(async (maker, other) => {
        const bearer = rekey.admin.accessToken;
        const workspaceId = await rekey.workspace(rekey.admin, maker);
        const daemon = await maker.mutate(
          'createDaemonToken',
          { workspaceId, daemonId: 'a daemon', expiresAt: new Date(Date.now() + 3_600_000) },
          'secret daemonToken { id }',
          bearer,
        );
        const token: Credential = { id: daemon.daemonToken.id, secret: daemon.secret };
        const key = await rekey.apiKey({ workspaceId, scopes: ['API_KEYS_READ'] }, rekey.admin, maker);
        const made = await maker.mutate(
          'createSigningKey',
          { workspaceId, scopes: ['API_KEYS_READ'] },
          'secret signingKey { id }',
          bearer,
        );
        const signing: Credential = { id: made.signingKey.id, secret: made.secret };
        const body = JSON.stringify({ query: '{ viewer { scopes } }' });
        const sign = async (replica: ReplicaProcess) => {
          const headers = { 'content-type': 'application/json' };
          const signed = signedHeaders(signing, { method: 'POST', target: '/graphql', body });
          return JSON.parse((await replica.ask('POST', '/graphql', { ...headers, ...signed }, body)).text);
        };
        await rekey.warmCaches(key);
        for (const replica of [maker, other]) {
          expect(await sign(replica)).toEqual({ data: { viewer: { scopes: ['API_KEYS_READ'] } } });
        }
        const receipt = 'receipt { propagation replicas }';
        const revoked = await other.mutate('revokeSigningKey', { signingKeyId: signing.id }, receipt, bearer);
        expect(revoked.receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 2 });
        for (const replica of [maker, other]) {
          expect((await sign(replica)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
        }
        const statuses = async ({ secret }: Credential) => {
          const headers = { authorization: `Bearer ${secret}` };
          const replies = await Promise.all([maker, other].map((each) => each.ask('GET', '/v1/verify', headers)));
          return replies.map(({ status }) => status);
        };
        expect(await statuses(token)).toEqual([204, 204]);
        await other.mutate('revokeDaemonToken', { daemonTokenId: token.id }, receipt, bearer);
        expect(await statuses(token)).toEqual([401, 401]);
        await rekey.tighten(other, { workspaceId, requiresExpiry: true }, [key]);
        expect(await statuses(key)).toEqual([401, 401]);
      }),
    );

    test('starts again, as after an upgrade that is taken back', async () => {
      const restarted = await rekey.join(previous!.server);
      const key = await rekey.apiKey({}, rekey.admin, restarted);
      await rekey.warmCaches(...bystanders, key);
      expect(await rekey.revoke(restarted, key)).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 3 });
    });
  },
);
