import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { times } from '../../support/values.ts';
import { join } from '../../support/workspaces.ts';

type List = ReturnType<TestApp['as']>['auditEvents'];
type Filter = Parameters<List>[0];
type Page = Awaited<ReturnType<List>>;

describe.each(backends())('auditEvents on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app.close());

  const list = async (filter: NonNullable<Filter>['filter'] = {}, by: Account = admin) =>
    (await app.as(by).auditEvents({ filter })).nodes;

  test('an event has its actor, subject and origin, and its position in the chain of its workspace', async () => {
    const workspaceId = await app.workspace(admin);
    const { id } = await app.apiKey(admin, { workspaceId, permissions: ['read'] });
    const [event, created] = await list({ workspaceId });
    expect(event).toMatchObject({
      type: 'api-key.created',
      actor: { id: admin.id },
      actorId: admin.id,
      actorCredentialId: admin.sessionId,
      subjectId: id,
      workspace: { id: workspaceId },
      workspaceId,
      ipAddress: '127.0.0.1',
      userAgent: 'node',
      outcome: 'SUCCEEDED',
      reason: null,
      requestId: expect.stringMatching(/./),
      sequence: 2,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousHash: created!.hash,
    });
    expect(event!.details).toEqual(
      expect.arrayContaining([
        { key: 'owner', value: 'USER' },
        { key: 'permissions', value: '["read"]' },
      ]),
    );
    expect(created).toMatchObject({ sequence: 1, previousHash: '0'.repeat(64) });
    const node = `query ($id: ID!) { node(id: $id) { __typename id ... on AuditEvent { type sequence hash } } }`;
    const { data } = await app.graphql(node, { id: event!.id }, { bearer: admin.accessToken });
    expect(data.node).toEqual({
      ...{ __typename: 'AuditEvent', id: event!.id, type: event!.type, sequence: 2, hash: event!.hash },
    });
  });

  test('a change that was answered before the query is listed first', async () => {
    for (const _ of [1, 2, 3, 4, 5]) {
      const { id } = await app.apiKey(admin);
      expect((await list())[0]).toMatchObject({ type: 'api-key.created', subjectId: id });
    }
  });

  test('pages follow each other without a gap', async () => {
    const workspaceId = await app.workspace(admin);
    const keys: string[] = [];
    for (const _ of times(5, Number)) keys.unshift((await app.apiKey(admin, { workspaceId })).id);
    const seen: (string | null)[] = [];
    for (let after: string | null = null; ; ) {
      const page: Page = await app.as(admin).auditEvents({ first: 2, after, filter: { workspaceId } });
      seen.push(...page.nodes.map(({ subjectId }) => subjectId));
      await app.apiKey(admin); // Moves no page.
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(seen).toEqual([...keys, workspaceId]);
  });

  test('each filter selects the events that match, and all filters together', async () => {
    const member = await app.member();
    const key = await app.apiKey(member);
    const before = new Date().toISOString();
    await app.as(member).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    const [revoked, created] = await list({ subjectId: key.id });
    expect([revoked!.type, created!.type]).toEqual(['api-key.revoked', 'api-key.created']);
    const one = { subjectId: key.id, type: 'api-key.revoked', outcome: 'SUCCEEDED', actorId: member.id } as const;
    expect(await list({ ...one, from: created!.occurredAt, requestId: revoked!.requestId })).toEqual([revoked]);
    expect(await list({ actorId: member.sessionId, type: 'api-key.created' })).toEqual([created]);
    expect(await list({ requestId: created!.requestId })).toEqual([created]);
    expect(await list({ subjectId: key.id, from: revoked!.occurredAt, until: revoked!.occurredAt })).toEqual([]);
    expect((await list({ subjectId: key.id, until: before })).map(({ id }) => id)).toContain(created!.id);
    expect(await list({ ...one, outcome: 'REFUSED' })).toEqual([]);
    expect(await list({ type: 'no such type' })).toEqual([]);
  });

  test('a member lists the events of their workspaces only, without the addresses of other members', async () => {
    const [own, other] = [await app.workspace(admin), await app.workspace(admin)];
    const member = await join(app, { workspaceId: own });
    const key = await app.apiKey(member, { workspaceId: own });
    await app.apiKey(admin, { workspaceId: other });
    const events = await list({}, member);
    expect(events.map(({ workspaceId }) => workspaceId)).toEqual(events.map(() => own));
    expect(events.map(({ type }) => type)).toEqual(['api-key.created', 'workspace.member-added', 'workspace.created']);
    expect(events[0]).toMatchObject({ subjectId: key.id, ipAddress: '127.0.0.1', userAgent: 'node' });
    expect(events[2]).toMatchObject({ actor: { id: admin.id }, ipAddress: null, userAgent: null });
    expect(await list({ workspaceId: other }, member)).toEqual([]);
    expect(await list({}, await app.member())).toEqual([]);
    const [hidden] = await list({ workspaceId: other });
    const node = `query ($id: ID!) { node(id: $id) { id } }`;
    const answer = await app.graphql(node, { id: hidden!.id }, { bearer: member.accessToken });
    expect(answer.data).toEqual({ node: null });
  });

  test('a key of a workspace lists the events of that workspace', async () => {
    const workspaceId = await app.workspace(admin);
    const key = await app.apiKey(admin, { workspaceId, scopes: ['AUDIT_READ'] });
    const { nodes } = await app.as(key).auditEvents({});
    expect(nodes.map((event) => event.workspaceId)).toEqual([workspaceId, workspaceId]);
  });

  test('FORBIDDEN: without the scope', async () => {
    const key = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
    await app.as(key).auditEvents({}).expectError('FORBIDDEN');
  });

  test('AUTHENTICATION_UNAVAILABLE: if the log cannot be chained, no event is left out and changes go on', async () => {
    const { chain } = app.app.audit;
    vi.spyOn(chain, 'chain').mockRejectedValue(Object.assign(new Error('out of reach'), { code: '57P01' }));
    const key = await app.apiKey(admin);
    const answer = await app.as(admin).auditEvents({}).answer();
    expect(answer.errors?.[0]).toMatchObject({ extensions: { code: 'AUTHENTICATION_UNAVAILABLE' } });
    vi.restoreAllMocks();
    expect((await list())[0]).toMatchObject({ subjectId: key.id });
  });

  test('an event whose actor and workspace were deleted keeps their ids', async () => {
    const member = await app.member();
    const workspaceId = await app.workspace(member);
    await app.as(admin).deleteWorkspace({ workspaceId }).expectSuccess();
    await app.as(admin).deleteUser({ userId: member.id }).expectSuccess();
    const events = await list({ workspaceId });
    expect(events.at(-1)).toMatchObject({
      ...{ type: 'workspace.created', actor: null, actorId: member.id, workspace: null, workspaceId },
      ...{ ipAddress: null, userAgent: null },
    });
  });
});
