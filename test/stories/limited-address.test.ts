// Many clients share one address. The failures of one must not block the valid credentials of the others.
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { anAddress } from '../limits/support.ts';
import { type Account, backends, PASSWORD, type Presented, type TestApp } from '../support/app.ts';
import { exchange, UNLIMITED } from '../support/sessions.ts';

const FAILURES = 5;

describe.each(backends())('an address with too many failures, on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let member: Account;
  let address: string;
  const from = (host = address) => ({ 'x-forwarded-for': host });

  beforeAll(async () => {
    const env = { REKEY_FAILED_AUTH_PER_MINUTE: String(FAILURES), REKEY_TRUSTED_PROXIES: '127.0.0.1' };
    app = await start({ env: { ...UNLIMITED, ...env } });
    admin = await app.admin();
    member = await app.member();
  });
  afterAll(() => app.close());

  const verify = (headers: Record<string, string>) => fetch(`${app.url}/v1/verify`, { headers });
  const status = async (headers: Record<string, string>) => (await verify(headers)).status;
  const bearer = (secret: string, host?: string) => ({ authorization: `Bearer ${secret}`, ...from(host) });

  /** Fails until this replica limits the address. Failures are counted in the background. */
  async function fail(host?: string): Promise<void> {
    for (let i = 0; i < FAILURES; i++) expect(await status(bearer(`guess ${i}`, host))).toBe(401);
    await expect.poll(() => status(bearer('one more guess', host))).toBe(429);
  }
  beforeEach(async () => {
    address = anAddress();
    await fail();
  });

  /** Counts lookups of API keys and access tokens when they begin, and holds them until the test releases them. */
  function holdLookups(holds: (values: readonly unknown[]) => boolean) {
    const { reads } = app.app.database;
    const query = reads.query.bind(reads);
    const release = Promise.withResolvers<void>();
    const lookups = { begun: 0, release: release.resolve };
    const spy = vi.spyOn(reads, 'query').mockImplementation(async (statement, values = []) => {
      if (statement.name.endsWith('-load') && statement.name !== 'jwt-keys-load' && holds(values)) {
        lookups.begun++;
        await release.promise;
      }
      return query(statement, values);
    });
    onTestFinished(() => {
      release.resolve();
      spy.mockRestore();
    });
    return lookups;
  }

  test('a valid key and a valid access token that this replica has not cached are accepted each time', async () => {
    const key = await app.apiKey(member);
    const { accessToken } = await app.member();
    for (let again = 0; again < 3; again++) {
      expect([await status(bearer(key.secret)), await status(bearer(accessToken))]).toEqual([204, 204]);
    }
    const { data } = await app.graphql('{ viewer { user { id } } }', {}, { apiKey: key.secret, headers: from() });
    expect(data.viewer.user.id).toBe(member.id);
  });

  test('a valid refresh token is exchanged, also beside an invalid access cookie, and its user can log in', async () => {
    const { refreshToken, email } = await app.member();
    const credential: Presented = { headers: { ...from(), cookie: '__Host-rekey-access=dead', 'x-rekey-csrf': '1' } };
    const selection = '... on RefreshSessionSuccess { tokens { refreshToken } }';
    const refreshed = await app.mutate('refreshSession', { refreshToken }, selection, credential);
    expect(refreshed.tokens.refreshToken).toMatch(/^rkr_/);
    const loggedIn = await app.mutate('login', { email, password: PASSWORD }, '', credential);
    expect(loggedIn.__typename).toBe('LoginSuccess');
  });

  test('unknown, revoked and recently rejected credentials get 429 with Retry-After', async () => {
    const revoked = await app.apiKey(member);
    await app.mutate('revokeApiKey', { apiKeyId: revoked.id }, '', { bearer: member.accessToken });
    for (const secret of [makeSecret('rka'), revoked.secret, revoked.secret, makeSecret('rkd'), 'x.y.z']) {
      const answer = await verify(bearer(secret));
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([429, true]);
    }
    await expect(exchangeFrom(makeSecret('rkr'))).rejects.toThrow('RATE_LIMITED');
  });
  const exchangeFrom = (refreshToken: string) =>
    app.mutate('refreshSession', { refreshToken }, '... on RefreshTokenRejectedError { reason }', { headers: from() });

  test('a malformed credential costs no lookup', async () => {
    const lookups = holdLookups(() => true);
    const typo = `${makeSecret('rka').slice(0, -1)}!`;
    for (const text of [typo, 'garbage', makeSecret('rks'), member.id]) expect(await status(bearer(text))).toBe(429);
    expect(await status({ 'x-api-key': member.accessToken.slice(1), ...from() })).toBe(429);
    expect(lookups.begun).toBe(0);
  });

  test('a flood of random secrets causes one lookup at a time, the rest get 429, and no other request waits for it', async () => {
    const [other, known] = [await app.apiKey(member), await app.apiKey(member)];
    expect(await status(bearer(known.secret))).toBe(204);
    const hashOf = async (id: string) =>
      (await app.sql('select secret_hash from api_keys where id = ?', [id]))[0].secret_hash;
    const hash = await hashOf(other.id);
    const lookups = holdLookups(([value]) => value !== hash);
    const flood = Array.from({ length: 300 }, () => verify(bearer(makeSecret('rka'))));
    const answers = Promise.all(flood);
    const full = await Promise.race(flood);
    expect([full.status, full.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await status(bearer(known.secret))).toBe(204); // It is in memory.
    expect(await status(bearer(other.secret, anAddress()))).toBe(204);
    expect(lookups.begun).toBe(1);
    lookups.release();
    expect((await answers).map((answer) => answer.status)).toEqual(Array(300).fill(429));
    expect(await status(bearer(other.secret))).toBe(204);
  });

  test('floods from many limited addresses share two connections', async () => {
    const hosts = Array.from({ length: 8 }, anAddress);
    for (const host of hosts) await fail(host);
    const lookups = holdLookups(() => true);
    const flood = hosts.flatMap((host) => Array.from({ length: 20 }, () => verify(bearer(makeSecret('rka'), host))));
    await expect.poll(() => lookups.begun).toBe(2);
    lookups.release();
    for (const answer of await Promise.all(flood)) expect(answer.status).toBe(429);
  });

  test('an introspection of an invalid token is no failure of the address', async () => {
    const host = anAddress();
    const query = 'query ($token: String!) { introspect(token: $token) { active } }';
    for (let i = 0; i < 3 * FAILURES; i++) {
      const credential = { bearer: admin.accessToken, headers: from(host) };
      const { data } = await app.graphql(query, { token: makeSecret('rka') }, credential);
      expect(data.introspect.active).toBe(false);
    }
    expect(await status(bearer('a guess', host))).toBe(401);
  });

  test('other addresses are not limited', async () => {
    expect(await status(bearer('a guess', anAddress()))).toBe(401);
    expect(await exchange(app, (await app.member()).refreshToken)).toMatch(/^rkr_/);
  });
});
