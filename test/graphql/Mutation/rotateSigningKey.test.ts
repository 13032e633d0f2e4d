import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Credential } from '../../support/account.ts';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf } from '../../support/sessions.ts';
import { signedHeaders } from '../../support/signing.ts';
import { inSeconds, times } from '../../support/values.ts';

const UNKNOWN = 'sgk_00000000000000000000000000';

describe.each(backends())('rotateSigningKey on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const rotate = (caller: Caller, signingKeyId: string, input: { overlapSeconds?: number } = {}) =>
    app.as(caller).rotateSigningKey({ signingKeyId, ...input });
  const accepts = async (key: Credential) =>
    (await fetch(`${app.url}/v1/verify`, { headers: signedHeaders(key) })).status === 204;
  const rowOf = async ({ id }: { id: string }) =>
    (await app.sql('select * from signing_keys where id = ?', [id]))[0] as Record<string, unknown>;
  const successorOf = ({ signingKey, secret }: { signingKey: { id: string }; secret: string }): Credential => ({
    id: signingKey.id,
    secret,
  });

  describe('RotateSigningKeySuccess', () => {
    test('F3.19: the successor is another key with the same rights, and both are valid during the overlap', async () => {
      const input = { description: 'billing', scopes: ['WORKSPACES_READ'], expiresAt: inSeconds(7200) };
      const key = await app.signingKey(member, workspaceId, input);
      expect(await accepts(key)).toBe(true);
      const before = Date.now();
      const rotated = await rotate(member, key.id).expectSuccess();
      const { signingKey, previous, receipt } = rotated;
      expect(signingKey).toMatchObject({ ...input, status: 'ACTIVE', replaces: key.id, replacedBy: null });
      expect(previous).toMatchObject({ id: key.id, status: 'ACTIVE', replaces: null, replacedBy: signingKey.id });
      // Five minutes, if no overlap is given.
      const overlap = Date.parse(previous.expiresAt!) - before;
      expect(overlap).toBeGreaterThan(295_000);
      expect(overlap).toBeLessThan(330_000);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', replicas: 1, acknowledged: 1 });
      expect(rotated.secret).not.toBe(key.secret);
      expect([await accepts(key), await accepts(successorOf(rotated))]).toEqual([true, true]);
      // A signature names its key, so the secret of the one is never tried for the other.
      expect(await accepts({ id: key.id, secret: rotated.secret })).toBe(false);
      expect(await eventsOf(app, key.id)).toEqual(['signing-key.created', 'signing-key.rotated']);
    });

    test('without an overlap, the key is rejected before the response', async () => {
      const key = await app.signingKey(member, workspaceId);
      expect(await accepts(key)).toBe(true);
      const rotated = await rotate(member, key.id, { overlapSeconds: 0 }).expectSuccess();
      expect([await accepts(key), await accepts(successorOf(rotated))]).toEqual([false, true]);
      expect(rotated.previous).toMatchObject({ status: 'EXPIRED', revokedAt: null });
    });

    test('without an overlap, the key is rejected by a replica whose clock is ahead of that of the database, too', async () => {
      const key = await app.signingKey(member, workspaceId);
      const { databaseClock } = app.app;
      const now = vi.spyOn(databaseClock, 'now').mockImplementation(() => new Date(Date.now() + 60_000));
      onTestFinished(() => now.mockRestore());
      await rotate(member, key.id, { overlapSeconds: 0 }).expectSuccess();
      expect(await accepts(key)).toBe(false);
    });

    test('F3.18: the overlap never moves the end of a key to a later time', async () => {
      const expiresAt = inSeconds(600);
      const key = await app.signingKey(member, workspaceId, { expiresAt });
      const { previous, signingKey } = await rotate(member, key.id, { overlapSeconds: 86_400 }).expectSuccess();
      expect([previous.expiresAt, signingKey.expiresAt]).toEqual([expiresAt, expiresAt]);
    });

    test('another rotation ends the overlap of the first one at once', async () => {
      const first = await app.signingKey(member, workspaceId);
      const second = successorOf(await rotate(member, first.id, { overlapSeconds: 3600 }).expectSuccess());
      expect(await accepts(first)).toBe(true);
      const third = successorOf(await rotate(member, second.id, { overlapSeconds: 3600 }).expectSuccess());
      expect([await accepts(first), await accepts(second), await accepts(third)]).toEqual([false, true, true]);
    });

    test('a key with the scope may rotate itself, and gains nothing by it', async () => {
      const expiresAt = inSeconds(600);
      const rights = { scopes: ['SIGNING_KEYS_WRITE'], permissions: ['deploy'], expiresAt };
      const key = await app.signingKey(await app.admin(), workspaceId, rights);
      const { signingKey } = await rotate({ signedBy: key }, key.id).expectSuccess();
      expect(signingKey).toMatchObject(rights);
    });

    test('an administrator rotates a key of any workspace', async () => {
      const key = await app.signingKey(member, workspaceId);
      await rotate(await app.admin(), key.id).expectSuccess();
    });
  });

  describe('SigningKeyNotFoundError', () => {
    test('F3.17: a key of another workspace is not found, in the same words as an unknown id, and is unchanged', async () => {
      const key = await app.signingKey(member, workspaceId);
      const before = await rowOf(key);
      const stranger = await app.member();
      const scopes = ['SIGNING_KEYS_WRITE'];
      const elsewhere = await app.signingKey(stranger, await app.workspace(stranger), { scopes });
      for (const caller of [stranger, { signedBy: elsewhere }]) {
        const [one, other, third] = await Promise.all(
          [key.id, UNKNOWN, 'nonsense'].map((id) => rotate(caller, id).expect('SigningKeyNotFoundError')),
        );
        expect([other, third]).toEqual([one, one]);
      }
      expect(await rowOf(key)).toEqual(before);
    });
  });

  describe('SigningKeyRevokedError', () => {
    test('F3.18: a revoked key gets no successor', async () => {
      const key = await app.signingKey(member, workspaceId);
      const { signingKey } = await app.as(member).revokeSigningKey({ signingKeyId: key.id }).expectSuccess();
      const { revokedAt } = await rotate(member, key.id).expect('SigningKeyRevokedError');
      expect(revokedAt).toBe(signingKey.revokedAt);
      expect(await rowOf(key)).toMatchObject({ replaced_by: null });
    });
  });

  describe('ScopeNotHeldError', () => {
    test('a caller that holds less than the key, or ends before it, gets no secret of its successor', async () => {
      const admin = await app.admin();
      const scopes = ['SIGNING_KEYS_WRITE', 'API_KEYS_READ'];
      const wide = await app.signingKey(admin, workspaceId, { scopes });
      const allowed = await app.signingKey(admin, workspaceId, { permissions: ['deploy'] });
      const narrow = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
      const short = await app.signingKey(member, workspaceId, { scopes, expiresAt: inSeconds(600) });
      expect(await rotate({ signedBy: narrow }, wide.id).expect('ScopeNotHeldError')).toMatchObject({
        scopes: ['API_KEYS_READ'],
      });
      for (const [caller, { id }] of [
        [{ signedBy: narrow }, allowed],
        [member, allowed],
        [{ signedBy: short }, wide],
      ] as const) {
        expect(await rotate(caller, id).expect('ScopeNotHeldError')).toMatchObject({ scopes: [] });
      }
      for (const key of [wide, allowed]) expect(await rowOf(key)).toMatchObject({ replaced_by: null });
    });

    test('a key in its overlap cannot rotate its successor, so it does not outlive the overlap', async () => {
      const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_WRITE'] });
      const { signingKey } = await rotate(member, key.id).expectSuccess();
      await rotate({ signedBy: key }, signingKey.id).expect('ScopeNotHeldError');
    });
  });

  describe('ConflictError', () => {
    test('F0.4: of ten rotations at once one succeeds, and one successor exists', async () => {
      for (const overlapSeconds of [0, 300]) {
        const key = await app.signingKey(member, workspaceId);
        const results = await Promise.all(times(10, () => rotate(member, key.id, { overlapSeconds })));
        const names = results.map(({ __typename }) => __typename);
        expect(names.filter((name) => name === 'RotateSigningKeySuccess')).toHaveLength(1);
        expect(names.filter((name) => name === 'ConflictError')).toHaveLength(9);
        expect(await app.sql('select 1 from signing_keys where replaces = ?', [key.id])).toHaveLength(1);
      }
    });

    test('a key that has a successor is not rotated again', async () => {
      const key = await app.signingKey(member, workspaceId);
      const { signingKey } = await rotate(member, key.id).expectSuccess();
      await rotate(member, key.id).expect('ConflictError');
      expect(await rowOf(key)).toMatchObject({ replaced_by: signingKey.id });
    });
  });

  describe('InvalidInputError', () => {
    test.each([-1, 86_401, 2_147_483_647])('F3.18: an overlap of %i s is rejected', async (overlapSeconds) => {
      const key = await app.signingKey(member, workspaceId);
      const { fields } = await rotate(member, key.id, { overlapSeconds }).expect('InvalidInputError');
      expect(fields).toEqual([{ path: 'input.overlapSeconds', message: 'Must be from 0 to 86400 seconds (one day).' }]);
      expect(await rowOf(key)).toMatchObject({ replaced_by: null, expires_at: null });
    });

    test('F3.18: an expired key is not rotated, and does not become valid again', async () => {
      const key = await app.signingKey(member, workspaceId);
      await app.sql(`update signing_keys set expires_at = now() - interval '1 s' where id = ?`, [key.id]);
      const { fields } = await rotate(member, key.id).expect('InvalidInputError');
      expect(fields).toEqual([
        { path: 'input.signingKeyId', message: 'The key has expired and cannot be rotated. Create a new one.' },
      ]);
      expect(await app.sql('select 1 from signing_keys where replaces = ?', [key.id])).toEqual([]);
      await app.app.replica.sync();
      expect(await accepts(key)).toBe(false);
    });
  });

  test('a credential without the scope SIGNING_KEYS_WRITE rotates none', async () => {
    const key = await app.signingKey(member, workspaceId, { scopes: ['SIGNING_KEYS_READ'] });
    await rotate({ signedBy: key }, key.id).expectError('FORBIDDEN');
    await rotate({}, key.id).expectError('UNAUTHENTICATED');
  });
});
