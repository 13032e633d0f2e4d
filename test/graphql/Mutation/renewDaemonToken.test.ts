import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import { eventsOf } from '../../support/sessions.ts';
import { inSeconds, times } from '../../support/values.ts';

describe.each(backends())('renewDaemonToken on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const renew = (token: { secret: string }) => app.as(token).renewDaemonToken();
  /** Moves all times of a token into the past by so many seconds. */
  async function later({ id }: { id: string }, seconds: number): Promise<void> {
    const columns = ['created_at', 'first_expires_at', 'renewed_at', 'expires_at'];
    const moved = columns.map((column) => `${column} = ${column} - make_interval(secs => ${seconds})`).join(', ');
    await app.sql(`update daemon_tokens set ${moved} where id = ?`, [id]);
    await app.app.replica.sync();
  }
  const endOfLog = async () => Number((await app.sql('select seq::float8 as seq from auth_epoch'))[0].seq);
  const millisecondsUntil = (moment: string | null | undefined) => new Date(moment!).getTime() - Date.now();

  describe('RenewDaemonTokenSuccess', () => {
    test('in the last quarter the new end is the first lifetime from now, and the secret stays', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(4000) });
      await later(token, 3100);
      const { daemonToken } = await renew(token).expectSuccess();
      expect(daemonToken).toMatchObject({ id: token.id, status: 'ACTIVE', renewedAt: expect.any(String) });
      expect(Math.abs(millisecondsUntil(daemonToken.renewedAt))).toBeLessThan(20_000);
      const lifetime = new Date(daemonToken.expiresAt!).getTime() - new Date(daemonToken.renewedAt!).getTime();
      expect(Math.round(lifetime / 10_000)).toBe(400);
      expect(await app.accepts(token.secret)).toBe(true);
      const { nodes } = await app.as(member).daemonTokens({ workspaceId, first: 1 });
      expect(nodes[0]).toMatchObject({ id: token.id, expiresAt: daemonToken.expiresAt });
    });

    test('as often as the daemon likes, one after another', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(4000) });
      for (let turn = 0; turn < 4; turn++) {
        await later(token, 3500);
        await renew(token).expectSuccess();
        await renew(token).expect('TooEarlyToRenewError');
      }
      expect((await eventsOf(app, token.id)).filter((type) => type === 'daemon-token.renewed')).toHaveLength(4);
    });

    test('it needs no scope, and appends no row to the log', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(4000), scopes: [] });
      await later(token, 3500);
      const before = await endOfLog();
      await renew(token).expectSuccess();
      expect(await endOfLog()).toBe(before);
    });

    test('of eight at once exactly one extends, and all return the new end', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(4000) });
      await later(token, 3500);
      const results = await Promise.all(times(8, () => renew(token)));
      const renewed = results.filter((result) => result.__typename === 'RenewDaemonTokenSuccess');
      const early = results.filter((result) => result.__typename === 'TooEarlyToRenewError');
      expect([renewed.length, early.length]).toEqual([1, 7]);
      const end = renewed[0]!.daemonToken.expiresAt;
      expect(new Set(early.map(({ expiresAt }) => expiresAt))).toEqual(new Set([end]));
      expect(Math.round(millisecondsUntil(end) / 100_000)).toBe(40);
      expect((await eventsOf(app, token.id)).filter((type) => type === 'daemon-token.renewed')).toHaveLength(1);
    });
  });

  describe('TooEarlyToRenewError', () => {
    test('before the last quarter it says from when on, and the token stays as it is', async () => {
      const expiresAt = inSeconds(4000);
      const token = await app.daemonToken(member, workspaceId, { expiresAt });
      const error = await renew(token).expect('TooEarlyToRenewError');
      expect(error.expiresAt).toBe(expiresAt);
      expect(Math.round(millisecondsUntil(error.renewableAt) / 10_000)).toBe(300);
      const { nodes } = await app.as(member).daemonTokens({ workspaceId, first: 1 });
      expect(nodes[0]).toMatchObject({ id: token.id, expiresAt, renewedAt: null });
    });
  });

  describe('MaximumAgeReachedError', () => {
    const limit = (maximumLifetimeSeconds?: number) =>
      app
        .as(member)
        .setCredentialPolicy({ workspaceId, ...(maximumLifetimeSeconds && { maximumLifetimeSeconds }) })
        .expectSuccess();

    test('a policy bounds all renewals together, and the last one ends where the policy ends', async () => {
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(4000) });
      await limit(6000);
      const created = async () =>
        Date.parse((await app.as(member).daemonTokens({ workspaceId, first: 1 })).nodes[0]!.createdAt);
      await later(token, 3500);
      const { daemonToken } = await renew(token).expectSuccess();
      const end = new Date((await created()) + 6_000_000).toISOString();
      expect(daemonToken.expiresAt).toBe(end);
      await later(token, 2000);
      const refused = await renew(token).expect('MaximumAgeReachedError');
      expect(refused.expiresAt).toBe(new Date((await created()) + 6_000_000).toISOString());
      expect(await app.accepts(token.secret)).toBe(true);
      expect((await eventsOf(app, token.id)).filter((type) => type === 'daemon-token.renewed')).toHaveLength(1);
      await limit();
      await renew(token).expectSuccess();
    });

    test('a policy that is older than the token bounds its renewals, too', async () => {
      await limit(4000);
      const token = await app.daemonToken(member, workspaceId, { expiresAt: inSeconds(3999) });
      await later(token, 3500);
      const { daemonToken } = await renew(token).expectSuccess();
      expect(millisecondsUntil(daemonToken.expiresAt)).toBeLessThan(501_000);
      await later(token, 400);
      await renew(token).expect('MaximumAgeReachedError');
      await limit();
    });
  });

  describe('NotADaemonTokenError', () => {
    test('a session and an API key cannot renew themselves', async () => {
      const key = await app.apiKey(member, { workspaceId, scopes: ['DAEMON_TOKENS_WRITE'] });
      await app.as(member).renewDaemonToken().expect('NotADaemonTokenError');
      await app.as(key).renewDaemonToken().expect('NotADaemonTokenError');
    });
  });

  test('F1.12: a token that is revoked, alone or with its daemon, or has expired never renews', async () => {
    const tokens = [];
    for (const daemonId of ['revoked', 'with its daemon', 'expired']) {
      tokens.push(await app.daemonToken(member, workspaceId, { daemonId, expiresAt: inSeconds(4000) }));
    }
    const [revoked, withDaemon, expired] = tokens as [(typeof tokens)[0], (typeof tokens)[0], (typeof tokens)[0]];
    for (const token of tokens) await later(token, 3500);
    await app.as(member).revokeDaemonToken({ daemonTokenId: revoked.id }).expectSuccess();
    await app.as(member).revokeDaemon({ workspaceId, daemonId: 'with its daemon' }).expectSuccess();
    await later(expired, 500);
    for (const token of [revoked, withDaemon, expired]) {
      expect((await renew(token).expectError('UNAUTHENTICATED')).status).toBe(401);
      expect(await eventsOf(app, token.id)).not.toContain('daemon-token.renewed');
    }
  });

  test('a renewal that a revocation overtakes fails, whichever of the two is first', async () => {
    for (let round = 0; round < 4; round++) {
      const daemonId = `race ${round}`;
      const token = await app.daemonToken(member, workspaceId, { daemonId, expiresAt: inSeconds(4000) });
      await later(token, 3500);
      const renewals = times(4, () => renew(token).answer());
      await (round % 2
        ? app.as(member).revokeDaemon({ workspaceId, daemonId }).expectSuccess()
        : app.as(member).revokeDaemonToken({ daemonTokenId: token.id }).expectSuccess());
      expect(await app.accepts(token.secret)).toBe(false);
      for (const { status } of await Promise.all(renewals)) expect([200, 401]).toContain(status);
      expect(await app.accepts(token.secret)).toBe(false);
      await renew(token).expectError('UNAUTHENTICATED');
    }
  });

  test('without a credential it is refused', async () => {
    await app.as().renewDaemonToken().expectError('UNAUTHENTICATED');
  });
});
