// What an event means for the answers that a verifier keeps, with one replica and with several.
import { describe, expect, test } from 'vitest';
import { type FakeService, gate } from './support/fake-service.ts';
import { following, KEY, USER, WORKSPACE } from './support/following.ts';

/** An access token as far as the verifier reads it. */
const accessToken = (claims: object) =>
  `eyJhbGciOiJFZERTQSJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;

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
    for (let index = 0; index < 10_000; index++) await appendQuietly(service, `usr_another_${index}`); // 2 to 10 001
    await time.advance(5000);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from the service']);
    service.apply(1);
    expect([await from(), await from()]).toEqual(['yes from the service', 'yes from memory']);
  });

  const appendQuietly = (service: FakeService, userId: string) => {
    void service.append('USER', userId, { appliedBy: [0] });
  };
});

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
