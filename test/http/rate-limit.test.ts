// The rate limit of a credential: which requests count, and what a request beyond the limit gets.
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Account, backends, pairs, type TestApp } from '../support/app.ts';
import { auditRows } from '../support/audit.ts';
import { Socket } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { signedHeaders } from '../support/signing.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const HOUR = 3600;
const limitOf = (requests: number, windowSeconds = HOUR) => ({ rateLimit: { requests, windowSeconds } });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.each(backends())('a credential with a rate limit, on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  beforeAll(async () => {
    app = await start();
    admin = await app.admin();
  });
  afterAll(() => app.close());

  const verify = (secret: string, query = '') => send(app.url, `/v1/verify${query}`, { headers: bearer(secret) });
  const left = async (secret: string) =>
    Number(/;r=(\d+);/.exec(String((await verify(secret)).headers.ratelimit))?.[1]);

  test('/v1/verify: 204 with what is left and the limit, then 429 with the same and Retry-After', async () => {
    const { secret } = await app.apiKey(admin, { permissions: ['a'], ...limitOf(3, 60) });
    for (const remaining of [2, 1, 0]) {
      const { status, headers } = await verify(secret);
      expect(status).toBe(204);
      expect(headers.ratelimit).toMatch(new RegExp(`^"key";r=${remaining};t=([1-5]?\\d|60)$`));
      expect(headers['ratelimit-policy']).toBe('"key";q=3;w=60');
      expect(headers['x-rekey-permissions']).toBe('a');
      expect(headers['retry-after']).toBeUndefined();
    }
    const { status, headers, json } = await verify(secret);
    expect(status).toBe(429);
    expect(json).toEqual({ error: 'rate_limited', error_description: expect.stringContaining('3 requests in 60 s') });
    const seconds = Number(headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(headers.ratelimit).toBe(`"key";r=0;t=${seconds}`);
    expect(headers['ratelimit-policy']).toBe('"key";q=3;w=60');
    expect(headers['x-request-id']).toMatch(/./);
    expect(headers['www-authenticate']).toBeUndefined();
  });

  test('a credential without a limit has neither header', async () => {
    const { headers } = await verify((await app.apiKey(admin)).secret);
    expect([headers.ratelimit, headers['ratelimit-policy']]).toEqual([undefined, undefined]);
  });

  test('403 and 400 of /v1/verify count, too, and say what is left', async () => {
    const { secret } = await app.apiKey(admin, limitOf(10));
    const forbidden = await verify(secret, '?permission=b');
    expect([forbidden.status, forbidden.headers.ratelimit]).toEqual([403, `"key";r=9;t=${HOUR}`]);
    const misspelt = await verify(secret, '?permision=b');
    expect([misspelt.status, misspelt.headers['ratelimit-policy']]).toEqual([400, `"key";q=10;w=${HOUR}`]);
    expect(await left(secret)).toBe(7);
  });

  test('Envoy and others that need 200 get the headers, too', async () => {
    const { secret } = await app.apiKey(admin, limitOf(10));
    const { status, headers } = await verify(secret, '?path=/orders');
    expect([status, headers.ratelimit]).toEqual([200, `"key";r=9;t=${HOUR}`]);
  });

  test('a daemon token has its own limit, which the API shows', async () => {
    const workspaceId = await app.workspace(admin);
    const limit = { requests: 2, windowSeconds: 120 };
    const token = await app.daemonToken(admin, workspaceId, { rateLimit: limit });
    const other = await app.daemonToken(admin, workspaceId);
    const { daemonTokens } = (
      await app.graphql(
        'query ($id: ID!) { daemonTokens(workspaceId: $id) { nodes { id rateLimit { requests windowSeconds } } } }',
        { id: workspaceId },
        { bearer: admin.accessToken },
      )
    ).data;
    expect(daemonTokens.nodes).toEqual([
      { id: other.id, rateLimit: null },
      { id: token.id, rateLimit: limit },
    ]);
    expect([await left(token.secret), await left(token.secret)]).toEqual([1, 0]);
    expect((await verify(token.secret)).status).toBe(429);
    expect((await verify(other.secret)).status).toBe(204);
  });

  test('GraphQL: 429 with RATE_LIMITED and the seconds, before anything is executed, also for public fields', async () => {
    const key = await app.apiKey(admin, limitOf(2));
    for (const _ of [1, 2]) {
      const { status, data } = await app.graphql('{ viewer { user { id } } }', {}, { bearer: key.secret });
      expect([status, data.viewer.user.id]).toEqual([200, admin.id]);
    }
    const name = `made beyond the limit ${key.id}`;
    const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }';
    for (const [query, variables] of [
      [create, { input: { name } }],
      ['{ __typename }', {}],
      ['mutation { refreshSession(input: { refreshToken: "rkr_unknown" }) { __typename } }', {}],
    ] as const) {
      const { status, headers, data, errors } = await app.graphql(query, variables, { bearer: key.secret });
      expect([status, data]).toEqual([429, undefined]);
      const seconds = Number(headers.get('retry-after'));
      expect(errors![0]!.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: seconds });
      expect(seconds).toBeGreaterThan(HOUR - 60);
    }
    expect(await app.sql('select 1 from api_keys where name = ?', [name])).toEqual([]);
  });

  test('a request counts once, whatever it selects', async () => {
    const key = await app.apiKey(admin, limitOf(10));
    await app.graphql('{ a: viewer { user { id } } b: viewer { user { id } } }', {}, { bearer: key.secret });
    expect(await left(key.secret)).toBe(8);
  });

  test('a malformed document is rejected before the credential is read, and does not count', async () => {
    const key = await app.apiKey(admin, limitOf(10));
    await app.graphql('{ unknownField }', {}, { bearer: key.secret });
    expect(await left(key.secret)).toBe(9);
  });

  test('/v1/introspect counts the caller, not the token', async () => {
    const caller = await app.apiKey(admin, { scopes: ['INTROSPECT'], ...limitOf(10) });
    const token = await app.apiKey(admin, limitOf(1));
    const ask = (headers: Record<string, string>) =>
      send(app.url, '/v1/introspect', {
        method: 'POST',
        headers: { ...FORM, ...headers },
        body: `token=${token.secret}`,
      });
    for (const _ of [1, 2, 3]) expect((await ask(bearer(caller.secret))).json.active).toBe(true);
    const basic = Buffer.from(`${caller.id}:${caller.secret}`).toString('base64');
    expect((await ask({ authorization: `Basic ${basic}` })).json.active).toBe(true);
    expect(await left(caller.secret)).toBe(5);
    const query = 'query ($token: String!) { introspect(token: $token) { active } }';
    const { data } = await app.graphql(query, { token: token.secret }, { bearer: admin.accessToken });
    expect(data.introspect.active).toBe(true);
    expect(await left(token.secret)).toBe(0);
    expect((await verify(token.secret)).status).toBe(429);
    expect((await ask(bearer(admin.accessToken))).json.active).toBe(true); // The token is still active.
    for (const _ of times(5, Number)) await ask(bearer(caller.secret));
    const beyond = await ask(bearer(caller.secret));
    expect([beyond.status, beyond.json.error]).toEqual([429, 'rate_limited']);
    expect(Number(beyond.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('/v1/revocations counts each poll', async () => {
    const { secret } = await app.apiKey(admin, { scopes: ['SESSIONS_READ'], ...limitOf(2) });
    const poll = () => send(app.url, '/v1/revocations', { headers: bearer(secret) });
    expect([(await poll()).status, (await poll()).status, (await poll()).status]).toEqual([200, 200, 429]);
  });

  test('a revocation by possession does not count, and works beyond the limit', async () => {
    const { secret } = await app.apiKey(admin, limitOf(1));
    expect([(await verify(secret)).status, (await verify(secret)).status]).toEqual([204, 429]);
    const revoked = await send(app.url, '/v1/revoke', { method: 'POST', headers: FORM, body: `token=${secret}` });
    expect([revoked.status, revoked.headers['x-rekey-receipt']]).toEqual([200, expect.any(String)]);
    expect((await verify(secret)).status).toBe(401);
  });

  test('a WebSocket counts, and each operation on it; beyond the limit an operation fails, and no WebSocket opens', async () => {
    const key = await app.apiKey(admin, limitOf(4));
    const socket = await Socket.open(app.url, { caller: { bearer: key.secret } });
    onTestFinished(() => socket.ws.terminate());
    const run = () => socket.execute('{ viewer { user { id } } }');
    for (const _ of [1, 2]) expect((await run()).data.viewer.user.id).toBe(admin.id);
    expect(await left(key.secret)).toBe(0);
    const { data, errors } = await run();
    expect(data).toBeUndefined();
    expect(errors![0]!.extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) });
    await expect(Socket.open(app.url, { caller: { bearer: key.secret } })).rejects.toThrow('4429');
    // The connection that was opened before stays.
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
  });

  test('a signed request beside a key counts for the key', async () => {
    const workspaceId = await app.workspace(admin);
    const signer = await app.signingKey(admin, workspaceId);
    const key = await app.apiKey(admin, { scopes: [], workspaceId, owner: 'WORKSPACE', ...limitOf(2) });
    const both = () => send(app.url, '/v1/verify', { headers: { ...bearer(key.secret), ...signedHeaders(signer) } });
    const answers = [await both(), await both(), await both()];
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 429]);
    expect(answers[1]!.headers.ratelimit).toMatch(/;r=0;/);
    const alone = await send(app.url, '/v1/verify', { headers: signedHeaders(signer) });
    expect([alone.status, alone.headers.ratelimit]).toEqual([204, undefined]);
    const { status } = await app.graphql('{ __typename }', {}, { bearer: key.secret, signedBy: signer });
    expect(status).toBe(429);
  });

  test('both secrets of a rotated key share its limit', async () => {
    const key = await app.apiKey(admin, limitOf(3));
    expect(await left(key.secret)).toBe(2);
    const { secret } = await app.as(admin).rotateApiKey({ apiKeyId: key.id, overlapSeconds: 60 }).expectSuccess();
    expect([await left(secret), await left(key.secret)]).toEqual([1, 0]);
    expect((await verify(secret)).status).toBe(429);
  });

  test('a rejected request is no use of the credential, and an invalid credential counts for nothing', async () => {
    const key = await app.apiKey(admin, limitOf(2));
    await verify(`${key.secret.slice(0, -1)}!`);
    expect([await left(key.secret), await left(key.secret)]).toEqual([1, 0]);
    const before = app.app.authenticator.counts.apiKey!.accepted;
    for (const _ of [1, 2, 3]) expect((await verify(key.secret)).status).toBe(429);
    expect(app.app.authenticator.counts.apiKey!.accepted).toBe(before);
  });

  test('a flood of rejected requests makes one audit event at once, and is counted in the metrics', async () => {
    const key = await app.apiKey(admin, limitOf(1));
    const metric = async () =>
      Number(/rekey_limit_exceeded_total\{limit="credential"\} (\d+)/.exec(await metrics())?.[1] ?? 0);
    const metrics = async () => (await send(app.url, '/metrics')).text;
    const before = await metric();
    await verify(key.secret);
    const statuses = await Promise.all(times(50, async () => (await verify(key.secret)).status));
    expect(statuses).toEqual(Array(50).fill(429));
    expect((await metric()) - before).toBe(50);
    const rows = () => auditRows(app, `type = 'limit.exceeded' and subject_id = '${key.id}'`);
    await until('the event is written', async () => (await rows()).length > 0);
    expect(await rows()).toMatchObject([
      { outcome: 'REFUSED', reason: 'RATE_LIMITED', actor_user_id: admin.id, data: { limit: 'credential', count: 1 } },
    ]);
    expect(await metrics()).toMatch(/rekey_limited_requests_total\{share="(replica|redis|postgresql)"\} [1-9]/);
  });

  test('503, and neither 204 nor 429, if no share is at hand and the database does not answer', async () => {
    const key = await app.apiKey(admin, limitOf(1000));
    await app.accepts((await app.apiKey(admin)).secret);
    const query = vi.spyOn(app.app.database.nonces, 'query').mockRejectedValue(new Error('The database is away.'));
    onTestFinished(() => query.mockRestore());
    const { status, headers } = await verify(key.secret);
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });

  test('a limit that plain SQL sets is obeyed', async () => {
    const key = await app.apiKey(admin);
    expect((await verify(key.secret)).status).toBe(204);
    await app.sql('update api_keys set rate_limit_requests = 1, rate_limit_seconds = 60 where id = ?', [key.id]);
    await expect.poll(async () => (await verify(key.secret)).headers['ratelimit-policy']).toBe('"key";q=1;w=60');
    expect((await verify(key.secret)).status).toBe(429);
  });
});

describe.each(pairs())('a change of the rate limit, on $name', ({ start }) => {
  let near: TestApp;
  let far: TestApp;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ near, far, close } = await start());
  });
  afterAll(() => close());
  const verify = (app: TestApp, secret: string) => send(app.url, '/v1/verify', { headers: bearer(secret) });
  const accepted = async (app: TestApp, secret: string, count: number) => {
    const answers = await Promise.all(times(count, () => verify(app, secret)));
    return answers.filter(({ status }) => status === 204).length;
  };

  test('B05: a stricter limit is obeyed by every replica before the response, with a receipt', async () => {
    const admin = await near.admin();
    for (const [before, requests, used] of [
      [undefined, 2, 0],
      [{ requests: 100, windowSeconds: HOUR }, 5, 3],
      [{ requests: 1000, windowSeconds: 60 }, 4, 4],
    ] as const) {
      const key = await near.apiKey(admin, { rateLimit: before });
      expect(await accepted(far, key.secret, 3)).toBe(3);
      if (used > 3) await accepted(near, key.secret, used - 3);
      const input = { apiKeyId: key.id, rateLimit: { requests, windowSeconds: HOUR } };
      const { receipt } = await near.as(admin).updateApiKey(input).expectSuccess();
      expect(receipt).not.toBeNull();
      const answer = await verify(far, key.secret);
      expect(answer.headers['ratelimit-policy']).toBe(`"key";q=${requests};w=${HOUR}`);
      const more =
        (answer.status === 204 ? 1 : 0) +
        (await accepted(far, key.secret, 20)) +
        (await accepted(near, key.secret, 20));
      expect(more).toBe(requests - used);
    }
  });

  test('a looser limit, and none, is no revocation, and holds soon', async () => {
    const admin = await near.admin();
    const key = await near.apiKey(admin, limitOf(2));
    expect(await accepted(far, key.secret, 5)).toBe(2);
    const looser = { apiKeyId: key.id, rateLimit: { requests: 3, windowSeconds: HOUR } };
    expect((await near.as(admin).updateApiKey(looser).expectSuccess()).receipt).toBeNull();
    await expect.poll(async () => (await verify(far, key.secret)).headers['ratelimit-policy']).toContain('q=3;');
    expect(await accepted(far, key.secret, 5)).toBe(0);
    expect(
      (await near.as(admin).updateApiKey({ apiKeyId: key.id, rateLimit: null }).expectSuccess()).receipt,
    ).toBeNull();
    await expect.poll(async () => (await verify(far, key.secret)).status).toBe(204);
    expect((await verify(far, key.secret)).headers.ratelimit).toBeUndefined();
  });

  test('a window that is longer or a limit that is both narrower and wider is a narrowing', async () => {
    const admin = await near.admin();
    const key = await near.apiKey(admin, limitOf(10, 60));
    for (const rateLimit of [
      { requests: 10, windowSeconds: 61 },
      { requests: 20, windowSeconds: 120 },
      { requests: 5, windowSeconds: 30 },
    ]) {
      const { receipt } = await near.as(admin).updateApiKey({ apiKeyId: key.id, rateLimit }).expectSuccess();
      expect([rateLimit, receipt !== null]).toEqual([rateLimit, true]);
    }
  });
});
