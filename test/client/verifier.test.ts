// The verifier against a service whose replicas, answers and clock the test controls.
import { describe, expect, test } from 'vitest';
import type { RekeyError } from '../../src/client/error.ts';
import { type VerifierOptions, type VerifyOptions, verifierOf } from '../../src/client/verifier.ts';
import { FakeService, gate, type Interference, refusal, UNREACHABLE } from './support/fake-service.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

const URL_OF_SERVICE = 'http://rekey.internal:4000';
const KEY = 'rka_a0000000000000000000000000000000000a';
const USER = 'usr_1';
const WORKSPACE = 'wsp_1';

/** A verifier that has begun to follow, and one key. */
async function following(
  options: Partial<VerifierOptions> = {},
  given: { replicas?: number; position?: number } = { position: 7 },
) {
  const time = new VirtualTime();
  const service = new FakeService(time, given);
  service.credential(KEY, { credentialId: 'key_1', userId: USER, workspaceId: WORKSPACE, permissions: 'a,b' });
  const errors: RekeyError[] = [];
  const verify = verifierOf(
    { url: URL_OF_SERVICE, credential: 'rka_introspection', onError: (error) => errors.push(error), ...options },
    { fetch: service.fetch, monotonic: time.monotonic, pause: time.pause },
  );
  /** Verifies, and says whether the answer came from the service or from the memory. */
  const from = async (secret = KEY, options: VerifyOptions = {}) => {
    const before = service.verifications;
    const { ok } = await verify(secret, options);
    return `${ok ? 'yes' : 'no'} from ${service.verifications > before ? 'the service' : 'memory'}`;
  };
  await verify('rka_unknown'); // The first use. Nothing can be kept before the first poll is answered.
  await time.advance(100); // From now on, a poll waits at the service.
  return { time, service, verify, from, errors };
}

/** An access token as far as the verifier reads it. */
const accessToken = (claims: object) =>
  `eyJhbGciOiJFZERTQSJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;

describe('an answer', () => {
  test('is kept while the verifier follows, and given again without a request', async () => {
    const { verify, from, service, time } = await following();
    const first = await verify(KEY);
    expect(first).toEqual({
      ok: true,
      credentialId: 'key_1',
      userId: USER,
      workspaceId: WORKSPACE,
      scopes: [],
      permissions: ['a', 'b'],
      expiresAt: null,
    });
    expect(await verify(KEY)).toBe(first);
    await time.advance(10_000);
    expect(await from()).toBe('yes from memory');
    expect(service.verifications).toBe(2);
  });

  test('cannot be changed by the caller, because the next caller gets it, too', async () => {
    const { verify } = await following();
    const answer = await verify(KEY);
    if (!answer.ok) throw new Error(answer.code);
    expect(() => Object.assign(answer, { userId: 'usr_2' })).toThrow(TypeError);
    expect(() => (answer.permissions as string[]).push('admin')).toThrow(TypeError);
  });

  test('names the verifier to the service, always by the same id, and only if it follows', async () => {
    const { service, verify } = await following();
    await verify(KEY);
    const ids = service.requests.verify.map(({ headers }) => headers.get('x-rekey-follower'));
    expect(ids[0]).toMatch(/^[A-Za-z0-9_-]{16,64}$/);
    expect(new Set(ids).size).toBe(1);
    const alone = await following({ credential: undefined });
    expect(alone.service.requests.verify[0]!.headers.has('x-rekey-follower')).toBe(false);
    expect(alone.service.requests.poll).toHaveLength(0);
    expect([await alone.from(), await alone.from()]).toEqual(['yes from the service', 'yes from the service']);
  });

  test('without a position is not kept: the replica had no lease', async () => {
    const { service, from } = await following();
    service.replicas[0]!.hasLease = false;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    service.replicas[0]!.hasLease = true;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  test.each(['', '-1', '7.0', '0x7', ' ', '1e3', '99999999999999999999'])(
    'with the position %j is not kept',
    async (position) => {
      const { service, from } = await following();
      service.extraHeaders = { 'x-rekey-position': position };
      expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    },
  );

  test('from before the beginning is not kept: what was revoked in between is not known', async () => {
    const { service, from } = await following({}, { replicas: 2, position: 7 });
    service.replicas[1]!.applied = 6;
    service.route.verify = 1;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    service.replicas[1]!.applied = 7;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  test('that was asked for before following began is not kept', async () => {
    const time = new VirtualTime();
    const service = new FakeService(time);
    service.credential(KEY, { credentialId: 'key_1' });
    const runtime = { fetch: service.fetch, monotonic: time.monotonic, pause: time.pause };
    const verify = verifierOf({ url: URL_OF_SERVICE, credential: 'rka_introspection' }, runtime);
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = verify(KEY);
    await held.arrived;
    await settle();
    expect(service.requests.poll.length).toBeGreaterThan(0);
    held.open();
    expect((await underWay).ok).toBe(true);
    await verify(KEY);
    expect(service.verifications).toBe(2);
  });

  test('that is a no is never kept: a key that is created later must work at once', async () => {
    const { service, from } = await following();
    const secret = 'rka_later';
    expect(await from(secret)).toBe('no from the service');
    service.credential(secret, { credentialId: 'key_2' });
    expect(await from(secret)).toBe('yes from the service');
  });

  test('about a permission is kept as a yes only: a permission may be granted later', async () => {
    const { service, from } = await following();
    expect(await from(KEY, { permission: 'a' })).toBe('yes from the service');
    expect(await from(KEY, { permission: 'b' })).toBe('yes from memory');
    expect(await from()).toBe('yes from memory');
    expect(await from(KEY, { permission: 'c' })).toBe('no from the service');
    service.credential(KEY, { credentialId: 'key_1', permissions: 'a,b,c' });
    expect(await from(KEY, { permission: 'c' })).toBe('yes from the service');
  });

  test('is kept for the address of the client alone: a key may be bound to addresses', async () => {
    const { service, from } = await following();
    const [inside, outside] = [{ clientAddress: '192.0.2.1' }, { clientAddress: '2001:db8::1' }];
    expect([await from(KEY, inside), await from(KEY, inside)]).toEqual(['yes from the service', 'yes from memory']);
    expect(await from(KEY, outside)).toBe('yes from the service');
    expect(await from()).toBe('yes from the service');
    expect(service.requests.verify.slice(1).map(({ headers }) => headers.get('x-forwarded-for'))).toEqual([
      '192.0.2.1',
      '2001:db8::1',
      null,
    ]);
  });

  test.each(['ratelimit', 'ratelimit-policy'])(
    'with the header %s is not kept: the service counts the requests of the key',
    async (name) => {
      const { service, from } = await following();
      service.extraHeaders = { [name]: '"key";q=60;w=3600' };
      expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    },
  );

  test('is asked for again after a minute, so that the service sees that the key is in use', async () => {
    const { time, from } = await following();
    await from();
    for (let second = 0; second < 59; second++) {
      await time.advance(1000);
      expect(await from()).toBe('yes from memory');
    }
    await time.advance(1000);
    expect(await from()).toBe('yes from the service');
  });

  test('is one of at most `maxEntries`, and the oldest makes room', async () => {
    const { service, from } = await following({ maxEntries: 2 });
    const secrets = ['rka_1', 'rka_2', 'rka_3'];
    for (const [index, secret] of secrets.entries()) service.credential(secret, { credentialId: `key_${index}` });
    for (const secret of secrets) expect(await from(secret)).toBe('yes from the service');
    expect(await from('rka_3')).toBe('yes from memory');
    expect(await from('rka_2')).toBe('yes from memory');
    expect(await from('rka_1')).toBe('yes from the service');
  });
});

describe('the end of a credential', () => {
  const at = (service: FakeService, milliseconds: number) => new Date(service.now() + milliseconds).toISOString();

  test('`X-Rekey-Expires` less `Date` less 1 s is the longest that an answer is kept', async () => {
    const { service, from, time } = await following();
    service.credential(KEY, { credentialId: 'key_1', expiresAt: at(service, 10_000) });
    // `Date` has whole seconds: the clock of the service is 0.5 s ahead of it.
    expect(await from()).toBe('yes from the service');
    await time.advance(9499);
    expect(await from()).toBe('yes from memory');
    await time.advance(1);
    expect(await from()).toBe('yes from the service');
  });

  test('counts from the moment at which the answer was asked for', async () => {
    const { service, from, time } = await following();
    service.credential(KEY, { credentialId: 'key_1', expiresAt: at(service, 10_000) });
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = from();
    await held.arrived;
    await time.advance(9500);
    held.open();
    await underWay;
    expect(await from()).toBe('yes from the service');
  });

  test.each([
    ['no `Date`', { date: '' }, '2026-12-01T13:00:00.000Z'],
    ['another text in `Date`', { date: 'now' }, '2026-12-01T13:00:00.000Z'],
    ['another text in `X-Rekey-Expires`', {}, 'tomorrow'],
    ['an end that has passed', {}, '2026-12-01T12:00:00.000Z'],
  ])('an answer with %s is not kept', async (_what, headers, expiresAt) => {
    const { service, from } = await following();
    service.credential(KEY, { credentialId: 'key_1', expiresAt });
    service.extraHeaders = headers as Record<string, string>;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
  });
});

describe('an event', () => {
  const TOKEN = accessToken({ jti: 'ses_1.b2f5', sub: USER });
  const DAEMON = 'rkd_daemon';
  const SIBLING = 'rkd_sibling';
  /** What each credential depends on. */
  const SUBJECTS: Record<string, [kind: string, credentialId: string, workspaceId?: string][]> = {
    [KEY]: [
      ['API_KEY', 'key_1'],
      ['USER', USER],
      ['WORKSPACE', WORKSPACE],
      ['WORKSPACE_MEMBER', USER, WORKSPACE],
    ],
    [TOKEN]: [
      ['SESSION', 'ses_1'],
      ['ACCESS_TOKEN', 'ses_1.b2f5'],
      ['USER', USER],
    ],
    [DAEMON]: [
      ['DAEMON_TOKEN', 'dmn_1'],
      ['DAEMON', 'host-1', WORKSPACE],
      ['WORKSPACE', WORKSPACE],
    ],
  };

  async function withAll() {
    const verifier = await following();
    const { service, from } = verifier;
    service.credential(TOKEN, { credentialId: 'ses_1', userId: USER });
    service.credential(DAEMON, { credentialId: 'dmn_1', workspaceId: WORKSPACE });
    service.credential(SIBLING, { credentialId: 'dmn_2', workspaceId: 'wsp_2' });
    for (const secret of [KEY, TOKEN, DAEMON, SIBLING]) {
      expect([await from(secret), await from(secret)]).toEqual(['yes from the service', 'yes from memory']);
    }
    return verifier;
  }

  test.each(Object.values(SUBJECTS).flat())(
    'of the kind %s about %s makes exactly the answers that depend on it be asked for again',
    async (kind, credentialId, workspaceId?: string) => {
      const { service, from } = await withAll();
      await service.append(kind, credentialId, { workspaceId });
      const isConcerned = (secret: string) =>
        SUBJECTS[secret]?.some(
          (subject) => subject[0] === kind && subject[1] === credentialId && subject[2] === workspaceId,
        );
      for (const secret of [KEY, TOKEN, DAEMON, SIBLING]) {
        expect(await from(secret)).toBe(isConcerned(secret) ? 'yes from the service' : 'yes from memory');
        // The new answer is as new as the event.
        expect(await from(secret)).toBe('yes from memory');
      }
    },
  );

  test.each([
    ['API_KEY', 'key_2'],
    ['USER', 'usr_2'],
    ['SESSION', 'ses_2'],
    ['ACCESS_TOKEN', 'ses_1.c3a6'],
    ['SIGNING_KEY', 'sgk_1'],
    ['WORKSPACE', 'wsp_3'],
    ['WORKSPACE_MEMBER', USER, 'wsp_2'],
    ['WORKSPACE_MEMBER', 'usr_2', WORKSPACE],
    ['DAEMON', 'host-1', 'wsp_3'],
  ])('of the kind %s about another subject changes nothing', async (kind, credentialId, workspaceId?: string) => {
    const { service, from } = await withAll();
    await service.append(kind, credentialId, { workspaceId });
    for (const secret of [KEY, TOKEN, DAEMON, SIBLING]) expect(await from(secret)).toBe('yes from memory');
  });

  test.each([
    ['ALL', '*', null],
    ['of a later version', 'x', null],
    ['WORKSPACE_MEMBER', USER, null],
    ['DAEMON', 'host-1', null],
    ['API_KEY', null, null],
  ])('%s, about %s, makes the verifier forget everything', async (kind, credentialId, workspaceId) => {
    const { service, from } = await withAll();
    await service.append(kind, credentialId as string, { workspaceId });
    for (const secret of [KEY, TOKEN, DAEMON, SIBLING]) {
      expect([await from(secret), await from(secret)]).toEqual(['yes from the service', 'yes from memory']);
    }
  });

  test('ALL is the new beginning: an answer that was under way is not kept', async () => {
    const { service, from } = await following();
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = from();
    await held.arrived;
    await service.append('ALL', '*');
    held.open();
    delete service.interference.verify;
    expect(await underWay).toBe('yes from the service');
    expect(await from()).toBe('yes from the service');
  });

  test('that arrives while an answer is under way makes the answer be asked for again', async () => {
    const { service, from } = await following();
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = from();
    await held.arrived;
    await service.revoke(KEY);
    held.open();
    delete service.interference.verify;
    // The service decided before the revocation.
    expect(await underWay).toBe('yes from the service');
    expect(await from()).toBe('no from the service');
  });

  test.each(['not-a-jwt', 'a.b', `a.${Buffer.from('{}').toString('base64url')}.c`, 'a.bm90IGpzb24.c'])(
    'may concern a session whose token cannot be read, so the answer about %j is not kept',
    async (secret) => {
      const { service, from } = await following();
      service.credential(secret, { credentialId: 'ses_1', userId: USER });
      expect([await from(secret), await from(secret)]).toEqual(['yes from the service', 'yes from the service']);
    },
  );

  test('may concern a daemon token of an unknown workspace, so the answer is not kept', async () => {
    const { service, from } = await following();
    service.credential(DAEMON, { credentialId: 'dmn_1' });
    expect([await from(DAEMON), await from(DAEMON)]).toEqual(['yes from the service', 'yes from the service']);
  });

  test('is remembered for 10 000 subjects; what is forgotten lifts the beginning', async () => {
    const { service, from, time } = await following({}, { replicas: 2, position: 0 });
    await service.append('API_KEY', 'key_1', { appliedBy: [0] }); // 1
    await time.advance(300);
    service.route.verify = 1; // at 0: before the event
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    for (let index = 0; index < 10_000; index++) await appendQuietly(service, `usr_${index}`); // 2 to 10 001
    await time.advance(5000);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    service.apply(1);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  const appendQuietly = (service: FakeService, userId: string) => {
    void service.append('USER', userId, { appliedBy: [0] });
  };
});

describe('the feed', () => {
  test('is polled from the first use on: the position first, then what came after it', async () => {
    const { service, time } = await following();
    await service.append('USER', 'usr_2');
    await time.advance(300);
    const urls = service.requests.poll.map(({ url }) => url.replace(URL_OF_SERVICE, ''));
    expect(urls.slice(0, 3)).toEqual([
      '/v1/revocations',
      '/v1/revocations?after=7&wait=250',
      '/v1/revocations?after=8&wait=250',
    ]);
    const { headers, redirect } = service.requests.poll[0]!;
    expect(headers.get('authorization')).toBe('Bearer rka_introspection');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(redirect).toBe('manual');
  });

  test('asks for the credential of the verifier before every poll', async () => {
    let rotation = 0;
    const { service, time } = await following({ credential: async () => `rka_${++rotation}` });
    await time.advance(300);
    const sent = service.requests.poll.map(({ headers }) => headers.get('authorization'));
    expect(sent.slice(0, 2)).toEqual(['Bearer rka_1', 'Bearer rka_2']);
  });

  test('shares one poll among many events', async () => {
    const { service, time } = await following();
    const before = service.requests.poll.length;
    for (let index = 0; index < 100; index++) {
      await service.append('USER', `usr_${index}`);
      await time.advance(1);
    }
    expect(service.requests.poll.length - before).toBeLessThan(10);
  });

  test('proves nothing while it has more: the verifier asks again first', async () => {
    const { service, from, time } = await following();
    await from();
    service.pageSize = 2;
    const held = gate();
    service.interference.poll = held.hold;
    for (let index = 0; index < 4; index++) await service.append('USER', `usr_${index}`);
    await service.revoke(KEY);
    await time.advance(1000);
    // From now on, each page arrives when the test lets it.
    const pages = [held.open];
    service.interference.poll = (answer) => {
      const page = gate();
      pages.push(page.open);
      return page.hold(answer, new Request(URL_OF_SERVICE));
    };
    for (let page = 0; page < 3; page++) {
      expect(pages).toHaveLength(page + 1);
      pages[page]!();
      await time.advance(50);
      expect(await from()).toBe('no from the service');
    }
    expect(service.requests.poll.at(-1)!.url).toContain('after=12&');
  });

  test.each<[string, Interference]>([
    ['is cut', UNREACHABLE],
    ['is silent', () => new Promise(() => undefined)],
    ['is delayed by 3 s', (answer) => delayed(answer, 3000)],
    ['answers with an error of a proxy', () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['answers with a page', () => new Response('<h1>Welcome</h1>')],
    ['answers with other JSON', () => Response.json(null)],
    ['has no lease', () => refusal(503, 'authentication_unavailable', { 'retry-after': '1' })],
    ['has too many connections', () => refusal(429, 'rate_limited', { 'retry-after': '5' })],
    ['rejects the credential', () => refusal(401, 'unauthenticated')],
    ['demands a scope', () => refusal(403, 'forbidden')],
    ['is answered by a cache', (answer) => (cached ??= answer()).clone()],
  ])('that %s lets the verifier ask the service every time, from 1 s on', async (_what, interference) => {
    const { service, from, time } = await following();
    service.credential('rka_2', { credentialId: 'key_2' });
    expect([await from(), await from('rka_2')]).toEqual(['yes from the service', 'yes from the service']);
    clock = time;
    service.interference.poll = interference;
    await service.revoke(KEY);
    await time.advance(1000);
    expect(await from()).toBe('no from the service');
    for (let second = 0; second < 10; second++) {
      expect(await from('rka_2')).toBe('yes from the service');
      await time.advance(1000);
    }
    // It works again without a restart, and has missed nothing.
    delete service.interference.poll;
    let seconds = 0;
    while ((await from('rka_2')) !== 'yes from memory' && seconds++ < 40) await time.advance(1000);
    expect(seconds).toBeLessThanOrEqual(31);
    expect(await from()).toBe('no from the service');
  });

  let clock: VirtualTime;
  const delayed = async (answer: () => Response, milliseconds: number) => {
    await clock.pause(milliseconds);
    return answer();
  };
  let cached: Response | undefined;

  test('is trusted for 1 s from the moment at which the poll was sent, not from its answer', async () => {
    const { service, from, time } = await following();
    await from();
    const lastPoll = service.requests.poll.length;
    clock = time;
    service.interference.poll = (answer) => delayed(answer, 800);
    await time.advance(250); // The poll that waits is answered as before.
    const sentAt: number[] = [];
    service.interference.poll = (answer) => {
      sentAt.push(time.monotonic());
      return delayed(answer, 800);
    };
    await time.advance(2000);
    expect(service.requests.poll.length).toBeGreaterThan(lastPoll);
    // Each poll waits 250 ms at the service and travels for 800 ms, so its answer is older than 1 s when it arrives.
    expect(await from()).toBe('yes from the service');
  });

  test.each<[string, object]>([
    ['goes back', { position: '6', events: [], more: false, view: 'all' }],
    ['repeats an event', { position: '8', events: [event(7)], more: false, view: 'all' }],
    ['mixes up the order', { position: '9', events: [event(9), event(8)], more: false, view: 'all' }],
    ['has an event beyond its position', { position: '8', events: [event(8), event(9)], more: false, view: 'all' }],
    ['has an event without a sequence', { position: '8', events: [{ kind: 'USER' }], more: false, view: 'all' }],
    ['has no position', { events: [], more: false, view: 'all' }],
    ['has a number as its position', { position: 7, events: [], more: false, view: 'all' }],
    ['has no events', { position: '7', more: false, view: 'all' }],
    ['does not say whether there is more', { position: '7', events: [], view: 'all' }],
  ])('that %s, as when it is replayed, is not trusted', async (_what, body) => {
    const { service, from, time } = await following();
    await from();
    const before = service.requests.poll.length;
    service.interference.poll = () => Response.json(body);
    await time.advance(1300);
    expect(await from()).toBe('yes from the service');
    await time.advance(1000);
    expect(await from()).toBe('yes from the service');
    // The verifier goes on from where it was.
    for (const { url } of service.requests.poll.slice(before)) expect(url).toContain('after=7&');
    delete service.interference.poll;
    await time.advance(5000);
    expect(await from()).toBe('yes from memory');
  });

  test.each<[string, object]>([
    ['has events', { position: '7', events: [event(7)], more: false, view: 'all' }],
    ['has more', { position: '7', events: [], more: true, view: 'all' }],
  ])('that begins with an answer that %s is not trusted', async (_what, body) => {
    const { service, from, time } = await following({ maxEntries: 1 });
    service.trimmedBefore = 8; // The verifier starts again.
    service.interference.poll = (answer, { url }) => (url.includes('after') ? answer() : Response.json(body));
    await time.advance(1300);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
  });

  test('that replays an earlier answer is not trusted, even if the answer fits', async () => {
    const { service, from, time } = await following();
    await from();
    const answers: Response[] = [];
    service.interference.poll = (answer) => {
      answers.push(answer().clone());
      return answer();
    };
    await time.advance(300); // An answer to `after=7` without an event.
    service.interference.poll = () => answers[0]!.clone();
    await service.revoke(KEY);
    await time.advance(1000);
    expect(await from()).toBe('no from the service');
  });

  test('is trusted without `X-Request-Id`, which the script of a browser cannot read', async () => {
    const { service, from, time } = await following();
    service.interference.poll = (answer) => {
      const response = answer();
      response.headers.delete('x-request-id');
      return response;
    };
    await time.advance(2000);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  test.each([
    ['the log does not reach back (410)', (service: FakeService) => service.trimLog(9)],
    ['the log was replaced by an earlier one (400)', (service: FakeService) => service.restoreLog(5)],
  ])('starts again if %s: everything is forgotten, answers under way included', async (_why, change) => {
    const { service, from, time, errors } = await following();
    service.credential('rka_2', { credentialId: 'key_2' });
    expect(await from('rka_2')).toBe('yes from the service');
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = from();
    await held.arrived;
    delete service.interference.verify;
    change(service);
    await time.advance(1000);
    const polls = service.requests.poll.map(({ url }) => url.replace(URL_OF_SERVICE, ''));
    expect(polls.filter((path) => path === '/v1/revocations')).toHaveLength(2);
    held.open();
    expect(await underWay).toBe('yes from the service');
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
    expect([await from('rka_2'), await from('rka_2')]).toEqual(['yes from the service', 'yes from memory']);
    expect(errors).toEqual([]);
  });

  test.each(['user', 'workspace', undefined])(
    'of the view %s is not complete: the verifier keeps nothing and says why',
    async (view) => {
      const { service, from, time, errors } = await following();
      expect(await from()).toBe('yes from the service');
      service.view = view as string;
      await time.advance(300);
      expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
      expect(errors).toMatchObject([{ code: 'FORBIDDEN', message: expect.stringContaining('INTROSPECT') }]);
      const polls = service.requests.poll.length;
      await time.advance(29_000);
      await from();
      expect(service.requests.poll.length).toBe(polls);
      service.view = 'all';
      await time.advance(2000);
      expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
    },
  );

  test('is polled less often while it fails, and as often as the service asks', async () => {
    const { service, from, time } = await following();
    service.interference.poll = UNREACHABLE;
    await time.advance(300);
    const countIn = async (milliseconds: number) => {
      const before = service.requests.poll.length;
      await time.advance(milliseconds);
      return service.requests.poll.length - before;
    };
    expect(await countIn(5000)).toBeLessThanOrEqual(5);
    await from();
    expect(await countIn(15_000)).toBeLessThanOrEqual(4);
    await from();
    service.interference.poll = () => refusal(503, 'authentication_unavailable', { 'retry-after': '20' });
    await time.advance(5000);
    expect(await countIn(19_000)).toBe(0);
  });

  test('that fails is reported once, until it works again', async () => {
    const { service, from, time, errors } = await following();
    for (const _round of [1, 2]) {
      service.interference.poll = UNREACHABLE;
      await time.advance(10_000);
      await from();
      delete service.interference.poll;
      await time.advance(6000);
      await from();
    }
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ name: 'RekeyError', code: 'AUTHENTICATION_UNAVAILABLE' });
    expect(errors[0]!.cause).toBeInstanceOf(TypeError);
  });

  test('fails if `credential` throws, and the verifier asks the service every time', async () => {
    const credential = () => Promise.reject(new Error('The vault is sealed.'));
    const { from, errors, service } = await following({ credential });
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    expect(errors[0]!.cause).toMatchObject({ message: 'The vault is sealed.' });
    expect(service.requests.poll).toHaveLength(0);
  });
});

/** An event of the feed about another user. */
function event(sequence: number) {
  return { sequence: `${sequence}`, kind: 'USER', credentialId: 'usr_2', workspaceId: null };
}

describe('several replicas behind a load balancer', () => {
  test('a replica that is behind cannot bring a revoked key back', async () => {
    const { service, from, time } = await following({}, { replicas: 2, position: 7 });
    await service.revoke(KEY, { appliedBy: [0] });
    await time.advance(300);
    service.route.verify = 1;
    // The revocation has not been answered yet: the other replica accepts the key, and its answer is not kept.
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    service.apply(1);
    expect(await from()).toBe('no from the service');
  });

  test('an answer of a replica that is behind is kept if nothing concerns it', async () => {
    const { service, from, time } = await following({}, { replicas: 2, position: 7 });
    await service.append('USER', 'usr_2', { appliedBy: [0] });
    await time.advance(300);
    service.route.verify = 1;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  test('an answer of a replica that is ahead of the feed survives the events that it knew', async () => {
    const { service, from, time } = await following({}, { replicas: 2, position: 7 });
    await service.append('USER', USER, { appliedBy: [1] });
    service.route.verify = 1;
    expect(await from()).toBe('yes from the service');
    service.apply(0);
    await time.advance(300);
    expect(await from()).toBe('yes from memory');
  });

  test('polls that reach different replicas miss nothing and repeat nothing', async () => {
    const { service, from, time, errors } = await following({}, { replicas: 2, position: 7 });
    await from();
    for (let round = 0; round < 10; round++) {
      service.route.poll = round % 2;
      await service.append('USER', `usr_another_${round}`, { appliedBy: [round % 2] });
      await time.advance(300);
    }
    expect(await from()).toBe('yes from memory');
    service.route.poll = 0;
    await time.advance(300);
    await service.revoke(KEY, { appliedBy: [0] });
    service.route.poll = 1; // Behind, until the first poll that names a later position.
    await time.advance(1000);
    expect(await from()).toBe('no from the service');
    expect(errors).toEqual([]);
  });
});

describe('the life of a verifier', () => {
  test('it polls nothing before its first use', async () => {
    const time = new VirtualTime();
    const service = new FakeService(time);
    verifierOf({ url: URL_OF_SERVICE, credential: 'rka_introspection' }, { ...time, fetch: service.fetch });
    await time.advance(60_000);
    expect(service.requests.poll).toHaveLength(0);
  });

  test('it stops polling after 30 s without use, forgets everything and begins again with the next use', async () => {
    const { service, from, time } = await following();
    await from();
    await time.advance(29_000);
    expect(await from()).toBe('yes from memory');
    await time.advance(31_000);
    const polls = service.requests.poll.length;
    expect(time.waiting).toBe(0);
    await time.advance(600_000);
    expect(service.requests.poll.length).toBe(polls);
    await service.revoke(KEY);
    expect(await from()).toBe('no from the service');
    await settle();
    expect(service.requests.poll.at(-1)!.url).toBe(`${URL_OF_SERVICE}/v1/revocations`);
  });

  test('`close` ends the poll that waits and all timers; later calls ask the service every time', async () => {
    const { service, from, verify, time, errors } = await following();
    await from();
    verify.close();
    await settle();
    expect(service.requests.poll.at(-1)!.signal.aborted).toBe(true);
    expect(time.waiting).toBe(0);
    const polls = service.requests.poll.length;
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    await time.advance(60_000);
    expect(service.requests.poll.length).toBe(polls);
    expect(errors).toEqual([]);
    verify.close();
  });

  test('`close` while an answer is under way: the answer counts and is not kept', async () => {
    const { service, from, verify } = await following();
    const held = gate();
    service.interference.verify = held.hold;
    const underWay = from();
    await held.arrived;
    verify.close();
    held.open();
    expect(await underWay).toBe('yes from the service');
    expect(await from()).toBe('yes from the service');
  });
});
