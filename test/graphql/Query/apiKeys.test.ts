import { EntityManager } from '@mikro-orm/sql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { workspaceKey } from '../../support/api-keys.ts';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';
import { inSeconds } from '../../support/values.ts';

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
      const [mine, alsoMine] = [await app.workspace(member), await app.workspace(member)];
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

  describe('filters', () => {
    const filtered = async (member: Account, filter: object) => idsOf(await page(as(member), { filter }));

    test('`search` finds a part of the name, the description or the hint, in any case', async () => {
      const member = await app.member();
      const [first, second] = [
        await app.apiKey(member, { name: 'Deploy Bot für ÜBUNGEN' }),
        await app.apiKey(member, { name: 'x', description: 'Reads from the Ärchive' }),
      ];
      for (const search of ['deploy', 'PLOY BOT', 'bot FÜR', 'übungen', 'Ü', 'r ü'])
        expect(await filtered(member, { search }), search).toEqual([first.id]);
      for (const search of ['ärch', 'ÄRCHIVE', 'the äRc'])
        expect(await filtered(member, { search })).toEqual([second.id]);
      expect(await filtered(member, { search: second.hint.slice(-4).toUpperCase() })).toEqual([second.id]);
      expect(await filtered(member, { search: second.hint })).toEqual([second.id]);
      expect(await filtered(member, { search: 'nothing' })).toEqual([]);
      expect(await filtered(member, { search: '' })).toEqual([second.id, first.id]);
    });

    test('`search` takes every character as it is', async () => {
      const member = await app.member();
      const names = ['100%', '100x', 'a_b', 'axb', 'back\\slash', '[ü]', '(é)+', '^.*$', "quote'd", 'ü|é'];
      const keys: string[] = [];
      for (const name of names) keys.push((await app.apiKey(member, { name })).id);
      const found = async (search: string) => (await filtered(member, { search })).map((id) => names[keys.indexOf(id)]);
      expect(await found('%')).toEqual(['100%']);
      expect(await found('0%')).toEqual(['100%']);
      expect(await found('a_b')).toEqual(['a_b']);
      expect(await found('\\')).toEqual(['back\\slash']);
      expect(await found('[Ü]')).toEqual(['[ü]']);
      expect(await found('(É)+')).toEqual(['(é)+']);
      expect(await found('^.*$')).toEqual(['^.*$']);
      expect(await found("'")).toEqual(["quote'd"]);
      expect(await found('Ü|É')).toEqual(['ü|é']);
      expect(await found('ü.')).toEqual([]);
    });

    test('`search` finds no metadata, no secret and no key of another user', async () => {
      const [member, other] = [await app.member(), await app.member()];
      const key = await app.apiKey(member, { name: 'mine', metadata: [{ key: 'team', value: 'payments' }] });
      await app.apiKey(other, { name: 'mine' });
      expect(await filtered(member, { search: 'mine' })).toEqual([key.id]);
      for (const search of ['team', 'payments', key.secret, key.secret.slice(4, 20)])
        expect(await filtered(member, { search })).toEqual([]);
    });

    test('`neverExpires` and `expiresBefore`', async () => {
      const member = await app.member();
      const never = await app.apiKey(member);
      const soon = await app.apiKey(member, { expiresAt: inSeconds(60) });
      const late = await app.apiKey(member, { expiresAt: inSeconds(6000) });
      expect(await filtered(member, { neverExpires: true })).toEqual([never.id]);
      expect(await filtered(member, { neverExpires: false })).toEqual([late.id, soon.id]);
      expect(await filtered(member, { neverExpires: null })).toEqual([late.id, soon.id, never.id]);
      expect(await filtered(member, { expiresBefore: inSeconds(600) })).toEqual([soon.id]);
      expect(await filtered(member, { expiresBefore: inSeconds(60_000) })).toEqual([late.id, soon.id]);
      expect(await filtered(member, { expiresBefore: inSeconds(-60) })).toEqual([]);
    });

    test('`neverUsed` and `unusedSince`', async () => {
      const member = await app.member();
      const [unused, used, lately] = [await app.apiKey(member), await app.apiKey(member), await app.apiKey(member)];
      await app.sql(
        `insert into credential_usage (credential_id, last_used_at) values (?, now() - interval '90 days'), (?, now())
          on conflict (credential_id) do update set last_used_at = excluded.last_used_at`,
        [used.id, lately.id],
      );
      expect(await filtered(member, { neverUsed: true })).toEqual([unused.id]);
      expect(await filtered(member, { neverUsed: false })).toEqual([lately.id, used.id]);
      expect(await filtered(member, { unusedSince: inSeconds(-3600) })).toEqual([used.id, unused.id]);
      expect(await filtered(member, { unusedSince: inSeconds(3600) })).toEqual([lately.id, used.id, unused.id]);
    });

    test('several filters hold together, and each page obeys them', async () => {
      const member = await app.member();
      const ids: string[] = [];
      for (let n = 0; n < 4; n++) {
        ids.unshift((await app.apiKey(member, { name: `even ${n}`, expiresAt: inSeconds(600) })).id);
        await app.apiKey(member, { name: `even ${n}` });
        await app.apiKey(member, { name: `odd ${n}`, expiresAt: inSeconds(600) });
      }
      const filter = {
        search: 'EVEN',
        neverExpires: false,
        neverUsed: true,
        status: 'ACTIVE',
        owner: 'USER',
        userId: member.id,
      };
      const first = await page(as(member), { first: 3, filter });
      expect(idsOf(first)).toEqual(ids.slice(0, 3));
      expect(first.pageInfo.hasNextPage).toBe(true);
      const second = await page(as(member), { first: 3, filter, after: first.pageInfo.endCursor });
      expect(idsOf(second)).toEqual(ids.slice(3));
      expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    });

    test('credential policies decide about `status`, `neverExpires` and `expiresBefore`', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const admin = await app.admin();
      const make = async (input: object = {}) => (await app.apiKey(member, { workspaceId, ...input })).id;
      const [old, young, own] = [await make(), await make(), await make({ expiresAt: inSeconds(60) })];
      await app.sql(`update api_keys set created_at = created_at - interval '2 days' where id = ?`, [old]);
      const policy = { workspaceId, maximumLifetimeSeconds: 86_400 };
      await app.as(admin).setCredentialPolicy(policy).expectSuccess();
      expect(await filtered(member, { status: 'REVOKED' })).toEqual([old]);
      expect(await filtered(member, { status: 'ACTIVE' })).toEqual([own, young]);
      expect(await filtered(member, { neverExpires: true })).toEqual([]);
      expect(await filtered(member, { expiresBefore: inSeconds(86_000), status: 'ACTIVE' })).toEqual([own]);
      expect(await filtered(member, { expiresBefore: inSeconds(90_000), status: 'ACTIVE' })).toEqual([own, young]);
      await app.sql(`update api_keys set created_at = created_at - interval '2 days' where id = ?`, [young]);
      expect(await filtered(member, { status: 'EXPIRED' })).toEqual([young]);
      await app.as(admin).setCredentialPolicy({ workspaceId }).expectSuccess();
      const late = await make();
      expect(await filtered(member, { status: 'ACTIVE' })).toEqual([late, own]);
      expect(await filtered(member, { status: 'REVOKED' })).toEqual([old]);
      // What the policy ended stays ended, so it does not never expire.
      expect(await filtered(member, { neverExpires: true })).toEqual([late]);
    });
  });

  describe('totalCount', () => {
    const count = async (credential: Presented, filter: object | null = null) => {
      const document = 'query ($filter: ApiKeyFilter) { apiKeys(first: 1, filter: $filter) { totalCount } }';
      return (await app.graphql(document, { filter }, credential)).data.apiKeys.totalCount;
    };

    test('is the number of keys that the caller sees and the filter lets through, on all pages', async () => {
      const [member, other] = [await app.member(), await app.member()];
      await keysOf(member, 3);
      await keysOf(other, 2);
      const workspaceId = await app.workspace(member);
      await workspaceKey(app, member, workspaceId, { name: 'of the workspace' });
      expect(await count(as(member))).toBe(4);
      expect(await count(as(member), { owner: 'WORKSPACE' })).toBe(1);
      expect(await count(as(member), { search: 'of the WORK' })).toBe(1);
      expect(await count(as(member), { userId: other.id })).toBe(0);
      expect(await count(as(await app.admin()), { userId: other.id })).toBe(2);
      const all = await app.sql('select count(*)::int as n from api_keys');
      expect(await count(as(await app.admin()))).toBe(all[0].n);
      const bound = await app.apiKey(other, { workspaceId: await app.workspace(other) });
      expect(await count({ apiKey: bound.secret })).toBe(1);
    });

    test('is read only if it is selected', async () => {
      const member = await app.member();
      await keysOf(member, 1);
      const execute = vi.spyOn(EntityManager.prototype, 'execute');
      await page(as(member));
      const texts = execute.mock.calls.map(([text]) => String(text));
      execute.mockRestore();
      expect(texts.some((text) => text.includes('from api_keys'))).toBe(true);
      expect(texts.filter((text) => text.includes('count(*)'))).toEqual([]);
    });
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
