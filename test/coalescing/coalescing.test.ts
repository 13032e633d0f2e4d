// What becomes of the request that executes and of those that wait for it, in every case.
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PersonalRead } from '../../src/audit/personal-reads.ts';
import { type CoalescedCall, Coalescing } from '../../src/coalescing/coalescing.ts';
import { ExecutionNames } from '../../src/coalescing/execution-name.ts';
import { type CoalescingCounts, createCoalescingMetrics, noCounts } from '../../src/coalescing/metrics.ts';
import type { SharedOutcome } from '../../src/coalescing/outcome.ts';
import type { AcceptedCredential } from '../../src/credentials/cached-credential.ts';
import { createKeyring } from '../../src/crypto/keyring.ts';
import { credentialRefused } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { heldClock } from '../support/held-clock.ts';
import { silentLogger } from '../support/loggers.ts';

const TAG = 'key:key_a';
const TIMEOUT_MS = 5000;

let clock: ReturnType<typeof heldClock>;
let feed: InvalidationFeed;
/** What the position of the latest change is now; null if it cannot be read. */
let position: string | null;
let positionReads: number;
/** The credentials that may be used at this moment. */
let current: Set<AcceptedCredential>;
let counts: CoalescingCounts;
let registry: Registry;
let replicas: ConstructorParameters<typeof Coalescing>[0]['replicas'];
let coalescing: Coalescing;

function create(): Coalescing {
  counts = noCounts();
  registry = new Registry();
  return new Coalescing({
    cache: { isCurrent: (cached) => current.has(cached as AcceptedCredential) },
    feed,
    position: {
      read: async () => {
        positionReads++;
        return position;
      },
    },
    names: new ExecutionNames(createKeyring(randomBytes(32))),
    replicas,
    clock,
    counts,
    metrics: createCoalescingMetrics(registry, counts),
  });
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = heldClock();
  feed = new InvalidationFeed(silentLogger);
  position = '1';
  positionReads = 0;
  current = new Set();
  replicas = null;
  coalescing = create();
});
afterEach(() => void vi.useRealTimers());

function credential(changed: Partial<Principal> = {}): AcceptedCredential {
  const principal: Principal = {
    ...{ kind: 'apiKey', credentialId: 'key_a', proof: 'a proof', userId: 'usr_ann', workspaceId: null },
    ...{ scopes: ['API_KEYS_READ'], permissions: [], expiresAt: null },
    ...changed,
  };
  const accepted = { principal, asOf: 1, tags: [TAG], until: Number.POSITIVE_INFINITY };
  current.add(accepted);
  return accepted;
}

/** The credential is revoked: this replica has applied it, and published it. */
function revoke(accepted: AcceptedCredential): void {
  current.delete(accepted);
  feed.publish({ tag: TAG } as Parameters<typeof feed.publish>[0]);
}

const outcomeOf = (data: unknown, reads: PersonalRead[][] = []): SharedOutcome => ({ result: { data }, reads });

/** Executions that end when the test says so. */
function executions() {
  const begun: { by: AcceptedCredential; end: PromiseWithResolvers<SharedOutcome> }[] = [];
  return {
    begun,
    execute(by: AcceptedCredential): Promise<SharedOutcome> {
      const end = Promise.withResolvers<SharedOutcome>();
      begun.push({ by, end });
      return end.promise;
    },
  };
}

function call(accepted: AcceptedCredential, changed: Partial<CoalescedCall> = {}): CoalescedCall {
  return {
    accepted,
    operation: { text: 'apiKeys', variables: {} },
    ttlMs: 0,
    timeoutMs: TIMEOUT_MS,
    execute: async () => outcomeOf('executed'),
    record: async () => undefined,
    readAgain: async () => {
      throw credentialRefused();
    },
    onDisconnect: () => () => undefined,
    ...changed,
  };
}

/** Requests of the same call, all of which have arrived. */
async function herd(size: number, one: CoalescedCall): Promise<Promise<SharedOutcome>[]> {
  const requests = Array.from({ length: size }, () => coalescing.run(one));
  for (const request of requests) request.catch(() => undefined);
  await turn();
  return requests;
}

describe('requests that arrive during an execution', () => {
  test('F3.32: share it: one execution for a thousand, and each gets the same result', async () => {
    const { begun, execute } = executions();
    const requests = await herd(1000, call(credential(), { execute }));
    expect(begun).toHaveLength(1);
    begun[0]!.end.resolve(outcomeOf('one'));
    const outcomes = await Promise.all(requests);
    expect(new Set(outcomes.map(({ result }) => result.data))).toEqual(new Set(['one']));
    expect(counts).toMatchObject({ led: 1, waited: 999, alone: 0 });
  });

  test('and the one after its end executes again', async () => {
    const execute = vi.fn(async () => outcomeOf('again'));
    const one = call(credential(), { execute });
    await coalescing.run(one);
    await coalescing.run(one);
    expect(execute).toHaveBeenCalledTimes(2);
  });

  test.each<[string, Partial<Principal>]>([
    ['another credential', { credentialId: 'key_b' }],
    ['another secret of the credential', { proof: 'another proof' }],
    ['another kind', { kind: 'session' }],
    ['another user', { userId: 'usr_ben' }],
    ['another workspace', { workspaceId: 'wsp_a' }],
    ['other scopes', { scopes: ['API_KEYS_READ', 'ADMIN'] }],
    ['other permissions', { permissions: ['orders:read'] }],
    ['other addresses', { allowedAddresses: ['10.0.0.0/8'] }],
    ['another expiry', { expiresAt: 5 }],
    ['a signing key beside it', { signedBy: credentialWithoutCurrent().principal }],
  ])('do not share it with %s', async (_what, changed) => {
    const { begun, execute } = executions();
    await herd(1, call(credential(), { execute }));
    await herd(1, call(credential(changed), { execute }));
    expect(begun).toHaveLength(2);
  });

  test('do not share it if they ask for something else', async () => {
    const { begun, execute } = executions();
    const accepted = credential();
    for (const operation of [
      { text: 'apiKeys', variables: { first: 1 } },
      { text: 'apiKeys', variables: { first: 2 } },
      { text: 'workspaces', variables: { first: 1 } },
    ])
      await herd(1, call(accepted, { execute, operation }));
    expect(begun).toHaveLength(3);
  });

  test('share it whatever the order of their variables', async () => {
    const { begun, execute } = executions();
    const accepted = credential();
    const filter = { search: 'a', status: 'ACTIVE' };
    const turned = { status: 'ACTIVE', search: 'a' };
    await herd(1, call(accepted, { execute, operation: { text: 'apiKeys', variables: { first: 1, filter } } }));
    await herd(1, call(accepted, { execute, operation: { text: 'apiKeys', variables: { filter: turned, first: 1 } } }));
    expect(begun).toHaveLength(1);
  });

  test('execute for themselves if a change was committed after its beginning', async () => {
    const { begun, execute } = executions();
    const one = call(credential(), { execute });
    const [before] = await herd(1, one);
    position = '2';
    const [after] = await herd(1, one);
    expect(begun).toHaveLength(2);
    begun[0]!.end.resolve(outcomeOf('before'));
    begun[1]!.end.resolve(outcomeOf('after'));
    expect([(await before!).result.data, (await after!).result.data]).toEqual(['before', 'after']);
  });

  test('execute for themselves if the position of the latest change cannot be read', async () => {
    position = null;
    const { begun, execute } = executions();
    await herd(3, call(credential(), { execute }));
    expect(begun).toHaveLength(3);
    expect(counts).toMatchObject({ led: 0, alone: 3 });
  });

  test('execute for themselves without a lease, and read no position', async () => {
    const accepted = credential();
    current.clear();
    const { begun, execute } = executions();
    const requests = await herd(2, call(accepted, { execute }));
    for (const { end } of begun) end.resolve(outcomeOf('alone'));
    await Promise.all(requests);
    expect([begun.length, positionReads]).toEqual([2, 0]);
  });

  test('while executions cannot be shared, only a few execute at once, and the others get 503', async () => {
    position = null;
    const { begun, execute } = executions();
    const requests = await herd(40, call(credential(), { execute }));
    expect(begun).toHaveLength(32);
    for (const request of requests.slice(32))
      await expect(request).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    for (const { end } of begun) end.resolve(outcomeOf('alone'));
    await Promise.all(requests.slice(0, 32));
    await herd(1, call(credential(), { execute }));
    expect(begun).toHaveLength(33);
  });

  test('execute for themselves if too many wait already', async () => {
    const { begun, execute } = executions();
    await herd(10_001, call(credential(), { execute }));
    expect(begun).toHaveLength(1);
    await herd(1, call(credential(), { execute }));
    expect(begun).toHaveLength(2);
    expect(counts.alone).toBe(1);
  });
});

describe('a result is kept', () => {
  test('for its time, by the clock that cannot be set', async () => {
    const execute = vi.fn(async () => outcomeOf('kept'));
    const one = call(credential(), { execute, ttlMs: 1000 });
    await coalescing.run(one);
    clock.advance(999);
    expect((await coalescing.run(one)).result.data).toBe('kept');
    expect([execute.mock.calls.length, counts.kept]).toEqual([1, 1]);
    clock.advance(1);
    await coalescing.run(one);
    expect(execute).toHaveBeenCalledTimes(2);
  });

  test('but not beyond a change', async () => {
    const execute = vi.fn(async () => outcomeOf('kept'));
    const one = call(credential(), { execute, ttlMs: 1000 });
    await coalescing.run(one);
    position = '2';
    await coalescing.run(one);
    expect(execute).toHaveBeenCalledTimes(2);
  });

  test('but not beyond the end of the credential, which is checked after the position is read', async () => {
    const accepted = credential();
    const execute = vi.fn(async () => outcomeOf('kept'));
    const one = call(accepted, { execute, ttlMs: 1000 });
    await coalescing.run(one);
    const late = coalescing.run(one);
    current.delete(accepted);
    await late;
    expect(counts).toMatchObject({ kept: 0, alone: 1 });
    expect(execute).toHaveBeenCalledTimes(2);
  });

  test('but not if it has errors, or is large', async () => {
    const large = outcomeOf('x'.repeat(256 * 1024));
    for (const outcome of [{ result: { data: null, errors: [new Error('failed')] }, reads: [] }, large]) {
      const execute = vi.fn(async () => outcome);
      const one = call(credential(), {
        execute,
        ttlMs: 1000,
        operation: { text: String(outcome === large), variables: {} },
      });
      await coalescing.run(one);
      await coalescing.run(one);
      expect(execute).toHaveBeenCalledTimes(2);
    }
  });
});

describe('an execution fails', () => {
  test('F3.30: all requests that wait get its error at once, and the next one executes again', async () => {
    const { begun, execute } = executions();
    const one = call(credential(), { execute, ttlMs: 1000 });
    const requests = await herd(3, one);
    const failure = new Error('The database is gone.');
    begun[0]!.end.reject(failure);
    for (const request of requests) await expect(request).rejects.toBe(failure);
    await herd(1, one);
    expect(begun).toHaveLength(2);
    expect(counts.failedExecutions).toBe(1);
  });

  test('a result with errors is shared with those who wait', async () => {
    const { begun, execute } = executions();
    const requests = await herd(3, call(credential(), { execute }));
    const outcome = { result: { data: null, errors: [new Error('failed')] }, reads: [] };
    begun[0]!.end.resolve(outcome);
    for (const request of requests) expect(await request).toBe(outcome);
    expect(counts).toMatchObject({ led: 1, waited: 2, failedExecutions: 1 });
  });
});

describe('an execution takes too long', () => {
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    vi.advanceTimersByTime(milliseconds);
    await turn();
  };

  test('those who wait share a second execution, and the first one still answers its own request', async () => {
    const { begun, execute } = executions();
    const [first, ...others] = await herd(5, call(credential(), { execute }));
    await pass(TIMEOUT_MS - 1);
    expect(begun).toHaveLength(1);
    await pass(1);
    expect(begun).toHaveLength(2);
    begun[1]!.end.resolve(outcomeOf('second'));
    for (const other of others) expect((await other).result.data).toBe('second');
    begun[0]!.end.resolve(outcomeOf('first'));
    expect((await first!).result.data).toBe('first');
    expect(counts).toMatchObject({ timedOut: 4, led: 2, waited: 3 });
  });

  test('those for whom the second one takes too long, too, get 503 instead of a herd of executions', async () => {
    const { begun, execute } = executions();
    const [, , ...others] = await herd(5, call(credential(), { execute }));
    await pass(TIMEOUT_MS);
    await pass(TIMEOUT_MS);
    for (const other of others) await expect(other).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    expect(begun).toHaveLength(2);
  });

  test('a request that arrives later waits only for the rest of the time', async () => {
    const { begun, execute } = executions();
    const one = call(credential(), { execute });
    await herd(1, one);
    await pass(TIMEOUT_MS - 1);
    await herd(1, one);
    expect(begun).toHaveLength(1);
    await pass(1);
    expect(begun).toHaveLength(2);
  });

  test('no timer is left after its end', async () => {
    const { begun, execute } = executions();
    const requests = await herd(2, call(credential(), { execute }));
    begun[0]!.end.resolve(outcomeOf('in time'));
    await Promise.all(requests);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the credential changes meanwhile', () => {
  test('it ends: those who wait get UNAUTHENTICATED at once, and the one that executes gets it, too', async () => {
    const accepted = credential();
    const { begun, execute } = executions();
    const [first, ...others] = await herd(4, call(accepted, { execute }));
    revoke(accepted);
    for (const other of others) await expect(other).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    begun[0]!.end.resolve(outcomeOf('too late'));
    await expect(first).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect([begun.length, counts.inDoubt]).toEqual([1, 3]);
  });

  test('it is narrowed: each request is answered for what the credential may do now, by one execution', async () => {
    const [wide, narrow] = [credential({ scopes: ['API_KEYS_READ', 'ADMIN'] }), credential()];
    const { begun, execute } = executions();
    const [first, ...others] = await herd(4, call(wide, { execute, readAgain: async () => narrow }));
    position = '2';
    revoke(wide);
    await turn();
    expect(begun.map(({ by }) => by)).toEqual([wide, narrow]);
    begun[0]!.end.resolve(outcomeOf('wide'));
    await turn();
    begun[1]!.end.resolve(outcomeOf('narrow'));
    for (const request of [first!, ...others]) expect((await request).result.data).toBe('narrow');
    expect(begun).toHaveLength(2);
  });

  test('it is valid as before: the result is returned', async () => {
    const [before, after] = [credential(), credential()];
    const { begun, execute } = executions();
    const [request] = await herd(1, call(before, { execute, readAgain: async () => after }));
    current.delete(before);
    begun[0]!.end.resolve(outcomeOf('the same'));
    expect((await request!).result.data).toBe('the same');
    expect(begun).toHaveLength(1);
  });

  test('nothing watches the credential after the execution', async () => {
    const unwatch = vi.fn();
    vi.spyOn(feed, 'watch').mockReturnValue(unwatch);
    await coalescing.run(call(credential()));
    expect(unwatch).toHaveBeenCalledOnce();
  });
});

describe('clients disconnect', () => {
  test('a request whose client is gone stops waiting, and the others continue', async () => {
    const { begun, execute } = executions();
    const accepted = credential();
    const leave: (() => void)[] = [];
    const stopped = vi.fn();
    const onDisconnect = (listener: () => void) => {
      leave.push(listener);
      return stopped;
    };
    const [, gone, stays] = await herd(3, call(accepted, { execute, onDisconnect }));
    leave[0]!();
    await expect(gone).rejects.toMatchObject({ code: 'AUTHENTICATION_UNAVAILABLE' });
    begun[0]!.end.resolve(outcomeOf('for the others'));
    expect((await stays!).result.data).toBe('for the others');
    expect([stopped.mock.calls.length, counts.disconnected]).toEqual([2, 1]);
  });
});

describe('reads of personal data', () => {
  const READS: PersonalRead[][] = [
    [{ userId: 'usr_ben', field: 'User.email' }],
    [{ userId: 'usr_eve', field: 'User.email' }],
  ];

  test('each request that shares the result records them, the executing one by its execution', async () => {
    const { begun, execute } = executions();
    const record = vi.fn(async () => undefined);
    const requests = await herd(3, call(credential(), { execute, record }));
    begun[0]!.end.resolve(outcomeOf('emails', READS));
    await Promise.all(requests);
    expect(record.mock.calls).toEqual([[READS[0]], [READS[0]], [READS[1]], [READS[1]]]);
  });

  test('a kept result is recorded for each request, too', async () => {
    const record = vi.fn(async () => undefined);
    const one = call(credential(), { execute: async () => outcomeOf('emails', READS), record, ttlMs: 1000 });
    await coalescing.run(one);
    await coalescing.run(one);
    expect(record).toHaveBeenCalledTimes(2);
  });

  test('a request whose read cannot be recorded gets no data', async () => {
    const { begun, execute } = executions();
    const record = async () => {
      throw new Error('The log cannot be written.');
    };
    const [first, second] = await herd(2, call(credential(), { execute, record }));
    begun[0]!.end.resolve(outcomeOf('emails', READS));
    expect((await first!).result.data).toBe('emails');
    await expect(second).rejects.toThrow('The log cannot be written.');
  });
});

describe('other replicas', () => {
  test('a result of another replica answers all requests of this one', async () => {
    replicas = { claim: async () => ({ text: '{"data":"theirs","reads":[]}', keptMs: 0 }) };
    coalescing = create();
    const execute = vi.fn();
    const requests = await herd(3, call(credential(), { execute }));
    for (const request of requests) expect((await request).result.data).toBe('theirs');
    expect(execute).not.toHaveBeenCalled();
    expect(counts).toMatchObject({ handed: 1, waited: 2, led: 0 });
  });

  test('a result that another replica keeps is kept here for the rest of its time', async () => {
    const claim = vi.fn(async () => ({ text: '{"data":"theirs","reads":[]}', keptMs: 400 }));
    replicas = { claim };
    coalescing = create();
    const one = call(credential(), { ttlMs: 1000 });
    await coalescing.run(one);
    clock.advance(399);
    await coalescing.run(one);
    expect(claim).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await coalescing.run(one);
    expect(claim).toHaveBeenCalledTimes(2);
  });

  test('the lock ends with the execution: with its result, or without one after an error', async () => {
    const ended: (string | null)[] = [];
    replicas = { claim: async () => ({ end: (text) => void ended.push(text()) }) };
    coalescing = create();
    await coalescing.run(call(credential()));
    await coalescing.run(
      call(credential(), { execute: async () => ({ result: { errors: [new Error()] }, reads: [] }) }),
    );
    const execute = async () => {
      throw new Error('failed');
    };
    await expect(coalescing.run(call(credential(), { execute }))).rejects.toThrow('failed');
    expect(ended).toEqual(['{"data":"executed","reads":[]}', null, null]);
  });

  test('a credential that ends during the wait for another replica executes nothing', async () => {
    const accepted = credential();
    const end = vi.fn();
    replicas = {
      async claim(_name, { isNeeded }) {
        expect(isNeeded()).toBe(true);
        current.delete(accepted);
        expect(isNeeded()).toBe(false);
        return { end };
      },
    };
    coalescing = create();
    const execute = vi.fn();
    await expect(coalescing.run(call(accepted, { execute }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(execute).not.toHaveBeenCalled();
    expect(end).toHaveBeenCalledOnce();
  });

  test('if no replica can be asked, this one executes', async () => {
    replicas = { claim: async () => null };
    coalescing = create();
    expect((await coalescing.run(call(credential()))).result.data).toBe('executed');
  });
});

test('the metrics show where results came from, and the share that needed no execution', async () => {
  const { begun, execute } = executions();
  const requests = await herd(4, call(credential(), { execute }));
  begun[0]!.end.resolve(outcomeOf('one'));
  await Promise.all(requests);
  const text = await registry.metrics();
  expect(text).toContain('rekey_coalescing_requests_total{outcome="led"} 1');
  expect(text).toContain('rekey_coalescing_requests_total{outcome="waited"} 3');
  expect(text).toContain('rekey_coalescing_hit_ratio 0.75');
  expect(text).toContain('rekey_coalescing_wait_seconds_count 3');
  expect(text).toContain('rekey_coalescing_left_total{reason="timed_out"} 0');
  expect(text).toContain('rekey_coalescing_errors_total{where="redis"} 0');
});

function credentialWithoutCurrent(): AcceptedCredential {
  const principal: Principal = {
    ...{ kind: 'signingKey', credentialId: 'sgk_a', proof: 'sealed', userId: null, workspaceId: 'wsp_a' },
    ...{ scopes: [], permissions: [], expiresAt: null },
  };
  return { principal, asOf: 1, tags: [], until: 0 };
}
