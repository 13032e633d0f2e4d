// Which users a caller may read: every path of the schema to a user, queried by a member.
import { makeExecutableSchema } from '@graphql-tools/schema';
import { EntityManager } from '@mikro-orm/sql';
import {
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  graphql,
  isAbstractType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { User } from '../../src/accounts/user.entity.ts';
import { hideInvisibleUsers, Visibility } from '../../src/graphql/visibility.ts';
import { createSchema } from '../../src/graphql/yoga.ts';
import { coMembers } from '../../src/workspaces/workspace.queries.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { invite } from '../support/people.ts';
import { as, jtiOf, login, UNLIMITED } from '../support/sessions.ts';

const schema = createSchema();
/** A path visits no type more often than this, because a longer path would only repeat it. */
const VISITS = 2;

interface Path {
  /** The selection on the first value of the path. */
  selection: string;
  fields: string;
}

const possibleTypes = (type: GraphQLNamedType): readonly GraphQLObjectType[] =>
  isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];

/** Every path from a value of this type to a user. */
function pathsToUser(output: GraphQLOutputType, visited: string[] = []): Path[] {
  const type = getNamedType(output);
  return possibleTypes(type).flatMap((object) => {
    if (visited.filter((name) => name === object.name).length >= VISITS) return [];
    const select = (selected: string) =>
      isAbstractType(type) ? `{ ... on ${object.name} { ${selected} } }` : `{ ${selected} }`;
    const here = object.name === 'User' ? [{ selection: select('id email displayName role'), fields: '' }] : [];
    const further = Object.values(object.getFields()).flatMap((field) =>
      pathsToUser(field.type, [...visited, object.name]).map(({ selection, fields }) => {
        if (field.args.some(isRequiredArgument))
          throw new Error(`Add arguments for ${object.name}.${field.name} to this test.`);
        return { selection: select(`${field.name} ${selection}`), fields: `.${field.name}${fields}` };
      }),
    );
    return [...here, ...further];
  });
}

const rootPaths = (root: GraphQLObjectType) =>
  Object.values(root.getFields()).flatMap((field) => pathsToUser(field.type).map((path) => ({ field, ...path })));
const queries = rootPaths(schema.getQueryType()!);
const mutations = rootPaths(schema.getMutationType()!);

test('the search finds the paths to users', () => {
  const found = queries.map(({ field, fields }) => field.name + fields);
  expect(found).toContain('revocations.nodes.revokedBy');
  expect(found).toContain('revocations.edges.node.user');
  expect(found).toContain('viewer.credential.user');
  expect(mutations.map(({ field, fields }) => field.name + fields)).toContain('revokeAccessToken.revocation.revokedBy');
});

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  let colleague: Account;
  let unrelated: Account;
  /** A token of the member that the administrator has revoked. */
  let revokedToken: string;
  let memberKey: string;
  let unrelatedKey: string;
  /** A workspace of the unrelated user. */
  let other: string;
  /** A workspace and its daemon tokens: of the member, the administrator, the colleague, and an unrelated user. */
  let shared: string;
  let daemonTokens: string[];
  /** The same of its signing keys. */
  let signingKeys: string[];
  let revoked = 0;

  beforeAll(async () => {
    app = await start({ env: { ...UNLIMITED, REKEY_API_KEYS_PER_USER: '0' } });
    admin = await app.admin();
    [member, colleague, unrelated] = [await app.member(), await app.member(), await app.member()];
    const { workspace } = await app.mutate(
      'createWorkspace',
      { name: 'shared' },
      '... on CreateWorkspaceSuccess { workspace { id } }',
      as(member),
    );
    other = await app.workspace(unrelated);
    await app.sql(
      `insert into workspace_members (workspace_id, user_id, role, created_at) values (?, ?, 'MEMBER', now())`,
      [workspace.id, colleague.id],
    );
    shared = workspace.id;
    daemonTokens = [];
    signingKeys = [];
    for (const by of [member, admin, colleague, unrelated]) {
      const { id } = await app.daemonToken(admin, shared, { scopes: ['DAEMON_TOKENS_READ'] });
      await app.sql('update daemon_tokens set created_by = ? where id = ?', [by.id, id]);
      daemonTokens.push(id);
      const key = await app.signingKey(admin, shared);
      await app.sql('update signing_keys set created_by = ? where id = ?', [by.id, key.id]);
      signingKeys.push(key.id);
    }
    memberKey = (await app.apiKey(member)).id;
    unrelatedKey = (await app.apiKey(unrelated)).id;
    revokedToken = (await login(app, member)).accessToken;
    await app.mutate('revokeAccessToken', { jti: jtiOf(revokedToken) }, '', as(admin));
    for (const by of [colleague, unrelated, member]) {
      const jti = jtiOf((await login(app, member)).accessToken);
      await app.mutate('revokeAccessToken', { jti }, '', as(member));
      await app.sql('update access_token_revocations set revoked_by = ? where jti = ?', [by.id, jti]);
    }
    await app.mutate('revokeAccessToken', { jti: jtiOf((await login(app, unrelated)).accessToken) }, '', as(unrelated));
  });
  afterAll(() => app.close());

  /** The arguments of each query: for objects of the member, and for those of unrelated users. */
  const queryArguments = (name: string): string[] => {
    const filters = ['', `(filter: { userId: "${unrelated.id}" })`, `(filter: { userId: "${admin.id}" })`];
    const known: Record<string, string[]> = {
      apiKey: [memberKey, unrelatedKey].map((id) => `(id: "${id}")`),
      apiKeys: filters,
      sessions: filters,
      revocations: filters,
      users: ['', `(filter: { email: "${unrelated.email}" })`],
      introspect: [`(token: "${unrelated.accessToken}")`],
      viewer: [''],
      auditEvents: [''],
      user: [unrelated.id, member.id].map((id) => `(id: "${id}")`),
      session: [member.sessionId, unrelated.sessionId].map((id) => `(id: "${id}")`),
      daemonTokens: [`(workspaceId: "${shared}")`],
      signingKeys: [`(workspaceId: "${shared}")`],
      workspace: [shared, other].map((id) => `(id: "${id}")`),
      workspaces: [''],
      node: [
        memberKey,
        unrelatedKey,
        member.id,
        unrelated.id,
        admin.id,
        shared,
        other,
        ...daemonTokens,
        ...signingKeys,
      ].map((id) => `(id: "${id}")`),
    };
    return known[name] ?? [`Add arguments for ${name} to this test.`];
  };

  /** The input of each mutation by the member. It leads to another user if that is possible. */
  const mutationInput = async (name: string): Promise<object | null> => {
    // Only where it is used: it is hashed at the full cost.
    if (name === 'acceptInvitation')
      return { invitationToken: (await invite(app)).invitationToken, password: PASSWORD };
    const mine = await login(app, member);
    const known: Record<string, object | null> = {
      bootstrap: { setupToken: 'x', email: 'x@example.com', password: PASSWORD, displayName: 'X' },
      register: { email: `new-${mine.sessionId}@example.com`, password: PASSWORD, displayName: 'New' },
      login: { email: member.email, password: PASSWORD },
      refreshSession: { refreshToken: mine.refreshToken },
      logout: null,
      changePassword: { currentPassword: PASSWORD, newPassword: PASSWORD },
      inviteUser: { email: unrelated.email, displayName: 'X' },
      updateUser: { userId: unrelated.id, displayName: 'X' },
      updateProfile: { displayName: 'Ann' },
      createPasswordReset: { userId: unrelated.id },
      resetPassword: { resetToken: 'rkp_', newPassword: 'short' },
      deleteUser: { userId: unrelated.id },
      disableUser: { userId: unrelated.id },
      enableUser: { userId: unrelated.id },
      createApiKey: { name: 'a key' },
      rotateApiKey: { apiKeyId: memberKey },
      updateApiKey: { apiKeyId: memberKey, name: 'another name' },
      endApiKeyOverlap: { apiKeyId: memberKey },
      setCredentialPolicy: { workspaceId: other },
      revokeApiKey: { apiKeyId: unrelatedKey },
      revokeSession: { sessionId: mine.sessionId },
      revokeAccessToken: { jti: jtiOf(revokedToken) },
      createDaemonToken: { workspaceId: shared, daemonId: 'new', expiresAt: new Date(Date.now() + 60_000) },
      renewDaemonToken: null,
      revokeDaemonToken: { daemonTokenId: daemonTokens[revoked++ % daemonTokens.length] },
      createSigningKey: { workspaceId: shared },
      rotateSigningKey: { signingKeyId: (await app.signingKey(admin, shared)).id },
      revokeSigningKey: { signingKeyId: signingKeys[revoked++ % signingKeys.length] },
      createWorkspace: { name: 'another' },
      updateWorkspace: { workspaceId: other },
      addWorkspaceMember: { workspaceId: other, email: unrelated.email },
      removeWorkspaceMember: { workspaceId: other, userId: unrelated.id },
      deleteWorkspace: { workspaceId: other },
      setWorkspaceMemberRole: { workspaceId: other, userId: unrelated.id, role: 'MEMBER' },
    };
    if (!(name in known)) throw new Error(`Add an input for ${name} to this test.`);
    return known[name] ?? null;
  };

  const expectNoUnrelated = (answer: unknown, name: string) => {
    const text = JSON.stringify(answer);
    expect(text, name).not.toContain('INTERNAL_SERVER_ERROR');
    for (const { id, email } of [admin, unrelated]) {
      expect(text, name).not.toContain(email);
      expect(text, name).not.toContain(id);
    }
    expect(text, name).not.toContain('"ADMIN"');
  };

  test('a member can read only their own user and members of their workspaces, on every path', async () => {
    const read = new Set<string>();
    for (const { field, fields, selection } of queries) {
      for (const args of queryArguments(field.name)) {
        const answer = await app.graphql(`{ ${field.name}${args} ${selection} }`, {}, as(member));
        const isForbidden = answer.errors?.every(({ extensions }) => extensions.code === 'FORBIDDEN');
        if (answer.errors && !isForbidden) throw new Error(`${field.name}${fields}: ${JSON.stringify(answer.errors)}`);
        expectNoUnrelated(answer.data, field.name + fields);
        for (const [email] of JSON.stringify(answer.data).matchAll(/[\w-]+@example\.com/g)) read.add(email);
      }
    }
    expect([...read].sort()).toEqual([member.email, colleague.email].sort());
  });

  test('no mutation of a member returns an administrator or an unrelated user', async () => {
    for (const { field, fields, selection } of mutations) {
      const input = await mutationInput(field.name);
      const type = `${field.name[0]!.toUpperCase()}${field.name.slice(1)}Input`;
      const credential = as(await login(app, member));
      const answer = input
        ? await app.graphql(
            `mutation ($input: ${type}!) { ${field.name}(input: $input) ${selection} }`,
            { input },
            credential,
          )
        : await app.graphql(`mutation { ${field.name} ${selection} }`, {}, credential);
      expect(answer.status, field.name + fields).toBe(200);
      expectNoUnrelated(answer, field.name + fields);
    }
    member = { ...member, ...(await login(app, member)) }; // changePassword has revoked the session.
  });

  test('a login without a credential returns the user who logs in', async () => {
    const selection = '... on LoginSuccess { user { email } tokens { session { user { email } } refreshToken } }';
    const { user, tokens } = await app.mutate('login', { email: member.email, password: PASSWORD }, selection);
    expect([user.email, tokens.session.user.email]).toEqual([member.email, member.email]);
    const { refreshToken } = tokens;
    const refreshed = await app.mutate(
      'refreshSession',
      { refreshToken },
      '... on RefreshSessionSuccess { tokens { session { user { email } } } }',
      as(unrelated),
    );
    expect(refreshed.tokens.session.user.email).toBe(member.email);
  });

  const REVOCATIONS = '{ revocations { nodes { revokedBy { email } } } }';

  test('an administrator and a service that introspects can read every user', async () => {
    const { data } = await app.graphql(REVOCATIONS, {}, as(admin));
    expect(data.revocations.nodes).toContainEqual({ revokedBy: { email: unrelated.email } });
    const { secret } = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const asked = `{ introspect(token: "${unrelated.accessToken}") { user { email } } }`;
    const introspected = await app.graphql(asked, {}, { apiKey: secret });
    expect(introspected.data.introspect.user.email).toBe(unrelated.email);
  });

  test('a key that is bound to a workspace can read only members of that workspace', async () => {
    const { workspace } = await app.mutate(
      'createWorkspace',
      { name: 'empty' },
      '... on CreateWorkspaceSuccess { workspace { id } }',
      as(member),
    );
    const principal = { userId: member.id, workspaceId: workspace.id };
    const em = app.app.database.fork();
    const everyone = [member.id, colleague.id, unrelated.id, admin.id];
    expect(await coMembers(em, principal, everyone)).toEqual([member.id]);
    const unbound = await coMembers(em, { ...principal, workspaceId: null }, everyone);
    expect(unbound.sort()).toEqual([member.id, colleague.id].sort());
  });

  test('the check takes one statement per response, and none for administrators or the own user', async () => {
    const execute = vi.spyOn(EntityManager.prototype, 'execute');
    const membershipReads = () => execute.mock.calls.filter(([text]) => String(text).includes('workspace_members'));
    try {
      await app.graphql(REVOCATIONS, {}, as(admin));
      await app.graphql('{ viewer { user { email } } sessions { nodes { user { email } } } }', {}, as(member));
      expect(membershipReads()).toHaveLength(0);
      await app.graphql(`{ a: ${REVOCATIONS.slice(1, -1)} b: ${REVOCATIONS.slice(1, -1)} }`, {}, as(member));
      expect(membershipReads()).toHaveLength(1);
    } finally {
      execute.mockRestore();
    }
  });
});

test('a new field of the schema is checked, whatever its type is', async () => {
  const other = Object.assign(new User(), { id: 'usr_other', email: 'other@example.com' });
  const mine = Object.assign(new User(), { id: 'usr_me', email: 'me@example.com' });
  const extended = hideInvisibleUsers(
    makeExecutableSchema({
      typeDefs: `interface Node { id: ID! } type User implements Node { id: ID! email: String } union Anything = User | Thing
        type Thing implements Node { id: ID! maker: User makers: [User] }
        type Query { me: User! user: User users: [User] node: Node nodes: [Node] anything: Anything thing: Thing asked: User }`,
      resolvers: {
        Node: { __resolveType: (value: object) => (value instanceof User ? 'User' : 'Thing') },
        Anything: { __resolveType: (value: object) => (value instanceof User ? 'User' : 'Thing') },
        Query: { asked: async () => other },
      },
    }),
  );
  const thing = { id: 'thing', maker: other, makers: [mine, other] };
  const rootValue = {
    me: mine,
    user: other,
    users: [other, mine],
    node: other,
    nodes: [other, thing],
    anything: other,
    thing,
  };
  const principal = { userId: 'usr_me', scopes: [] } as never;
  const read = '{ ... on User { email } }';
  const result = await graphql({
    schema: extended,
    rootValue,
    contextValue: {
      visibility: new Visibility(principal, { sharesWorkspace: async () => false, isMemberOf: async () => false }),
    },
    source: `{ me { email } user { email } users { email } node ${read} nodes ${read} anything ${read} asked { email }
      thing { maker { email } makers { email } } }`,
  });
  expect(result.errors).toBeUndefined();
  expect(JSON.parse(JSON.stringify(result.data))).toEqual({
    me: { email: 'me@example.com' },
    user: null,
    users: [null, { email: 'me@example.com' }],
    node: null,
    nodes: [null, {}],
    anything: null,
    asked: null,
    thing: { maker: null, makers: [{ email: 'me@example.com' }, null] },
  });
});
