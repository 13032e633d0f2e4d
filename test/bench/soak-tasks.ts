// What the clients of the soak do, again and again: each task is one client that comes, works with a replica and leaves.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { ABUSIVE_REQUESTS, AbusiveClient, SLOW, slowClients } from '../support/abuse.ts';
import { sendBytes } from '../support/raw.ts';
import { signedHeaders } from '../support/signing.ts';
import { ADMINISTRATOR } from './client.ts';
import { type LiveClient, openLiveClient } from './live-clients.ts';
import type { SoakClient } from './soak-client.ts';

/** One turn of a client at this replica. `other` is another replica. Rejects if anything is not answered as it must be. */
export type Task = (client: SoakClient, url: string, other: string) => Promise<void>;

const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ... on CreateApiKeySuccess { secret apiKey { id } } } }`;
const ROTATE_KEY = `mutation ($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret } } }`;
const REVOKE_KEY = `mutation ($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) { ... on RevokeApiKeySuccess { receipt { propagation } } } }`;
const LOGIN = `mutation ($input: LoginInput!) {
  login(input: $input) { ... on LoginSuccess { tokens { accessToken refreshToken } } } }`;
const REFRESH = `mutation ($input: RefreshSessionInput!) {
  refreshSession(input: $input) { ... on RefreshSessionSuccess { tokens { accessToken refreshToken } } } }`;
const LOGOUT = 'mutation { logout { ... on LogoutSuccess { receipt { propagation } } } }';
const CREATE_DAEMON = `mutation ($input: CreateDaemonTokenInput!) {
  createDaemonToken(input: $input) { ... on CreateDaemonTokenSuccess { secret daemonToken { id } } } }`;
const REVOKE_DAEMON = `mutation ($input: RevokeDaemonTokenInput!) {
  revokeDaemonToken(input: $input) { ... on RevokeDaemonTokenSuccess { receipt { propagation } } } }`;

const EXPLAIN = 'query ($requestId: ID!) { explain(requestId: $requestId) { requestId } }';

const QUERIES = [
  '{ viewer { user { id email } scopes } }',
  '{ apiKeys(first: 20) { edges { node { id name status } } } }',
  '{ sessions(first: 20) { edges { node { id status } } } }',
  '{ auditEvents(first: 20) { edges { node { id type } } } }',
  '{ workspaces(first: 5) { edges { node { id name } } } }',
];
const PUBLIC = ['/', '/livez', '/readyz', '/metrics', '/openapi.json', '/.well-known/jwks.json'];
const MALFORMED = [
  'GET / HTTP/9.9\r\n\r\n',
  'nonsense\r\n\r\n',
  'POST /graphql HTTP/1.1\r\nHost: rekey\r\nContent-Length: x\r\n\r\n',
  'POST /graphql HTTP/1.1\r\nHost: rekey\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"query":',
  'CONNECT rekey:443 HTTP/1.1\r\nHost: rekey\r\n\r\n',
];

const any = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)]!;
const form = (token: string) => new URLSearchParams({ token }).toString();
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

async function createKey(client: SoakClient, url: string, more: object = {}): Promise<{ id: string; secret: string }> {
  const bearer = client.given.administrator.accessToken;
  const { secret, apiKey } = await client.graphql(url, CREATE_KEY, { input: { name: 'soak', ...more }, bearer });
  return { id: apiKey.id, secret };
}

async function revokeKey(client: SoakClient, url: string, apiKeyId: string): Promise<void> {
  const bearer = client.given.administrator.accessToken;
  const { receipt } = await client.graphql(url, REVOKE_KEY, { input: { apiKeyId }, bearer });
  if (!receipt) throw new Error(`${apiKeyId} was not revoked.`);
}

export const TASKS: Readonly<Record<string, Task>> = {
  async 'verify known keys'(client, url) {
    for (let i = 0; i < 20; i++) await client.verify(url, any(client.given.keys).secret, 204);
  },

  async 'verify unknown and malformed credentials'(client, url) {
    await client.verify(url, makeSecret('rka'), 401);
    await client.verify(url, makeSecret('rkd'), 401);
    await client.verify(url, randomBytes(20).toString('hex'), 401);
    await client.verify(url, `eyJ${randomBytes(40).toString('base64url')}.e30.x`, 401);
    await client.send(url, '/v1/verify', { expected: 401 });
    const headers = { 'X-API-Key': any(client.given.keys).secret };
    await client.send(url, '/v1/verify?permissions=a', { headers, expected: 400 });
    await client.send(url, '/v1/verify?permission=a', { headers, expected: 403 });
  },

  async 'a key with a rate limit'(client, url) {
    for (let i = 0; i < 5; i++) await client.verify(url, client.given.limited.secret, [204, 429]);
  },

  async introspection(client, url) {
    const { caller, keys, administrator } = client.given;
    const headers = {
      ...FORM,
      Authorization: `Basic ${Buffer.from(`${caller.id}:${caller.secret}`).toString('base64')}`,
    };
    for (const token of [any(keys).secret, administrator.accessToken, makeSecret('rka')])
      await client.send(url, '/v1/introspect', { method: 'POST', headers, body: form(token), expected: 200 });
    const wrong = { ...FORM, Authorization: `Basic ${Buffer.from(`${caller.id}:x`).toString('base64')}` };
    await client.send(url, '/v1/introspect', { method: 'POST', headers: wrong, body: form('x'), expected: 401 });
  },

  async queries(client, url) {
    for (const query of QUERIES) await client.graphql(url, query, { bearer: client.given.administrator.accessToken });
  },

  async 'the life of a key'(client, url, other) {
    const { id, secret } = await createKey(client, url);
    await client.verify(other, secret, 204);
    const bearer = client.given.administrator.accessToken;
    const input = { apiKeyId: id, overlapSeconds: any([0, 60]) };
    const { secret: next } = await client.graphql(other, ROTATE_KEY, { input, bearer });
    await client.verify(url, next, 204);
    await revokeKey(client, url, id);
    for (const replica of [url, other]) for (const each of [secret, next]) await client.verify(replica, each, 401);
  },

  async 'the life of a session'(client, url, other) {
    let { tokens } = await client.graphql(url, LOGIN, { input: ADMINISTRATOR });
    for (const replica of [other, url]) {
      await client.verify(replica, tokens.accessToken, 204);
      ({ tokens } = await client.graphql(replica, REFRESH, { input: { refreshToken: tokens.refreshToken } }));
    }
    await client.graphql(url, LOGOUT, { bearer: tokens.accessToken });
    for (const replica of [url, other]) await client.verify(replica, tokens.accessToken, 401);
  },

  async 'the life of a daemon token'(client, url, other) {
    const bearer = client.given.administrator.accessToken;
    const daemonId = `soak-${Math.floor(Math.random() * 50)}`;
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const input = { workspaceId: client.given.workspaceId, daemonId, expiresAt };
    const { secret, daemonToken } = await client.graphql(url, CREATE_DAEMON, { input, bearer });
    await client.verify(other, secret, 204);
    await client.graphql(other, REVOKE_DAEMON, { input: { daemonTokenId: daemonToken.id }, bearer });
    await client.verify(url, secret, 401);
  },

  async 'revocation by possession'(client, url, other) {
    const { secret } = await createKey(client, url);
    for (const token of [secret, makeSecret('rka')])
      await client.send(other, '/v1/revoke', { method: 'POST', headers: FORM, body: form(token), expected: 200 });
    await client.verify(url, secret, 401);
  },

  async 'signed requests'(client, url) {
    const { signer } = client.given;
    for (let i = 0; i < 5; i++) await client.send(url, '/v1/verify', { headers: signedHeaders(signer), expected: 204 });
    const replayed = signedHeaders(signer);
    await client.send(url, '/v1/verify', { headers: replayed, expected: 204 });
    await client.send(url, '/v1/verify', { headers: replayed, expected: 401 });
    const forged = signedHeaders({ ...signer, secret: 'x' });
    await client.send(url, '/v1/verify', { headers: forged, expected: 401 });
  },

  async subscriptions(client, url, other) {
    const { id, secret } = await createKey(client, url, { scopes: ['SESSIONS_READ'] });
    const opened: LiveClient[] = [];
    try {
      for (const kind of ['event stream', 'WebSocket', 'event stream', 'WebSocket'] as const)
        opened.push(await openLiveClient(any([url, other]), secret, kind));
      for (const leaving of opened.splice(0, 2)) leaving.close();
      await revokeKey(client, url, id);
      await Promise.all(opened.map(({ closedAt }) => closedAt));
      client.count('subscription');
    } finally {
      for (const each of opened) each.close();
    }
  },

  async polls(client, url) {
    const headers = { 'X-API-Key': client.given.caller.secret };
    const { json } = await client.send(url, '/v1/revocations', { headers, expected: 200 });
    const path = `/v1/revocations?after=${json.position}&wait=2000`;
    await client.send(url, path, { headers, expected: 200 });
    await client.send(url, '/v1/revocations?after=x', { headers, expected: 400 });
    const request = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await sendBytes(url, `GET ${path} HTTP/1.1\r\nHost: rekey\r\n${request.join('')}\r\n`, 5); // Leaves before the answer.
  },

  async 'pages, metrics and explanations'(client, url, other) {
    for (const path of PUBLIC) await client.send(url, path, { expected: 200 });
    const requestId = `soak-${randomBytes(8).toString('hex')}`;
    const headers = { 'X-Request-Id': requestId };
    await client.send(url, '/v1/verify', { headers: { ...headers, 'X-API-Key': makeSecret('rka') }, expected: 401 });
    const bearer = client.given.administrator.accessToken;
    const found = await client.graphql(other, EXPLAIN, { variables: { requestId }, bearer });
    if (found?.requestId !== requestId) throw new Error('A request was not explained.');
  },

  async 'malformed requests'(client, url) {
    for (const bytes of MALFORMED) await sendBytes(url, bytes, 500);
    client.count('malformed');
  },

  async 'abusive requests'(client, url) {
    const abuser = new AbusiveClient(url);
    try {
      for (const request of ABUSIVE_REQUESTS) {
        const status = await abuser.send(request);
        if (status !== request.status) throw new Error(`${request.name}: ${status}`);
        client.count(`abusive ${status}`);
      }
    } finally {
      abuser.close();
    }
  },

  async 'slow clients'(client, url) {
    const slow = await slowClients(url, any(Object.values(SLOW)), { count: 50, everyMs: 50 });
    await sleep(2000);
    slow.stop();
    client.count('slow');
  },
};
