// The verification finds each change of the audit log that the service has not made, and names its place.
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { hashOf } from '../../src/audit/event-hash.ts';
import { type EventRow, eventColumns, hashedEventOf } from '../../src/audit/event-rows.ts';
import { exportLines } from '../../src/audit/export.ts';
import { type Account, backends, startTestApp, type TestApp } from '../support/app.ts';
import { verified } from '../support/audit.ts';
import { times } from '../support/values.ts';

const TABLES = ['events', 'links', 'checkpoints', 'chains', 'keys', 'removals'].map((name) => `audit_${name}`);

describe.each(backends())('what is found on $name', ({ start }) => {
  let app: TestApp;
  let admin: Account;
  let chain: string;
  /** The ids of the events of the chain, in its order. */
  let ids: string[];
  beforeAll(async () => {
    app = await start({ env: { REKEY_API_KEYS_PER_USER: '0' } });
    admin = await app.admin();
    // The owner of the tables can do this. Enabled triggers refuse every change.
    for (const table of TABLES) await app.sql(`alter table ${table} disable trigger user`);
    await app.sql('alter table audit_events enable always trigger audit_events_position_first');
    await app.sql('alter table audit_events enable always trigger audit_events_position_second');
  });
  afterAll(() => app.close());
  /** A workspace with a chain of eight events, the first five of which a checkpoint signs. */
  beforeEach(async () => {
    chain = await app.workspace(admin);
    const more = async (count: number) => {
      for (const _ of times(count, Number)) await app.apiKey(admin, { workspaceId: chain });
      await app.app.audit.chain.chain();
    };
    await more(4);
    await app.app.audit.checkpoints.sign({ all: true });
    await more(3);
    const links = await app.sql('select event_id from audit_links where chain = ? order by sequence', [chain]);
    ids = links.map(({ event_id }) => event_id);
  });

  /** What the verification reports about the chain of this test: the kind and the place of each problem. */
  const found = async () => {
    const { problems } = await verified(app);
    const own = problems.filter((problem) => problem.chain === chain);
    return own.map(({ kind, sequence }) => [kind, sequence]);
  };
  const event = (sequence: number) => ids[sequence - 1]!;

  test('nothing, if nothing was changed', async () => {
    expect(await verified(app)).toMatchObject({ problems: [], chains: 2, unsigned: 3 });
    expect(ids).toHaveLength(8);
  });

  test.each([
    ['type', `type = 'api-key.revoked'`],
    ['data', `data = data || '{"owner":"WORKSPACE"}'`],
    ['time', `occurred_at = occurred_at - interval '1 ms'`],
    ['actor', `actor_user_id = null`],
    ['reason', `reason = 'x'`],
    ['workspace', `workspace_id = null`],
    ['digest of the address', 'ip_address_digest = user_agent_digest'],
    ['sealed address', 'ip_address_sealed = user_agent_sealed'],
    ['address, in plain text', `ip_address = '192.0.2.1'`],
  ])('CHANGED: another %s', async (_name, change) => {
    await app.sql(`update audit_events set ${change} where id = ?`, [event(3)]);
    for (const problem of await found()) expect(problem).toEqual(['CHANGED', 3]);
    expect(await found()).not.toEqual([]);
  });

  test('an export names a personal field that does not open, and goes on', async () => {
    await app.sql('update audit_events set ip_address_sealed = user_agent_sealed where id = ?', [event(3)]);
    const options = { em: app.app.database.fork(), sealer: app.app.sealer, workspaceId: chain, withPersonal: true };
    const events = (await Array.fromAsync(exportLines(options), (line) => JSON.parse(line))).filter(
      ({ kind }) => kind === 'event',
    );
    expect(events).toHaveLength(8);
    expect(events[2].personal.ipAddress).toEqual({ error: 'FORGED' });
    expect(events[3].personal.ipAddress).toMatchObject({ value: '127.0.0.1' });
  });

  test('REMOVED: an event, with and without its link', async () => {
    await app.sql('delete from audit_events where id = ?', [event(3)]);
    expect(await found()).toEqual([['REMOVED', 3]]);
    await app.sql('delete from audit_links where event_id = ?', [event(3)]);
    expect(await found()).toEqual([['REMOVED', 3]]);
  });

  test('REMOVED: the last events', async () => {
    await app.sql('delete from audit_links where chain = ? and sequence > 6', [chain]);
    await app.sql('delete from audit_events where id in (?, ?)', [event(7), event(8)]);
    expect(await found()).toEqual([['REMOVED', 7]]);
  });

  test('REMOVED: the last events with the head of the chain, down to before a checkpoint', async () => {
    await app.sql('delete from audit_links where chain = ? and sequence > 3', [chain]);
    await app.sql('delete from audit_events where id = any(string_to_array(?, $$,$$))', [ids.slice(3).join(',')]);
    await app.sql(
      `update audit_chains set sequence = 3, hash =
      (select hash from audit_links where chain = ? and sequence = 3) where chain = ?`,
      [chain, chain],
    );
    expect(await found()).toEqual([['REMOVED', 5]]);
  });

  test('REORDERED: two events have each other’s place', async () => {
    await app.sql(`update audit_links set event_id = 'x' where event_id = ?`, [event(3)]);
    await app.sql('update audit_links set event_id = ? where event_id = ?', [event(3), event(4)]);
    await app.sql(`update audit_links set event_id = ? where event_id = 'x'`, [event(4)]);
    expect(await found()).toEqual([
      ['REORDERED', 3],
      ['REORDERED', 4],
    ]);
  });

  test('REORDERED: two links have each other’s sequence', async () => {
    await app.sql('update audit_links set sequence = -1 where event_id = ?', [event(3)]);
    await app.sql('update audit_links set sequence = 3 where event_id = ?', [event(4)]);
    await app.sql('update audit_links set sequence = 4 where event_id = ?', [event(3)]);
    const kinds = (await found()).map(([kind, sequence]) => `${kind} ${sequence}`);
    expect(kinds).toEqual(expect.arrayContaining(['FORGED 3', 'FORGED 4']));
  });

  test('INSERTED: an event between chained events', async () => {
    const before = '(select position from audit_events where id = ?)';
    await app.sql('alter table audit_events disable trigger user');
    await app.sql(
      `insert into audit_events (id, type, occurred_at, workspace_id, position) values ('evt_added', 'x', now(), ?, ${before})`,
      [chain, event(3)],
    );
    expect(await found()).toEqual([['INSERTED', null]]);
    await app.sql('alter table audit_events enable always trigger audit_events_position_first');
    await app.sql('alter table audit_events enable always trigger audit_events_position_second');
  });

  test('INSERTED: events after the head of the chain', async () => {
    await app.sql('update audit_chains set sequence = 6 where chain = ?', [chain]);
    expect(await found()).toEqual([['INSERTED', 7]]);
  });

  test('FORGED: the chain was rewritten with correct hashes, from before a checkpoint', async () => {
    await rewrite(3);
    expect(await found()).toEqual([['FORGED', 5]]);
  });

  test('events that were rewritten after the last checkpoint are reported as not signed', async () => {
    const { unsigned } = await verified(app);
    await rewrite(7);
    expect(await verified(app)).toMatchObject({ unsigned });
    expect(await found()).toEqual([]);
  });

  test('FORGED: the chain and its checkpoint were rewritten, without the key or with another one', async () => {
    await rewrite(3);
    await app.sql(
      `update audit_checkpoints set hash =
      (select hash from audit_links where chain = ? and sequence = 5) where chain = ?`,
      [chain, chain],
    );
    expect(await found()).toEqual([['FORGED', 5]]);
    // A key of another installation, whose private half this one cannot open.
    const other = await startTestApp();
    onTestFinished(() => other.close());
    await other.app.audit.chain.chain();
    await other.app.audit.checkpoints.sign({ all: true });
    const [key] = await other.sql('select kid, public_jwk::text as jwk, private_sealed from audit_keys');
    await app.sql(
      'insert into audit_keys (kid, public_jwk, private_sealed, created_at) values (?, ?::text::jsonb, ?, now())',
      [key.kid, key.jwk, key.private_sealed],
    );
    await app.sql('update audit_checkpoints set kid = ? where chain = ?', [key.kid, chain]);
    expect(await found()).toEqual([['FORGED', 5]]);
  });

  test('FORGED: a checkpoint of another event of the chain', async () => {
    await app.sql('update audit_checkpoints set sequence = 4 where chain = ?', [chain]);
    expect(await found()).toEqual([['FORGED', 4]]);
  });

  /** Changes an event, and writes the hashes of it and of all later ones as the service would. */
  async function rewrite(from: number): Promise<void> {
    await app.sql(`update audit_events set reason = 'x' where id = ?`, [event(from)]);
    const rows = await app.sql(
      `select l.sequence::int as sequence, l.previous_hash as "previousHash", ${eventColumns('e')}
      from audit_links l join audit_events e on e.id = l.event_id where l.chain = ? and l.sequence >= ? order by 1`,
      [chain, from],
    );
    let previousHash: string = rows[0].previousHash;
    for (const row of rows) {
      const hash = hashOf(hashedEventOf(row as EventRow), { sequence: row.sequence, previousHash });
      await app.sql('update audit_links set previous_hash = ?, hash = ? where event_id = ?', [
        previousHash,
        hash,
        row.id,
      ]);
      previousHash = hash;
    }
    await app.sql('update audit_chains set hash = ? where chain = ?', [previousHash, chain]);
  }
});
