// Which answers a verifier keeps, and for how long.
import { describe, expect, test } from 'vitest';
import { verifierOf } from '../../src/client/verifier.ts';
import { FakeService, gate } from './support/fake-service.ts';
import { following, KEY, URL_OF_SERVICE, USER, WORKSPACE } from './support/following.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

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
