import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RevocationStream } from '../../src/live/revocation-stream.ts';
import { EventLog } from '../../src/revocation/event-log.ts';
import { InvalidationFeed } from '../../src/revocation/feed.ts';
import type { Replica } from '../../src/revocation/replica.ts';
import type { RevocationEvent } from '../../src/revocation/revocation-event.ts';
import { recordingLogger } from '../support/loggers.ts';

const STREAMS = 300;
const EVENTS = 60;
/** Events that all streams together return in one turn of the event loop. Each takes about 20 µs until it is sent. */
const MOST_PER_TURN = 20;

const eventAt = (sequence: number): RevocationEvent => ({
  sequence,
  kind: 'API_KEY',
  credentialId: `key_${sequence}`,
  effect: 'ENDED',
  reason: 'UNSPECIFIED',
  committedAt: new Date(0),
  userId: null,
  workspaceId: null,
  daemonId: null,
  members: [],
});

test('many streams with many events leave turns of the event loop to requests, and each gets every event in order', async () => {
  const feed = new InvalidationFeed(recordingLogger('warn').logger);
  const replica = { applied: 0, leaseRemaining: () => 1000 };
  const log = new EventLog({ replica: replica as unknown as Replica, feed, sql: { query: async () => [] } });
  let inThisTurn = 0;
  let most = 0;
  const follow = async (): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { sequence } of await RevocationStream.open(log, { name: 'all' }, null)) {
      seen.push(sequence);
      most = Math.max(most, ++inThisTurn);
      if (seen.length === EVENTS) break;
    }
    return seen;
  };
  const following = Promise.all(Array.from({ length: STREAMS }, follow));
  await nextTurn();

  for (let sequence = 1; sequence <= EVENTS; sequence++) {
    replica.applied = sequence;
    feed.publish({ sequence, tag: `key:key_${sequence}`, event: eventAt(sequence) });
  }
  let done = false;
  void following.then(() => (done = true));
  while (!done) {
    inThisTurn = 0;
    await nextTurn();
  }

  const all = Array.from({ length: EVENTS }, (_, index) => index + 1);
  for (const seen of await following) expect(seen).toEqual(all);
  expect(most).toBeLessThanOrEqual(MOST_PER_TURN);
});
