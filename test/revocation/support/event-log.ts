// The log as followers read it, on a log that the test writes itself.
import type { Sql } from '../../../src/database/sql.ts';
import { EventLog } from '../../../src/revocation/event-log.ts';
import { InvalidationFeed } from '../../../src/revocation/feed.ts';
import { type LogRowJson, parseLogRow } from '../../../src/revocation/revocation-event.ts';
import { isVisible, type RevocationView } from '../../../src/revocation/revocation-view.ts';
import type { EventsRow } from '../../../src/revocation/statements.ts';
import { type EventOfRow, startReplicaOnLog } from '../../credentials/cache/replica-on-log.ts';
import { silentLogger } from '../../support/loggers.ts';

export const ALL: RevocationView = { name: 'all' };
export const ANN: RevocationView = { name: 'user', id: 'usr_ann' };
export const BOB: RevocationView = { name: 'user', id: 'usr_bob' };
export const ACME: RevocationView = { name: 'workspace', id: 'wsp_acme' };

/** An event of this user. */
export const keyOf = (userId: string, id = 'key_a'): EventOfRow => ({ kind: 'API_KEY', id, userId });

export type EventLogOnLog = Awaited<ReturnType<typeof startEventLog>>;

/** A log whose first row is at position 101. */
export async function startEventLog() {
  const feed = new InvalidationFeed(silentLogger);
  const fixture = await startReplicaOnLog({ at: 100, feed });
  const database = {
    /** Reads so far. */
    reads: 0,
    /** The first row that it still holds. */
    oldest: 1,
    /** Its answers wait for it. */
    gate: Promise.resolve() as Promise<unknown>,
  };
  const sql: Sql = {
    async query<Row>(_statement: unknown, [after, position, most, id]: readonly unknown[] = []) {
      database.reads++;
      await database.gate;
      const view = [ANN, BOB, ACME].find((each) => each.name !== 'all' && each.id === id) ?? ALL;
      const inRange = ([sequence]: LogRowJson) => sequence > (after as number) && sequence <= (position as number);
      const rows = fixture.log.filter((row) => inRange(row) && sees(row, view));
      const found: EventsRow = { oldest: database.oldest, rows: JSON.stringify(rows.slice(0, most as number)) };
      return [found] as Row[];
    },
  };
  return {
    ...fixture,
    feed,
    database,
    log: new EventLog({ replica: fixture.replica, feed, sql }),
    /** Commits these events, null for a row without one, and the replica applies them. */
    async apply(...events: (EventOfRow | null)[]): Promise<void> {
      for (const event of events) fixture.commit(event ? `${event.kind}:${event.id}` : 'probe', event);
      await fixture.sync();
    },
    /** The replica starts cold, so its memory of the log is empty. */
    async startCold(): Promise<void> {
      fixture.expel();
      await fixture.sync();
    },
  };
}

function sees(row: LogRowJson, view: RevocationView): boolean {
  const { event } = parseLogRow(row);
  return event !== null && isVisible(event, view);
}
