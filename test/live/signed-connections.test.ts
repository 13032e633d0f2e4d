// A live connection that was opened by a signed request. The signature is good for one request: it is proved once.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Credential } from '../support/account.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { EventStream, FEED, Socket } from '../support/live.ts';
import { signedHeaders } from '../support/signing.ts';

describe.each(backends())('a live connection of a signed request on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let workspaceId: string;
  let signing: Credential;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    workspaceId = await app.workspace(admin);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    signing = await app.signingKey(admin, workspaceId, { scopes: ['SESSIONS_READ', 'DAEMON_TOKENS_READ'] });
  });

  const signed = () => signedHeaders(signing, { method: 'GET', target: '/graphql' });
  const revokeKey = () => app.as(admin).revokeSigningKey({ signingKeyId: signing.id }).expectSuccess();
  const WHO = '{ viewer { credential { id } workspace { id } } }';

  test('a WebSocket takes any number of operations, and ends when the key is revoked', async () => {
    const socket = await Socket.open(app.url, { headers: signed() });
    for (let round = 0; round < 2; round++) {
      const { data } = await socket.execute(WHO);
      expect(data.viewer).toEqual({ credential: { id: signing.id }, workspace: { id: workspaceId } });
    }
    socket.subscribe();
    await revokeKey();
    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  test('a signature opens one WebSocket, not two', async () => {
    const headers = signed();
    await (await Socket.open(app.url, { headers })).close();
    await expect(Socket.open(app.url, { headers })).rejects.toThrow('4403');
  });

  test('a stream sees the workspace of the key, continues after a change of another key, and ends with its own', async () => {
    const body = JSON.stringify({ query: FEED });
    const headers = signedHeaders(signing, { method: 'POST', target: '/graphql', body });
    const stream = await EventStream.open(app.url, { headers });
    const other = await app.signingKey(admin, workspaceId, {});
    await app.as(admin).revokeSigningKey({ signingKeyId: other.id }).expectSuccess();
    expect(await stream.event()).toMatchObject({
      kind: 'SIGNING_KEY',
      credentialId: other.id,
      effect: 'ENDED',
      workspaceId,
    });
    await revokeKey();
    expect(await stream.end()).toBe('UNAUTHENTICATED');
  });

  test('a request that an API key and a signature opened together ends with either of them', async () => {
    const scopes = ['API_KEYS_READ', 'SESSIONS_READ'];
    for (const ends of ['signature', 'API key']) {
      const key = await app.apiKey(admin, { workspaceId, scopes });
      const signer = await app.signingKey(admin, workspaceId, { scopes });
      const headers = signedHeaders(signer, { method: 'GET', target: '/graphql' });
      const socket = await Socket.open(app.url, { headers, init: { 'x-api-key': key.secret } });
      socket.subscribe();
      if (ends === 'signature') await app.as(admin).revokeSigningKey({ signingKeyId: signer.id }).expectSuccess();
      else await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      expect([ends, await socket.closed]).toEqual([ends, expect.objectContaining({ code: 4403 })]);
    }
  });

  test.each(['signed first', 'unsigned first'])(
    'beside an unsigned connection of the same API key, %s: only the signed one ends with the signing key',
    async (order) => {
      const scopes = ['API_KEYS_READ', 'SESSIONS_READ'];
      const key = await app.apiKey(admin, { workspaceId, scopes });
      const signer = await app.signingKey(admin, workspaceId, { scopes });
      const open = async (headers: Record<string, string>) => {
        const socket = await Socket.open(app.url, { headers, init: { 'x-api-key': key.secret } });
        expect((await socket.execute(WHO)).data.viewer.credential.id).toBe(key.id);
        return socket;
      };
      const bySigner = () => open(signedHeaders(signer, { method: 'GET', target: '/graphql' }));
      let unsigned: Socket;
      let signedOne: Socket;
      if (order === 'signed first') [signedOne, unsigned] = [await bySigner(), await open({})];
      else [unsigned, signedOne] = [await open({}), await bySigner()];
      await app.as(admin).revokeSigningKey({ signingKeyId: signer.id }).expectSuccess();
      expect(await signedOne.closed).toMatchObject({ code: 4403 });
      expect((await unsigned.execute(WHO)).data.viewer.credential.id).toBe(key.id);
      await unsigned.close();
    },
  );
});
