// The feed of revocations as a long poll: GET /v1/revocations.
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { unavailable } from '../../src/identity/access-error.ts';
import { type Account, backends, type TestApp } from '../support/app.ts';
import { headersOf, poll, Socket } from '../support/live.ts';
import { send } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

/** Longer than any test waits for an answer. */
const LONG = 10_000;

describe.each(backends())('/v1/revocations on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  /** A key that sees all revocations. */
  let service: { id: string; secret: string };

  beforeAll(async () => {
    app = await start({
      env: {
        REKEY_LIVE_PER_CREDENTIAL: '3',
        REKEY_LIVE_PER_ADDRESS: '5',
        REKEY_LIVE_CONNECTIONS: '6',
        REKEY_TRUSTED_PROXIES: '127.0.0.1',
      },
    });
    admin = await app.admin();
    service = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
  });
  afterAll(() => app.close());
  afterEach(() => until('every place is free', () => app.app.live.size === 0));

  const ask = (query: Record<string, string | number> = {}, headers?: Record<string, string>) =>
    poll(app.url, service, query, headers);
  const position = async (): Promise<string> => (await ask()).json.position;
  /** Changes a key, which appends one row to the log. */
  const narrow = (id: string) =>
    app.changeBySql(
      `update api_keys set expires_at = coalesce(expires_at, clock_timestamp() + interval '10 years') - interval '1 second' where id = ?`,
      [id],
    );
  const untilWaiting = (count = 1) => until(`${count} polls wait`, () => app.app.live.size === count);

  describe('without `wait`', () => {
    test('answers with the position at once, and with no events, without `after`', async () => {
      await narrow(service.id);
      const { status, headers, json } = await ask();
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.any(String),
      });
      const [{ seq }] = await app.sql('select seq::text as seq from auth_epoch');
      expect(json).toEqual({ position: seq, view: 'all', events: [], more: false });
      expect((await ask({ wait: LONG })).json).toEqual(json);
    });

    test('answers with the events after a position, with every field of `RevocationEvent`', async () => {
      const after = await position();
      const key = await app.apiKey(admin, { expiresAt: '2099-12-31T23:59:59.000Z' });
      await narrow(key.id);
      const { receipt } = await app.as(admin).revokeApiKey({ apiKeyId: key.id, reason: 'COMPROMISED' }).expectSuccess();
      const { json } = await ask({ after });
      const event = { credentialId: key.id, kind: 'API_KEY', userId: admin.id, workspaceId: null, daemonId: null };
      const committedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(json).toEqual({
        position: receipt.sequence,
        view: 'all',
        more: false,
        events: [
          { ...event, sequence: String(Number(after) + 1), effect: 'NARROWED', reason: 'UNSPECIFIED', committedAt },
          {
            ...event,
            sequence: String(Number(after) + 2),
            effect: 'ENDED',
            reason: 'COMPROMISED',
            committedAt: receipt.committedAt,
          },
        ],
      });
      expect((await ask({ after: json.position })).json).toEqual({ ...json, events: [] });
      expect((await ask({ after: json.events[0].sequence })).json.events).toHaveLength(1);
    });

    test('answers with 1000 events at most, and says that there are more', async () => {
      const after = Number(await position());
      for (const part of [1, 2, 3]) {
        await app.changeBySql(`select auth_append('key:' || n, 'API_KEY', 'key_' || n, 'ENDED', 'UNSPECIFIED', null, null, null, null)
          from generate_series(${part}, 700) as n`);
      }
      const last = after + 700 + 699 + 698;
      const pages: number[] = [];
      let from = String(after);
      for (;;) {
        const { json } = await ask({ after: from });
        pages.push(json.events.length);
        expect(json.position).toBe(json.more ? json.events.at(-1).sequence : String(last));
        from = json.position;
        if (!json.more) break;
      }
      expect(pages).toEqual([1000, 1000, 97]);
    });

    test('shows a person their own revocations, a workspace its own, and names the view', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const own = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
      const bound = await app.apiKey(member, { scopes: ['SESSIONS_READ'], workspaceId });
      const [{ json: before }] = await Promise.all([poll(app.url, own)]);
      const foreign = await app.apiKey(admin);
      for (const { id } of [foreign, own, bound]) await narrow(id);
      const after = before.position;
      const seenBy = async (key: { secret: string }) => {
        const { json } = await poll(app.url, key, { after });
        expect(json.position).toBe(String(Number(after) + 3)); // The position does not depend on the view.
        return [json.view, json.events.map((event: { credentialId: string }) => event.credentialId)];
      };
      expect(await seenBy(own)).toEqual(['user', [own.id, bound.id]]);
      expect(await seenBy(bound)).toEqual(['workspace', [bound.id]]);
      expect(await seenBy(service)).toEqual(['all', [foreign.id, own.id, bound.id]]);
    });
  });

  describe('with `wait`', () => {
    test('answers as soon as something happens that the caller sees', async () => {
      const after = await position();
      const polled = ask({ after, wait: LONG });
      await untilWaiting();
      await narrow(service.id);
      const { json } = await polled;
      expect(json).toMatchObject({ position: String(Number(after) + 1), more: false });
      expect(json.events).toMatchObject([{ credentialId: service.id }]);
    });

    test('does not wait if there is something already', async () => {
      const after = await position();
      await narrow(service.id);
      expect((await ask({ after, wait: LONG })).json.events).toHaveLength(1);
    });

    test('goes on waiting while only others are concerned', async () => {
      const member = await app.member();
      const own = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
      const after = await position();
      const polled = poll(app.url, own, { after, wait: LONG });
      await untilWaiting();
      await narrow(service.id);
      // A poll that sees it answers, and the other one still waits.
      expect((await ask({ after, wait: LONG })).json.events).toHaveLength(1);
      expect(app.app.live.size).toBe(1);
      await narrow(own.id);
      const { json } = await polled;
      expect(json.events).toMatchObject([{ credentialId: own.id }]);
      expect(json.position).toBe(String(Number(after) + 2));
    });

    test('answers without events when it is over, with the position at that time', async () => {
      const member = await app.member();
      const own = await app.apiKey(member, { scopes: ['SESSIONS_READ'] });
      const after = await position();
      const polled = poll(app.url, own, { after, wait: 300 });
      await untilWaiting();
      await narrow(service.id);
      const { status, json } = await polled;
      const expected = { position: String(Number(after) + 1), view: 'user', events: [], more: false };
      expect([status, json]).toEqual([200, expected]);
    });

    test('is over when the client leaves, and its place is free', async () => {
      const controller = new AbortController();
      const url = `${app.url}/v1/revocations?after=${await position()}&wait=${LONG}`;
      const polled = fetch(url, { headers: headersOf(service), signal: controller.signal });
      await untilWaiting();
      controller.abort();
      await expect(polled).rejects.toThrow();
      await until('its place is free', () => app.app.live.size === 0);
    });

    test('counts as a live connection: 429 with `Retry-After` if there are too many', async () => {
      const member = await app.member();
      const keys = await Promise.all(times(3, () => app.apiKey(member, { scopes: ['SESSIONS_READ'] })));
      const after = await position();
      const from = (address: string) => ({ 'x-forwarded-for': address });
      const wait = (key: { secret: string }, address: string) =>
        poll(app.url, key, { after, wait: LONG }, from(address));
      const limited = (of: string) => ({
        status: 429,
        headers: expect.objectContaining({ 'retry-after': '5', 'cache-control': 'no-store' }),
        json: { error: 'rate_limited', error_description: expect.stringContaining(`of ${of}.`) },
      });
      const [one, two, three] = [keys[0]!, keys[1]!, keys[2]!];
      const waiting = times(3, () => wait(one, '192.0.2.1'));
      await untilWaiting(3);
      expect(await wait(one, '192.0.2.2')).toMatchObject(limited('this credential'));
      const socket = await Socket.open(app.url, { headers: from('192.0.2.1') });
      waiting.push(wait(two, '192.0.2.1'));
      await untilWaiting(5);
      expect(await wait(two, '192.0.2.1')).toMatchObject(limited('this address'));
      waiting.push(wait(two, '192.0.2.2'));
      await untilWaiting(6);
      expect(await wait(three, '192.0.2.3')).toMatchObject(limited('this replica'));
      // A poll that does not wait needs no place.
      expect((await poll(app.url, three, { after }, from('192.0.2.1'))).status).toBe(200);
      await app.changeBySql(`select auth_invalidate('*')`);
      for (const { status, json } of await Promise.all(waiting)) {
        expect([status, json.events]).toMatchObject([200, [{ kind: 'ALL', credentialId: '*', effect: 'NARROWED' }]]);
      }
      await socket.close();
    });
  });

  describe('the caller', () => {
    test('needs a valid credential with the scope: 401 with a challenge, 403', async () => {
      const without = await send(app.url, '/v1/revocations');
      expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer realm="rekey"']);
      const invalid = await poll(app.url, { bearer: 'rka_unknown' });
      expect([invalid.status, invalid.headers['www-authenticate']]).toEqual([
        401,
        expect.stringContaining('invalid_token'),
      ]);
      const narrowKey = await app.apiKey(admin, { scopes: ['API_KEYS_READ'] });
      const queries: Record<string, number>[] = [{}, { after: 0 }, { after: 0, wait: 1 }];
      for (const query of queries) expect((await poll(app.url, narrowKey, query)).status).toBe(403);
      const both = await poll(app.url, {
        headers: { authorization: `Bearer ${narrowKey.secret}`, 'x-api-key': service.secret },
      });
      expect(both.status).toBe(400);
    });

    test('may be a session, a key, or a daemon', async () => {
      const member = await app.member();
      const workspaceId = await app.workspace(member);
      const daemon = await app.daemonToken(member, workspaceId, { scopes: ['SESSIONS_READ'] });
      const view = async (caller: Parameters<typeof poll>[1]) => (await poll(app.url, caller)).json.view;
      expect([await view(member), await view(admin), await view(daemon)]).toEqual(['user', 'all', 'workspace']);
    });

    test('whose credential is revoked while it waits gets 401, also where the same event would have answered the poll', async () => {
      const key = await app.apiKey(admin, { scopes: ['INTROSPECT'] });
      const polled = poll(app.url, key, { after: await position(), wait: LONG });
      await untilWaiting();
      await app.as(admin).revokeApiKey({ apiKeyId: key.id }).expectSuccess();
      const { status, headers, json } = await polled;
      expect([status, headers['www-authenticate']]).toEqual([401, expect.stringContaining('invalid_token')]);
      expect(json).toEqual({ error: 'unauthenticated', error_description: 'The credential is not valid.' });
    });

    test('who loses the scope while it waits gets 403', async () => {
      const key = await app.apiKey(admin, { scopes: ['INTROSPECT', 'API_KEYS_READ'] });
      const polled = poll(app.url, key, { after: await position(), wait: LONG });
      await untilWaiting();
      await app.sql(`update api_keys set scopes = '{API_KEYS_READ}' where id = ?`, [key.id]);
      expect((await polled).status).toBe(403);
    });

    test('who sees less while it waits gets 403, and who sees more gets its events', async () => {
      const key = await app.apiKey(admin, { scopes: ['INTROSPECT', 'SESSIONS_READ'] });
      const polled = poll(app.url, key, { after: await position(), wait: LONG });
      await untilWaiting();
      await app.sql(`update api_keys set scopes = '{SESSIONS_READ}' where id = ?`, [key.id]);
      expect((await polled).status).toBe(403);
      const again = poll(app.url, key, { after: await position(), wait: LONG });
      await untilWaiting();
      await app.sql(`update api_keys set scopes = '{SESSIONS_READ,INTROSPECT}' where id = ?`, [key.id]);
      await narrow(key.id); // A wider scope alone appends no row.
      const { status, json } = await again;
      expect([status, json.view, json.events]).toMatchObject([200, 'user', [{ credentialId: key.id }]]);
    });

    test('gets 503 with `Retry-After` if the validity of the credential cannot be determined', async () => {
      const authenticate = vi.spyOn(app.app.authenticator, 'authenticate').mockRejectedValue(unavailable());
      onTestFinished(() => authenticate.mockRestore());
      const { status, headers, json } = await ask();
      expect([status, headers['retry-after'], json.error]).toEqual([503, '1', 'authentication_unavailable']);
    });
  });

  describe('a request that is wrong', () => {
    test.each([
      ['?after=', 'after'],
      ['?after=x', 'after'],
      ['?after=-1', 'after'],
      ['?after=%2B1', 'after'],
      ['?after=1.5', 'after'],
      ['?after=1e3', 'after'],
      ['?after=0x1', 'after'],
      ['?after=%201', 'after'],
      ['?after=1234567890123456', 'after'],
      ['?after=999999999999999', 'beyond the end'],
      ['?after=1&after=1', 'once'],
      ['?after=0&wait=', 'wait'],
      ['?after=0&wait=-1', 'wait'],
      ['?after=0&wait=10001', 'wait'],
      ['?after=0&wait=1s', 'wait'],
      ['?after=0&wait=100000', 'wait'],
      ['?after=0&wait=0&wait=0', 'once'],
      ['?since=1', 'Allowed parameters'],
      ['?After=1', 'Allowed parameters'],
      ['?after=0&', null],
      ['?', null],
      ['?after=0&wait=00250', null],
    ])('%s: 400 says what to change', async (query, says) => {
      const { status, json } = await send(app.url, `/v1/revocations${query}`, { headers: headersOf(service) });
      if (says === null) return expect(status).toBe(200);
      expect(status).toBe(400);
      expect(json).toEqual({ error: 'invalid_request', error_description: expect.stringContaining(says) });
    });

    test('has another method: 405 names the right one', async () => {
      for (const method of ['POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
        const { status, headers } = await send(app.url, '/v1/revocations', { method, headers: headersOf(service) });
        expect([status, headers.allow]).toEqual([405, 'GET']);
      }
    });

    test('asks for more than the log still holds: 410', async () => {
      await narrow(service.id);
      await app.app.replica.sync(); // Plain SQL does not wait for it.
      const after = Number(await position());
      await narrow(service.id);
      const rows = await app.sql('delete from auth_inval where seq <= ? returning seq', [after]);
      expect(rows.length).toBeGreaterThan(0);
      // A replica that starts cold has no row in its memory.
      await app.sql('delete from auth_replica');
      await app.app.replica.sync();
      const { status, json } = await ask({ after: after - 1 });
      expect([status, json]).toEqual([
        410,
        { error: 'position_too_old', error_description: expect.stringContaining('without `after`') },
      ]);
      expect((await ask({ after })).json.events).toHaveLength(1);
    });
  });

  test('answers what there is when this replica stops', async () => {
    const other = await start();
    const own = await other.apiKey(await other.admin(), { scopes: ['INTROSPECT'] });
    const { json } = await poll(other.url, own);
    const polled = poll(other.url, own, { after: json.position, wait: LONG });
    await until('it waits', () => other.app.live.size === 1);
    other.app.drain();
    const answer = await polled;
    expect([answer.status, answer.json]).toEqual([200, { ...json, events: [] }]);
    await other.close();
  });
});
