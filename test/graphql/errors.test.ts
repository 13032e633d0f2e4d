import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { login } from '../support/sessions.ts';

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    await app.app.database.fork().execute(`
      create function fail_on_purpose() returns trigger language plpgsql as
        $$ begin raise exception 'the insert of % fails: %', new.name, 'rka_0123456789abcdefghijABCDEFGHIJ'; end $$;
    `);
    await app.app.database.fork().execute(`
      create trigger fail_on_purpose before insert on workspaces for each row when (new.name like 'broken%')
        execute function fail_on_purpose();
    `);
  });
  afterAll(() => app?.close());

  const create = (name: string, headers: Record<string, string> = {}) =>
    app.graphql(
      'mutation ($input: CreateWorkspaceInput!) { createWorkspace(input: $input) { __typename } }',
      { input: { name } },
      { bearer: admin.accessToken, headers },
    );
  const linesOf = (requestId: string) =>
    app.log.filter((line) => line.includes(requestId)).map((line) => JSON.parse(line));

  describe('an unexpected error', () => {
    test('returns 200, null for that field, and only the request id', async () => {
      const answer = await create('broken one');
      const requestId = answer.headers.get('x-request-id');
      expect(answer).toMatchObject({ status: 200, data: null });
      expect(answer.errors).toEqual([
        {
          message: 'Internal error. The service logged the details under the request id in `extensions.requestId`.',
          path: ['createWorkspace'],
          locations: [{ line: 1, column: 44 }],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
        },
      ]);
    });

    test('is logged once and in full under the same request id', async () => {
      const requestId = 'one-id-for-all-logs-1';
      await create('broken two', { 'x-request-id': requestId });
      const lines = linesOf(requestId).filter(({ level }) => level !== 'debug');
      expect(lines).toMatchObject([{ level: 'error', requestId, msg: 'unexpected error' }]);
      expect(lines[0].err.message).toContain('the insert of broken two fails');
      expect(lines[0].err.stack).toContain('DriverException');
    });

    test('is logged without the secrets in its message', async () => {
      const requestId = 'one-id-for-all-logs-2';
      await create('broken three', { 'x-request-id': requestId });
      const text = linesOf(requestId)
        .map((line) => JSON.stringify(line))
        .join('');
      expect(text).toContain('rka_[redacted]');
      expect(text).not.toContain('0123456789abcdefghij');
      expect(text).not.toContain(admin.accessToken);
    });

    test('logs one line when one database error fails several fields', async () => {
      const requestId = 'one-id-for-all-logs-4';
      const member = await app.member();
      for (let more = 0; more < 2; more++) await login(app, member);
      await app.sql('alter table credential_usage rename to credential_usage_hidden');
      onTestFinished(
        async () => void (await app.sql('alter table credential_usage_hidden rename to credential_usage')),
      );
      const { errors } = await app.graphql(
        '{ sessions { nodes { lastUsedAt } } }',
        {},
        { bearer: member.accessToken, headers: { 'x-request-id': requestId } },
      );
      expect(errors).toHaveLength(3);
      expect(linesOf(requestId).filter(({ level }) => level !== 'debug')).toHaveLength(1);
    });

    test('does not undo earlier mutation fields and prevents later ones', async () => {
      const { status, data, errors } = await app.graphql(
        `mutation {
          before: createWorkspace(input: { name: "before" }) { __typename }
          broken: createWorkspace(input: { name: "broken four" }) { __typename }
          after: createWorkspace(input: { name: "after" }) { __typename }
        }`,
        {},
        { bearer: admin.accessToken },
      );
      expect({ status, data }).toEqual({ status: 200, data: null });
      expect(errors).toMatchObject([{ path: ['broken'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
      const answer = await app.graphql('{ workspaces { nodes { name } } }', {}, { bearer: admin.accessToken });
      expect(answer.data.workspaces.nodes).toEqual([{ name: 'before' }]);
    });
  });

  describe('an error that the caller can correct', () => {
    test('is returned with a message and a path, and is not logged as an error', async () => {
      const requestId = 'one-id-for-all-logs-3';
      const answer = await app.graphql(
        '{ viewer { scopes } mine: apiKeys(first: 5, after: "nonsense") { nodes { id } } }',
        {},
        { bearer: admin.accessToken, headers: { 'x-request-id': requestId } },
      );
      expect(answer).toMatchObject({ status: 200, data: null });
      expect(answer.errors).toEqual([
        {
          message: '`after` must be the `endCursor` of a page of this list.',
          path: ['mine'],
          locations: [{ line: 1, column: 21 }],
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
      expect(linesOf(requestId).filter(({ level }) => level !== 'debug')).toEqual([]);
    });
  });
});
