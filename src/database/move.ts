import pg from 'pg';
import { connectionTo } from './session-settings.ts';
import type { Sql } from './sql.ts';

/** How many rows one statement copies. */
const ROWS_PER_STATEMENT = 500;

/** A table that was copied and compared. */
export interface MovedTable {
  name: string;
  rows: number;
}

export interface Move {
  /** The embedded database. No other process may use it, and this process must not write to it during the copy. */
  source: Sql;
  /** The URL of a PostgreSQL database that has the same schema and contains nothing else. */
  url: string;
  progress: (rows: number, table: string) => void;
}

/** The target database is not empty. */
export class NotEmptyError extends Error {}

/**
 * Rejects a database that contains a table, a view or a sequence, unless an extension has made it.
 *
 * @throws NotEmptyError
 */
export async function requireEmpty(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query(`select c.relname from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') limit 1`);
    if (rows.length > 0)
      throw new NotEmptyError('The database is not empty. Create a new one, and name it in --to. Nothing was written.');
  });
}

/**
 * Copies all rows and the positions of all sequences in one transaction, and compares the number of rows and a checksum
 * of each table before the commit. The copy replaces the rows that the migrations have inserted into the target, so the
 * positions of the invalidation log continue.
 */
export function copyDatabase({ source, url, progress }: Move): Promise<MovedTable[]> {
  return withClient(url, async (target) => {
    await target.query('begin');
    const tables = await tablesOf(source);
    const triggers = await triggersOf(target);
    for (const { name } of tables) await target.query(`alter table ${quoted(name)} disable trigger user`);
    await target.query(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`);
    const moved: MovedTable[] = [];
    let rows = 0;
    for (const { name, columns } of tables) {
      for await (const page of pagesOf(source, name)) {
        await target.query(insertInto(name, columns), [`[${page.join(',')}]`]);
        rows += page.length;
        progress(rows, name);
      }
      moved.push({ name, rows: await requireSame(source, target, name) });
    }
    await copySequences(source, target);
    await target.query('set constraints all immediate'); // References. A table with pending checks cannot be altered.
    for (const { table, trigger, always } of triggers)
      await target.query(`alter table ${quoted(table)} enable ${always ? 'always' : ''} trigger ${quoted(trigger)}`);
    await target.query('commit');
    return moved;
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(connectionTo(url, { applicationName: 'rekey-move' }));
  client.on('error', () => undefined); // The statement reports it.
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined); // Without a commit, everything is rolled back.
  }
}

interface Table {
  name: string;
  columns: string[];
}

async function tablesOf(source: Sql): Promise<Table[]> {
  return source.query<Table>({
    name: 'move-tables',
    text: `select c.relname as name, json_agg(a.attname order by a.attnum) as columns
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = ''
      group by c.relname order by c.relname`,
  });
}

/** The enabled triggers, without those of constraints, and whether each one fires in every session. */
async function triggersOf(target: pg.Client): Promise<{ table: string; trigger: string; always: boolean }[]> {
  const { rows } = await target.query(`select c.relname as table, t.tgname as trigger, t.tgenabled = 'A' as always
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and t.tgenabled <> 'D' order by 1, 2`);
  return rows;
}

/** All rows of a table as JSON objects, read by a cursor. */
async function* pagesOf(source: Sql, table: string): AsyncGenerator<string[]> {
  const statement = (name: string, text: string) => ({ name: `move-${name}-${table}`, text });
  await source.query(
    statement('open', `declare moved cursor with hold for select row_to_json(t)::text as row from ${quoted(table)} t`),
  );
  try {
    for (;;) {
      const page = await source.query<{ row: string }>(statement('page', `fetch ${ROWS_PER_STATEMENT} from moved`));
      if (page.length === 0) return;
      yield page.map(({ row }) => row);
    }
  } finally {
    await source.query(statement('close', 'close moved'));
  }
}

function insertInto(table: string, columns: readonly string[]): string {
  const list = columns.map(quoted).join(', ');
  return `insert into ${quoted(table)} (${list}) overriding system value
    select ${list} from json_populate_recordset(null::${quoted(table)}, $1::json)`;
}

/** Returns how many rows each of the two tables has. @throws Error if the tables differ */
async function requireSame(source: Sql, target: pg.Client, table: string): Promise<number> {
  const text = `select count(*)::int as rows,
      coalesce(sum(('x' || left(md5(row_to_json(t)::text), 15))::bit(60)::bigint), 0)::text as checksum
    from ${quoted(table)} t`;
  type Summary = { rows: number; checksum: string };
  const [before] = await source.query<Summary>({ name: `move-check-${table}`, text });
  const after: Summary | undefined = (await target.query(text)).rows[0];
  if (!before || before.rows !== after?.rows || before.checksum !== after.checksum)
    throw new Error(`The copy of the table ${table} differs. Nothing was moved.`);
  return before.rows;
}

async function copySequences(source: Sql, target: pg.Client): Promise<void> {
  const names = await source.query<{ name: string }>({
    name: 'move-sequences',
    text: `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'`,
  });
  for (const { name } of names) {
    const [state] = await source.query<{ last: string; called: boolean }>({
      name: `move-sequence-${name}`,
      text: `select last_value::text as last, is_called as called from ${quoted(name)}`,
    });
    if (state)
      await target.query('select setval($1::regclass, $2::bigint, $3)', [quoted(name), state.last, state.called]);
  }
}

const quoted = (name: string) => pg.escapeIdentifier(name);
