import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { SetCredentialPolicyInput } from '../../../src/client/index.ts';
import { EndedCredentials } from '../../../src/credential-policies/ended-credentials.ts';
import { age, workspaceKey } from '../../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { inSeconds } from '../../support/values.ts';
import { join, outsiders, tagsOf } from '../../support/workspaces.ts';

const DAY = 86_400;
const TEN_YEARS = 315_360_000;

describe.each(backends())('setCredentialPolicy on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let owner: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    owner = await app.member();
    workspaceId = await app.workspace(owner);
  });
  // The policies of one test must not decide about the next one. What they ended stays ended.
  afterEach(async () => {
    await set(admin, { workspaceId });
    await set(admin, {});
  });
  afterAll(() => app.close());

  const set = (caller: Caller, input: SetCredentialPolicyInput) => app.as(caller).setCredentialPolicy(input);
  const statusOf = async (caller: Caller, id: string) => {
    const key = (await app.as(caller).apiKey({ id }))!;
    return [key.status, key.revocationReason];
  };
  const bound = (input: object = {}) => app.apiKey(owner, { workspaceId, ...input });

  describe('SetCredentialPolicySuccess', () => {
    test('a bound that is left out does not exist: each call sets the whole policy', async () => {
      const query = '{ credentialPolicy { maximumLifetimeSeconds idleSeconds requiresExpiry } }';
      const inForce = async () => (await app.graphql(query, {}, { bearer: admin.accessToken })).data.credentialPolicy;
      expect(await inForce()).toEqual({ maximumLifetimeSeconds: null, idleSeconds: null, requiresExpiry: false });
      const { policy } = await set(admin, { maximumLifetimeSeconds: DAY, idleSeconds: 3600 }).expectSuccess();
      expect(policy).toMatchObject({ maximumLifetimeSeconds: DAY, idleSeconds: 3600, requiresExpiry: false });
      expect(await inForce()).toEqual(policy);
      const next = await set(admin, { requiresExpiry: true }).expectSuccess();
      expect(next.policy).toMatchObject({ maximumLifetimeSeconds: null, idleSeconds: null, requiresExpiry: true });
      expect(await inForce()).toEqual(next.policy);
    });

    test('the policy of a workspace is its own one, and every member reads it', async () => {
      await set(admin, { maximumLifetimeSeconds: DAY }).expectSuccess();
      await set(owner, { workspaceId, idleSeconds: 100 }).expectSuccess();
      const member = await join(app, { workspaceId });
      const query = `query ($id: ID!) { workspace(id: $id) { credentialPolicy { maximumLifetimeSeconds idleSeconds requiresExpiry } } }`;
      const { data } = await app.graphql(query, { id: workspaceId }, { bearer: member.accessToken });
      expect(data.workspace.credentialPolicy).toEqual({
        maximumLifetimeSeconds: null,
        idleSeconds: 100,
        requiresExpiry: false,
      });
    });

    test('what is over a stricter lifetime is revoked before the response, by one row in the log', async () => {
      const [old, young] = [await bound(), await bound()];
      const ofWorkspace = await workspaceKey(app, owner, workspaceId);
      const daemon = await app.daemonToken(owner, workspaceId, { expiresAt: inSeconds(30 * DAY) });
      await age(app, old.id, 2 * DAY);
      await age(app, ofWorkspace.id, 3 * DAY);
      await app.sql(`update daemon_tokens set created_at = created_at - interval '2 days' where id = ?`, [daemon.id]);
      const all = [old, young, ofWorkspace, daemon];
      for (const { secret } of all) expect(await app.accepts(secret)).toBe(true);
      let endedCount = 0;
      const tags = await tagsOf(app, async () => {
        const outcome = await set(owner, { workspaceId, maximumLifetimeSeconds: DAY }).expectSuccess();
        expect(outcome.receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
        endedCount = outcome.endedCount;
        expect(await Promise.all(all.map(({ secret }) => app.accepts(secret)))).toEqual([false, true, false, false]);
      });
      expect(endedCount).toBe(3);
      expect(tags).toEqual([`workspace:${workspaceId}`]);
      expect(await statusOf(owner, old.id)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
      expect(await statusOf(owner, ofWorkspace.id)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
      expect(await statusOf(owner, young.id)).toEqual(['ACTIVE', null]);
      const { nodes } = await app.as(owner).daemonTokens({ workspaceId });
      expect(nodes.find(({ id }) => id === daemon.id)).toMatchObject({
        status: 'REVOKED',
        revocationReason: 'ADMINISTRATIVE',
      });
    });

    test('what remains expires by the policy, also where it is cached, and shows when', async () => {
      const key = await bound({ expiresAt: inSeconds(30 * DAY) });
      const never = await bound();
      expect([await app.accepts(key.secret), await app.accepts(never.secret)]).toEqual([true, true]);
      await set(owner, { workspaceId, maximumLifetimeSeconds: DAY }).expectSuccess();
      for (const { id, secret } of [key, never]) {
        const { createdAt, expiresAt } = (await app.as(owner).apiKey({ id }))!;
        const end = new Date(Date.parse(createdAt) + DAY * 1000).toISOString();
        expect(expiresAt).toBe(end);
        const { headers } = await fetch(`${app.url}/v1/verify`, { headers: { 'x-api-key': secret } });
        expect(headers.get('x-rekey-expires')).toBe(end);
      }
      await age(app, never.id, 2 * DAY);
      expect(await statusOf(owner, never.id)).toEqual(['EXPIRED', null]);
      await app.as(owner).updateApiKey({ apiKeyId: never.id, name: 'x' }).expect('InvalidInputError');
    });

    test('a credential ends by its own expiry if that is earlier', async () => {
      const expiresAt = inSeconds(600);
      const key = await bound({ expiresAt });
      await set(owner, { workspaceId, maximumLifetimeSeconds: DAY }).expectSuccess();
      expect(await app.as(owner).apiKey({ id: key.id })).toMatchObject({ expiresAt });
    });

    test('a required expiry ends what has none', async () => {
      const [without, with_] = [await bound(), await bound({ expiresAt: inSeconds(600) })];
      const personal = await app.apiKey(owner);
      const { endedCount } = await set(owner, { workspaceId, requiresExpiry: true }).expectSuccess();
      expect(endedCount).toBeGreaterThanOrEqual(1);
      expect(await statusOf(owner, without.id)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
      expect(await Promise.all([without, with_, personal].map(({ secret }) => app.accepts(secret)))).toEqual([
        false,
        true,
        true,
      ]);
    });

    test('a bound on idle credentials counts from the last use, or from the creation', async () => {
      const [used, unused, fresh] = [await bound(), await bound(), await bound()];
      for (const { id } of [used, unused]) await age(app, id, 10 * DAY);
      expect(await app.accepts(used.secret)).toBe(true);
      // The replica writes this use later. Then it writes none for the time of the test.
      const written = () =>
        app.sql('select 1 from credential_usage where credential_id = ? and last_used_at is not null', [used.id]);
      await expect.poll(written, { timeout: 30_000 }).toHaveLength(1);
      await app.sql(`update credential_usage set last_used_at = now() - interval '1 hour' where credential_id = ?`, [
        used.id,
      ]);
      const { endedCount } = await set(owner, { workspaceId, idleSeconds: DAY }).expectSuccess();
      expect(endedCount).toBe(1);
      expect(await Promise.all([used, unused, fresh].map(({ secret }) => app.accepts(secret)))).toEqual([
        true,
        false,
        true,
      ]);
      expect(await statusOf(owner, unused.id)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
      // A day, and as long as a use may be written later.
      const { expiresAt } = (await app.as(owner).apiKey({ id: used.id }))!;
      const left = Date.parse(expiresAt!) - Date.now();
      expect(left).toBeGreaterThan((DAY - 3700) * 1000);
      expect(left).toBeLessThan(DAY * 1000);
    });

    test('the stricter of both policies holds', async () => {
      const [ours, personal] = [await bound(), await app.apiKey(owner)];
      await set(admin, { maximumLifetimeSeconds: 10 * DAY }).expectSuccess();
      await set(owner, { workspaceId, maximumLifetimeSeconds: 5 * DAY }).expectSuccess();
      const lifetime = async (id: string) => {
        const { createdAt, expiresAt } = (await app.as(owner).apiKey({ id }))!;
        return (Date.parse(expiresAt!) - Date.parse(createdAt)) / 1000;
      };
      expect([await lifetime(ours.id), await lifetime(personal.id)]).toEqual([5 * DAY, 10 * DAY]);
      await set(owner, { workspaceId, maximumLifetimeSeconds: 20 * DAY }).expectSuccess();
      expect(await lifetime(ours.id)).toBe(10 * DAY);
    });

    test('the policy of the installation governs every credential, by one row for everything', async () => {
      const [ours, personal] = [await bound(), await app.apiKey(await app.member())];
      for (const { id } of [ours, personal]) await age(app, id, 20 * DAY);
      for (const { secret } of [ours, personal]) expect(await app.accepts(secret)).toBe(true);
      const tags = await tagsOf(app, async () => {
        const { endedCount, receipt } = await set(admin, { maximumLifetimeSeconds: 15 * DAY }).expectSuccess();
        expect(endedCount).toBe(2);
        expect(receipt).not.toBeNull();
      });
      expect(tags).toEqual(['*']);
      for (const { secret } of [ours, personal]) expect(await app.accepts(secret)).toBe(false);
      expect(await app.accepts(owner.accessToken)).toBe(true);
    });

    test('the event for followers is WORKSPACE or ALL, NARROWED', async () => {
      const [{ seq }] = await app.sql('select seq::float8 as seq from auth_epoch');
      await set(owner, { workspaceId, idleSeconds: DAY }).expectSuccess();
      await set(admin, { idleSeconds: DAY }).expectSuccess();
      const events = await app.sql(
        `select subject, subject_id, effect, reason, members from auth_inval where seq > ? and tag <> 'probe' order by seq`,
        [seq],
      );
      expect(events).toMatchObject([
        { subject: 'WORKSPACE', subject_id: workspaceId, effect: 'NARROWED', reason: 'ADMINISTRATIVE' },
        { subject: 'ALL', subject_id: '*', effect: 'NARROWED', reason: 'ADMINISTRATIVE' },
      ]);
      expect(events[0].members).toContain(owner.id);
    });

    test('loosening revives nothing: what had been revoked or had expired stays so, and has no receipt', async () => {
      const [revoked, expired, alive] = [await bound(), await bound(), await bound()];
      await age(app, revoked.id, 2 * DAY);
      await set(owner, { workspaceId, maximumLifetimeSeconds: DAY }).expectSuccess();
      await age(app, expired.id, 2 * DAY);
      expect(await statusOf(owner, expired.id)).toEqual(['EXPIRED', null]);
      const { revokedAt } = (await app.as(owner).apiKey({ id: revoked.id }))!;
      const tags = await tagsOf(app, async () => {
        for (const input of [{ maximumLifetimeSeconds: 30 * DAY }, { maximumLifetimeSeconds: null }, {}]) {
          const loosened = await set(owner, { workspaceId, ...input }).expectSuccess();
          expect(loosened).toMatchObject({ endedCount: 0, receipt: null });
          expect(await statusOf(owner, revoked.id)).toEqual(['REVOKED', 'ADMINISTRATIVE']);
          expect((await app.as(owner).apiKey({ id: revoked.id }))!.revokedAt).toBe(revokedAt);
          expect(await statusOf(owner, expired.id)).toEqual(['EXPIRED', null]);
          expect(await Promise.all([revoked, expired, alive].map(({ secret }) => app.accepts(secret)))).toEqual([
            false,
            false,
            true,
          ]);
        }
      });
      expect(tags).toEqual([]);
      expect((await app.as(owner).apiKey({ id: alive.id }))!.expiresAt).toBeNull();
      // Nothing else revives them: not a rotation, not an update.
      await app.as(owner).rotateApiKey({ apiKeyId: revoked.id }).expect('ApiKeyRevokedError');
      await app.as(owner).rotateApiKey({ apiKeyId: expired.id }).expect('InvalidInputError');
    });

    test('a policy that ended nothing leaves no trace after it was loosened', async () => {
      const own = await app.workspace(owner);
      const former = () => app.sql('select * from former_credential_policies where subject = ?', [own]);
      for (let round = 0; round < 3; round++) {
        await set(owner, { workspaceId: own, maximumLifetimeSeconds: DAY }).expectSuccess();
        await set(owner, { workspaceId: own }).expectSuccess();
      }
      expect(await former()).toEqual([]);
      await app.apiKey(owner, { workspaceId: own });
      await set(owner, { workspaceId: own, requiresExpiry: true }).expectSuccess();
      await set(owner, { workspaceId: own }).expectSuccess();
      expect(await former()).toHaveLength(1);
    });

    test('a dry run counts and changes nothing', async () => {
      const key = await bound();
      await age(app, key.id, 3 * DAY);
      expect(await app.accepts(key.secret)).toBe(true);
      const input = { workspaceId, maximumLifetimeSeconds: 2 * DAY, idleSeconds: DAY, requiresExpiry: true };
      const tags = await tagsOf(app, async () => {
        const outcome = await set(owner, { ...input, dryRun: true }).expectSuccess();
        expect(outcome).toMatchObject({
          receipt: null,
          policy: { maximumLifetimeSeconds: 2 * DAY, requiresExpiry: true },
        });
        expect(outcome.endedCount).toBeGreaterThanOrEqual(1);
        expect(await app.accepts(key.secret)).toBe(true);
        const { data } = await app.graphql(
          'query ($id: ID!) { workspace(id: $id) { credentialPolicy { requiresExpiry } } }',
          { id: workspaceId },
          { bearer: owner.accessToken },
        );
        expect(data.workspace.credentialPolicy.requiresExpiry).toBe(false);
      });
      expect(tags).toEqual([]);
      const dry = await set(owner, { ...input, dryRun: true }).expectSuccess();
      expect((await set(owner, input).expectSuccess()).endedCount).toBe(dry.endedCount);
      expect(await app.accepts(key.secret)).toBe(false);
    });

    test('setting the same policy again changes nothing, and waits for the replicas without a receipt', async () => {
      const input = { workspaceId, maximumLifetimeSeconds: DAY, idleSeconds: 5 * DAY };
      await set(owner, input).expectSuccess();
      const events = () => app.sql(`select 1 from audit_events where type = 'credential-policy.set'`);
      const before = await events();
      const waits = vi.spyOn(app.app.barrier, 'waitUntilPropagated');
      onTestFinished(() => waits.mockRestore());
      expect(await set(owner, input).expectSuccess()).toMatchObject({ endedCount: 0, receipt: null });
      expect(waits.mock.calls.map(([tag]) => tag)).toEqual([`workspace:${workspaceId}`]);
      expect(await events()).toHaveLength(before.length);
    });

    test('while the credentials of the installation are counted, other mutations go on', async () => {
      const { countOf } = EndedCredentials.prototype;
      const [isCounting, mayCount] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const counting = vi.spyOn(EndedCredentials.prototype, 'countOf').mockImplementationOnce(async function (
        this: EndedCredentials,
        ...given
      ) {
        isCounting.resolve();
        await mayCount.promise;
        return countOf.apply(this, given);
      });
      onTestFinished(() => counting.mockRestore());
      const setting = set(admin, { idleSeconds: 30 * DAY }).expectSuccess();
      await isCounting.promise;
      const { apiKey } = await app.as(owner).createApiKey({ name: 'x', workspaceId }).expectSuccess();
      await app.as(owner).rotateApiKey({ apiKeyId: apiKey.id }).expectSuccess();
      mayCount.resolve();
      expect((await setting).policy.idleSeconds).toBe(30 * DAY);
    });

    test('an audit event has the bounds and how much they ended', async () => {
      const key = await bound();
      await age(app, key.id, 2 * DAY);
      await set(owner, { workspaceId, maximumLifetimeSeconds: DAY }).expectSuccess();
      const [event] = await app.sql(
        `select * from audit_events where type = 'credential-policy.set' and subject_id = ? order by position desc limit 1`,
        [workspaceId],
      );
      expect(event).toMatchObject({ actor_user_id: owner.id, workspace_id: workspaceId });
      expect(event.data).toEqual({
        maximumLifetimeSeconds: DAY,
        idleSeconds: null,
        requiresExpiry: false,
        endedCount: 1,
      });
    });

    test('a key of the workspace sets the policy of its workspace', async () => {
      const key = await workspaceKey(app, owner, workspaceId, { scopes: ['WORKSPACES_WRITE'] });
      const { policy } = await set(key, { workspaceId, idleSeconds: 7 * DAY }).expectSuccess();
      expect(policy.idleSeconds).toBe(7 * DAY);
    });

    test('a deleted workspace takes its policies with it', async () => {
      const own = await app.workspace(owner);
      await app.apiKey(owner, { workspaceId: own });
      await set(owner, { workspaceId: own, requiresExpiry: true }).expectSuccess();
      await set(owner, { workspaceId: own, idleSeconds: 60 }).expectSuccess();
      await app.as(owner).deleteWorkspace({ workspaceId: own }).expectSuccess();
      for (const table of ['credential_policies', 'former_credential_policies'])
        expect(await app.sql(`select 1 from ${table} where subject = ?`, [own])).toEqual([]);
    });
  });

  describe('WorkspaceNotFoundError', () => {
    test('for a workspace that the caller may not see, in the words for an unknown one', async () => {
      const unknown = await set(owner, { workspaceId: 'wsp_00000000000000000000000000' }).expect(
        'WorkspaceNotFoundError',
      );
      for (const caller of await outsiders(app))
        expect(await set(caller, { workspaceId, idleSeconds: 1 }).expect('WorkspaceNotFoundError')).toEqual(unknown);
      const elsewhere = await workspaceKey(app, owner, await app.workspace(owner), { scopes: ['WORKSPACES_WRITE'] });
      expect(await set(elsewhere, { workspaceId, idleSeconds: 1 }).expect('WorkspaceNotFoundError')).toEqual(unknown);
    });
  });

  describe('InvalidInputError', () => {
    test('bounds below one second, all at once', async () => {
      const { fields } = await set(owner, { workspaceId, maximumLifetimeSeconds: 0, idleSeconds: -1 }).expect(
        'InvalidInputError',
      );
      expect(fields.map(({ path }) => path)).toEqual(['input.maximumLifetimeSeconds', 'input.idleSeconds']);
    });

    test('bounds above ten years, so that no owner sets one with which the queries of others fail', async () => {
      const largest = { maximumLifetimeSeconds: TEN_YEARS, idleSeconds: TEN_YEARS };
      for (const tooLarge of [TEN_YEARS + 1, 2_147_483_647]) {
        const input = { maximumLifetimeSeconds: tooLarge, idleSeconds: tooLarge };
        const { fields } = await set(owner, { workspaceId, ...input }).expect('InvalidInputError');
        expect(fields.map(({ path }) => path)).toEqual(['input.maximumLifetimeSeconds', 'input.idleSeconds']);
        for (const table of ['credential_policies', 'former_credential_policies']) {
          const columns = 'subject, workspace_id, idle_seconds, valid_from';
          const values = `'wsp_x', 'wsp_x', ${tooLarge}, now()`;
          const written =
            table === 'credential_policies'
              ? `insert into ${table} (${columns}) values (${values})`
              : `insert into ${table} (${columns}, valid_until) values (${values}, now())`;
          await expect(app.sql(written)).rejects.toThrow(/largest/);
        }
      }
      await set(owner, { workspaceId, ...largest }).expectSuccess();
      const key = await bound();
      expect(await app.accepts(key.secret)).toBe(true);
      const { nodes } = await app.as(admin).apiKeys({ first: 100 });
      expect(nodes.map(({ id }) => id)).toContain(key.id);
    });
  });

  describe('authorization', () => {
    test('a member who is no owner gets FORBIDDEN, and so does an owner for the installation', async () => {
      const member = await join(app, { workspaceId });
      await set(member, { workspaceId, idleSeconds: 60 }).expectError('FORBIDDEN');
      await set(owner, { idleSeconds: 60 }).expectError('FORBIDDEN');
      const key = await workspaceKey(app, owner, workspaceId, { scopes: ['WORKSPACES_WRITE'] });
      await set(key, { idleSeconds: 60 }).expectError('FORBIDDEN');
    });

    test('needs the scope WORKSPACES_WRITE, and reading the policy of the installation ADMIN', async () => {
      const key = await app.apiKey(owner, { scopes: ['WORKSPACES_READ'] });
      await set(key, { workspaceId }).expectError('FORBIDDEN');
      await app.as(owner).credentialPolicy().expectError('FORBIDDEN');
    });
  });
});
