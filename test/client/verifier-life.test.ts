// When a verifier polls, and when it does not.
import { describe, expect, test } from 'vitest';
import { verifierOf } from '../../src/client/verifier.ts';
import { FakeService, gate } from './support/fake-service.ts';
import { following, KEY, URL_OF_SERVICE } from './support/following.ts';
import { settle, VirtualTime } from './support/virtual-time.ts';

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

  test('`close` while a poll is under way whose `fetch` cannot be aborted: its answer begins nothing', async () => {
    const time = new VirtualTime();
    const service = new FakeService(time);
    service.credential(KEY, { credentialId: 'key_1' });
    const fetch: typeof globalThis.fetch = (input, init) => service.fetch(input, { ...init, signal: undefined });
    const runtime = { fetch, monotonic: time.monotonic, pause: time.pause };
    const verify = verifierOf({ url: URL_OF_SERVICE, credential: 'rka_introspection' }, runtime);
    const held = gate();
    service.interference.poll = held.hold;
    await verify(KEY);
    await held.arrived;
    verify.close();
    held.open();
    await settle();
    for (let use = 0; use < 3; use++) await verify(KEY);
    expect(service.verifications).toBe(4);
  });
});
