import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';

describe.each(backends())('on $name', ({ name, start }) => {
  let app: TestApp;
  let member: Account;

  beforeAll(async () => {
    app = await start();
    member = await app.member();
  });

  afterAll(() => app?.close());

  const verify = (headers: Record<string, string>) => fetch(`${app.url}/v1/verify`, { headers });
  const statusOf = async (headers: Record<string, string>) => (await verify(headers)).status;
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  const xApiKey = (text: string) => ({ 'x-api-key': text });
  const sql = (statement: string, values: unknown[] = []) =>
    app.app.database.fork().execute<Record<string, string>[]>(statement, values);

  test('a key and an access token whose user row is missing are rejected', async () => {
    const gone = await app.member();
    const { secret } = await app.apiKey(gone);
    expect(await app.accepts(secret)).toBe(true);
    expect(await app.accepts(gone.accessToken)).toBe(true);
    const em = app.app.database.fork();
    await em.begin();
    await em.execute('set local session_replication_role = replica'); // So no foreign key is checked.
    await em.execute('delete from users where id = ?', [gone.id]);
    await em.commit();
    await expect.poll(() => app.accepts(secret)).toBe(false);
    await expect.poll(() => app.accepts(gone.accessToken)).toBe(false);
  });

  /** Records the names of the statements that authentication sends during the test. */
  function observeReads(): string[] {
    const sent: string[] = [];
    const { reads } = app.app.database;
    const query = reads.query.bind(reads);
    const spy = vi.spyOn(reads, 'query').mockImplementation((statement, values) => {
      if (statement.name.endsWith('-load')) sent.push(statement.name);
      return query(statement, values);
    });
    onTestFinished(() => spy.mockRestore());
    return sent;
  }

  const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

  describe('reads of the database', () => {
    test('F1.11: a hundred concurrent requests with a key that is not cached cost one read', async () => {
      const { secret } = await app.apiKey(member);
      const reads = observeReads();
      const statuses = await Promise.all(times(100, () => statusOf(bearer(secret))));
      expect(statuses).toEqual(times(100, () => 204));
      expect(reads).toEqual(['api-key-load']);
    });

    test('F1.11: a hundred concurrent requests with an unknown key cost one read, and none while the rejection is cached', async () => {
      const secret = makeSecret('rka');
      const reads = observeReads();
      const statuses = await Promise.all(times(100, () => statusOf(bearer(secret))));
      expect(statuses).toEqual(times(100, () => 401));
      for (let again = 0; again < 10; again++) expect(await statusOf(xApiKey(secret))).toBe(401);
      expect(reads).toEqual(['api-key-load']);
    });

    test('F1.11: a mistyped secret, or any text that Rekey never issues, costs no read', async () => {
      const { secret } = await app.apiKey(member);
      const typo = `${secret.slice(0, 20)}${secret[20] === 'a' ? 'b' : 'a'}${secret.slice(21)}`;
      const reads = observeReads();
      for (const text of [
        typo,
        'garbage',
        'rka_',
        `rkz_${secret.slice(4)}`,
        makeSecret('rkd').slice(0, -1),
        member.id,
      ]) {
        expect(await statusOf(bearer(text)), text).toBe(401);
        expect(await statusOf(xApiKey(text)), text).toBe(401);
      }
      expect(reads).toEqual([]);
    });

    test('F4.9: no request opens a connection of its own', async ({ skip }) => {
      if (name !== 'PostgreSQL and Redis') skip('The embedded database has no connections.');
      // All since the database was created, also those that are closed.
      const connections = async () =>
        Number((await sql('select sessions from pg_stat_database where datname = current_database()'))[0]!.sessions);
      const misses = (count: number) => Promise.all(times(count, () => statusOf(bearer(makeSecret('rka')))));
      await misses(50); // The pool is as large as it gets.
      const before = await connections();
      await misses(200);
      expect((await connections()) - before).toBeLessThan(20);
    });
  });

  describe('F0.6: one kind of credential is never taken for another', () => {
    test('a refresh token, a signing secret and a daemon token that was never issued authenticate no request', async () => {
      const reads = observeReads();
      for (const secret of [member.refreshToken, makeSecret('rkr'), makeSecret('rks'), makeSecret('rkd')]) {
        expect(await statusOf(bearer(secret))).toBe(401);
        expect(await statusOf(xApiKey(secret))).toBe(401);
      }
      expect(reads.filter((each) => each === 'api-key-load' || each === 'session-load')).toEqual([]);
    });

    test('an access token is rejected in X-API-Key, and is still accepted as a bearer token', async () => {
      const { accessToken } = await app.member();
      for (let round = 0; round < 2; round++) {
        expect(await statusOf(xApiKey(accessToken))).toBe(401);
        expect(await statusOf(bearer(accessToken))).toBe(204);
      }
      expect(await statusOf({ ...bearer(accessToken), ...xApiKey(accessToken) })).toBe(401);
    });

    test('an id, a hash or a hint does not work as a secret, and its rejection does not affect the key', async () => {
      const { id, hint, secret } = await app.apiKey(member);
      const [row] = await sql('select secret_hash as hash from api_keys where id = ?', [id]);
      const hash = row!.hash!;
      for (const text of [id, hint.replace('…', ''), hash, `rka_${hash}`, member.sessionId]) {
        expect(await statusOf(bearer(text)), text).toBe(401);
        expect(await statusOf(xApiKey(text)), text).toBe(401);
      }
      expect(await statusOf(bearer(secret))).toBe(204);
    });

    test('introspection of a refresh token returns active: false', async () => {
      const admin = await app.admin();
      const active = async (token: string) => {
        const query = 'query ($token: String!) { introspect(token: $token) { active } }';
        const { data } = await app.graphql(query, { token }, { bearer: admin.accessToken });
        return data.introspect.active;
      };
      expect(await active(member.refreshToken)).toBe(false);
      expect(await active(makeSecret('rks'))).toBe(false);
      expect(await active(member.accessToken)).toBe(true);
    });
  });

  describe('a database that cannot answer', () => {
    test('F1.7: every endpoint returns 503 with Retry-After, never 401, until the database answers again', async () => {
      const known = await app.apiKey(member);
      const admin = await app.admin();
      const unknown = makeSecret('rka');
      await sql('alter table api_keys rename to api_keys_hidden');
      try {
        for (const secret of [known.secret, unknown]) {
          const answer = await verify(bearer(secret));
          expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
          expect(await answer.json()).toEqual({
            error: 'authentication_unavailable',
            error_description: 'The service is temporarily unavailable. Try again.',
          });
          const { status, headers, data, errors } = await app.graphql(
            '{ viewer { user { id } } }',
            {},
            { apiKey: secret },
          );
          expect([status, headers.get('retry-after'), data]).toEqual([503, '1', undefined]);
          expect(errors?.[0]?.extensions).toEqual({ code: 'AUTHENTICATION_UNAVAILABLE', retryAfterSeconds: 1 });
        }
        const introspection = await fetch(`${app.url}/v1/introspect`, {
          method: 'POST',
          headers: bearer(admin.accessToken),
          body: new URLSearchParams({ token: known.secret }),
        });
        expect([introspection.status, introspection.headers.get('retry-after')]).toEqual([503, '1']);
      } finally {
        await sql('alter table api_keys_hidden rename to api_keys');
      }
      expect(await statusOf(bearer(known.secret))).toBe(204);
      expect(await statusOf(bearer(unknown))).toBe(401);
    });
  });

  test('F0.9: a flood of random keys over HTTP does not evict a valid key from the cache', async () => {
    const { secret } = await app.apiKey(member);
    expect(await app.accepts(secret)).toBe(true);
    for (let batch = 0; batch < 6; batch++) await Promise.all(times(50, () => statusOf(bearer(makeSecret('rka')))));
    const reads = observeReads();
    expect(await app.accepts(secret)).toBe(true);
    expect(reads).toEqual([]);
  });

  test('accepted and rejected credentials are counted by kind', async () => {
    const { secret } = await app.apiKey(member);
    const counted = async (kind: string, outcome: string) => {
      const text = await (await fetch(`${app.url}/metrics`)).text();
      return Number(text.match(`rekey_authentications_total{kind="${kind}",outcome="${outcome}"} (\\d+)`)?.[1]);
    };
    const [accepted, refused] = [await counted('apiKey', 'accepted'), await counted('apiKey', 'refused')];
    await app.accepts(secret);
    await app.accepts(secret);
    await app.accepts(makeSecret('rka'));
    expect([await counted('apiKey', 'accepted'), await counted('apiKey', 'refused')]).toEqual([
      accepted + 2,
      refused + 1,
    ]);
  });
});
