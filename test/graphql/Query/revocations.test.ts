import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';
import { as, jtiOf, login, UNLIMITED } from '../../support/sessions.ts';

const DOCUMENT = `query ($filter: RevocationFilter, $first: Int! = 20, $after: String) {
  revocations(filter: $filter, first: $first, after: $after) {
    nodes { jti reason revokedAt expiresAt user { id } revokedBy { id } } pageInfo { hasNextPage endCursor }
  }
}`;

describe.each(backends())('revocations on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
  });
  afterAll(() => app.close());

  const list = async (credential: Presented, variables: object = {}) => {
    const { data, errors } = await app.graphql(DOCUMENT, variables, credential);
    if (errors) throw new Error(JSON.stringify(errors));
    return data.revocations;
  };
  const revoke = (by: Account, token: string, reason: string) =>
    app.mutate('revokeAccessToken', { jti: jtiOf(token), reason }, '', as(by));

  test('F2.7: each revocation has the token id, the reason and the revoking user, newest first', async () => {
    const [member, admin] = [await app.member(), await app.admin()];
    const [second, third] = [await login(app, member), await login(app, member)];
    await revoke(member, second.accessToken, 'COMPROMISED');
    await revoke(admin, third.accessToken, 'ADMINISTRATIVE');
    expect((await list(as(member))).nodes).toMatchObject([
      // A member cannot read a user who shares no workspace with them.
      { jti: jtiOf(third.accessToken), reason: 'ADMINISTRATIVE', user: { id: member.id }, revokedBy: null },
      { jti: jtiOf(second.accessToken), reason: 'COMPROMISED', user: { id: member.id }, revokedBy: { id: member.id } },
    ]);
    const { nodes } = await list(as(admin), { filter: { userId: member.id } });
    expect(nodes[0]).toMatchObject({ jti: jtiOf(third.accessToken), revokedBy: { id: admin.id } });
  });

  test('a member sees only revocations of their own tokens, and an administrator sees those of all users or of one', async () => {
    const [member, other, admin] = [await app.member(), await app.member(), await app.admin()];
    await revoke(other, (await login(app, other)).accessToken, 'UNSPECIFIED');
    expect((await list(as(member))).nodes).toEqual([]);
    expect((await list(as(member), { filter: { userId: other.id } })).nodes).toEqual([]);
    expect((await list(as(admin), { filter: { userId: other.id } })).nodes).toHaveLength(1);
    expect((await list(as(admin), { filter: { userId: member.id } })).nodes).toEqual([]);
    expect((await list(as(admin))).nodes.length).toBeGreaterThan(0);
  });

  test('a revocation of a token that has expired is not listed', async () => {
    const member = await app.member();
    await revoke(member, (await login(app, member)).accessToken, 'UNSPECIFIED');
    await app.sql('update access_token_revocations set expires_at = now() where user_id = ?', [member.id]);
    expect((await list(as(member))).nodes).toEqual([]);
  });

  test('the pages contain each revocation once, newest first', async () => {
    const member = await app.member();
    const tokens = [];
    for (let count = 0; count < 3; count++) tokens.push((await login(app, member)).accessToken);
    for (const token of tokens) await revoke(member, token, 'UNSPECIFIED');
    const first = await list(as(member), { first: 2 });
    const second = await list(as(member), { first: 2, after: first.pageInfo.endCursor });
    const listed = [...first.nodes, ...second.nodes].map(({ jti }: { jti: string }) => jti);
    expect(listed).toEqual(tokens.map(jtiOf).reverse());
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
  });

  test('a key without the scope SESSIONS_READ gets FORBIDDEN', async () => {
    const key = await app.apiKey(await app.member());
    await expect(list({ apiKey: key.secret })).rejects.toThrow('FORBIDDEN');
    await expect(list({})).rejects.toThrow('UNAUTHENTICATED');
  });
});
