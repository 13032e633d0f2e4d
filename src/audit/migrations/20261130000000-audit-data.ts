import { Migration } from '@mikro-orm/migrations';

/**
 * The data of an event besides its columns, and the position of an event in commit order.
 *
 * Commit order means: if a transaction B read, changed or locked what a transaction A had changed, A has the lower
 * position. The id and `occurred_at` do not promise that, because both are made before a transaction waits for its
 * locks. Two transactions that do not depend on each other may have their positions in any order.
 *
 * Deferred triggers take the position from a sequence, at the commit. At that time the transaction holds every lock
 * that it needs, and everything that it depends on is committed. A sequence makes no transaction wait for another one.
 * Every insert gets its position in the same way, by this service or by an operator with psql.
 *
 * What a reader of positions must know:
 * - A position is unique and never changes. `null` is seen only inside the transaction that inserted the row.
 * - There are gaps. A transaction that fails after it took its position leaves one for good, and a
 *   crash may leave up to 32.
 * - A gap may also belong to a transaction that is about to commit: a row with a lower position can become visible
 *   after one with a higher position. A reader that remembers how far it has read must not pass a gap at once. When it
 *   finds a gap, it waits until every transaction that can fill the gap has ended: see `WRITERS` in
 *   `chain.statements.ts`. Then it reads once more, and passes the positions that are still missing.
 * - `SET CONSTRAINTS … IMMEDIATE` takes the position at that statement instead of at the commit.
 *   This service never uses it.
 */
export class Migration20261130000000 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`alter table audit_events add column data jsonb not null default '{}', add column position bigint`);
    this.addSql(`update audit_events e set position = o.position
      from (select id, row_number() over (order by occurred_at, id) as position from audit_events) o where o.id = e.id`);
    // If sessions cached numbers, a session could give out a lower number later than another session a higher one.
    this.addSql('create sequence audit_position as bigint cache 1 owned by audit_events.position');
    this.addSql(`select setval('audit_position', (select count(*) from audit_events) + 1, false)`);
    // Not unique: the sequence gives out each number once, and on a logical subscriber the positions of the publisher
    // are replayed for a moment before the trigger replaces them. No event must be rejected because of that.
    this.addSql('create index audit_events_position on audit_events (position)');

    // The first trigger only makes the second one run after every other deferred trigger of the transaction: triggers
    // that are queued while deferred triggers run come after them. So the position is also taken after the lock of the
    // invalidation log, and the events of two revocations have the order of their rows in that log.
    //
    // A position that a statement sets is replaced.
    this.addSql(`create function audit_set_position() returns trigger language plpgsql
      set search_path = public, pg_temp as $$
      begin
        if TG_OP = 'INSERT' then
          update audit_events set position = null where id = new.id;
        else
          update audit_events set position = nextval('audit_position') where id = new.id;
        end if;
        return null;
      end
    $$`);
    this.addSql(`create constraint trigger audit_events_position_first after insert on audit_events
      deferrable initially deferred for each row execute function audit_set_position()`);
    this.addSql(`create constraint trigger audit_events_position_second after update on audit_events
      deferrable initially deferred for each row when (new.position is null) execute function audit_set_position()`);
    for (const trigger of ['audit_events_position_first', 'audit_events_position_second'])
      this.addSql(`alter table audit_events enable always trigger ${trigger}`);
  }

  override async down(): Promise<void> {
    throw new Error('The data of the audit log cannot be removed by a migration. Restore a backup instead.');
  }
}
