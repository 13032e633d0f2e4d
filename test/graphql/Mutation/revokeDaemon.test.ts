import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, backends, type TestApp } from '../../support/app.ts';
import type { Caller } from '../../support/calls.ts';
import { eventsOf } from '../../support/sessions.ts';
import { times } from '../../support/values.ts';

const UNKNOWN = 'wsp_00000000000000000000000000';

describe.each(backends())('revokeDaemon on $name', ({ start }) => {
  let app: TestApp;
  let member: Account;
  let workspaceId: string;
  let daemonId: string;
  let named = 0;
  beforeAll(async () => {
    app = await start();
    member = await app.member();
    workspaceId = await app.workspace(member);
  });
  afterAll(() => app.close());

  const revoke = (caller: Caller, input: object = {}) =>
    app.as(caller).revokeDaemon({ workspaceId, daemonId, ...input });
  const token = (input: object = {}, of = workspaceId) => app.daemonToken(member, of, { daemonId, ...input });
  const acceptance = (tokens: { secret: string }[]) => Promise.all(tokens.map(({ secret }) => app.accepts(secret)));
  const logSince = async (before: number) =>
    (await app.sql('select tag from auth_inval where seq > ? order by seq', [before])).map(({ tag }) => tag);
  const endOfLog = async () => Number((await app.sql('select seq::float8 as seq from auth_epoch'))[0].seq);
  const aDaemon = () => {
    daemonId = `host-${++named}`;
  };

  describe('RevokeDaemonSuccess', () => {
    test('F1.14: all tokens of the daemon are rejected before the response, with one row in the log', async () => {
      aDaemon();
      const tokens = await Promise.all(times(5, () => token()));
      const other = await app.daemonToken(member, workspaceId, { daemonId: `${daemonId}-other` });
      const elsewhere = await token({}, await app.workspace(member));
      expect(await acceptance([...tokens, other, elsewhere])).toEqual(times(7, () => true));
      const before = await endOfLog();
      const { revokedCount, receipt } = await revoke(member, { reason: 'COMPROMISED' }).expectSuccess();
      expect(await acceptance([...tokens, other, elsewhere])).toEqual([...times(5, () => false), true, true]);
      expect(await logSince(before)).toEqual([`daemon:${workspaceId}:${daemonId}`]);
      expect(revokedCount).toBe(5);
      expect(receipt).toMatchObject({ propagation: 'ACKNOWLEDGED', sequence: String(before + 1) });
      const { nodes } = await app.as(member).daemonTokens({ workspaceId });
      const listed = nodes.filter((node) => node.daemonId === daemonId);
      expect(listed).toHaveLength(5);
      for (const node of listed) {
        expect(node).toMatchObject({
          status: 'REVOKED',
          revocationReason: 'COMPROMISED',
          revokedAt: expect.any(String),
        });
      }
    });

    test('tokens that are created later are valid, and the earlier ones stay revoked', async () => {
      aDaemon();
      const early = await token();
      const first = await revoke(member, { reason: 'COMPROMISED' }).expectSuccess();
      const late = await token();
      expect(await acceptance([early, late])).toEqual([false, true]);
      expect((await revoke(member, { reason: 'REMOVED' }).expectSuccess()).revokedCount).toBe(1);
      const last = await token();
      expect(await acceptance([early, late, last])).toEqual([false, false, true]);
      const { nodes } = await app.as(member).daemonTokens({ workspaceId, first: 3 });
      expect(nodes.map((node) => [node.id, node.revocationReason])).toEqual([
        [last.id, null],
        [late.id, 'REMOVED'],
        [early.id, 'COMPROMISED'],
      ]);
      expect(first.revokedCount).toBe(1);
    });

    test('a second revocation revokes none, changes nothing, and returns the receipt of the first', async () => {
      aDaemon();
      await token();
      const first = await revoke(member).expectSuccess();
      const before = await endOfLog();
      const second = await revoke(member, { reason: 'ADMINISTRATIVE' }).expectSuccess();
      expect(second.revokedCount).toBe(0);
      expect(second.receipt.committedAt).toBe(first.receipt.committedAt);
      expect(await logSince(before)).toEqual([]);
      expect((await eventsOf(app, daemonId)).filter((type) => type === 'daemon.revoked')).toHaveLength(1);
    });

    test('the same text in another spelling names the same daemon, and lower case another one', async () => {
      daemonId = 'Gr\u00f6\u00dfe';
      const composed = await token();
      const decomposed = await token({ daemonId: ' Gro\u0308\u00dfe ' });
      const lowerCase = await token({ daemonId: 'gr\u00f6\u00dfe' });
      expect((await revoke(member, { daemonId: 'Gro\u0308\u00dfe\n' }).expectSuccess()).revokedCount).toBe(2);
      expect(await acceptance([composed, decomposed, lowerCase])).toEqual([false, false, true]);
    });

    test('an unknown daemon has no tokens to revoke', async () => {
      aDaemon();
      const before = await endOfLog();
      const { revokedCount, receipt } = await revoke(member).expectSuccess();
      expect([revokedCount, receipt.propagation]).toEqual([0, 'ACKNOWLEDGED']);
      expect(await logSince(before)).toEqual([]);
    });

    test('only active tokens are counted', async () => {
      aDaemon();
      const [, revoked, expired] = [await token(), await token(), await token()];
      await app.as(member).revokeDaemonToken({ daemonTokenId: revoked.id }).expectSuccess();
      await app.sql('update daemon_tokens set expires_at = now() where id = ?', [expired.id]);
      expect((await revoke(member).expectSuccess()).revokedCount).toBe(1);
    });

    test('a daemon may deregister itself, and one row in plain SQL does the same', async () => {
      aDaemon();
      const tokens = [await token({ scopes: ['DAEMON_TOKENS_WRITE'] }), await token()];
      expect((await revoke(tokens[0]!).expectSuccess()).revokedCount).toBe(2);
      expect(await acceptance(tokens)).toEqual([false, false]);
      aDaemon();
      const more = [await token(), await token()];
      expect(await acceptance(more)).toEqual([true, true]);
      await app.sql('update daemons set revoked_at = now() where workspace_id = ? and daemon_id = ?', [
        workspaceId,
        daemonId,
      ]);
      await expect.poll(() => acceptance(more)).toEqual([false, false]);
    });

    test('revocations and creations at the same time: what was created before an answer is revoked with it', async () => {
      aDaemon();
      for (let round = 0; round < 3; round++) {
        const before = [await token({ scopes: ['DAEMON_TOKENS_WRITE'] }), await token()];
        const callers: Caller[] = [member, await app.admin(), before[0]!];
        const creating = times(4, () => token());
        const counts = await Promise.all(
          callers.map(async (caller) => {
            const { errors, data } = await revoke(caller).answer();
            // The daemon itself may be revoked by another caller first.
            return errors ? 0 : data.revokeDaemon.revokedCount;
          }),
        );
        expect(await acceptance(before)).toEqual([false, false]);
        const made = await Promise.all(creating);
        const alive = (await acceptance(made)).filter((accepted) => accepted).length;
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(before.length + made.length - alive);
        await revoke(member).expectSuccess();
      }
    });
  });

  describe('WorkspaceNotFoundError', () => {
    test('a workspace of other users is not found, in the same words as one that does not exist', async () => {
      aDaemon();
      const mine = await token();
      const outsider = await app.member();
      const other = await app.workspace(member);
      const bound = await app.apiKey(member, { workspaceId: other, scopes: ['DAEMON_TOKENS_WRITE'] });
      const daemon = await app.daemonToken(member, other, { scopes: ['DAEMON_TOKENS_WRITE'], daemonId });
      const messages = new Set<string>();
      for (const caller of [outsider, bound, daemon]) {
        messages.add((await revoke(caller).expect('WorkspaceNotFoundError')).message);
      }
      messages.add((await revoke(member, { workspaceId: UNKNOWN }).expect('WorkspaceNotFoundError')).message);
      expect(messages.size).toBe(1);
      expect(await app.accepts(mine.secret)).toBe(true);
    });
  });

  test('a credential without the scope DAEMON_TOKENS_WRITE deregisters none', async () => {
    aDaemon();
    const daemon = await token();
    await revoke(daemon).expectError('FORBIDDEN');
    await revoke({}).expectError('UNAUTHENTICATED');
    expect(await app.accepts(daemon.secret)).toBe(true);
  });
});
