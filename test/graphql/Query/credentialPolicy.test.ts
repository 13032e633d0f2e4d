import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { workspaceKey } from '../../support/api-keys.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';

const UNBOUNDED = { maximumLifetimeSeconds: null, idleSeconds: null, requiresExpiry: false };

describe.each(backends())('credentialPolicy on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterEach(() => app.as(admin).setCredentialPolicy({}).expectSuccess());
  afterAll(() => app.close());

  describe('the bounds of the installation', () => {
    test('none exists until one is set', async () => {
      expect(await app.as(admin).credentialPolicy()).toEqual(UNBOUNDED);
    });

    test('they are as the last call set them, and a dry run changes none', async () => {
      const bounds = { maximumLifetimeSeconds: 86_400, idleSeconds: 3600, requiresExpiry: true };
      await app.as(admin).setCredentialPolicy(bounds).expectSuccess();
      expect(await app.as(admin).credentialPolicy()).toEqual(bounds);
      await app.as(admin).setCredentialPolicy({ idleSeconds: 60, dryRun: true }).expectSuccess();
      expect(await app.as(admin).credentialPolicy()).toEqual(bounds);
      await app.as(admin).setCredentialPolicy({ idleSeconds: 60 }).expectSuccess();
      expect(await app.as(admin).credentialPolicy()).toEqual({ ...UNBOUNDED, idleSeconds: 60 });
    });

    test('the policy of a workspace is no part of them', async () => {
      const workspaceId = await app.workspace(admin);
      await app.as(admin).setCredentialPolicy({ workspaceId, idleSeconds: 60 }).expectSuccess();
      expect(await app.as(admin).credentialPolicy()).toEqual(UNBOUNDED);
    });

    test('they are as plain SQL sets them, and none exists without a row', async () => {
      await app.sql(`update credential_policies set idle_seconds = 60 where subject = '*'`);
      expect(await app.as(admin).credentialPolicy()).toEqual({ ...UNBOUNDED, idleSeconds: 60 });
      await app.sql(`delete from credential_policies where subject = '*'`);
      expect(await app.as(admin).credentialPolicy()).toEqual(UNBOUNDED);
    });

    test('a key with the scope ADMIN reads them', async () => {
      const key = await app.apiKey(admin, { scopes: ['ADMIN'] });
      expect(await app.as(key).credentialPolicy()).toEqual(UNBOUNDED);
    });
  });

  describe('authorization', () => {
    test('every caller without the scope ADMIN gets FORBIDDEN', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const scopes = ['WORKSPACES_READ', 'WORKSPACES_WRITE'] as const;
      const callers = [
        member,
        await app.apiKey(admin, { scopes }),
        await workspaceKey(app, member, workspaceId, { scopes: [...scopes] }),
        await app.daemonToken(member, workspaceId),
      ];
      for (const caller of callers) await app.as(caller).credentialPolicy().expectError('FORBIDDEN');
    });

    test('a request without a credential gets UNAUTHENTICATED', async () => {
      await app.as().credentialPolicy().expectError('UNAUTHENTICATED');
    });
  });
});
