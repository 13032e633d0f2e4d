// What encryption costs: the row of a session with and without it, and the search for an address among a million users.
import { randomBytes } from 'node:crypto';
import type { SealedField } from '../../src/database/sealed-field.ts';
import { newId } from '../../src/kernel/ids.ts';
import { type App, startApp } from './in-process.ts';
import { interleave, perAwaitedCall } from './interleave.ts';
import type { Report } from './main.ts';
import type { Servers } from './servers.ts';
import { ratios } from './statistics.ts';
import type { Row } from './table.ts';

const CALLS = 50;
const ROUNDS = { rounds: 40, longestMs: 20_000 };
const USERS = 1_000_000;
const ADDRESS = '203.0.113.77';
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const COLUMNS = 'id, user_id, scopes, created_at, refreshed_at, idle_expires_at, expires_at, ip_address, user_agent';
const VALUES = `$1, $2, '{}', now(), now(), now() + interval '1 day', now() + interval '1 day', $3, $4`;
/** The same table without constraints, for rows in plain text. */
const PLAIN = 'create table plain_sessions (like sessions including defaults including indexes)';
const FIND = 'select id from users where email_index in ($1, $2)';

/** Users that no test reads: each needs an index of its own, and no value that opens. */
const FILL = `insert into users (id, email_sealed, email_index, display_name, role, password_hash, created_at)
  select 'usr_' || n, $1, sha256(n::text::bytea), $1, 'MEMBER', '', now() from generate_series(1, $2::int) as n`;

export async function sealed(servers: Servers | null): Promise<Report> {
  if (!servers) return { rows: [], notes: ['SKIPPED: PostgreSQL is not on this machine.'] };
  const { postgres } = servers;
  const form = `s2.1.${'A'.repeat(60)}`;
  const environment = await servers.database('sealed');
  await postgres.query(PLAIN, [], 'sealed');
  await servers.fill('sealed', [[FILL, [form, USERS]], ['analyze users']]);
  const app = await startApp({ ...environment, REDIS_URL: '' });
  try {
    const plan = await postgres.query<Record<string, string>>(
      `explain (analyze, costs off, timing off, summary off) ${FIND}`,
      [randomBytes(32), randomBytes(32)],
      'sealed',
    );
    const lines = plan.map((row) => row['QUERY PLAN']!);
    return { rows: [...(await sessionRows(app, servers)), ...(await searchRows(app))], notes: lines };
  } finally {
    await app.close();
  }
}

async function sessionRows({ sealer, sealedFields, database }: App, { administrator }: Servers): Promise<Row[]> {
  const { reads: sql } = database;
  const [address, agent] = ['ip_address', 'user_agent'].map(
    (name) => sealedFields.find(({ table, column }) => table === 'sessions' && column === name)!,
  ) as [SealedField, SealedField];
  const run = (name: string, text: string, values: unknown[]) =>
    sql.query<Record<'id' | 'ip_address' | 'user_agent', string>>({ name, text }, values);
  const write = (table: string, values: string[]) =>
    run(`write-${table}`, `insert into ${table} (${COLUMNS}) values (${VALUES})`, [
      ...[values[0], administrator.id, values[1], values[2]],
    ]);
  const writeSealed = async (id: string) => {
    const [from, by] = [
      await sealer.seal(address, { id }, { plaintext: ADDRESS, sql }),
      await sealer.seal(agent, { id }, { plaintext: AGENT, sql }),
    ];
    await write('sessions', [id, from, by]);
  };
  const id = newId('ses');
  await write('plain_sessions', [id, ADDRESS, AGENT]);
  await writeSealed(id);
  const read = (table: string) => run(`read-${table}`, `select ${COLUMNS} from ${table} where id = $1`, [id]);
  const samples = await interleave(
    {
      writePlain: perAwaitedCall(CALLS, () => write('plain_sessions', [newId('ses'), ADDRESS, AGENT])),
      writeSealed: perAwaitedCall(CALLS, () => writeSealed(newId('ses'))),
      readPlain: perAwaitedCall(CALLS, () => read('plain_sessions')),
      readSealed: perAwaitedCall(CALLS, async () => {
        const [row] = await read('sessions');
        await sealer.open(address, { id }, { sealed: row!.ip_address, sql });
        await sealer.open(agent, { id }, { sealed: row!.user_agent, sql });
      }),
    },
    ROUNDS,
  );
  const row = (what: string, samplesOf: number[]): Row => ({ what, unit: 'µs', samples: samplesOf });
  return [
    row('write a session in plain text', samples.writePlain),
    { ...row('write a session, sealed', samples.writeSealed), ratio: ratios(samples.writeSealed, samples.writePlain) },
    row('read a session in plain text', samples.readPlain),
    { ...row('read a session, sealed', samples.readSealed), ratio: ratios(samples.readSealed, samples.readPlain) },
  ];
}

async function searchRows({ database, services: { emails } }: App): Promise<Row[]> {
  const find = (address: string) => {
    const [one, other] = emails.indexes(address);
    return database.reads.query({ name: 'find', text: FIND }, [one, other ?? one]);
  };
  let next = 0;
  const { search } = await interleave(
    { search: perAwaitedCall(CALLS, () => find(`someone-${next++}@example.com`)) },
    ROUNDS,
  );
  return [{ what: `find a user among ${USERS} by address`, unit: 'µs', samples: search }];
}
