// The field `members` of a workspace: what it lists, in which order, and to whom.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { join, outsiders } from '../../support/workspaces.ts';

const MEMBERS = `query ($id: ID!, $first: Int! = 20, $after: String) { workspace(id: $id) { members(first: $first, after: $after) {
  edges { cursor node { role } } nodes { user { id email displayName } role joinedAt } pageInfo { hasNextPage endCursor } } } }`;

describe.each(backends())('workspace.members on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());

  const bearerOf = (caller: Caller) => ({
    bearer: 'secret' in caller ? caller.secret : (caller as Account).accessToken,
  });
  async function read(caller: Caller, variables: { id: string; first?: number; after?: string }) {
    const { data, errors } = await app.graphql(MEMBERS, variables, bearerOf(caller));
    expect(errors).toBeUndefined();
    return data.workspace?.members;
  }
  const idsOf = (members: { nodes: { user: { id: string } }[] }) => members.nodes.map(({ user }) => user.id);

  test('lists who joined last first, with role, email and name, to members, to a bound key and to an administrator', async () => {
    const id = await app.workspace(owner);
    const [late, early] = [await app.member(), await app.member()]; // The order of the accounts is another one.
    for (const { email } of [early, late])
      await app.as(owner).addWorkspaceMember({ workspaceId: id, email }).expectSuccess();
    const key = await app.apiKey(early, { workspaceId: id, scopes: ['WORKSPACES_READ'] });
    for (const caller of [owner, late, key, await app.admin()]) {
      const members = await read(caller, { id });
      expect(members.nodes).toEqual(
        [late, early, owner].map((account) => ({
          user: { id: account.id, email: account.email, displayName: expect.any(String) },
          role: account === owner ? 'OWNER' : 'MEMBER',
          joinedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        })),
      );
    }
  });

  test('pages contain every member once, also if all joined in the same moment', async () => {
    const id = await app.workspace(owner);
    for (let n = 0; n < 7; n++) await join(app, { workspaceId: id });
    for (const moment of [null, `'2026-01-01T00:00:00.123456Z'`, `now() + interval '0.4567 ms'`]) {
      if (moment) await app.sql(`update workspace_members set created_at = ${moment} where workspace_id = ?`, [id]);
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await read(owner, { id, first: 3, ...(after && { after }) });
        found.push(...idsOf(page));
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
      } while (after);
      expect(found).toEqual(idsOf(await read(owner, { id })));
      expect(new Set(found).size).toBe(8);
    }
  });

  test.each([
    ['first: 0', { first: 0 }],
    ['first: 101', { first: 101 }],
    ['text', { after: 'x' }],
    ['the cursor of another kind of list', { after: btoa('["wsp_00000000000000000000000000"]') }],
    ['an id without a moment', { after: btoa('["usr_00000000000000000000000000"]') }],
    ['another spelling of the moment', { after: btoa('["2026-01-01","usr_00000000000000000000000000"]') }],
    ['no moment', { after: btoa('["x","usr_00000000000000000000000000"]') }],
    ['a moment without an id', { after: btoa('["2026-01-01T00:00:00.000Z","x"]') }],
    ['an object', { after: btoa('[{"$ne":null},"usr_00000000000000000000000000"]') }],
  ])('rejects %s', async (_what, paging) => {
    const id = await app.workspace(owner);
    const { errors } = await app.graphql(MEMBERS, { id, ...paging }, { bearer: owner.accessToken });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('a caller who may not see the workspace gets null for it', async () => {
    const id = await app.workspace(owner);
    for (const caller of await outsiders(app)) expect(await read(caller, { id })).toBeUndefined();
  });

  test('a key without WORKSPACES_READ gets FORBIDDEN on every path to the members', async () => {
    const workspaceId = await app.workspace(owner);
    const key = await app.apiKey(owner, { workspaceId, scopes: ['API_KEYS_READ'] });
    for (const document of [
      '{ viewer { workspace { name members { nodes { user { email } } } } } }',
      `{ apiKey(id: "${key.id}") { workspace { members { pageInfo { endCursor } } } } }`,
    ]) {
      const { errors } = await app.graphql(document, {}, { apiKey: key.secret });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const { data } = await app.graphql('{ viewer { workspace { id } } }', {}, { apiKey: key.secret });
    expect(data.viewer.workspace).toEqual({ id: workspaceId });
  });

  test('a document that asks for too many members of too many workspaces is rejected', async () => {
    const document = '{ workspaces(first: 100) { nodes { members(first: 100) { nodes { user { email } } } } } }';
    const { errors } = await app.graphql(document, {}, { bearer: owner.accessToken });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });
});
