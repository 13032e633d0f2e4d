// Reads of personal data of other users are recorded before the data is returned.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { times } from '../support/values.ts';

describe.each(backends())('reads of personal data on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  const readsOf = ({ sessionId }: Account) =>
    auditRows(app, `type = 'personal-data.read' and actor_credential_id = ?`, [sessionId]);

  test('an administrator who reads the email addresses of users makes one event with all of these users', async () => {
    const member = await app.member();
    const before = (await readsOf(admin)).length;
    const { nodes } = await app.as(admin).users({ first: 100 });
    const events = (await readsOf(admin)).slice(before);
    expect(events).toHaveLength(1);
    const others = nodes.map(({ id }) => id).filter((id) => id !== admin.id);
    expect(others).toContain(member.id);
    expect(events[0]).toMatchObject({ actor_user_id: admin.id, ip_address: '127.0.0.1', outcome: 'SUCCEEDED' });
    expect(events[0].data).toMatchObject({ fields: ['User.email'], count: 1, userCount: others.length });
    expect(events[0].data.userIds.toSorted()).toEqual(others.toSorted());
  });

  test('a read of the addresses and user agents of sessions has the user of the sessions as its subject', async () => {
    const member = await app.member();
    await app.as(admin).sessions({ filter: { userId: member.id } });
    const events = (await readsOf(admin)).filter(({ subject_id }) => subject_id === member.id);
    expect(events.map(({ data }) => data.fields)).toEqual([['Session.ipAddress', 'Session.userAgent']]);
  });

  test('equal reads within a minute are counted', async () => {
    const member = await app.member();
    for (const _ of [1, 2, 3, 4]) await app.as(admin).user({ id: member.id });
    const counts = async () =>
      (await readsOf(admin)).filter(({ subject_id }) => subject_id === member.id).map(({ data }) => data.count);
    expect(await counts()).toEqual([1]);
    await app.app.audit.personalReads.summarize({ all: true });
    expect(await counts()).toEqual([1, 3]);
  });

  test('the count of reads stays if it cannot be written, and two writes at once write it once', async () => {
    const member = await app.member();
    for (const _ of [1, 2, 3]) await app.as(admin).user({ id: member.id });
    const { personalReads } = app.app.audit;
    const counts = async () =>
      (await readsOf(admin)).filter(({ subject_id }) => subject_id === member.id).map(({ data }) => data.count);
    await app.sql(`alter table audit_events add constraint no_reads check (type <> 'personal-data.read') not valid`);
    await expect(personalReads.summarize({ all: true })).rejects.toThrow('no_reads');
    await app.sql('alter table audit_events drop constraint no_reads');
    expect(await counts()).toEqual([1]);
    await Promise.all([1, 2].map(() => personalReads.summarize({ all: true })));
    expect(await counts()).toEqual([1, 2]);
  });

  test('each read is counted once, also if the counts are written at the same time', async () => {
    const member = await app.member();
    const { personalReads } = app.app.audit;
    for (const _ of times(20, Number))
      await Promise.all([
        app.as(admin).user({ id: member.id }),
        app.as(admin).user({ id: member.id }),
        personalReads.summarize({ all: true }),
      ]);
    await personalReads.summarize({ all: true });
    const own = (await readsOf(admin)).filter(({ subject_id }) => subject_id === member.id);
    expect(own.reduce((sum, { data }) => sum + data.count, 0)).toBe(40);
  });

  test('a user who reads their own data makes no event', async () => {
    const member = await app.member();
    await app.as(member).viewer();
    await app.as(member).sessions({});
    expect(await readsOf(member)).toEqual([]);
  });

  test('data is not returned if the read cannot be recorded', async () => {
    const member = await app.member();
    const failure = Object.assign(new Error('out of reach'), { code: '57P01' });
    vi.spyOn(app.app.audit.personalReads, 'record').mockRejectedValue(failure);
    const { data, errors } = await app.as(admin).user({ id: member.id }).answer();
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'AUTHENTICATION_UNAVAILABLE' } });
    expect(JSON.stringify(data)).not.toContain(member.email);
  });
});
