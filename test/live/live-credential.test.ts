// When a credential of live connections is read again, and what its connections learn.
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { AcceptedCredential } from '../../src/credentials/cached-credential.ts';
import { credentialRefused, signatureOfAnotherWorkspace, unavailable } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { Scope } from '../../src/identity/scope.ts';
import { type Holder, LiveCredentials } from '../../src/live/live-credential.ts';
import type { LiveEnd } from '../../src/live/live-end.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { silentLogger } from '../support/loggers.ts';
import { until } from '../support/until.ts';
import { times } from '../support/values.ts';

const REQUEST = { headers: {}, rawHeaders: [] };
const [MINUTE, HOUR] = [60_000, 3_600_000];

let feed: InvalidationFeed;
/** The time of the database. */
let now: number;
let lease: number;
/** The position after which an entry is current, by tag. */
let invalidated: Map<string, number>;
let end: number;
/** What a read of the database returns now: a credential, null, or an error. */
let database: () => AcceptedCredential | null | Promise<AcceptedCredential | null>;
let reads: number;
let credentials: LiveCredentials;

beforeEach(() => {
  feed = new InvalidationFeed(silentLogger);
  [now, lease, end, reads] = [1_800_000_000_000, 2000, 10, 0];
  invalidated = new Map();
  database = () => read();
  credentials = new LiveCredentials({
    feed,
    replica: { leaseRemaining: () => lease, databaseNow: () => now },
    cache: {
      isCurrent: ({ asOf, tags, until: expiry }) =>
        lease > 0 && expiry > now && tags.every((tag) => (invalidated.get(tag) ?? 0) <= asOf),
    },
    authenticator: {
      readAgain: async () => {
        reads++;
        return database();
      },
    },
  });
});

/** A credential as the database shows it now. */
function read({ id = 'key_a', scopes = ['SESSIONS_READ'] as Scope[], until: expiry = now + HOUR, asOf = end } = {}) {
  const principal: Principal = {
    kind: 'apiKey',
    credentialId: id,
    proof: `proof of ${id}`,
    userId: 'usr_ann',
    workspaceId: null,
    scopes,
    permissions: [],
    expiresAt: null,
  };
  return { principal, until: expiry, asOf, tags: [`key:${id}`, 'user:usr_ann'] };
}

/** The replica applies a row of the log for this tag. */
function invalidate(tag: string): void {
  invalidated.set(tag, ++end);
  feed.publish({ sequence: end, tag, event: null });
}

class Connection implements Holder {
  readonly principals: Principal[] = [];
  readonly ends: LiveEnd[] = [];
  reconsider(principal: Principal): void {
    this.principals.push(principal);
  }
  end(reason: LiveEnd): void {
    this.ends.push(reason);
  }
}

/** A connection that holds this credential. */
function hold(accepted: AcceptedCredential = read(), address = '192.0.2.1') {
  const connection = new Connection();
  const credential = credentials.hold(accepted, REQUEST, address);
  credential.add(connection);
  return { connection, credential };
}

const refused = [expect.objectContaining({ code: 'UNAUTHENTICATED' })];
const turns = async () => {
  for (let each = 0; each < 5; each++) await turn();
};

describe('a credential that is invalidated', () => {
  test('is read again, and all its connections end if it is not valid any more', async () => {
    const [one, other] = [hold(), hold()];
    expect(one.credential).toBe(other.credential);
    database = () => null;
    invalidate('key:key_a');
    await until('both have ended', () => one.connection.ends.length && other.connection.ends.length);
    expect(one.connection.ends).toEqual(refused);
    expect(reads).toBe(1);
  });

  test('keeps its connections if it is valid, and they see what it may do now', async () => {
    const { connection, credential } = hold();
    database = () => read({ scopes: [] });
    invalidate('user:usr_ann');
    expect(credential.isCurrent()).toBe(false);
    await credential.check();
    expect(credential.isCurrent()).toBe(true);
    expect(credential.principal.scopes).toEqual([]);
    expect(connection.principals).toMatchObject([{ scopes: [] }]);
    expect(connection.ends).toEqual([]);
  });

  test('before it is watched: is read again when the first connection takes it', async () => {
    const before = read();
    invalidate('key:key_a');
    database = () => null;
    const { connection } = hold(before);
    await until('it has ended', () => connection.ends.length);
    expect(connection.ends).toEqual(refused);
  });

  test('while it is read: is read once more, and the first answer does not count', async () => {
    const { connection } = hold();
    const [first, second] = [Promise.withResolvers<AcceptedCredential>(), Promise.withResolvers<null>()];
    database = () => first.promise;
    invalidate('key:key_a');
    const stale = read();
    invalidate('key:key_a');
    database = () => second.promise;
    first.resolve(stale);
    await until('it is read again', () => reads === 2);
    expect(connection.ends).toEqual([]);
    second.resolve(null);
    await until('it has ended', () => connection.ends.length);
  });

  test('after the last look, and before the check is over: is read once more', async () => {
    const { connection, credential } = hold();
    invalidate('key:key_a');
    await until('it is current', () => credential.isCurrent());
    // The row is applied right after the check has found that the credential is current.
    const isCurrent = vi.spyOn(credential, 'isCurrent');
    isCurrent.mockImplementation(() => {
      isCurrent.mockRestore();
      database = () => null;
      queueMicrotask(() => invalidate('key:key_a'));
      return true;
    });
    await credential.check();
    await until('it has ended', () => connection.ends.length);
    expect(connection.ends).toEqual(refused);
  });

  test('by a row that invalidates everything: is read again', async () => {
    const { connection } = hold();
    database = () => null;
    end++;
    for (const tag of read().tags) invalidated.set(tag, end);
    feed.publish({ sequence: end, tag: '*', event: null });
    await until('it has ended', () => connection.ends.length);
  });

  test('and not valid: is not read again and again while its connections close', async () => {
    const { connection, credential } = hold();
    database = () => null;
    invalidate('key:key_a');
    await until('it has ended', () => connection.ends.length);
    await turns();
    expect(reads).toBe(1);
    await credential.check();
    expect(reads).toBe(2);
  });

  test('valid again, while connections of its former state close: is taken by a new connection', async () => {
    const former = hold();
    database = () => null;
    invalidate('key:key_a');
    await until('it has ended', () => former.connection.ends.length);
    database = () => read();
    const latter = hold();
    expect(latter.credential).toBe(former.credential);
    expect(latter.credential.isCurrent()).toBe(true);
    await turns();
    expect(latter.connection.ends).toEqual([]);
  });
});

describe('a read that fails', () => {
  test('is repeated, and keeps the connections open and without data', async () => {
    const { connection, credential } = hold();
    let failures = 0;
    database = () => {
      if (++failures < 3) throw unavailable();
      return read();
    };
    invalidate('key:key_a');
    const checked = credential.check();
    await turns();
    expect(credential.isCurrent()).toBe(false);
    await checked;
    expect([credential.isCurrent(), connection.ends, failures]).toEqual([true, [], 3]);
  });

  test.each([
    ['the credential is not valid', credentialRefused],
    ['the credentials of the request contradict each other', signatureOfAnotherWorkspace],
  ])('and says that %s: ends the connections', async (_what, error) => {
    const { connection } = hold();
    database = () => {
      throw error();
    };
    invalidate('key:key_a');
    await until('it has ended', () => connection.ends.length);
    expect(connection.ends).toEqual(refused);
  });

  test('is not tried without a lease', async () => {
    const { connection, credential } = hold();
    const check = vi.spyOn(credential, 'check');
    lease = 0;
    feed.publishLeaseLost();
    expect(check).not.toHaveBeenCalled(); // The loss of the lease alone is no doubt.
    invalidate('key:key_a');
    const checked = credential.check();
    await turns();
    expect([reads, connection.ends]).toEqual([0, []]);
    lease = 2000;
    await checked;
    expect(reads).toBe(1);
  });
});

describe('a credential that expires', () => {
  test('is read again when its time has come, and ends its connections', async () => {
    vi.useFakeTimers();
    try {
      const { connection } = hold(read({ until: now + MINUTE }));
      database = () => null;
      await vi.advanceTimersByTimeAsync(MINUTE - 1);
      expect(reads).toBe(0);
      now += MINUTE;
      await vi.advanceTimersByTimeAsync(1);
      expect(connection.ends).toEqual(refused);
    } finally {
      vi.useRealTimers();
    }
  });

  test('later than before, because it was renewed: keeps its connections', async () => {
    vi.useFakeTimers();
    try {
      const { connection, credential } = hold(read({ until: now + MINUTE }));
      now += MINUTE;
      await vi.advanceTimersByTimeAsync(MINUTE);
      expect([credential.isCurrent(), connection.ends, reads]).toEqual([true, [], 1]);
      database = () => null;
      now += HOUR;
      await vi.advanceTimersByTimeAsync(HOUR);
      expect(connection.ends).toEqual(refused);
    } finally {
      vi.useRealTimers();
    }
  });

  test('in more milliseconds than a timer can count: does not end its connections at once', async () => {
    vi.useFakeTimers();
    try {
      const century = 100 * 365 * 24 * HOUR;
      const { connection } = hold(read({ until: now + century }));
      await vi.advanceTimersByTimeAsync(HOUR);
      expect([reads, connection.ends]).toEqual([0, []]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a credential that is released', () => {
  test('is not watched and not read any more', async () => {
    vi.useFakeTimers();
    try {
      const { connection, credential } = hold(read({ until: now + MINUTE }));
      credential.remove(connection);
      invalidate('key:key_a');
      now += HOUR;
      await vi.advanceTimersByTimeAsync(HOUR);
      expect([reads, connection.ends]).toEqual([0, []]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each(['valid', 'not valid'])('during a check that finds it %s: is not watched any more', async (state) => {
    const { connection, credential } = hold();
    const answer = Promise.withResolvers<AcceptedCredential | null>();
    database = () => answer.promise;
    invalidate('key:key_a');
    const checked = credential.check();
    credential.remove(connection);
    const watch = vi.spyOn(feed, 'watch');
    answer.resolve(state === 'valid' ? read() : null);
    await checked;
    expect([connection.ends, connection.principals]).toEqual([[], []]);
    expect(watch).not.toHaveBeenCalled();
  });

  test('by one of two connections: still ends the other one', async () => {
    const [one, other] = [hold(), hold()];
    one.credential.remove(one.connection);
    database = () => null;
    invalidate('key:key_a');
    await until('it has ended', () => other.connection.ends.length);
    expect(one.connection.ends).toEqual([]);
  });

  test('is a new one for the next connection', () => {
    const { connection, credential } = hold();
    credential.remove(connection);
    expect(hold().credential).not.toBe(credential);
  });
});

test('a new connection is not judged by what was read before: the credential takes what the new request has read', () => {
  const former = hold(read({ scopes: [] }));
  database = () => new Promise(() => undefined);
  invalidate('key:key_a');
  const latter = hold(read({ scopes: ['SESSIONS_READ'] }));
  expect(latter.credential.principal.scopes).toEqual(['SESSIONS_READ']);
  expect(former.connection.principals).toMatchObject([{ scopes: ['SESSIONS_READ'] }]);
});

describe('connections share a check only if they have the same', () => {
  const signer: Principal = { ...read().principal, kind: 'signingKey', credentialId: 'sgk_a', proof: 'sealed' };
  const signed = (signedBy: Partial<Principal> = {}) => ({
    ...read(),
    principal: { ...read().principal, signedBy: { ...signer, ...signedBy } },
  });

  test.each<[string, () => AcceptedCredential, address?: string]>([
    ['credential', () => read({ id: 'key_b' })],
    ['secret', () => ({ ...read(), principal: { ...read().principal, proof: 'another' } })],
    ['address', () => read(), '192.0.2.2'],
    ['signing key, or none', () => signed()],
  ])('%s', (_what, accepted, address) => {
    const { credential } = hold();
    expect(hold(accepted(), address).credential).not.toBe(credential);
    expect(hold().credential).toBe(credential);
  });

  test('signing key and signing secret, if they are signed', () => {
    const { credential } = hold(signed());
    expect(hold(signed({ credentialId: 'sgk_b' })).credential).not.toBe(credential);
    expect(hold(signed({ proof: 'another' })).credential).not.toBe(credential);
    expect(hold(signed()).credential).toBe(credential);
  });
});

test('at most 4 credentials are read at the same time, and each is read', async () => {
  const held = times(20, (n) => hold(read({ id: `key_${n}` })));
  for (const round of [1, 2]) {
    reads = 0;
    const gates = times(20, () => Promise.withResolvers<null>());
    database = () => gates[reads - 1]!.promise;
    invalidate('user:usr_ann');
    await turns();
    expect(reads).toBe(4);
    for (let n = 0; n < 20; n++) {
      gates[n]!.resolve(null);
      await turns();
      expect(reads).toBe(Math.min(20, 5 + n));
    }
    await until('all have ended', () => held.every(({ connection }) => connection.ends.length === round));
  }
});
