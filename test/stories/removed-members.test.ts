// A member is removed while replicas have the member's keys cached, and while new keys are created.
import { EntityManager } from '@mikro-orm/sql';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { type Account, backends, pairs, startTestApp, type TestApp } from '../support/app.ts';
import { holdNextCommit, untilLocked } from '../support/gates.ts';
import { loadsIn } from '../support/loads.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';
import { join } from '../support/workspaces.ts';

const WAITING = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

describe.each(backends())('a key that is created while its user is removed, on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  const isPostgres = () => app.app.config.databaseUrl !== null;
  const create = (member: Account, workspaceId: string) => app.as(member).createApiKey({ name: 'late', workspaceId });
  async function memberOfNew() {
    const workspaceId = await app.workspace(owner);
    const member = await join(app, { workspaceId });
    // Cached from now on: authentication does not wait for the one connection of the embedded database.
    for (const { accessToken } of [owner, member]) expect(await app.accepts(accessToken)).toBe(true);
    return { workspaceId, member };
  }

  test('before the removal commits is rejected after it, also if the user joins again', async () => {
    const { workspaceId, member } = await memberOfNew();
    const [written, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const commit = EntityManager.prototype.commit;
    vi.spyOn(EntityManager.prototype, 'commit').mockImplementationOnce(async function (this: EntityManager) {
      written.resolve();
      await mayCommit.promise;
      return commit.call(this);
    });
    const creating = create(member, workspaceId).expectSuccess();
    await written.promise;
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    const removing = app.as(owner).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
    await until('the removal has begun', () => begun.mock.calls.length > 0);
    if (isPostgres()) await until('the removal waits for the key', async () => (await app.sql(WAITING)).length > 0);
    mayCommit.resolve();
    const { secret } = await creating;
    await removing;
    expect(await app.accepts(secret)).toBe(false);
    await app.as(owner).addWorkspaceMember({ workspaceId, email: member.email }).expectSuccess();
    expect(await app.accepts(secret)).toBe(false);
  });

  test('after the removal has deleted the membership is not created', async () => {
    const { workspaceId, member } = await memberOfNew();
    const [written, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const commit = EntityManager.prototype.commit;
    vi.spyOn(EntityManager.prototype, 'commit').mockImplementationOnce(async function (this: EntityManager) {
      written.resolve();
      await mayCommit.promise;
      return commit.call(this);
    });
    const removing = app.as(owner).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
    await written.promise;
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    const creating = create(member, workspaceId).expect('WorkspaceNotFoundError');
    await until('the creation has begun', () => begun.mock.calls.length > 0);
    if (isPostgres())
      await until('the creation waits for the removal', async () => (await app.sql(WAITING)).length > 0);
    mayCommit.resolve();
    await Promise.all([creating, removing]);
    expect(await app.sql('select 1 from api_keys where workspace_id = ?', [workspaceId])).toEqual([]);
  });

  test('in the same moment, in many rounds: none of them remains', async () => {
    for (let round = 0; round < 10; round++) {
      const { workspaceId, member } = await memberOfNew();
      const bound = await app.apiKey(member, { workspaceId });
      const [removed, ...answers] = await Promise.all([
        app.as(owner).removeWorkspaceMember({ workspaceId, userId: member.id }).answer(),
        ...times(4, () => create(member, workspaceId).answer()),
        ...times(4, () => app.as(bound).createApiKey({ name: 'by a key' }).answer()),
        app.as(member).rotateApiKey({ apiKeyId: bound.id }).answer(),
      ]);
      expect(removed?.errors).toBeUndefined();
      const codes = answers.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []);
      expect(codes.filter((code) => code !== 'UNAUTHENTICATED')).toEqual([]);
      expect(
        await app.sql('select id from api_keys where workspace_id = ? and revoked_at is null', [workspaceId]),
      ).toEqual([]);
      const secrets = answers.flatMap(({ data }) =>
        Object.values(data ?? {}).flatMap((each) => (each as { secret?: string })?.secret ?? []),
      );
      for (const secret of [bound.secret, ...secrets]) expect(await app.accepts(secret)).toBe(false);
    }
  });

  test('a bound key writes nothing after its user was removed in plain SQL', async () => {
    const { workspaceId, member } = await memberOfNew();
    const key = await app.apiKey(member, { workspaceId });
    expect(await app.accepts(key.secret)).toBe(true);
    const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
    const remove = 'delete from workspace_members where workspace_id =';
    let commit: () => Promise<unknown>;
    if (isPostgres()) {
      const client = new pg.Client({ connectionString: app.app.config.databaseUrl! });
      await client.connect();
      onTestFinished(() => client.end());
      await client.query('begin');
      await client.query(`${remove} $1 and user_id = $2`, [workspaceId, member.id]);
      commit = () => client.query('commit');
    } else {
      const em = app.app.database.fork();
      await em.begin();
      await em.execute(`${remove} ? and user_id = ?`, [workspaceId, member.id]);
      commit = () => em.commit();
    }
    const creating = app.as(key).createApiKey({ name: 'too late' }).answer();
    await until('the mutation has begun', () => begun.mock.calls.length > 0);
    await commit();
    expect((await creating).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(await app.sql(`select 1 from api_keys where workspace_id = ? and name = 'too late'`, [workspaceId])).toEqual(
      [],
    );
  });
});

describe.each(pairs())(
  'a key of a workspace that an owner creates while losing the ownership, on $name',
  ({ start }) => {
    let near: TestApp;
    let far: TestApp;
    let close: () => Promise<void>;
    let owner: Account;
    beforeAll(async () => {
      ({ near, far, close } = await start());
      owner = await near.member();
    });
    afterEach(() => vi.restoreAllMocks());
    afterAll(() => close());

    const LOSSES = ['removed', 'demoted'] as const;
    const lose = (how: (typeof LOSSES)[number], workspaceId: string, userId: string) =>
      how === 'removed'
        ? far.as(owner).removeWorkspaceMember({ workspaceId, userId }).expectSuccess()
        : far.as(owner).setWorkspaceMemberRole({ workspaceId, userId, role: 'MEMBER' }).expectSuccess();
    const create = (caller: Account, workspaceId: string) =>
      near.as(caller).createApiKey({ name: 'of the workspace', workspaceId, owner: 'WORKSPACE' });
    async function secondOwner() {
      const workspaceId = await near.workspace(owner);
      const second = await join(near, { workspaceId, role: 'OWNER' });
      for (const app of [near, far])
        for (const { accessToken } of [owner, second]) expect(await app.accepts(accessToken)).toBe(true);
      return { workspaceId, second };
    }
    const keysOf = (workspaceId: string) => near.sql('select id from api_keys where workspace_id = ?', [workspaceId]);

    test.each(LOSSES)('is created before the owner is %s, and stays', async (how) => {
      const { workspaceId, second } = await secondOwner();
      const gate = holdNextCommit();
      const creating = create(second, workspaceId).expectSuccess();
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const losing = lose(how, workspaceId, second.id);
      await until('the loss has begun', () => begun.mock.calls.length > 0);
      await untilLocked(near);
      gate.open();
      const [{ secret }] = await Promise.all([creating, losing]);
      for (const app of [near, far]) expect(await app.accepts(secret)).toBe(true);
      expect(await keysOf(workspaceId)).toHaveLength(1);
    });

    test.each(LOSSES)('is not created after the owner was %s', async (how) => {
      const { workspaceId, second } = await secondOwner();
      const gate = holdNextCommit();
      const losing = lose(how, workspaceId, second.id);
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const creation = create(second, workspaceId);
      const creating =
        how === 'removed' ? creation.expect('WorkspaceNotFoundError') : creation.expectError('FORBIDDEN');
      await until('the creation has begun', () => begun.mock.calls.length > 0);
      await untilLocked(near);
      gate.open();
      await Promise.all([creating, losing]);
      expect(await keysOf(workspaceId)).toEqual([]);
    });
  },
);

describe.skipIf(inject('postgresUrl') === null || inject('redisUrl') === null)(
  'two replicas with a shared cache',
  () => {
    const replicas: TestApp[] = [];
    let owner: Account;
    beforeAll(async () => {
      const databaseUrl = await migratedDatabase();
      for (let n = 0; n < 2; n++) replicas.push(await startTestApp({ databaseUrl, redisUrl: inject('redisUrl') }));
      owner = await replicas[0]!.member();
    });
    afterEach(() => vi.restoreAllMocks());
    afterAll(async () => {
      for (const replica of replicas) await replica.close();
    });

    test('reject every cached key of a removed member, and keep every other entry', async () => {
      const [here, there] = replicas as [TestApp, TestApp];
      const workspaceId = await here.workspace(owner);
      const member = await join(here, { workspaceId });
      const keys = [await here.apiKey(member, { workspaceId }), await here.apiKey(member, { workspaceId })];
      const others = [await here.apiKey(member), await here.apiKey(owner, { workspaceId })];
      const accepted = async (of: { secret: string }[]) =>
        Promise.all(of.flatMap(({ secret }) => replicas.map((replica) => replica.accepts(secret))));
      expect(await accepted([...keys, ...others])).not.toContain(false);
      await here.as(owner).removeWorkspaceMember({ workspaceId, userId: member.id }).expectSuccess();
      expect(await accepted(keys)).not.toContain(true);
      const reads = vi.spyOn(there.app.database.reads, 'query');
      expect(await accepted(others)).not.toContain(false);
      expect(loadsIn(reads)).toEqual([]);
      await here.as(owner).addWorkspaceMember({ workspaceId, email: member.email }).expectSuccess();
      expect(await accepted(keys)).not.toContain(true);
    });

    test('reject every cached key of a deleted workspace', async () => {
      const [here] = replicas as [TestApp];
      const workspaceId = await here.workspace(owner);
      const { secret } = await here.apiKey(owner, { workspaceId });
      const accepted = () => Promise.all(replicas.map((replica) => replica.accepts(secret)));
      expect(await accepted()).toEqual([true, true]);
      await here.as(owner).deleteWorkspace({ workspaceId }).expectSuccess();
      expect(await accepted()).toEqual([false, false]);
    });
  },
);
