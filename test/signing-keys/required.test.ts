// Workspaces that require signed requests: what is rejected, where, from when on, and what is not.
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.ts';
import type { Credential } from '../support/account.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { signedHeaders } from '../support/signing.ts';
import { inSeconds } from '../support/values.ts';
import { tagsOf } from '../support/workspaces.ts';

const REASON = 'SIGNATURE_REQUIRED';

/** The headers that may carry a secret. */
const carriersOf = (secret: string): Record<string, string>[] => [
  { authorization: `Bearer ${secret}` },
  { 'x-api-key': secret },
];

describe.each(backends())('a workspace that requires signed requests on $name', ({ start }) => {
  let app: TestApp;
  let owner: Account;
  let workspaceId: string;
  let apiKey: Credential;
  let daemon: Credential;
  let signing: Credential;
  const scopes = ['DAEMON_TOKENS_WRITE', 'WORKSPACES_WRITE'];
  beforeAll(async () => {
    app = await start();
    owner = await app.member();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    workspaceId = await app.workspace(owner);
    apiKey = await app.apiKey(owner, { workspaceId, scopes });
    daemon = await app.daemonToken(owner, workspaceId, { scopes: ['DAEMON_TOKENS_WRITE'] });
    signing = await app.signingKey(owner, workspaceId, { scopes });
  });

  const switchTo = (requiresSignedRequests: boolean, caller: object = owner) =>
    app.as(caller).updateWorkspace({ workspaceId, requiresSignedRequests }).expectSuccess();
  const verify = (headers: Record<string, string>) => fetch(`${app.url}/v1/verify`, { headers });
  const accepts = async (...credentials: Credential[]) =>
    Promise.all(credentials.map(({ secret }) => app.accepts(secret)));

  test('rejects its unsigned secrets at every endpoint before the response, with the reason', async () => {
    expect(await accepts(apiKey, daemon)).toEqual([true, true]);
    const { receipt, workspace } = await switchTo(true);
    expect(await accepts(apiKey, daemon)).toEqual([false, false]);
    expect(workspace.requiresSignedRequests).toBe(true);
    expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
    for (const { secret } of [apiKey, daemon]) {
      for (const headers of carriersOf(secret)) {
        expect(await (await verify(headers)).json()).toMatchObject({ error: 'unauthenticated', reason: REASON });
        const { status, data, errors } = await app.graphql('{ viewer { scopes } }', {}, { headers });
        expect([status, data]).toEqual([401, undefined]);
        expect(errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason: REASON });
        const introspection = await fetch(`${app.url}/v1/introspect`, {
          method: 'POST',
          headers,
          body: new URLSearchParams({ token: 'x' }),
        });
        expect([introspection.status, await introspection.json()]).toMatchObject([401, { reason: REASON }]);
      }
    }
  });

  test('accepts them in signed requests, and the signing key alone', async () => {
    await switchTo(true);
    for (const { secret } of [apiKey, daemon]) {
      expect((await verify({ 'x-api-key': secret, ...signedHeaders(signing) })).status).toBe(204);
      await app.as({ apiKey: secret, signedBy: signing }).viewer();
    }
    expect((await verify(signedHeaders(signing))).status).toBe(204);
    // A key of another workspace has not signed for this one.
    const elsewhere = await app.signingKey(owner, await app.workspace(owner));
    expect((await verify({ 'x-api-key': apiKey.secret, ...signedHeaders(elsewhere) })).status).toBe(400);
  });

  test('lets its unsigned secrets be introspected as active: the caller of the introspection is another one', async () => {
    const admin = await app.admin();
    await switchTo(true);
    for (const { id, secret } of [apiKey, daemon]) {
      expect(await app.as(admin).introspect({ token: secret })).toMatchObject({ active: true });
      const response = await fetch(`${app.url}/v1/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin.accessToken}` },
        body: new URLSearchParams({ token: secret }),
      });
      expect(await response.json()).toMatchObject({ active: true, credential: id });
    }
  });

  test('does not concern sessions and keys of its members that are bound to no workspace, or to another one', async () => {
    const unbound = await app.apiKey(owner);
    const other = await app.apiKey(owner, { workspaceId: await app.workspace(owner) });
    await switchTo(true);
    expect(await accepts({ id: '', secret: owner.accessToken }, unbound, other)).toEqual([true, true, true]);
  });

  test('is switched off again, and unsigned secrets are accepted', async () => {
    await switchTo(true);
    expect(await accepts(apiKey)).toEqual([false]);
    const { receipt } = await switchTo(false);
    expect(receipt).toBeNull();
    await expect.poll(() => accepts(apiKey, daemon)).toEqual([true, true]);
  });

  test('is switched on by one row of the log, however many credentials it has, and waits also if it was on', async () => {
    const first: unknown[] = [];
    expect(await tagsOf(app, async () => first.push(await switchTo(true)))).toEqual([`workspace:${workspaceId}`]);
    expect(await tagsOf(app, async () => expect((await switchTo(true)).receipt).not.toBeNull())).toEqual([]);
  });

  test('F1.3: is switched on in plain SQL', async () => {
    expect(await accepts(apiKey)).toEqual([true]);
    await app.sql('update workspaces set requires_signed_requests = true where id = ?', [workspaceId]);
    await expect.poll(() => accepts(apiKey, daemon)).toEqual([false, false]);
  });

  test('is switched on by an unsigned key of an owner, which is rejected from then on, and off by a signed request', async () => {
    await switchTo(true, apiKey);
    await app.as(apiKey).updateWorkspace({ workspaceId, requiresSignedRequests: false }).expectError('UNAUTHENTICATED');
    await switchTo(false, { apiKey: apiKey.secret, signedBy: signing });
  });

  test('a member who is no owner cannot switch it', async () => {
    const member = await app.member();
    await app.as(owner).addWorkspaceMember({ workspaceId, email: member.email }).expectSuccess();
    const input = { workspaceId, requiresSignedRequests: true };
    await app.as(member).updateWorkspace(input).expectError('FORBIDDEN');
  });

  test.each(['apiKey', 'daemon'] as const)(
    'G4: no write of an unsigned %s commits after it was switched on, although the request was accepted before',
    async (kind) => {
      const { secret } = { apiKey, daemon }[kind];
      expect(await app.accepts(secret)).toBe(true);
      const transaction = UnitOfWork.prototype.transaction;
      const spy = vi.spyOn(UnitOfWork.prototype, 'transaction').mockImplementation(async function (
        this: UnitOfWork,
        ...work
      ) {
        await app.sql('update workspaces set requires_signed_requests = true where id = ?', [workspaceId]);
        return transaction.apply(this, work) as never;
      });
      const daemonId = `too late ${workspaceId}`;
      try {
        const input = { workspaceId, daemonId, expiresAt: inSeconds(30) };
        await app.as({ secret }).createDaemonToken(input).expectError('UNAUTHENTICATED');
        expect(spy).toHaveBeenCalledTimes(1);
      } finally {
        spy.mockRestore();
      }
      expect(await app.sql('select 1 from daemon_tokens where daemon_id = ?', [daemonId])).toEqual([]);
    },
  );

  test('G4: it waits for a write that was confirmed before, so that none commits after it', async () => {
    const { databaseUrl } = app.app.config;
    if (!databaseUrl) return; // One connection: nothing happens at the same time.
    // Another client holds the daemon's row, so the write waits after its caller was confirmed.
    await app.daemonToken(owner, workspaceId, { daemonId: 'held' });
    const other = new pg.Client({ connectionString: databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    await other.query('begin');
    await other.query(`select 1 from daemons where workspace_id = $1 and daemon_id = 'held' for update`, [workspaceId]);
    const order: string[] = [];
    const input = { workspaceId, daemonId: 'held', expiresAt: inSeconds(30) };
    const write = app.as(apiKey).createDaemonToken(input).expectSuccess();
    const waiting = async () =>
      (
        await app.sql(`select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`)
      )[0].n;
    await expect.poll(waiting, { timeout: 5000 }).toBe(1);
    const switching = switchTo(true);
    await expect.poll(waiting, { timeout: 5000 }).toBe(2);
    await other.query('commit');
    await Promise.all([write.then(() => order.push('write')), switching.then(() => order.push('switch'))]);
    expect(order).toEqual(['write', 'switch']);
  });
});
