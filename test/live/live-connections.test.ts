// How many live connections there may be, and when each one ends, with a clock and a lease that the test sets.
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AcceptedCredential } from '../../src/credentials/cached-credential.ts';
import { AccessError, scopeMissing } from '../../src/identity/access-error.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { Scope } from '../../src/identity/scope.ts';
import { deliverable } from '../../src/live/deliverable.ts';
import type { LiveConnection } from '../../src/live/live-connection.ts';
import { LiveConnections, type LiveLimits } from '../../src/live/live-connections.ts';
import type { LiveEnd } from '../../src/live/live-end.ts';
import { LiveSubscription } from '../../src/live/live-subscription.ts';
import { createLiveMetrics } from '../../src/live/metrics.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import { heldClock } from '../support/held-clock.ts';
import { silentLogger } from '../support/loggers.ts';
import { times } from '../support/values.ts';

const REQUEST = { headers: {}, rawHeaders: [] };
const HOME = '192.0.2.1';
const LIMITS = { liveConnections: 5, livePerAddress: 3, livePerCredential: 2 };

let clock: ReturnType<typeof heldClock>;
let lease: number;
let current: boolean;
/** Whether credentials are current at the next looks, before `current` counts. */
let states: boolean[];
/** What the database answers about every credential. */
let read: () => Promise<AcceptedCredential | null>;
let feed: InvalidationFeed;
let metrics: ReturnType<typeof createLiveMetrics>;
let live: LiveConnections;

beforeEach(() => {
  clock = heldClock();
  [lease, current, states] = [2000, true, []];
  read = async () => accepted();
  feed = new InvalidationFeed(silentLogger);
  metrics = createLiveMetrics(new Registry());
  live = connections(LIMITS);
});

function connections(limits: LiveLimits): LiveConnections {
  return new LiveConnections({
    clock,
    metrics,
    feed,
    limits,
    replica: { leaseRemaining: () => lease, databaseNow: () => 0 },
    cache: { isCurrent: () => states.shift() ?? current },
    authenticator: { readAgain: () => read() },
  });
}

function accepted(id = 'key_a', scopes: Scope[] = ['SESSIONS_READ']): AcceptedCredential {
  const principal: Principal = {
    kind: 'apiKey',
    credentialId: id,
    proof: id,
    userId: 'usr_ann',
    workspaceId: null,
    scopes,
    permissions: [],
    expiresAt: null,
  };
  return { principal, until: 3_600_000, asOf: 1, tags: [`key:${id}`] };
}

/** A client that notes what it receives. */
class Client {
  readonly ends: LiveEnd[] = [];
  beats = 0;
  readonly socket = { writableLength: 0, bytesWritten: 0 } as { -readonly [K in keyof Socket]: Socket[K] };
  end(reason: LiveEnd): void {
    this.ends.push(reason);
  }
  beat(): void {
    this.beats++;
  }
  /** The service writes, and the client reads so much of all that was written. */
  has({ written, read: taken }: { written: number; read: number }): void {
    this.socket.bytesWritten = written;
    this.socket.writableLength = written - taken;
  }
}

function connect({ address = HOME, by }: { address?: string; by?: AcceptedCredential } = {}) {
  const connection = live.admit('web-socket', address);
  const client = new Client();
  connection.attach(client as never);
  if (by) connection.authenticate(by, REQUEST);
  return { connection, client };
}

const limited = (of: string) =>
  expect.objectContaining({
    code: 'RATE_LIMITED',
    retryAfterSeconds: 5,
    message: expect.stringContaining(`of ${of}.`),
  });

/** The values of a metric by its label. */
async function valuesOf(metric: 'open' | 'ended' | 'rejected'): Promise<Record<string, number>> {
  const { values } = await metrics[metric].get();
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels)[0], value]));
}

describe('places', () => {
  test('of an address, of a credential and of this replica are limited, and a release frees them', async () => {
    const ofAddress = times(3, () => connect().connection);
    expect(() => connect()).toThrow(limited('this address'));
    const elsewhere = times(2, (n) => connect({ address: `192.0.2.${n + 2}` }).connection);
    expect(() => connect({ address: '192.0.2.9' })).toThrow(limited('this replica'));
    expect(live.size).toBe(5);
    ofAddress[0]!.release();
    expect(connect().connection.ended).toBe(null);
    for (const connection of [...ofAddress, ...elsewhere]) connection.release();
    expect(await valuesOf('open')).toEqual({ 'web-socket': 1 });
    expect(await valuesOf('rejected')).toEqual({ address: 1, credential: 0, process: 1 });
  });

  test('of a credential are counted over all addresses, and by its id', () => {
    const [first] = [connect({ by: accepted() }), connect({ by: accepted(), address: '192.0.2.2' })];
    const third = connect({ address: '192.0.2.3' }).connection;
    expect(() => third.authenticate(accepted(), REQUEST)).toThrow(limited('this credential'));
    third.authenticate(accepted('key_b'), REQUEST);
    first.connection.release();
    connect({ by: accepted() });
  });

  test('of an IPv6 address are those of its /64', () => {
    for (const address of ['2001:db8::1', '2001:db8::2:3', '2001:db8:0:0:ffff::']) connect({ address });
    expect(() => connect({ address: '2001:db8::4' })).toThrow(limited('this address'));
    connect({ address: '2001:db8:0:1::1' });
  });

  test('are freed once, however often a connection is released', () => {
    const { connection } = connect({ by: accepted() });
    connect({ by: accepted() });
    connection.release();
    connection.release();
    expect(live.size).toBe(1);
    connect({ by: accepted() });
    expect(() => connect({ by: accepted() })).toThrow(limited('this credential'));
  });

  test('are not taken by a credential that arrives after the client has gone', () => {
    for (const ended of ['released', 'drained']) {
      for (const _ of times(LIMITS.livePerCredential + 1, () => null)) {
        const { connection } = connect();
        if (ended === 'released') connection.release();
        else connection.end('going away');
        connection.authenticate(accepted(), REQUEST);
        expect(connection.isAuthenticated).toBe(false);
        connection.release();
      }
    }
    connect({ by: accepted() });
  });

  test('are not taken any more once this replica stops, and every connection ends', async () => {
    const { client } = connect();
    live.drain();
    expect(client.ends).toEqual(['going away']);
    expect(() => connect()).toThrow(expect.objectContaining({ code: 'AUTHENTICATION_UNAVAILABLE' }));
    expect(await valuesOf('ended')).toEqual({ going_away: 1 });
  });
});

describe('the end of a connection', () => {
  test('reaches its client once, with the first reason', () => {
    const { connection, client } = connect();
    connection.end('too slow');
    connection.end('going away');
    expect([connection.ended, client.ends]).toEqual(['too slow', ['too slow']]);
    expect(connection.signal.aborted).toBe(true);
  });

  test('reaches a client that is attached later', () => {
    const connection = live.admit('event-stream', HOME);
    connection.end('going away');
    const client = new Client();
    connection.attach(client as never);
    expect(client.ends).toEqual(['going away']);
  });

  test('is not reported to a client that has left', () => {
    const { connection, client } = connect();
    connection.release();
    connection.end('too slow');
    expect([client.ends, connection.signal.aborted]).toEqual([[], true]);
  });
});

describe('what a connection needs', () => {
  const needs = (scope: Scope) => (principal: Principal) => {
    if (!principal.scopes.includes(scope)) throw scopeMissing(scope);
  };
  const narrow = async (scopes: Scope[]) => {
    current = false;
    read = async () => {
      current = true;
      return accepted('key_a', scopes);
    };
    feed.publish({ sequence: 2, tag: 'key:key_a', event: null });
    await expect.poll(() => current).toBe(true);
  };

  test('ends it at once if the credential does not hold it', () => {
    const { connection, client } = connect({ by: accepted() });
    connection.require(needs('ADMIN'));
    expect(client.ends).toEqual([expect.objectContaining({ code: 'FORBIDDEN' })]);
  });

  test('ends it when the credential is narrowed below it, and not above', async () => {
    const { connection, client } = connect({ by: accepted('key_a', ['SESSIONS_READ', 'ADMIN']) });
    connection.require(needs('SESSIONS_READ'));
    await narrow(['SESSIONS_READ']);
    expect(client.ends).toEqual([]);
    await narrow([]);
    expect(client.ends).toMatchObject([{ code: 'FORBIDDEN' }]);
  });

  test('does not matter any more after the subscription has been released', async () => {
    const { connection, client } = connect({ by: accepted() });
    const subscription = new LiveSubscription(connection);
    subscription.require(needs('SESSIONS_READ'));
    subscription.release();
    subscription.release();
    await narrow([]);
    expect(client.ends).toEqual([]);
  });
});

describe('a sweep', () => {
  const { unreadMs, unreadBytes, heartbeatMs, withoutLeaseMs } = {
    unreadMs: 10_000,
    unreadBytes: 1024 ** 2,
    heartbeatMs: 15_000,
    withoutLeaseMs: 5_000,
  };

  test('sends a heartbeat every 15 s', () => {
    const { client } = connect();
    for (const [ms, beats] of [
      [heartbeatMs - 1, 0],
      [1, 1],
      [500, 1],
      [heartbeatMs - 500, 2],
    ]) {
      clock.advance(ms!);
      live.sweep();
      expect(client.beats).toBe(beats);
    }
  });

  test('ends a connection with more than 1 MiB unread', () => {
    const { client } = connect();
    client.has({ written: unreadBytes, read: 0 });
    live.sweep();
    expect(client.ends).toEqual([]);
    client.has({ written: unreadBytes + 1, read: 0 });
    live.sweep();
    live.sweep();
    expect(client.ends).toEqual(['too slow']);
  });

  test('ends a connection whose client reads nothing for 10 s, and not one whose client reads slowly or has read all', () => {
    const [silent, slow, done] = times(3, () => connect().client);
    for (let second = 0; second <= 10; second++) {
      silent!.has({ written: 1000 + second, read: 500 });
      slow!.has({ written: 1000 + second, read: second });
      done!.has({ written: 1000, read: 1000 });
      live.sweep();
      if (second < 10) clock.advance(unreadMs / 10);
    }
    expect(silent!.ends).toEqual([]);
    clock.advance(1);
    live.sweep();
    expect([silent!.ends, slow!.ends, done!.ends]).toEqual([['too slow'], [], []]);
  });

  test('ends authenticated connections once there was no lease for longer than 5 s, and no others', () => {
    const [known, anonymous] = [connect({ by: accepted() }).client, connect().client];
    live.sweep();
    lease = 0;
    clock.advance(withoutLeaseMs);
    live.sweep();
    expect(known.ends).toEqual([]);
    clock.advance(1);
    live.sweep();
    expect(known.ends).toEqual([expect.objectContaining({ code: 'AUTHENTICATION_UNAVAILABLE' })]);
    expect(anonymous.ends).toEqual([]);
  });

  test('counts the time without a lease from the last one on', () => {
    const { client } = connect({ by: accepted() });
    for (let round = 0; round < 3; round++) {
      lease = 0;
      clock.advance(withoutLeaseMs);
      live.sweep();
      lease = 1;
      live.sweep();
    }
    expect(client.ends).toEqual([]);
  });

  test('of many connections checks a few in each turn of the event loop, and each one once', async () => {
    live = connections({ liveConnections: 100, livePerAddress: 100, livePerCredential: 100 });
    const clients = times(95, () => connect().client);
    const beats = () => clients.reduce((sum, client) => sum + client.beats, 0);
    clock.advance(heartbeatMs);
    let isOver = false;
    void live.sweep().then(() => (isOver = true));
    for (let before = 0; !isOver; before = beats()) {
      await nextTurn();
      expect(beats() - before).toBeLessThanOrEqual(20);
    }
    expect(clients.map((client) => client.beats)).toEqual(times(95, () => 1));
  });

  test('begins only after the one before has ended', async () => {
    live = connections({ liveConnections: 100, livePerAddress: 100, livePerCredential: 100 });
    let checks = 0;
    for (const client of times(95, () => connect().client)) {
      const countCheck = () => {
        checks++;
        return 0;
      };
      Object.defineProperty(client.socket, 'writableLength', { get: countCheck });
    }
    await Promise.all([live.sweep(), nextTurn().then(() => live.sweep())]);
    expect(checks).toBe(95);
    await live.sweep();
    expect(checks).toBe(2 * 95);
  });

  test('leaves a connection alone that has ended', () => {
    const { connection, client } = connect();
    connection.end('going away');
    client.has({ written: unreadBytes + 1, read: 0 });
    clock.advance(heartbeatMs);
    live.sweep();
    expect([client.ends, client.beats]).toEqual([['going away'], 0]);
  });
});

describe('a delivery', () => {
  test('needs no promise while the credential is current, or without one', () => {
    expect(connect({ by: accepted() }).connection.mayDeliver()).toBe(true);
    expect(connect().connection.mayDeliver()).toBe(true);
  });

  test('waits until the credential was read again, and does not happen if it is not valid', async () => {
    for (const [answer, allowed] of [
      [accepted(), true],
      [null, false],
    ] as const) {
      const { connection } = connect({ by: accepted() });
      const gate = Promise.withResolvers<void>();
      read = () =>
        gate.promise.then(() => {
          current = answer !== null;
          return answer;
        });
      current = false;
      const may = connection.mayDeliver();
      expect(may).toBeInstanceOf(Promise);
      gate.resolve();
      expect(await may).toBe(allowed);
      connection.release();
      current = true;
    }
  });

  test('waits again if the credential is in doubt again', async () => {
    const { connection } = connect({ by: accepted() });
    const reads = [accepted(), null];
    read = async () => reads.shift() ?? null;
    // Not when it asks, then after the first read, and then not any more.
    states.push(false, true);
    current = false;
    expect(await connection.mayDeliver()).toBe(false);
    expect(reads).toEqual([]);
  });

  /** A stream that the test feeds. */
  function source<T>() {
    const results: (T | Error | null)[] = [];
    let wake = (): void => undefined;
    let returned = 0;
    const stream: AsyncIterableIterator<T> = {
      async next() {
        while (results.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const result = results.shift();
        if (result instanceof Error) throw result;
        return result == null ? { value: undefined, done: true } : { value: result, done: false };
      },
      async return() {
        returned++;
        results.push(null);
        wake();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]: () => stream,
    };
    const push = (result: T | Error | null) => {
      results.push(result);
      wake();
    };
    return { stream, push, returned: () => returned };
  }

  function results(connection: LiveConnection) {
    const from = source<number>();
    let released = 0;
    const iterator = deliverable(from.stream, connection, () => released++);
    return { ...from, iterator, released: () => released };
  }

  test('passes results through, and releases the subscription when they end', async () => {
    const { iterator, push, released } = results(connect({ by: accepted() }).connection);
    push(1);
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    push(null);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(released()).toBe(1);
  });

  test('releases the subscription when its source fails', async () => {
    const { iterator, push, released } = results(connect().connection);
    push(new Error('broken'));
    await expect(iterator.next()).rejects.toThrow('broken');
    expect(released()).toBe(1);
  });

  test('hands over nothing after the end, and stops when its reader gives up', async () => {
    const { connection } = connect({ by: accepted() });
    const { iterator, push, released, returned } = results(connection);
    const next = iterator.next();
    connection.end(new AccessError('UNAUTHENTICATED', 'gone'));
    push(1);
    let settled = false;
    void next.then(() => (settled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    await iterator.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
    expect([released(), returned()]).toEqual([1, 1]);
  });

  test('stops while it waits for a result', async () => {
    const { iterator, released } = results(connect().connection);
    const next = iterator.next();
    await iterator.return?.();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(released()).toBeGreaterThan(0);
  });
});
