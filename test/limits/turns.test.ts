// Who shares the places for changes and for revocations. How they take turns is in fair-queue.test.ts.
import { describe, expect, test } from 'vitest';
import type { Principal } from '../../src/identity/principal.ts';
import { Turns } from '../../src/limits/turns.ts';

const AT_ONCE = 6;

const credential = (userId: string | null, credentialId: string) => ({ userId, credentialId }) as Principal;

describe.each(['change', 'revocation'] as const)('the places of every %s', (kind) => {
  /** Starts work that does not end, for each caller in turn, and returns whose work has started. */
  async function startedOf(callers: [principal: Principal | null, address: string][]): Promise<string[]> {
    const turns = new Turns({ changesAtOnce: AT_ONCE, revocationsAtOnce: AT_ONCE, longestWaitMs: 60_000 });
    const started: string[] = [];
    for (const [principal, address] of callers) {
      const work = () => {
        started.push(principal?.credentialId ?? address);
        return new Promise<never>(() => undefined);
      };
      turns[kind](principal, address)(work).catch(() => undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
    return started;
  }
  const times = <T>(count: number, caller: T) => Array.from({ length: count }, () => caller);
  const countOf = (started: string[], ...names: string[]) => started.filter((name) => names.includes(name)).length;

  test('a user takes at most half of them, with any number of credentials', async () => {
    const flood = ['key_1', 'key_2', 'key_3'].flatMap((id) =>
      times(AT_ONCE, [credential('usr_busy', id), '192.0.2.1'] as [Principal, string]),
    );
    const started = await startedOf([...flood, [credential('usr_quiet', 'key_quiet'), '192.0.2.1']]);
    expect(countOf(started, 'key_1', 'key_2', 'key_3')).toBe(AT_ONCE / 2);
    expect(countOf(started, 'key_quiet')).toBe(1);
  });

  test('one credential leaves a place for the others of its user', async () => {
    const flood = times(AT_ONCE, [credential('usr_busy', 'key_stolen'), '192.0.2.1'] as [Principal, string]);
    const started = await startedOf([...flood, [credential('usr_busy', 'key_other'), '192.0.2.2']]);
    expect(countOf(started, 'key_stolen')).toBe(AT_ONCE / 2 - 1);
    expect(countOf(started, 'key_other')).toBe(1);
  });

  test('without a credential, the addresses of one network take at most half of them', async () => {
    const network = Array.from({ length: AT_ONCE }, (_, index): [null, string] => [null, `2001:db8::${index}`]);
    const started = await startedOf([...network, [null, '192.0.2.1'], [credential('usr_quiet', 'key_quiet'), '::1']]);
    expect(started.filter((name) => name.startsWith('2001:')).length).toBe(AT_ONCE / 2 - 1);
    expect(countOf(started, '192.0.2.1', 'key_quiet')).toBe(2);
  });

  test('a credential without a user takes at most half of them', async () => {
    const flood = times(AT_ONCE, [credential(null, 'key_1'), '192.0.2.1'] as [Principal, string]);
    const started = await startedOf([...flood, [credential(null, 'key_2'), '192.0.2.1']]);
    expect(countOf(started, 'key_1')).toBeLessThanOrEqual(AT_ONCE / 2);
    expect(countOf(started, 'key_2')).toBe(1);
  });
});

test('changes and revocations have places of their own', async () => {
  const turns = new Turns({ changesAtOnce: 1, revocationsAtOnce: 1, longestWaitMs: 100 });
  const forever = () => new Promise<never>(() => undefined);
  turns
    .change(
      credential('usr_1', 'key_1'),
      null,
    )(forever)
    .catch(() => undefined);
  await expect(turns.revocation(credential('usr_1', 'key_1'), null)(async () => 'revoked')).resolves.toBe('revoked');
});
