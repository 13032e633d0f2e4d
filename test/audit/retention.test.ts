// The retention removes old events, and the chain still proves that no other event is missing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, type TestApp } from '../support/app.ts';
import { auditRows, verified } from '../support/audit.ts';

const CHAIN = 'wsp_of the tests';
const insert = (
  name: string,
  count: number,
  age: string,
  chain = CHAIN,
) => `insert into audit_events (id, type, occurred_at, workspace_id)
  select 'evt_${name}' || n, 'a test', now() - interval '${age}', '${chain}' from generate_series(1, ${count}) as n`;

describe.each(backends())('the retention on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start({ env: { REKEY_AUDIT_RETENTION_DAYS: '30' } });
    for (const statement of [insert('old', 1200, '40 days'), insert('new', 3, '2 days')]) await app.sql(statement);
    await app.app.audit.chain.chain();
    await app.app.audit.checkpoints.sign({ all: true });
  });
  afterAll(() => app.close());

  const purge = () => app.app.jobs['purging the audit log']!();
  const left = async () => (await auditRows(app, 'workspace_id = ?', [CHAIN])).map(({ id }) => id);

  test('removes old events and keeps newer ones, the chain stays valid, and events record the removal', async () => {
    const before = await verified(app);
    await purge();
    expect(await left()).toEqual(['evt_new1', 'evt_new2', 'evt_new3']);
    const after = await verified(app);
    const removals = await auditRows(app, `type = 'audit.removed'`);
    expect(after).toMatchObject({ problems: [], events: before.events - 1200 + removals.length });
    expect(removals.map(({ subject_id, data }) => [subject_id, data.firstSequence, data.lastSequence])).toEqual([
      [CHAIN, 1, 1000],
      [CHAIN, 1001, 1200],
    ]);
    const [summary] = await app.sql('select * from audit_removals');
    expect([summary.first_sequence, summary.last_sequence, summary.count].map(Number)).toEqual([1, 1200, 1200]);
    const first = await app.sql('select previous_hash from audit_links where chain = ? order by sequence limit 1', [
      CHAIN,
    ]);
    expect(first).toEqual([{ previous_hash: summary.last_hash }]);
  });

  test('a chain is left alone until its first event has been too old for a day', async () => {
    const others = async () => (await auditRows(app, `id like 'evt_other%'`)).map(({ id }) => id);
    await app.sql(insert('other_a', 2, '30 days 12 hours', 'wsp_another'));
    await app.app.audit.chain.chain();
    await purge();
    expect(await others()).toEqual(['evt_other_a1', 'evt_other_a2']);
    await app.sql(insert('other_b', 1, '31 days 12 hours', 'wsp_a third'));
    await app.sql(insert('other_c', 1, '30 days 12 hours', 'wsp_a third'));
    await app.app.audit.chain.chain();
    await purge();
    expect(await others()).toEqual(['evt_other_a1', 'evt_other_a2']);
    expect(await left()).toHaveLength(3);
  });

  test('no SQL of the service shortens or deletes a summary', async () => {
    for (const statement of [
      'update audit_removals set last_sequence = last_sequence - 1',
      'delete from audit_removals',
    ])
      await expect(app.sql(statement), statement).rejects.toThrow(/never changes/);
  });

  test('FORGED: a summary that covers more events than were removed', async () => {
    await app.sql('alter table audit_removals disable trigger user');
    await app.sql(
      'update audit_removals set last_sequence = 1201, last_hash = (select hash from audit_links where sequence = 1201)',
    );
    const { problems } = await verified(app);
    expect(problems.map(({ kind, chain }) => `${kind} ${chain}`)).toContain(`FORGED ${CHAIN}`);
  });
});
