// Rows that are deleted while a request that depends on them is in flight.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import { type Account, type Answer, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { as } from '../support/sessions.ts';

const outcomeOf = ({ status, errors }: Answer) => [status, errors?.map(({ extensions }) => extensions.code)];
const REFUSED = [401, ['UNAUTHENTICATED']];

describe.each(backends())('on $name', ({ name, start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => app?.close());

  /** Runs a statement after the authentication of the next request and before its execution. */
  function afterAuthentication(statement: string, values: unknown[]): void {
    const { authenticator } = app.app;
    const authenticate = authenticator.authenticate.bind(authenticator);
    vi.spyOn(authenticator, 'authenticate').mockImplementationOnce(async (...request) => {
      const principal = await authenticate(...request);
      await app.sql(statement, values);
      return principal;
    });
  }

  describe('a credential whose row is deleted during a request is rejected', () => {
    const QUERIES = {
      credential: '{ viewer { credential { id } } }',
      'credential, under another name, beside other fields':
        '{ me: viewer { scopes mine: credential { id createdAt } } }',
      user: '{ viewer { user { id } } }',
      'user, twice': '{ viewer { user { id } } again: viewer { user { email } } }',
    };

    test.each(Object.entries(QUERIES))('an API key with a selection of its %s', async (_what, document) => {
      const member = await app.member();
      const key = await app.apiKey(member);
      // A user is deleted together with all keys and sessions.
      const [statement, id] = document.includes('user')
        ? ['delete from users where id = ?', member.id]
        : ['delete from api_keys where id = ?', key.id];
      afterAuthentication(statement, [id]);
      const answer = await app.graphql(document, {}, { apiKey: key.secret });
      expect(outcomeOf(answer)[0]).toBe(401);
      for (const { extensions } of answer.errors!) expect(extensions).toEqual({ code: 'UNAUTHENTICATED' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="rekey", error="invalid_token"');
    });

    test.each(Object.entries(QUERIES))('a session with a selection of its %s', async (_what, document) => {
      const member = await app.member();
      const [statement, id] = document.includes('user')
        ? ['delete from users where id = ?', member.id]
        : ['delete from sessions where id = ?', member.sessionId];
      afterAuthentication(statement, [id]);
      expect(outcomeOf(await app.graphql(document, {}, as(member)))[0]).toBe(401);
    });

    test('an API key of a deleted workspace', async () => {
      const member = await app.member();
      const selection = '... on CreateWorkspaceSuccess { workspace { id } }';
      const { workspace } = await app.mutate('createWorkspace', { name: 'short-lived' }, selection, as(member));
      const key = await app.apiKey(member, { workspaceId: workspace.id });
      afterAuthentication('delete from workspaces where id = ?', [workspace.id]);
      const answer = await app.graphql('{ viewer { workspace { name } } }', {}, { apiKey: key.secret });
      expect(outcomeOf(answer)).toEqual(REFUSED);
    });

    const MUTATIONS = {
      createApiKey: 'mutation { createApiKey(input: { name: "late" }) { __typename } }',
      createWorkspace: 'mutation { createWorkspace(input: { name: "late" }) { __typename } }',
      changePassword: `mutation { changePassword(input: { currentPassword: "${PASSWORD}",
        newPassword: "a brass kettle hums in fog" }) { __typename } }`,
      revokeAllSessions: 'mutation { revokeAllSessions(input: { exceptCurrent: false }) { __typename } }',
      logout: 'mutation { logout { __typename } }',
    };
    test.each(Object.entries(MUTATIONS))('and changes nothing: %s', async (_what, document) => {
      for (const [table, idOf] of [
        ['users', ({ id }: Account) => id],
        ['sessions', ({ sessionId }: Account) => sessionId],
      ] as const) {
        const member = await app.member();
        afterAuthentication(`delete from ${table} where id = ?`, [idOf(member)]);
        expect([table, ...outcomeOf(await app.graphql(document, {}, as(member)))]).toEqual([table, ...REFUSED]);
      }
    });
  });

  test('a refresh token whose session is deleted during the request is unknown', async () => {
    for (const statement of ['delete from sessions where id = ?', 'delete from refresh_tokens where session_id = ?']) {
      const member = await app.member();
      const transaction = UnitOfWork.prototype.transaction;
      vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementationOnce(async function (this: UnitOfWork, ...given) {
        await app.sql(statement, [member.sessionId]);
        return transaction.apply(this, given);
      } as typeof transaction);
      const selection = '... on RefreshTokenRejectedError { reason }';
      const result = await app.mutate('refreshSession', { refreshToken: member.refreshToken }, selection);
      expect(result.reason).toBe('UNKNOWN');
    }
  });

  test('introspection of a token whose row is deleted during the request returns null fields to an authenticated caller', async () => {
    const admin = await app.admin();
    const member = await app.member();
    const key = await app.apiKey(member);
    const { authenticator } = app.app;
    const introspect = authenticator.introspect.bind(authenticator);
    vi.spyOn(authenticator, 'introspect').mockImplementationOnce(async (token) => {
      const principal = await introspect(token);
      await app.sql('delete from users where id = ?', [member.id]);
      return principal;
    });
    const document =
      'query ($token: String!) { introspect(token: $token) { credential { id } user { id } workspace { id } } }';
    const answer = await app.graphql(document, { token: key.secret }, as(admin));
    expect(outcomeOf(answer)).toEqual([200, undefined]);
    expect(answer.data.introspect).toEqual({ credential: null, user: null, workspace: null });
  });

  test('a row that is deleted after the commit of a change causes OUTCOME_UNKNOWN', async () => {
    const [admin, member] = [await app.admin(), await app.member()];
    const key = await app.apiKey(member);
    const { barrier } = app.app;
    const waitUntilPropagated = barrier.waitUntilPropagated.bind(barrier);
    vi.spyOn(barrier, 'waitUntilPropagated').mockImplementationOnce(async (...change) => {
      const receipt = await waitUntilPropagated(...change);
      await app.sql('delete from users where id = ?', [member.id]);
      return receipt;
    });
    const document = `mutation ($id: ID!) { revokeApiKey(input: { apiKeyId: $id }) {
      ... on RevokeApiKeySuccess { apiKey { user { id } } } } }`;
    expect(outcomeOf(await app.graphql(document, { id: key.id }, as(admin)))).toEqual([200, ['OUTCOME_UNKNOWN']]);
  });

  test.skipIf(!name.startsWith('PostgreSQL'))(
    'a row of another user that is deleted between two reads causes a retryable 503',
    async () => {
      const [admin, member] = [await app.admin(), await app.member()];
      await app.apiKey(member);
      const document = 'query ($id: ID!) { apiKeys(filter: { userId: $id }) { nodes { id user { id } } } }';
      const other = new pg.Client({ connectionString: app.app.config.databaseUrl! });
      await other.connect();
      onTestFinished(() => other.end());
      await other.query('begin');
      await other.query('lock table users in access exclusive mode');
      const answer = app.graphql(document, { id: member.id }, as(admin));
      const locked = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(() => app.sql(locked)).toHaveLength(1);
      await other.query('delete from users where id = $1', [member.id]);
      await other.query('commit');
      expect(outcomeOf(await answer)).toEqual([503, ['AUTHENTICATION_UNAVAILABLE']]);
    },
  );
});
