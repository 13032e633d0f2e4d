import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type TestApp } from '../../support/app.ts';

const DOCUMENT = `query ($first: Int! = 20, $after: String, $filter: UserFilter) {
  users(first: $first, after: $after, filter: $filter) { nodes { id email role } pageInfo { hasNextPage endCursor } }
}`;

describe.each(backends())('users on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const users = async (variables: object = {}) => {
    const { data, errors } = await app.graphql(DOCUMENT, variables, { bearer: (await app.admin()).accessToken });
    expect(errors).toBeUndefined();
    return data.users;
  };

  test('an administrator sees all users, newest first, in pages', async () => {
    const members = [await app.member(), await app.member(), await app.member()].toReversed();
    const first = await users({ first: 2 });
    expect(first.nodes).toEqual(members.slice(0, 2).map(({ id, email }) => ({ id, email, role: 'MEMBER' })));
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await users({ first: 1, after: first.pageInfo.endCursor });
    expect(second.nodes).toMatchObject([{ id: members[2]!.id }]);
  });

  test('the filter `email` finds a user by the whole address, in any letter case and with white space around it', async () => {
    const { id, email } = await app.member();
    for (const spelling of [email, email.toUpperCase(), ` ${email} `]) {
      expect((await users({ filter: { email: spelling } })).nodes).toMatchObject([{ id, email }]);
    }
  });

  test('the filter `email` finds no user by a part of an address, by a pattern or by an unknown address', async () => {
    const { email } = await app.member();
    for (const other of [email.slice(1), email.slice(0, -1), '%', '*', '', 'unknown@example.com']) {
      expect((await users({ filter: { email: other } })).nodes).toEqual([]);
    }
  });

  test('a filter without an address matches all users', async () => {
    const { id } = await app.member();
    expect((await users({ first: 1, filter: { email: null } })).nodes).toMatchObject([{ id }]);
  });

  test('a member, and an administrator’s key without the scope ADMIN, get FORBIDDEN', async () => {
    const member = await app.member();
    const key = await app.apiKey(await app.admin(), { scopes: ['API_KEYS_READ'] });
    for (const credential of [{ bearer: member.accessToken }, { apiKey: key.secret }]) {
      const { data, errors } = await app.graphql(DOCUMENT, {}, credential);
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
  });
});
