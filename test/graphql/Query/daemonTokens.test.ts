import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';

const EMPTY = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };

describe.each(backends())('daemonTokens on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
  });
  afterAll(() => app.close());

  const idsOf = async (caller: Caller, workspaceId: string) =>
    (await app.as(caller).daemonTokens({ workspaceId })).nodes.map(({ id }) => id);

  test('a member, an administrator and credentials of the workspace see its tokens, newest first', async () => {
    const workspaceId = await app.workspace(member);
    const scopes = ['DAEMON_TOKENS_READ'];
    const first = await app.daemonToken(member, workspaceId, { scopes });
    const second = await app.daemonToken(await app.admin(), workspaceId);
    await app.daemonToken(member, await app.workspace(member));
    const key = await app.apiKey(member, { workspaceId, scopes });
    for (const caller of [member, await app.admin(), key, first]) {
      expect(await idsOf(caller, workspaceId)).toEqual([second.id, first.id]);
    }
  });

  test('the tokens of another workspace look like those of an unknown one: an empty list', async () => {
    const workspaceId = await app.workspace(member);
    const scopes = ['DAEMON_TOKENS_READ'];
    await app.daemonToken(member, workspaceId);
    const other = await app.workspace(member);
    const key = await app.apiKey(member, { workspaceId: other, scopes });
    const daemon = await app.daemonToken(member, other, { scopes });
    for (const caller of [await app.member(), key, daemon]) {
      expect(await app.as(caller).daemonTokens({ workspaceId })).toEqual(EMPTY);
    }
    for (const id of ['wsp_00000000000000000000000000', 'nonsense', '']) {
      expect(await app.as(member).daemonTokens({ workspaceId: id })).toEqual(EMPTY);
      expect(await app.as(await app.admin()).daemonTokens({ workspaceId: id })).toEqual(EMPTY);
    }
  });

  test('the pages contain each token once', async () => {
    const workspaceId = await app.workspace(member);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await app.daemonToken(member, workspaceId)).id);
    const seen: string[] = [];
    let after: string | null = null;
    for (let more = true; more; ) {
      const { nodes, pageInfo } = await app.as(member).daemonTokens({ workspaceId, first: 2, after });
      seen.push(...nodes.map(({ id }) => id));
      after = pageInfo.endCursor ?? null;
      more = pageInfo.hasNextPage;
    }
    expect(seen).toEqual(ids);
  });

  test('a token shows its creator only to callers who may see that user, and no secret and no rate limit', async () => {
    const workspaceId = await app.workspace(member);
    const { id, secret } = await app.daemonToken(member, workspaceId, { scopes: ['DAEMON_TOKENS_READ'] });
    const document = `{ daemonTokens(workspaceId: "${workspaceId}") { nodes {
      id createdBy { email } workspace { id } rateLimit { requests } hint } } }`;
    const shown = { id, workspace: { id: workspaceId }, rateLimit: null, hint: `rkd_…${secret.slice(-4)}` };
    const nodesFor = async (credential: object) =>
      (await app.graphql(document, {}, credential)).data.daemonTokens.nodes;
    const createdBy = { email: member.email };
    expect(await nodesFor({ bearer: member.accessToken })).toEqual([{ ...shown, createdBy }]);
    expect(await nodesFor({ bearer: (await app.admin()).accessToken })).toEqual([{ ...shown, createdBy }]);
    expect(await nodesFor({ bearer: secret })).toEqual([{ ...shown, createdBy: null }]);
    const { errors } = await app.graphql(document.replace('hint', 'secretHash'), {}, { bearer: member.accessToken });
    expect(errors).toHaveLength(1);
  });

  test('a credential without the scope DAEMON_TOKENS_READ gets FORBIDDEN', async () => {
    const workspaceId = await app.workspace(member);
    const daemon = await app.daemonToken(member, workspaceId, { scopes: ['DAEMON_TOKENS_WRITE'] });
    await app.as(daemon).daemonTokens({ workspaceId }).expectError('FORBIDDEN');
  });
});
