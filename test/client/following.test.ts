// A verifier that follows the revocations of a real service.
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RekeyError } from '../../src/client/error.ts';
import { createVerifier, type Verify } from '../../src/client/verifier.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { migratedDatabase } from '../support/postgres-template.ts';
import { join } from '../support/workspaces.ts';

/** A verifier that has begun to follow these replicas, which take turns. It counts what reaches them. */
async function following(replicas: readonly TestApp[], credential: string) {
  const errors: RekeyError[] = [];
  let verifications = 0;
  let turn = 0;
  const verify = createVerifier({
    url: replicas[0]!.url,
    credential,
    onError: (error) => errors.push(error),
    fetch: (input, init) => {
      const url = new URL(String(input));
      if (url.pathname === '/v1/verify') verifications++;
      url.port = new URL(replicas[turn++ % replicas.length]!.url).port;
      return fetch(url, init);
    },
  });
  onTestFinished(() => verify.close());
  /** Verifies until the answer comes from memory. */
  const kept = (secret: string) =>
    expect
      .poll(async () => {
        const before = verifications;
        expect(await verify(secret)).toMatchObject({ ok: true });
        return verifications - before;
      })
      .toBe(0);
  return { verify, kept, errors };
}

/** The header (0) or the claims (1) of a token. */
const partOf = (token: string, index: number): { kid: string; jti: string } =>
  JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString());

const refused = (verify: Verify, secret: string) => expect.poll(async () => (await verify(secret)).ok).toBe(false);

describe.each(backends())('on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let credential: string;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
    credential = (await app.apiKey(admin, { scopes: ['INTROSPECT'] })).secret;
  });
  afterAll(() => app.close());

  /** A credential, and what ends it. */
  const ENDS: Record<string, () => Promise<{ secret: string; end: () => PromiseLike<unknown> }>> = {
    revokeApiKey: async () => {
      const [owner, key] = await ownedKey();
      return { secret: key.secret, end: () => app.as(owner).revokeApiKey({ apiKeyId: key.id }).expectSuccess() };
    },
    rotateApiKey: async () => {
      const [owner, key] = await ownedKey();
      return { secret: key.secret, end: () => app.as(owner).rotateApiKey({ apiKeyId: key.id }).expectSuccess() };
    },
    disableUser: async () => {
      const [owner, key] = await ownedKey();
      return { secret: key.secret, end: () => app.as(admin).disableUser({ userId: owner.id }).expectSuccess() };
    },
    removeWorkspaceMember: async () => {
      const workspaceId = await app.workspace(admin);
      const member = await join(app, { workspaceId });
      const { secret } = await app.apiKey(member, { workspaceId });
      const input = { workspaceId, userId: member.id };
      return { secret, end: () => app.as(admin).removeWorkspaceMember(input).expectSuccess() };
    },
    deleteWorkspace: async () => {
      const workspaceId = await app.workspace(admin);
      const { secret } = await app.daemonToken(admin, workspaceId);
      return { secret, end: () => app.as(admin).deleteWorkspace({ workspaceId }).expectSuccess() };
    },
    updateWorkspace: async () => {
      const workspaceId = await app.workspace(admin);
      const { secret } = await app.apiKey(admin, { workspaceId });
      const input = { workspaceId, requiresSignedRequests: true };
      return { secret, end: () => app.as(admin).updateWorkspace(input).expectSuccess() };
    },
    revokeDaemonToken: async () => {
      const { id, secret } = await app.daemonToken(admin, await app.workspace(admin));
      return { secret, end: () => app.as(admin).revokeDaemonToken({ daemonTokenId: id }).expectSuccess() };
    },
    revokeDaemon: async () => {
      const workspaceId = await app.workspace(admin);
      const { secret } = await app.daemonToken(admin, workspaceId, { daemonId: 'host-1' });
      const input = { workspaceId, daemonId: 'host-1' };
      return { secret, end: () => app.as(admin).revokeDaemon(input).expectSuccess() };
    },
    logout: async () => {
      const member = await app.member();
      return { secret: member.accessToken, end: () => app.as(member).logout().expectSuccess() };
    },
    revokeAccessToken: async () => {
      const { accessToken } = await app.member();
      const { jti } = partOf(accessToken, 1);
      return { secret: accessToken, end: () => app.as(admin).revokeAccessToken({ jti }).expectSuccess() };
    },
    revokeAllSessions: async () => {
      const { id, accessToken } = await app.member();
      return { secret: accessToken, end: () => app.as(admin).revokeAllSessions({ userId: id }).expectSuccess() };
    },
    'plain SQL': async () => {
      const [, key] = await ownedKey();
      return {
        secret: key.secret,
        end: () => app.sql('update api_keys set revoked_at = now() where id = ?', [key.id]),
      };
    },
  };
  async function ownedKey(): Promise<[Account, { id: string; secret: string }]> {
    const owner = await app.member();
    return [owner, await app.apiKey(owner)];
  }

  test('every revocation ends what was kept', async () => {
    const { verify, kept, errors } = await following([app], credential);
    for (const [name, prepare] of Object.entries(ENDS)) {
      const { secret, end } = await prepare();
      await kept(secret);
      await end();
      await refused(verify, secret);
      expect(errors, name).toEqual([]);
    }
  });

  test('a revocation of another credential leaves what is kept', async () => {
    const { verify, kept } = await following([app], credential);
    const [[owner, key], [, another]] = [await ownedKey(), await ownedKey()];
    await kept(key.secret);
    await kept(another.secret);
    await app.as(owner).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    await refused(verify, key.secret);
    await kept(another.secret);
  });

  test('a credential without the view `all` keeps nothing, and the verifier says so', async () => {
    const { secret } = await app.apiKey(await app.member(), { scopes: ['SESSIONS_READ'] });
    const { verify, errors } = await following([app], secret);
    const [, key] = await ownedKey();
    await verify(key.secret);
    await expect.poll(() => errors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect((await verify(key.secret)).ok).toBe(true);
  });

  test('the end of the credential of the verifier: it asks the service every time', async () => {
    const own = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const { verify, kept, errors } = await following([app], own.secret);
    const [owner, key] = await ownedKey();
    await kept(key.secret);
    await app.as(admin).revokeApiKey({ apiKeyId: own.id }).expectSuccess();
    await expect.poll(() => errors).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
    await app.as(owner).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
    await refused(verify, key.secret);
  });

  // The last one: it ends the session of the administrator, too.
  test('the revocation of a key that signs access tokens ends them, and everything else is asked for again', async () => {
    const other = await app.member();
    const { verify, kept, errors } = await following([app], credential);
    await kept(other.accessToken);
    const { kid } = partOf(other.accessToken, 0);
    await app.app.jwtKeys.revoke(kid);
    await refused(verify, other.accessToken);
    expect(errors).toEqual([]);
  });
});

describe.each(backends().slice(1))('two replicas on $name', ({ start }) => {
  test('no revoked key is accepted 1 s after the answer, whichever replica a poll and a verification reach', async () => {
    const databaseUrl = await migratedDatabase();
    const replicas = [await start({ databaseUrl }), await start({ databaseUrl })];
    onTestFinished(() => Promise.all(replicas.map((app) => app.close())).then(() => undefined));
    const [app] = replicas as [TestApp];
    const admin = await app.admin();
    const { secret: credential } = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
    const { verify, kept, errors } = await following(replicas, credential);
    for (let round = 0; round < 3; round++) {
      const key = await app.apiKey(admin);
      await kept(key.secret);
      await replicas[round % 2]!.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const answeredAt = performance.now();
      let startedAt = answeredAt;
      let ok = true;
      while (startedAt < answeredAt + 1000 || ok) {
        startedAt = performance.now();
        ({ ok } = await verify(key.secret));
        if (ok) expect(startedAt - answeredAt).toBeLessThan(1000);
        await setImmediate(); // An answer from memory lets no poll run.
      }
    }
    expect(errors).toEqual([]);
  });
});
