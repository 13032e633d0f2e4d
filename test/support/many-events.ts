import type { App } from '../../src/app.ts';

/** A subscription whose events are as large as a document allows: about 4 KiB each. */
export const LARGE_EVENTS = `subscription { revocations { sequence ${Array.from(
  { length: 25 },
  (_, index) => `${`alias_${index}_`.padEnd(128, 'x')}: credentialId`,
).join(' ')} } }`;

/** Appends so many revocations of API keys to the log, with one statement, as a plain SQL change of many rows does. */
export const APPEND_EVENTS = (count: number) => `do $$
  declare position bigint;
  begin
    for number in 1..${Math.trunc(count)} loop
      update auth_epoch set seq = seq + 1 returning seq into position;
      insert into auth_inval (seq, tag, subject, subject_id, effect, reason)
        values (position, 'key:none', 'API_KEY', 'key_00000000000000000000000000', 'ENDED', 'UNSPECIFIED');
    end loop;
  end $$`;

/** The same in the database of an app, which applies them before this resolves. */
export async function appendEvents({ database, replica }: App, count: number): Promise<void> {
  await database.fork().execute(APPEND_EVENTS(count));
  await replica.sync();
}
