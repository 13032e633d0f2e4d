import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SealError } from '../../src/crypto/seal.ts';
import { jwtKeyTag } from '../../src/revocation/tags.ts';
import { type Account, backends, PASSWORD, type TestApp } from '../support/app.ts';
import { login, refresh, UNLIMITED } from '../support/sessions.ts';

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid;

describe.each(backends())('JWT keys on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  beforeAll(async () => {
    app = await start({ env: UNLIMITED });
    member = await app.member();
  });
  afterAll(() => app.close());

  const keys = () => app.app.jwtKeys;
  const states = async (): Promise<Record<string, string>> => {
    const rows = await app.sql('select kid, state from jwt_keys');
    return Object.fromEntries(rows.map(({ kid, state }) => [kid, state]));
  };
  const inState = async (state: string) =>
    Object.entries(await states())
      .filter(([, is]) => is === state)
      .map(([kid]) => kid);
  const jwks = async () => {
    const response = await fetch(`${app.url}/.well-known/jwks.json`);
    return { response, keys: (await response.json()).keys as Record<string, unknown>[] };
  };
  const publishedLongAgo = () => app.sql(`update jwt_keys set created_at = created_at - interval '11 minutes'`);
  const issue = async () => (await login(app, member)).accessToken;

  test('the current key signs, and the next key is published with it', async () => {
    expect(Object.values(await states()).sort()).toEqual(['CURRENT', 'NEXT']);
    expect(kidOf(member.accessToken)).toBe((await inState('CURRENT'))[0]);
    const published = await jwks();
    expect(published.keys.map(({ kid }) => kid).sort()).toEqual(Object.keys(await states()).sort());
    for (const key of published.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']); // No private part.
      expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    }
    expect(published.response.headers.get('cache-control')).toBe('public, max-age=300');
  });

  test('private keys are sealed at rest', async () => {
    const text = JSON.stringify(await app.sql('select * from jwt_keys'));
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toMatch(/"d":/);
  });

  test('a key that verifiers may not know yet does not sign: an early rotation is rejected with the earliest time', async () => {
    const before = await states();
    const possible = await keys().rotate();
    expect(possible!.getTime()).toBeGreaterThan(Date.now());
    expect(possible!.getTime()).toBeLessThanOrEqual(Date.now() + 600_000);
    expect(await states()).toEqual(before);
  });

  test('after a rotation the new key signs, and tokens of the previous key stay valid', async () => {
    const [[current], [next]] = [await inState('CURRENT'), await inState('NEXT')];
    const seen = await issue();
    const unseen = await issue();
    expect(await app.accepts(seen)).toBe(true);
    await publishedLongAgo();
    expect(await keys().rotate()).toBeNull();
    expect(await states()).toMatchObject({ [current!]: 'RETIRED', [next!]: 'CURRENT' });
    expect(await inState('NEXT')).toHaveLength(1);
    const fresh = await issue();
    expect([kidOf(seen), kidOf(unseen), kidOf(fresh)]).toEqual([current, current, next]);
    for (const token of [seen, unseen, fresh]) expect(await app.accepts(token)).toBe(true);
    expect((await jwks()).keys.map(({ kid }) => kid).sort()).toEqual(Object.keys(await states()).sort());
    expect((await refresh(app, (await login(app, member)).refreshToken)).__typename).toBe('RefreshSessionSuccess');
  });

  test('concurrent rotations rotate once', async () => {
    await publishedLongAgo();
    const [current] = await inState('CURRENT');
    const outcomes = await Promise.all([1, 2, 3].map(() => keys().rotate()));
    expect(outcomes.filter((possible) => possible === null)).toHaveLength(1);
    expect(await inState('CURRENT')).toHaveLength(1);
    expect(await inState('CURRENT')).not.toEqual([current]);
    const recorded = await app.sql(
      `select 1 from audit_events where type = 'jwt-key.rotated' and data ->> 'retiredKid' = ?`,
      [current],
    );
    expect(recorded).toHaveLength(1);
  });

  test('a retired key is deleted only after its last token has expired', async () => {
    const retired = await inState('RETIRED');
    expect(retired.length).toBeGreaterThan(0);
    await keys().purge();
    expect(await inState('RETIRED')).toEqual(retired);
    await app.sql(`update jwt_keys set retired_at = now() - interval '24 hours' where state = 'RETIRED'`);
    await keys().purge(); // A day is the longest configurable lifetime of a token.
    expect(await inState('RETIRED')).toEqual(retired);
    await app.sql(`update jwt_keys set retired_at = now() - interval '26 hours' where state = 'RETIRED'`);
    await keys().purge();
    expect(await inState('RETIRED')).toEqual([]);
    expect((await jwks()).keys.map(({ kid }) => kid)).not.toEqual(expect.arrayContaining(retired));
  });

  test('a key rotates automatically after a month', async () => {
    await publishedLongAgo();
    const [current] = await inState('CURRENT');
    await app.sql(`update jwt_keys set activated_at = now() - interval '29 days' where state = 'CURRENT'`);
    await keys().purge();
    expect(await inState('CURRENT')).toEqual([current]);
    await app.sql(`update jwt_keys set activated_at = now() - interval '31 days' where state = 'CURRENT'`);
    await keys().purge();
    expect(await inState('RETIRED')).toEqual([current]);
  });

  test('deleting the row of a leaked key by SQL rejects its tokens, cached or not', async () => {
    const [known, unknown] = [await issue(), await issue()];
    expect(await app.accepts(known)).toBe(true);
    await publishedLongAgo();
    await keys().rotate();
    expect(await app.accepts(known)).toBe(true);
    await app.sql('delete from jwt_keys where kid = ?', [kidOf(known)]);
    await expect.poll(() => app.accepts(known)).toBe(false);
    expect(await app.accepts(unknown)).toBe(false);
    expect(await app.accepts(await issue())).toBe(true);
    const published = async () => (await jwks()).keys.map(({ kid }) => kid);
    await expect.poll(published).not.toContain(kidOf(known));
  });

  test('deleting the current key by SQL rejects its tokens and makes the next key sign at once', async () => {
    const revoked = await issue();
    expect(await app.accepts(revoked)).toBe(true);
    const [next] = await inState('NEXT');
    await app.sql('delete from jwt_keys where kid = ?', [kidOf(revoked)]);
    await expect.poll(() => app.accepts(revoked)).toBe(false);
    await expect.poll(() => inState('CURRENT')).toEqual([next]);
    expect(await inState('NEXT')).toHaveLength(1);
    await expect.poll(() => keys().signing.kid).toBe(next);
    expect(await app.accepts(await issue())).toBe(true);
  });

  test('revoking a key by its id rejects its tokens, and returns null for an unknown key', async () => {
    const revoked = await issue();
    expect(await app.accepts(revoked)).toBe(true);
    const revokedAt = await keys().revoke(kidOf(revoked));
    await app.app.barrier.waitUntilPropagated(jwtKeyTag(kidOf(revoked)), revokedAt!);
    expect(await app.accepts(revoked)).toBe(false);
    expect(await app.accepts(await issue())).toBe(true);
    expect(Object.keys(await states())).not.toContain(kidOf(revoked));
    expect(await keys().revoke(kidOf(revoked))).toBeNull();
  });

  test('a current key that does not open signs nothing: no earlier key signs, and its public half is published', async () => {
    await publishedLongAgo();
    await app.sql(`update jwt_keys set private_sealed = (select private_sealed from jwt_keys where state = 'CURRENT')
      where state = 'NEXT'`);
    const [next] = await inState('NEXT');
    const before = await issue();
    await expect(keys().rotate()).rejects.toThrow(SealError);
    expect(await inState('CURRENT')).toEqual([next]);
    expect((await jwks()).keys.map(({ kid }) => kid)).toContain(next);
    const { errors } = await app.as().login({ email: member.email, password: PASSWORD }).answer();
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'AUTHENTICATION_UNAVAILABLE' } });
    expect(await app.accepts(before)).toBe(true);
  });
});
