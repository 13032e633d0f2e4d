import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';

const DOCUMENT = `query ($first: Int! = 20, $after: String, $filter: ApiKeyFilter) {
  apiKeys(first: $first, after: $after, filter: $filter) {
    edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe.each(backends())('apiKeys on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const page = async (credential: Presented, variables: object = {}) => {
    const { data, errors } = await app.graphql(DOCUMENT, variables, credential);
    expect(errors).toBeUndefined();
    return data.apiKeys;
  };
  const idsOf = (connection: { nodes: { id: string }[] }) => connection.nodes.map(({ id }) => id);

  /** Creates this many keys and returns their ids, newest first. */
  async function keysOf(member: Account, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.unshift((await app.apiKey(member)).id);
    return ids;
  }

  async function workspaceOf(account: Account): Promise<string> {
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    return (await app.mutate('createWorkspace', { name: 'w' }, selection, as(account))).workspace.id;
  }

  describe('visibility', () => {
    test('F4.1: a member sees only their own keys, newest first, with any filter', async () => {
      const [member, other] = [await app.member(), await app.member()];
      const mine = await keysOf(member, 3);
      await keysOf(other, 2);
      expect(idsOf(await page(as(member)))).toEqual(mine);
      expect(idsOf(await page(as(member), { filter: { userId: member.id } }))).toEqual(mine);
      expect(idsOf(await page(as(member), { filter: { userId: other.id } }))).toEqual([]);
      expect(idsOf(await page(as(member), { filter: { userId: '' } }))).toEqual([]);
    });

    test('F4.1: a list contains no secret and no hash of a secret', async () => {
      const member = await app.member();
      const { secret } = await app.apiKey(member);
      const everything = `{ apiKeys { nodes { id name hint scopes permissions createdAt createdFromIp expiresAt lastUsedAt
        rotatedAt previousSecretExpiresAt revokedAt revocationReason status } } }`;
      const { data } = await app.graphql(everything, {}, as(member));
      expect(data.apiKeys.nodes).toHaveLength(1);
      expect(JSON.stringify(data)).not.toContain(secret.slice(4, 20));
      const { errors } = await app.graphql('{ apiKeys { nodes { secretHash } } }', {}, as(member));
      expect(errors).toHaveLength(1);
    });

    test('F4.10: an administrator sees the keys of all users, or of one user', async () => {
      const admin = await app.admin();
      const [member, other] = [await app.member(), await app.member()];
      const [one, another] = [(await app.apiKey(member)).id, (await app.apiKey(other)).id];
      expect(idsOf(await page(as(admin), { first: 2 }))).toEqual([another, one]);
      expect(idsOf(await page(as(admin), { filter: { userId: member.id } }))).toEqual([one]);
    });

    test('a key that is bound to a workspace sees only the keys of that workspace', async () => {
      const member = await app.member();
      const [mine, alsoMine] = [await workspaceOf(member), await workspaceOf(member)];
      const bound = await app.apiKey(member, { workspaceId: mine });
      const elsewhere = await app.apiKey(member, { workspaceId: alsoMine });
      const free = await app.apiKey(member);
      expect(idsOf(await page({ apiKey: bound.secret }))).toEqual([bound.id]);
      expect(idsOf(await page({ apiKey: bound.secret }, { filter: { workspaceId: alsoMine } }))).toEqual([]);
      expect(idsOf(await page(as(member), { filter: { workspaceId: alsoMine } }))).toEqual([elsewhere.id]);
      expect(idsOf(await page(as(member)))).toEqual([free.id, elsewhere.id, bound.id]);
    });

    test('a key without the scope API_KEYS_READ gets FORBIDDEN', async () => {
      const withoutScope = await app.apiKey(await app.member(), { scopes: ['API_KEYS_WRITE'] });
      const { errors } = await app.graphql(DOCUMENT, {}, { apiKey: withoutScope.secret });
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    });
  });

  test('the filter `status` selects active, expired or revoked keys, and an expired revoked key counts as revoked', async () => {
    const member = await app.member();
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const active = await app.apiKey(member);
    const expired = await app.apiKey(member, { expiresAt });
    const revoked = await app.apiKey(member);
    const both = await app.apiKey(member, { expiresAt });
    for (const { id } of [revoked, both]) await app.mutate('revokeApiKey', { apiKeyId: id }, '', as(member));
    const listed = async (status: string | null) => idsOf(await page(as(member), { filter: { status } }));
    expect(await listed('EXPIRED')).toEqual([]);
    expect(await listed('ACTIVE')).toEqual([expired.id, active.id]);
    await app.sql('update api_keys set expires_at = now() where id in (?, ?)', [expired.id, both.id]);
    expect(await listed('EXPIRED')).toEqual([expired.id]);
    expect(await listed('ACTIVE')).toEqual([active.id]);
    expect(await listed('REVOKED')).toEqual([both.id, revoked.id]);
    expect(await listed(null)).toEqual([both.id, revoked.id, expired.id, active.id]);
  });

  describe('pagination', () => {
    test('the pages contain each key once, even while new keys are created', async () => {
      const member = await app.member();
      const ids = await keysOf(member, 5);
      const seen: string[] = [];
      let after: string | null = null;
      for (let more = true; more; ) {
        const { edges, nodes, pageInfo } = await page(as(member), { first: 2, after });
        expect(edges.map(({ node }: { node: object }) => node)).toEqual(nodes);
        expect(pageInfo).toMatchObject({ startCursor: edges[0].cursor, endCursor: edges.at(-1).cursor });
        expect(pageInfo.hasPreviousPage).toBe(after !== null);
        seen.push(...idsOf({ nodes }));
        after = pageInfo.endCursor;
        more = pageInfo.hasNextPage;
        await app.apiKey(member); // Newer than all of them, so it belongs to a page that was already read.
      }
      expect(seen).toEqual(ids);
    });

    test('an empty list has no cursors and no other pages', async () => {
      expect(await page(as(await app.member()))).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      });
    });

    test.each([1, 100])('a page of %i is allowed', async (first) => {
      const member = await app.member();
      const [newest] = await keysOf(member, 2);
      expect(idsOf(await page(as(member), { first }))[0]).toBe(newest);
    });

    test.each([0, -1, 101, 2_147_483_647, null, '5', 1.5])('a page of %j gets BAD_USER_INPUT', async (first) => {
      const { data, errors } = await app.graphql(DOCUMENT, { first }, as(await app.member()));
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    });

    test.each([
      ['nothing', ''],
      ['text that is not base64', '!!!'],
      ['an id', 'key_00000000000000000000000000'],
      ['text that is not JSON', Buffer.from('nonsense').toString('base64url')],
      ['a string', cursor('a')],
      ['null', cursor(null)],
      ['an object', cursor({ id: 'key_0' })],
      ['an operator', cursor([{ $ne: null }])],
      ['too many values', cursor(['key_0', 'key_1'])],
      ['no values', cursor([])],
      ['a list', cursor([['key_0']])],
      ['null in a list', cursor([null])],
      ['a number', cursor([1])],
      ['a NUL', cursor(['\u0000'])],
    ])('a cursor of %s gets BAD_USER_INPUT', async (_what, after) => {
      const member = await app.member();
      await app.apiKey(member);
      const { data, errors } = await app.graphql(DOCUMENT, { after }, as(member));
      expect(data ?? null).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    });

    test('a cursor of another user’s list reveals nothing of that list', async () => {
      const [member, other] = [await app.member(), await app.member()];
      const mine = await keysOf(member, 1);
      await keysOf(other, 2);
      const { pageInfo } = await page(as(other), { first: 1 });
      expect(idsOf(await page(as(member), { after: pageInfo.endCursor }))).toEqual(mine);
    });
  });
});
