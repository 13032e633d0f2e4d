// REKEY_TRUSTED_DOCUMENTS: only the operations of a manifest run.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as client from '../../src/client/index.ts';
import { createClient, createSessionClient, ViewerDocument } from '../../src/client/index.ts';
import { type Account, backends, PASSWORD, startTestApp, type TestApp } from '../support/app.ts';
import { EventStream, FEED, headersOf, type Message, Socket } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';

const MANIFEST = join(import.meta.dirname, '..', '..', 'src', 'client', 'generated', 'persisted-documents.json');
const manifest: Record<string, string> = JSON.parse(readFileSync(MANIFEST, 'utf8'));
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const NOT_LISTED =
  'The service executes only the documents of a list (REKEY_TRUSTED_DOCUMENTS). This one is not in the list, or its text differs.';
const UNKNOWN_ID = '`documentId` is not in the list of the service (REKEY_TRUSTED_DOCUMENTS).';
const NOT_ADDED =
  'Documents cannot be added to the list of the service (REKEY_TRUSTED_DOCUMENTS). Send `documentId` instead of `extensions.persistedQuery`.';

/** Listed without the prefix, with white space that must be sent as it is. */
const OWN = 'query Own {\n  viewer { scopes }\n}\n';
const VIEWER = Object.entries(manifest).find(([, text]) => text.startsWith('query Viewer '))!;

let directory: string;
let path: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rekey-manifest-'));
  path = join(directory, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...manifest, [hashOf(OWN)]: OWN, [`sha256:${hashOf(FEED)}`]: FEED }));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let admin: Account;
  beforeAll(async () => {
    app = await start({ env: { REKEY_TRUSTED_DOCUMENTS: path, REKEY_INTROSPECTION: 'open' } });
    [member, admin] = [await app.member(), await app.admin()];
  });
  afterAll(() => app.close());

  async function post(body: object, caller: Account = member) {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headersOf(caller),
    };
    return send(app.url, '/graphql', { method: 'POST', headers, body: JSON.stringify(body) });
  }

  test.each<[string, object]>([
    ['its id', { documentId: VIEWER[0] }],
    ['its id without the prefix', { documentId: VIEWER[0].replace('sha256:', '') }],
    ['its exact text', { query: VIEWER[1] }],
    ['an id that is listed without the prefix', { documentId: `sha256:${hashOf(OWN)}` }],
    ['the exact text of a document with white space', { query: OWN }],
    ['its id and the name of its operation', { documentId: VIEWER[0], operationName: 'Viewer' }],
  ])('executes a listed document, named by %s', async (_, body) => {
    const { status, json } = await post(body);
    expect([status, json.errors, json.data.viewer.scopes.length > 0]).toEqual([200, undefined, true]);
  });

  test('executes a listed mutation with variables', async () => {
    const [documentId] = Object.entries(manifest).find(([, text]) => text.includes('mutation CreateApiKey('))!;
    const { json } = await post({ documentId, variables: { input: { name: 'by its id' } } });
    expect(json.data.createApiKey.__typename).toBe('CreateApiKeySuccess');
  });

  test('with an id and a text, executes the listed text of the id', async () => {
    const { json } = await post({ documentId: VIEWER[0], query: '{ other: __typename }' });
    expect(Object.keys(json.data)).toEqual(['viewer']);
  });

  const unlisted: [string, object, string][] = [
    ['another document', { query: '{ __typename }' }, NOT_LISTED],
    ['a listed text with one more space', { query: `${OWN} ` }, NOT_LISTED],
    ['a listed text with a comment', { query: `#\n${OWN}` }, NOT_LISTED],
    ['a listed text with another operation', { query: `${OWN} query Other { __typename }` }, NOT_LISTED],
    ['an empty text', { query: '' }, NOT_LISTED],
    ['introspection, also where it is open', { query: getIntrospectionQuery() }, NOT_LISTED],
    ['an unknown id', { documentId: `sha256:${'0'.repeat(64)}` }, UNKNOWN_ID],
    ['an id with another prefix', { documentId: VIEWER[0].replace('sha256', 'sha512') }, UNKNOWN_ID],
    ['an id in upper case', { documentId: VIEWER[0].toUpperCase() }, UNKNOWN_ID],
    ['an empty id', { documentId: '' }, UNKNOWN_ID],
    ['the name of a member of every object', { documentId: 'constructor' }, UNKNOWN_ID],
    ['an unknown id beside a listed text', { documentId: 'x', query: OWN }, UNKNOWN_ID],
    [
      'the hash of a listed text as a persisted query',
      { extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(OWN) } } },
      NOT_ADDED,
    ],
    [
      'a persisted query beside its text',
      { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: hashOf('{ __typename }') } } },
      NOT_ADDED,
    ],
    [
      'a persisted query beside a listed text',
      { query: OWN, extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(OWN) } } },
      NOT_ADDED,
    ],
  ];

  test.each(unlisted)('rejects %s, from every caller, over HTTP', async (_, body, message) => {
    for (const caller of [member, admin]) {
      const { status, json } = await post(body, caller);
      expect([status, json]).toEqual([400, { errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] }]);
    }
  });

  test.each(unlisted)('rejects %s over a WebSocket', async (_, payload, message) => {
    const socket = await Socket.open(app.url, { caller: admin });
    const answer = await socket.ask({ type: 'subscribe', id: '1', payload });
    // Without a text and an id, the protocol itself rejects the message.
    if (answer === null) expect('query' in payload || 'documentId' in payload).toBe(false);
    else expect(JSON.stringify(answer)).toContain(JSON.stringify(message).slice(1, -1));
    await socket.close();
  });

  test('rejects a request without a document', async () => {
    const { status, json } = await post({ variables: {} });
    expect([status, json.errors[0].message]).toEqual([
      400,
      'The body must have the member `documentId`, or `query` with its text.',
    ]);
  });

  test('executes listed documents over a WebSocket, named by their id or their text', async () => {
    const socket = await Socket.open(app.url, { caller: admin });
    const executed = async (payload: Message['payload'], id: string) => {
      const answer = await socket.ask({ type: 'subscribe', id, payload });
      await socket.message();
      return answer?.payload.data;
    };
    expect(await executed({ documentId: VIEWER[0] }, '1')).toMatchObject({ viewer: { scopes: expect.any(Array) } });
    expect(await executed({ query: OWN }, '2')).toMatchObject({ viewer: { scopes: expect.any(Array) } });
    await socket.close();
  });

  // The helpers of the tests send documents of their own, so these use the list.
  const run = async (operation: string, variables: object) => {
    const [documentId] = Object.entries(manifest).find(([, text]) => text.includes(`mutation ${operation}(`))!;
    return (await post({ documentId, variables }, admin)).json.data;
  };
  const keyOf = async (scopes: string[]) => {
    const { createApiKey } = await run('CreateApiKey', { input: { name: 'a key', scopes } });
    return { id: createApiKey.apiKey.id as string, secret: createApiKey.secret as string };
  };
  const revoked = (apiKeyId: string) => run('RevokeApiKey', { input: { apiKeyId } });

  test('subscribes to a listed document over an event stream and a WebSocket, and to no other', async () => {
    const { secret } = await keyOf(['INTROSPECT']);
    const caller = { secret };
    const stream = await EventStream.open(app.url, { caller, query: FEED });
    const socket = await Socket.open(app.url, { caller });
    socket.send({ type: 'subscribe', id: '1', payload: { documentId: hashOf(FEED) } });
    await until('both subscriptions have begun', () => app.app.live.size === 2);
    const { id } = await keyOf(['API_KEYS_READ']);
    await revoked(id);
    expect((await stream.event()).credentialId).toBe(id);
    expect((await socket.event()).credentialId).toBe(id);
    stream.close();
    await socket.close();
    const other = await EventStream.open(app.url, { caller, query: 'subscription { revocations { sequence } }' });
    await other.closed;
    expect(other.text).toContain('REKEY_TRUSTED_DOCUMENTS');
  });

  test('@rekey/client works: every document of the package is listed under its hash', () => {
    const all = Object.entries(client).filter(([name]) => name.endsWith('Document'));
    expect(all.length).toBeGreaterThan(30);
    const hashes = all.map(([, document]) => (document as { __meta__?: { hash?: string } }).__meta__?.hash);
    expect(hashes.toSorted()).toEqual(Object.keys(manifest).toSorted());
  });

  test('@rekey/client works: a session logs in, executes, refreshes and logs out', async () => {
    const session = createSessionClient({ url: app.url });
    const login = await session.login({ email: member.email, password: PASSWORD });
    expect(login.__typename).toBe('LoginSuccess');
    expect((await session.execute(ViewerDocument)).viewer.user?.id).toBe(member.id);
    expect((await session.logout()).__typename).toBe('LogoutSuccess');
  });

  test('@rekey/client works: with an API key', async () => {
    const rekey = createClient({ url: app.url, credential: member.accessToken });
    expect((await rekey.execute(ViewerDocument)).viewer.scopes.length).toBeGreaterThan(0);
    await expect(rekey.execute('{ viewer { scopes } }')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: NOT_LISTED,
    });
  });
});

describe('without a list', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  const post = (body: object) =>
    send(app.url, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('an id beside a text changes nothing, so clients may always send both', async () => {
    for (const documentId of [VIEWER[0], 'any other id']) {
      expect((await post({ query: '{ __typename }', documentId })).json).toEqual({ data: { __typename: 'Query' } });
    }
  });

  test('an id alone is rejected with the reason', async () => {
    const { status, json } = await post({ documentId: VIEWER[0] });
    expect([status, json.errors[0]]).toEqual([
      400,
      {
        message: 'The service has no list of documents (REKEY_TRUSTED_DOCUMENTS). Send the text as `query`.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  });

  test('an id over a WebSocket is rejected with the same reason', async () => {
    const socket = await Socket.open(app.url);
    const answer = await socket.ask({ type: 'subscribe', id: '1', payload: { documentId: VIEWER[0] } });
    expect(JSON.stringify(answer)).toContain('The service has no list of documents');
    await socket.close();
  });
});
