import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type Presented, type TestApp } from '../../support/app.ts';
import { as, exchange, later, login, UNLIMITED } from '../../support/sessions.ts';

const DOCUMENT = `query ($filter: SessionFilter, $first: Int! = 20, $after: String) {
  sessions(filter: $filter, first: $first, after: $after) {
    nodes { id createdAt lastUsedAt expiresAt idleExpiresAt status isCurrent ipAddress userAgent revocationReason user { id } }
    pageInfo { hasNextPage endCursor }
  }
}`;

describe.each(backends())('sessions on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { ...UNLIMITED, REKEY_TRUSTED_PROXIES: '127.0.0.1' } });
  });
  afterAll(() => app.close());

  const list = async (credential: Presented, variables: object = {}) => {
    const { data, errors } = await app.graphql(DOCUMENT, variables, credential);
    if (errors) throw new Error(JSON.stringify(errors));
    return data.sessions;
  };
  const ids = async (credential: Presented, filter?: object) =>
    (await list(credential, { filter })).nodes.map(({ id }: { id: string }) => id);

  test('F3.9: each session has its user agent, IP address, start and end, and the current one is marked', async () => {
    const member = await app.member();
    const headers = { 'user-agent': 'A Browser/1.0', 'x-forwarded-for': '10.0.0.1, 203.0.113.7' };
    const browser = await login(app, member, { headers });
    const { nodes } = await list(as(browser));
    expect(nodes.map(({ id }: { id: string }) => id)).toEqual([browser.sessionId, member.sessionId]);
    expect(nodes[0]).toMatchObject({
      status: 'ACTIVE',
      isCurrent: true,
      // The client can write any entries further to the left.
      ipAddress: '203.0.113.7',
      userAgent: 'A Browser/1.0',
      revocationReason: null,
      user: { id: member.id },
    });
    expect(nodes[1].isCurrent).toBe(false);
    expect(new Date(nodes[0].expiresAt).getTime() - new Date(nodes[0].createdAt).getTime()).toBe(30 * 86_400_000);
    expect(new Date(nodes[0].idleExpiresAt).getTime() - new Date(nodes[0].createdAt).getTime()).toBe(7 * 86_400_000);
  });

  test('a session has the time of its last use', async () => {
    const member = await app.member();
    expect(await app.accepts(member.accessToken)).toBe(true);
    await expect.poll(async () => (await list(as(member))).nodes[0].lastUsedAt, { timeout: 10_000 }).not.toBeNull();
  });

  test('a very long user agent is truncated', async () => {
    const member = await app.member();
    const browser = await login(app, member, { headers: { 'user-agent': 'x'.repeat(5000) } });
    expect((await list(as(browser))).nodes[0].userAgent).toBe('x'.repeat(500));
  });

  test('each login is one session, and no session contains a secret', async () => {
    const member = await app.member();
    const other = await login(app, member);
    const { data } = await app.graphql('{ __type(name: "Session") { fields { name } } }', {}, as(await app.admin()));
    const fields = data.__type.fields.map(({ name }: { name: string }) => name);
    expect(fields.filter((name: string) => /token|secret|hash/i.test(name))).toEqual([]);
    const text = JSON.stringify(await list(as(member)));
    for (const secret of [member.refreshToken, other.refreshToken, member.accessToken])
      expect(text).not.toContain(secret);
    expect(await ids(as(member))).toEqual([other.sessionId, member.sessionId]);
  });

  test('the filter `status` selects active, revoked or expired sessions', async () => {
    const member = await app.member();
    const [revoked, idle, expired] = [await login(app, member), await login(app, member), await login(app, member)];
    await app.mutate('revokeSession', { sessionId: revoked.sessionId }, '', as(member));
    await later(app, idle.sessionId, 8 * 86_400);
    await later(app, expired.sessionId, 31 * 86_400);
    expect(await ids(as(member), { status: 'ACTIVE' })).toEqual([member.sessionId]);
    expect(await ids(as(member), { status: 'REVOKED' })).toEqual([revoked.sessionId]);
    expect(await ids(as(member), { status: 'EXPIRED' })).toEqual([expired.sessionId, idle.sessionId]);
    const statuses = (await list(as(member))).nodes.map(({ status }: { status: string }) => status);
    expect(statuses).toEqual(['EXPIRED', 'EXPIRED', 'REVOKED', 'ACTIVE']);
  });

  test('the pages contain each session once, newest first', async () => {
    const member = await app.member();
    const sessions = [member];
    while (sessions.length < 5) sessions.push(await login(app, member));
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { nodes, pageInfo } = await list(as(member), { first: 2, after });
      seen.push(...nodes.map(({ id }: { id: string }) => id));
      ({ endCursor: after, hasNextPage: more } = pageInfo);
    }
    expect(seen).toEqual(sessions.map(({ sessionId }) => sessionId).reverse());
  });

  test('F3.1: a member sees only their own sessions, with any filter, and an administrator sees all', async () => {
    const [member, other, admin] = [await app.member(), await app.member(), await app.admin()];
    expect(await ids(as(member))).toEqual([member.sessionId]);
    expect(await ids(as(member), { userId: other.id })).toEqual([]);
    expect(await ids(as(admin), { userId: other.id })).toEqual([other.sessionId]);
    expect(await ids(as(admin))).toEqual(expect.arrayContaining([member.sessionId, other.sessionId]));
    expect((await list(as(admin), { filter: { userId: other.id } })).nodes[0].isCurrent).toBe(false);
  });

  test('a key needs the scope SESSIONS_READ, and no session is current for it', async () => {
    const member = await app.member();
    const without = await app.apiKey(member, { scopes: ['SESSIONS_WRITE'] });
    const holding = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
    await expect(list({ apiKey: without.secret })).rejects.toThrow('FORBIDDEN');
    await expect(list({})).rejects.toThrow('UNAUTHENTICATED');
    expect((await list({ apiKey: holding.secret })).nodes).toMatchObject([{ id: member.sessionId, isCurrent: false }]);
  });

  test('a refresh counts as use of the session, even if the new access token is never used', async () => {
    const member = await app.member();
    await app.sql(`update sessions set refreshed_at = now() - interval '1 day' where id = ?`, [member.sessionId]);
    const other = await login(app, member);
    const lastUsedAt = async () => {
      const { data } = await app.graphql('{ sessions { nodes { id lastUsedAt } } }', {}, as(other));
      return Date.parse(data.sessions.nodes.find(({ id }: { id: string }) => id === member.sessionId).lastUsedAt);
    };
    expect(Date.now() - (await lastUsedAt())).toBeGreaterThan(80_000_000);
    await exchange(app, member.refreshToken);
    expect(Date.now() - (await lastUsedAt())).toBeLessThan(80_000_000);
  });

  test('a failed login creates no session', async () => {
    const member = await app.member();
    const failed = await app.mutate('login', { email: member.email, password: `${PASSWORD}!` }, '');
    expect(failed.__typename).toBe('InvalidCredentialsError');
    expect(await app.sql('select id from sessions where user_id = ?', [member.id])).toHaveLength(1);
  });
});
