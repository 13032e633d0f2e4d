// Changes of accounts on several replicas: the last administrator, permissions that are taken away, and tokens that are
// used twice.
import { EntityManager } from '@mikro-orm/sql';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { verifyFrom } from '../support/api-keys.ts';
import { type Account, backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { holdNextCommit, untilLocked } from '../support/gates.ts';
import { loadsIn } from '../support/loads.ts';
import { accept, administrator, held, invite, memberWith, NEW_PASSWORD, resetTokenOf } from '../support/people.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const REPLICAS = 3;
const LEASE_MS = 1000;

/** Replicas of one installation: the embedded database has one. */
const installations = backends().map(({ name, start }) => ({
  name,
  async open(): Promise<TestApp[]> {
    if (name !== 'PostgreSQL and Redis') return [await start()];
    const databaseUrl = await migratedDatabase();
    const env = { REKEY_LEASE_MS: String(LEASE_MS) };
    const options = { databaseUrl, redisUrl: inject('redisUrl'), env };
    return Promise.all(times(REPLICAS, () => startTestApp(options)));
  },
}));

describe.each(installations)('the last administrator on $name', ({ open }) => {
  let replicas: TestApp[];
  let first: Account;
  let second: Account;
  beforeAll(async () => {
    replicas = await open();
    first = await replicas[0]!.admin();
    second = await administrator(replicas[0]!);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    // Both are active administrators again.
    const both = [first.id, second.id];
    await replicas[0]!.sql(`update users set role = 'ADMIN', disabled_at = null where id in (?, ?)`, both);
    for (const each of [first, second]) {
      const login = await replicas[0]!.as().login({ email: each.email, password: PASSWORD }).expectSuccess();
      Object.assign(each, { accessToken: login.tokens.accessToken });
    }
  });
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
  });

  const at = (index: number) => replicas[index % replicas.length]!;
  type Way = (app: TestApp, by: Account, userId: string) => PromiseLike<{ __typename: string }>;
  const WAYS: Record<string, Way> = {
    demoted: (app, by, userId) => app.as(by).updateUser({ userId, role: 'MEMBER' }),
    disabled: (app, by, userId) => app.as(by).disableUser({ userId }),
    deleted: (app, by, userId) => app.as(by).deleteUser({ userId }),
  };
  const active = async () =>
    (await at(0).sql(`select id from users where role = 'ADMIN' and disabled_at is null and invited_at is null`))
      .length;

  const pairs = Object.keys(WAYS).flatMap((one) => Object.keys(WAYS).map((other) => [one, other] as const));
  // A deletion is last, because it cannot be undone. It is tried on the administrator who must remain.
  test.each(pairs.filter(([one]) => one !== 'deleted'))(
    'while one is %s on one replica, the other is not %s on another one',
    async (one, other) => {
      for (const { accessToken } of [first, second])
        for (const replica of replicas) expect(await replica.accepts(accessToken)).toBe(true);
      const gate = holdNextCommit();
      // By themselves: the two callers lock no row of each other.
      const leaving = WAYS[one]!(at(0), first, first.id);
      await gate.reached;
      const begun = vi.spyOn(UnitOfWork.prototype, 'transaction');
      const staying = WAYS[other]!(at(1), second, second.id);
      await until('the second has begun', () => begun.mock.calls.length > 0);
      await untilLocked(at(0));
      gate.open();
      expect((await staying).__typename).toBe('LastAdministratorError');
      expect((await leaving).__typename).toMatch(/Success$/);
      expect(await active()).toBe(1);
    },
  );

  test('of two who change each other in the same moment, one stays, in every combination', async () => {
    for (const one of ['demoted', 'disabled'])
      for (const other of ['demoted', 'disabled']) {
        const answers = await Promise.allSettled([
          WAYS[one]!(at(0), first, second.id),
          WAYS[other]!(at(1), second, first.id),
        ]);
        const done = answers.filter((each) => each.status === 'fulfilled' && /Success$/.test(each.value.__typename));
        expect(done.length, `${one}, ${other}`).toBe(1);
        expect(await active()).toBe(1);
        await at(0).sql(`update users set role = 'ADMIN', disabled_at = null where id in (?, ?)`, [
          first.id,
          second.id,
        ]);
        for (const each of [first, second]) {
          const login = await at(0).as().login({ email: each.email, password: PASSWORD }).expectSuccess();
          Object.assign(each, { accessToken: login.tokens.accessToken });
        }
      }
  });

  test('of ten who leave at once, by a deletion, a demotion or a disabling, exactly one stays', async () => {
    const many: Account[] = [];
    while (many.length < 10) many.push(await administrator(at(0)));
    await at(0).sql(`update users set role = 'MEMBER' where id in (?, ?)`, [first.id, second.id]);
    const ways = Object.values(WAYS);
    const results = await Promise.all(many.map((each, index) => ways[index % ways.length]!(at(index), each, each.id)));
    const names = results.map(({ __typename }) => __typename);
    expect(names.filter((name) => name === 'LastAdministratorError')).toHaveLength(1);
    expect(names.filter((name) => name.endsWith('Success'))).toHaveLength(9);
    expect(await active()).toBe(1);
  });
});

describe.each(installations)('tokens that are used on several replicas at once, on $name', ({ open }) => {
  let replicas: TestApp[];
  beforeAll(async () => {
    replicas = await open();
    await replicas[0]!.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    for (const replica of replicas ?? []) await replica.close();
  });
  const at = (index: number) => replicas[index % replicas.length]!;

  test('an invitation is accepted once, whichever commits first', async () => {
    const { id, invitationToken } = await invite(at(0));
    const gate = holdNextCommit();
    const winning = accept(at(0), invitationToken).expectSuccess();
    await gate.reached;
    const begun = vi.spyOn(EntityManager.prototype, 'begin');
    const losing = times(2, (index) => accept(at(index + 1), invitationToken).expect('InvitationRejectedError'));
    if (replicas.length > 1) await until('the others have begun', () => begun.mock.calls.length >= 2);
    await untilLocked(at(0));
    gate.open();
    await Promise.all([winning, ...losing]);
    expect(await at(0).sql('select 1 from sessions where user_id = ?', [id])).toHaveLength(1);
  });

  test('a password is reset once, and the second password is not set', async () => {
    const member = await at(0).member();
    const resetToken = await resetTokenOf(at(0), member);
    const gate = holdNextCommit();
    const winning = at(0).as().resetPassword({ resetToken, newPassword: NEW_PASSWORD }).expectSuccess();
    await gate.reached;
    const begun = vi.spyOn(EntityManager.prototype, 'begin');
    const losing = times(2, (index) =>
      at(index + 1)
        .as()
        .resetPassword({ resetToken, newPassword: `another sentence of number ${index}` })
        .expect('ResetTokenRejectedError'),
    );
    if (replicas.length > 1) await until('the others have begun', () => begun.mock.calls.length >= 2);
    await untilLocked(at(0));
    gate.open();
    await Promise.all([winning, ...losing]);
    await at(1).as().login({ email: member.email, password: NEW_PASSWORD }).expectSuccess();
  });
});

describe.skipIf(inject('postgresUrl') === null || inject('redisUrl') === null)(
  'what a user loses on one replica, with a shared cache',
  () => {
    let replicas: TestApp[];
    let admin: Account;
    beforeAll(async () => {
      replicas = await installations[1]!.open();
      admin = await replicas[0]!.admin();
    });
    afterAll(async () => {
      for (const replica of replicas ?? []) await replica.close();
    });

    const everywhere = <T>(ask: (app: TestApp) => Promise<T>) => Promise.all(replicas.map(ask));
    const permissionsOf = ({ secret }: { secret: string }) =>
      everywhere(async (app) => (await held(app, secret)).permissions.toSorted());

    test('a permission is gone on every replica before the response, for sessions and keys', async () => {
      const [here] = replicas as [TestApp];
      for (let round = 0; round < 5; round++) {
        const member = await memberWith(here, ['deploy', 'read']);
        const key = await here.apiKey(member, { permissions: ['deploy', 'read'] });
        const credentials = [key, { secret: member.accessToken }];
        for (const each of credentials)
          expect(await permissionsOf(each)).toEqual(times(REPLICAS, () => ['deploy', 'read']));
        const changes = { userId: member.id, permissions: ['read'] };
        const { receipt } = await replicas[round % REPLICAS]!.as(admin).updateUser(changes).expectSuccess();
        for (const each of credentials) expect(await permissionsOf(each)).toEqual(times(REPLICAS, () => ['read']));
        expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: REPLICAS });
      }
    });

    test('a permission that plain SQL takes away is gone within a lease, and the credential stays valid', async () => {
      const [here] = replicas as [TestApp];
      const member = await memberWith(here, ['deploy']);
      const key = await here.apiKey(member, { permissions: ['deploy'] });
      expect(await permissionsOf(key)).toEqual(times(REPLICAS, () => ['deploy']));
      await here.sql(`update users set permissions = '{}' where id = ?`, [member.id]);
      const committed = performance.now();
      let heldUntil = committed;
      await until('the permission is gone everywhere', async () => {
        const began = performance.now();
        const all = await permissionsOf(key);
        if (all.some((each) => each.length > 0)) heldUntil = began;
        return heldUntil < began;
      });
      // However slow the machine is: no request that began a lease after the commit got the permission.
      expect(heldUntil - committed).toBeLessThan(LEASE_MS * 1.01);
      expect(await everywhere((app) => app.accepts(key.secret))).toEqual(times(REPLICAS, () => true));
    });

    test('a demoted administrator holds no scope of an administrator on any replica', async () => {
      const [here, there] = replicas as [TestApp, TestApp];
      const second = await administrator(here);
      const key = await here.apiKey(second, { scopes: ['ADMIN', 'API_KEYS_READ'], permissions: ['deploy'] });
      expect(await everywhere(async (app) => (await held(app, key.secret)).scopes)).toEqual(
        times(REPLICAS, () => ['API_KEYS_READ', 'ADMIN']),
      );
      await there.as(admin).updateUser({ userId: second.id, role: 'MEMBER' }).expectSuccess();
      expect(await everywhere((app) => held(app, key.secret))).toEqual(
        times(REPLICAS, () => ({ scopes: ['API_KEYS_READ'], permissions: [] })),
      );
      expect(await everywhere(async (app) => (await held(app, second.accessToken)).scopes.includes('ADMIN'))).toEqual(
        times(REPLICAS, () => false),
      );
    });

    test('a replica that still counts refused requests of a deleted user writes no address', async () => {
      const [here] = replicas as [TestApp];
      const { databaseUrl } = here.app.config;
      const env = { REKEY_TRUSTED_PROXIES: '127.0.0.1' };
      const leaving = await startTestApp({ databaseUrl, redisUrl: inject('redisUrl'), env });
      const member = await here.member();
      const { id, secret } = await here.apiKey(member, { allowedAddresses: ['192.0.2.0/24'] });
      for (let n = 0; n < 3; n++) expect(await verifyFrom(leaving, secret, '198.51.100.7')).toBe(401);
      const events = () =>
        here.sql('select ip_address, data from audit_events where subject_id = ? and outcome = ? order by position', [
          id,
          'REFUSED',
        ]);
      await until('the first one is written', async () => (await events()).length === 1);
      await here.as(admin).deleteUser({ userId: member.id }).expectSuccess();
      await leaving.close(); // Writes what it has counted.
      const data = (count: number) => expect.objectContaining({ count });
      expect(await events()).toEqual([
        { ip_address: null, data: data(1) },
        { ip_address: null, data: data(2) },
      ]);
    });

    test('a deleted user is rejected on every replica, and every other entry stays cached', async () => {
      const [here, there] = replicas as [TestApp, TestApp];
      const [member, other] = [await here.member(), await here.member()];
      const [key, kept] = [await here.apiKey(member), await here.apiKey(other)];
      const secrets = [member.accessToken, key.secret];
      const accepted = (of: string[]) => everywhere((app) => Promise.all(of.map((each) => app.accepts(each))));
      expect((await accepted([...secrets, kept.secret])).flat()).not.toContain(false);
      await there.as(admin).deleteUser({ userId: member.id }).expectSuccess();
      expect((await accepted(secrets)).flat()).not.toContain(true);
      const reads = vi.spyOn(here.app.database.reads, 'query');
      expect(await here.accepts(kept.secret)).toBe(true);
      expect(loadsIn(reads)).toEqual([]);
      vi.restoreAllMocks();
    });
  },
);
