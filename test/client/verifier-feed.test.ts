// How a verifier polls, and what it makes of a feed that is broken, slow or not complete.
import { describe, expect, test } from 'vitest';
import { type FakeService, gate, type Interference, refusal, UNREACHABLE } from './support/fake-service.ts';
import { following, KEY, URL_OF_SERVICE } from './support/following.ts';
import { settle, type VirtualTime } from './support/virtual-time.ts';

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
    const sent = service.requests.poll.length;
    const held = gate();
    service.interference.poll = held.hold;
    const sentAt = time.monotonic() - 75; // The poll that waits at the service.
    await time.advance(250);
    expect(service.requests.poll.length).toBe(sent);
    service.interference.poll = UNREACHABLE;
    await time.advance(200);
    held.open(); // late
    await time.advance(sentAt + 999 - time.monotonic());
    expect(await from()).toBe('yes from memory');
    await time.advance(1);
    expect(await from()).toBe('yes from the service');
  });

  test('that is cut into pages continues after the last event of a page, whatever its position says', async () => {
    const { service, time } = await following();
    const event = { sequence: '8', kind: 'USER', credentialId: 'usr_2', workspaceId: null };
    service.interference.poll = () => Response.json({ position: '9', events: [event], more: true, view: 'all' });
    await time.advance(300);
    expect(service.requests.poll.at(-1)!.url).toContain('after=8&');
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

  test('that fails after a restart of following is reported', async () => {
    const { service, time, errors } = await following();
    service.trimLog(9);
    await time.advance(300); // The poll that finds that the log does not reach back.
    service.interference.poll = UNREACHABLE;
    await time.advance(10_000);
    expect(errors).toMatchObject([{ code: 'AUTHENTICATION_UNAVAILABLE' }]);
  });

  test('fails if `credential` never settles, is tried again, and ends with `close`', async () => {
    const pending: ((secret: string) => void)[] = [];
    const credential = () => new Promise<string>((resolve) => pending.push(resolve));
    const { verify, from, errors, service, time } = await following({ credential });
    await time.advance(6000);
    expect(errors).toMatchObject([{ code: 'AUTHENTICATION_UNAVAILABLE' }]);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    pending[1]!('rka_introspection');
    await time.advance(100);
    expect(service.requests.poll).toHaveLength(1);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
    verify.close();
    await settle();
    expect(time.waiting).toBe(0);
  });

  test('fails if `fetch` ignores its signal and never settles, is tried again, and ends with `close`', async () => {
    const { verify, from, errors, time, network } = await following();
    const { fetch } = network;
    network.fetch = () => new Promise(() => undefined);
    await time.advance(6000);
    expect(errors).toMatchObject([{ code: 'AUTHENTICATION_UNAVAILABLE' }]);
    network.fetch = fetch;
    await time.advance(6000);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
    network.fetch = () => new Promise(() => undefined);
    await time.advance(1000);
    verify.close();
    await settle();
    expect(time.waiting).toBe(0);
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
