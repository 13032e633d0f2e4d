import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type Presented, type TestApp } from '../../support/app.ts';
import { as } from '../../support/sessions.ts';

const DOCUMENT = `query ($first: Int! = 20, $after: String) {
  workspaces(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
}`;

describe.each(backends())('workspaces on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  const list = async (credential: Presented, variables: object = {}) => {
    const { data, errors } = await app.graphql(DOCUMENT, variables, credential);
    expect(errors).toBeUndefined();
    return data.workspaces;
  };
  const idsOf = ({ nodes }: { nodes: { id: string }[] }) => nodes.map(({ id }) => id);
  async function workspaceOf(account: Account): Promise<string> {
    const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
    return (await app.mutate('createWorkspace', { name: 'w' }, selection, as(account))).workspace.id;
  }

  test('a member sees only their own workspaces, newest first, in pages', async () => {
    const [member, other] = [await app.member(), await app.member()];
    const [first, second] = [await workspaceOf(member), await workspaceOf(member)];
    await workspaceOf(other);
    expect(idsOf(await list(as(member)))).toEqual([second, first]);
    const { nodes, pageInfo } = await list(as(member), { first: 1 });
    expect(idsOf({ nodes })).toEqual([second]);
    expect(pageInfo.hasNextPage).toBe(true);
    expect(idsOf(await list(as(member), { first: 1, after: pageInfo.endCursor }))).toEqual([first]);
  });

  test('an administrator sees all workspaces', async () => {
    const theirs = await workspaceOf(await app.member());
    expect(idsOf(await list(as(await app.admin()), { first: 1 }))).toEqual([theirs]);
  });

  test('a key that is bound to a workspace sees only that workspace', async () => {
    const member = await app.member();
    const [bound] = [await workspaceOf(member), await workspaceOf(member)];
    const key = await app.apiKey(member, { workspaceId: bound, scopes: ['WORKSPACES_READ'] });
    expect(idsOf(await list({ apiKey: key.secret }))).toEqual([bound]);
  });

  test('a member of no workspace gets an empty list, and a key without the scope WORKSPACES_READ gets FORBIDDEN', async () => {
    const member = await app.member();
    expect(idsOf(await list(as(member)))).toEqual([]);
    const key = await app.apiKey(member);
    const { errors } = await app.graphql(DOCUMENT, {}, { apiKey: key.secret });
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
