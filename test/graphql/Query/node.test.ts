import { isInterfaceType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NODE_TYPES } from '../../../src/graphql/nodes.ts';
import { createSchema } from '../../../src/graphql/yoga.ts';
import { workspaceKey } from '../../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { type Caller, presentedBy } from '../../support/calls.ts';
import { jtiOf } from '../../support/sessions.ts';
import { join } from '../../support/workspaces.ts';

/** Types whose objects cannot be read one by one. */
const NOT_FOUND_BY_ID: string[] = [];

test('every type that implements Node has a prefix, and each prefix a type', () => {
  const node = createSchema().getType('Node');
  if (!isInterfaceType(node)) throw new Error('Node is no interface.');
  const types = Object.values(createSchema().getTypeMap())
    .filter(isObjectType)
    .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
    .map(({ name }) => name);
  const found = Object.values(NODE_TYPES).map(({ type }) => type);
  expect([...found, ...NOT_FOUND_BY_ID].toSorted()).toEqual(types.toSorted());
});

describe.each(backends())('node on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  /** One object of each type. */
  let ids: Record<string, string>;
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
    workspaceId = await app.workspace(owner);
    const other = await app.register();
    const { revocation } = await app
      .as(other)
      .revokeAccessToken({ jti: jtiOf(other.accessToken) })
      .expectSuccess();
    await app.sql('update access_token_revocations set user_id = ? where id = ?', [owner.id, revocation.id]);
    const { signingKey } = await app.as(owner).createSigningKey({ workspaceId }).expectSuccess();
    ids = {
      ApiKey: (await app.apiKey(owner)).id,
      AuditEvent: (await app.as(owner).auditEvents({ filter: { workspaceId } })).nodes[0]!.id,
      DaemonToken: (await app.daemonToken(owner, workspaceId)).id,
      Revocation: revocation.id,
      Session: owner.sessionId,
      SigningKey: signingKey.id,
      User: owner.id,
      Workspace: workspaceId,
    };
  });
  afterAll(() => app.close());

  const node = (caller: Caller, id: string) =>
    app.graphql('query ($id: ID!) { node(id: $id) { __typename id } }', { id }, presentedBy(caller));
  const found = async (caller: Caller, id: string) => (await node(caller, id)).data.node;

  test('finds an object of each type by its id', async () => {
    expect(Object.keys(ids).toSorted()).toEqual(
      Object.values(NODE_TYPES)
        .map(({ type }) => type)
        .toSorted(),
    );
    for (const [type, id] of Object.entries(ids)) expect(await found(owner, id)).toEqual({ __typename: type, id });
    for (const [type, id] of Object.entries(ids))
      expect(await found(await app.admin(), id)).toEqual({ __typename: type, id });
  });

  test('the fields of the type can be selected', async () => {
    const { data } = await app.graphql(
      `query ($id: ID!) { node(id: $id) { ... on ApiKey { name user { id } } ... on Credential { status } } }`,
      { id: ids.ApiKey },
      { bearer: owner.accessToken },
    );
    expect(data.node).toEqual({ name: 'a key of the tests', user: { id: owner.id }, status: 'ACTIVE' });
  });

  test('what the caller may not see is null, like an unknown id and an id of another form', async () => {
    const stranger = await app.member();
    for (const id of Object.values(ids))
      expect(await node(stranger, id)).toMatchObject({ data: { node: null }, errors: undefined });
    for (const prefix of ['key', 'usr', 'wsp', 'ses', 'dmn', 'sgk', 'rev', 'evt', 'xyz'])
      expect(await node(stranger, `${prefix}_00000000000000000000000000`)).toMatchObject({
        data: { node: null },
        errors: undefined,
      });
    for (const id of ['', 'key', 'key_', '__proto__', 'constructor', 'x'.repeat(128), `${ids.ApiKey} `])
      expect((await node(stranger, id)).data.node).toBeNull();
  });

  test('asks for the scope of the field that returns objects of the type, and a user needs none', async () => {
    const scopeless = await app.apiKey(owner, { scopes: [] });
    for (const [type, id] of Object.entries(ids)) {
      const answer = await node(scopeless, id);
      if (type === 'User') expect(answer.data.node).toEqual({ __typename: 'User', id });
      else expect(answer.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    const reader = await app.apiKey(owner, { scopes: ['WORKSPACES_READ'] });
    expect(await found(reader, workspaceId)).toEqual({ __typename: 'Workspace', id: workspaceId });
    expect((await node(reader, ids.ApiKey!)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });

  test('a user is found by those with whom they share a workspace', async () => {
    const member = await join(app, { workspaceId });
    expect(await found(member, owner.id)).toEqual({ __typename: 'User', id: owner.id });
    expect(await found(await app.member(), owner.id)).toBeNull();
    const ofWorkspace = await workspaceKey(app, owner, workspaceId, { scopes: ['API_KEYS_READ'] });
    expect(await found(ofWorkspace, owner.id)).toBeNull();
    expect(await found(ofWorkspace, ofWorkspace.id)).toEqual({ __typename: 'ApiKey', id: ofWorkspace.id });
  });

  test('without a credential: UNAUTHENTICATED', async () => {
    expect((await node({}, owner.id)).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});
