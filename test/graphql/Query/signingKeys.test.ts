import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';

const EMPTY = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };

describe.each(backends())('signingKeys on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
  });
  afterAll(() => app.close());

  const idsOf = async (caller: Caller, workspaceId: string) =>
    (await app.as(caller).signingKeys({ workspaceId })).nodes.map(({ id }) => id);

  test('a member, an administrator and credentials of the workspace see its keys, newest first', async () => {
    const workspaceId = await app.workspace(member);
    const scopes = ['SIGNING_KEYS_READ'];
    const first = await app.signingKey(member, workspaceId, { scopes });
    const second = await app.signingKey(await app.admin(), workspaceId);
    await app.signingKey(member, await app.workspace(member));
    const key = await app.apiKey(member, { workspaceId, scopes });
    for (const caller of [member, await app.admin(), key, { signedBy: first }]) {
      expect(await idsOf(caller, workspaceId)).toEqual([second.id, first.id]);
    }
  });

  test('the keys of another workspace look like those of an unknown one: an empty list', async () => {
    const workspaceId = await app.workspace(member);
    const scopes = ['SIGNING_KEYS_READ'];
    await app.signingKey(member, workspaceId);
    const other = await app.workspace(member);
    const key = await app.apiKey(member, { workspaceId: other, scopes });
    const signing = await app.signingKey(member, other, { scopes });
    for (const caller of [await app.member(), key, { signedBy: signing }]) {
      expect(await app.as(caller).signingKeys({ workspaceId })).toEqual(EMPTY);
    }
    for (const id of ['wsp_00000000000000000000000000', 'nonsense', '']) {
      expect(await app.as(member).signingKeys({ workspaceId: id })).toEqual(EMPTY);
      expect(await app.as(await app.admin()).signingKeys({ workspaceId: id })).toEqual(EMPTY);
    }
  });

  test('the pages contain each key once', async () => {
    const workspaceId = await app.workspace(member);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await app.signingKey(member, workspaceId)).id);
    const seen: string[] = [];
    let after: string | null = null;
    for (let more = true; more; ) {
      const { nodes, pageInfo } = await app.as(member).signingKeys({ workspaceId, first: 2, after });
      seen.push(...nodes.map(({ id }) => id));
      after = pageInfo.endCursor ?? null;
      more = pageInfo.hasNextPage;
    }
    expect(seen).toEqual(ids);
  });

  test('a key shows its creator only to callers who may see that user, and no secret', async () => {
    const workspaceId = await app.workspace(member);
    const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_READ'] });
    const document = `{ signingKeys(workspaceId: "${workspaceId}") { nodes {
      id createdBy { email } workspace { id } description } } }`;
    const shown = { id: key.id, workspace: { id: workspaceId }, description: '' };
    const nodesFor = async (credential: object) => (await app.graphql(document, {}, credential)).data.signingKeys.nodes;
    const createdBy = { email: member.email };
    expect(await nodesFor({ bearer: member.accessToken })).toEqual([{ ...shown, createdBy }]);
    expect(await nodesFor({ bearer: (await app.admin()).accessToken })).toEqual([{ ...shown, createdBy }]);
    expect(await nodesFor({ signedBy: key })).toEqual([{ ...shown, createdBy: null }]);
    const { errors } = await app.graphql(document.replace('description', 'secret'), {}, { bearer: member.accessToken });
    expect(errors).toHaveLength(1);
  });

  test('a credential without the scope SIGNING_KEYS_READ gets FORBIDDEN', async () => {
    const workspaceId = await app.workspace(member);
    const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
    await app.as({ signedBy: key }).signingKeys({ workspaceId }).expectError('FORBIDDEN');
  });
});
