// A follower that connects again with the position of its last event loses none and gets none twice, whatever ended its
// connection.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { inBackground } from '../../support/in-background.ts';
import { Installation } from '../../support/installation.ts';
import { type Follower, WAYS } from '../../support/live.ts';
import { APPEND_EVENTS } from '../../support/many-events.ts';
import type { ReplicaProcess } from '../../support/replica-process.ts';

const EVENTS = 10_000;
const AT_ONCE = 500;
/** The pause of a client after an attempt that brought no event. */
const PAUSE_MS = 50;
/** Longer than any start of a replica on a busy machine. */
const LONGEST_WAIT_MS = 60_000;

/** Rejects instead of waiting for ever. */
async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Not within ${LONGEST_WAIT_MS / 1000} s: ${what}.`)),
    LONGEST_WAIT_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

describe.skipIf(!inject('postgresUrl') || !inject('redisUrl'))('followers', { timeout: 240_000 }, () => {
  let rekey: Installation;
  beforeAll(async () => {
    rekey = await Installation.start({ replicas: 2 });
  });
  afterAll(() => rekey?.destroy());

  const events = () =>
    rekey.postgres.query<{ seq: string }>(
      'select seq::text as seq from auth_inval where subject is not null order by auth_inval.seq',
    );

  /** Follows from a position on, at one replica after the other. Returns the sequences of so many events. */
  async function follow({ follow }: (typeof WAYS)[number], after: string, first: number) {
    const caller = { bearer: rekey.admin.accessToken };
    const seen: string[] = [];
    let connections = 0;
    let refusal: unknown = null;
    const connect = async (): Promise<Follower | null> => {
      const { replicas } = rekey;
      const replica = replicas[(first + connections++) % replicas.length]!;
      return follow(replica.url, caller, seen.at(-1) ?? after);
    };
    while (seen.length < EVENTS) {
      const before = seen.length;
      const follower = await within(`a connection, after ${before} events`, connect()).catch((error) => {
        refusal = error;
      });
      const read = async () => {
        while (follower && seen.length < EVENTS) seen.push((await follower.event()).sequence);
      };
      // It ends when the connection ends. A connection that neither ends nor brings events is a fault.
      await within(
        `all events, after ${before}, ${refusal}`,
        read().catch((error) => {
          refusal = error;
        }),
      );
      await follower?.close();
      if (seen.length === before) await sleep(PAUSE_MS);
    }
    return { seen, connections };
  }

  /** Ends a replica, and starts another one in its place. */
  async function replace(replica: ReplicaProcess, end: 'kill' | 'leave'): Promise<void> {
    rekey.remove(replica);
    await replica[end]();
    await rekey.join();
  }

  test('get every event once, in order, across restarts of replicas and of the database, in all three ways', async () => {
    const [{ seq: after } = { seq: '0' }] = (await events()).slice(-1);
    const following = inBackground(Promise.all(WAYS.map((way, first) => follow(way, after, first))));
    const append = async (batches: number) => {
      for (let batch = 0; batch < batches; batch++) await rekey.postgres.query(APPEND_EVENTS(AT_ONCE));
    };
    const [first, second] = rekey.replicas as [ReplicaProcess, ReplicaProcess];
    await append(4);
    await Promise.all([append(4), replace(first, 'kill')]);
    // The connections to the database break, and new ones reach the same server.
    for (const { postgres } of rekey.replicas) postgres.cut();
    await append(2);
    await Promise.all(rekey.replicas.map(({ postgres }) => postgres.heal()));
    await append(2);
    // They reach another server from now on, as after a failover.
    await rekey.postgres.restart('immediate');
    await append(4);
    await Promise.all([append(4), replace(second, 'leave')]);

    const all = await following;
    const expected = (await events()).map(({ seq }) => seq).filter((seq) => BigInt(seq) > BigInt(after));
    expect(expected).toHaveLength(EVENTS);
    for (const [way, { seen, connections }] of all.entries()) {
      // Ten thousand lines of a difference would hide where it begins.
      expect(seen.filter((sequence, index) => sequence !== expected[index]).slice(0, 3), WAYS[way]!.name).toEqual([]);
      expect(connections, WAYS[way]!.name).toBeGreaterThan(1);
    }
  });
});
