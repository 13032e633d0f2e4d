import type { EntityManager } from '@mikro-orm/sql';

/** How many keys one statement inserts. It takes some 100 ms. */
const KEYS_PER_STATEMENT = 2000;

/** A checked key of an import. The names are those of the columns, in camel case. */
export interface StagedKey {
  line: number;
  id: string;
  userId: string | null;
  workspaceId: string | null;
  name: string;
  description: string | null;
  metadataSealed: string | null;
  hint: string;
  secretHash: string;
  scopes: readonly string[];
  permissions: readonly string[];
  allowedAddresses: readonly string[];
  rateLimitRequests: number | null;
  rateLimitSeconds: number | null;
  expiresAt: string | null;
}

const COLUMNS = {
  line: 'integer',
  id: 'text',
  userId: 'text',
  workspaceId: 'text',
  name: 'text',
  description: 'text',
  metadataSealed: 'text',
  hint: 'text',
  secretHash: 'text',
  scopes: 'text[]',
  permissions: 'text[]',
  allowedAddresses: 'text[]',
  rateLimitRequests: 'integer',
  rateLimitSeconds: 'integer',
  expiresAt: 'timestamptz',
} as const satisfies Record<keyof StagedKey, string>;

const names = Object.keys(COLUMNS) as (keyof StagedKey)[];
const columnOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const typed = Object.entries(COLUMNS).map(([name, type]) => `"${name}" ${type}`);
const columns = names.map(columnOf);
const ofKey = columns.filter((column) => column !== 'line');

/**
 * Prepares a transaction that imports keys: a table of its own for the checked lines, so that a file with a rejected line
 * leaves no dead rows among the keys. References are checked with each statement instead of all at once at the commit, and
 * a statement may take longer than one of a request.
 */
export async function startStaging(em: EntityManager): Promise<void> {
  await em.execute(`set local statement_timeout = '60s'`);
  await em.execute(`set local idle_in_transaction_session_timeout = '60s'`);
  await em.execute('set constraints api_keys_user_id_fkey, api_keys_workspace_id_fkey, api_keys_creator immediate');
  const types = Object.entries(COLUMNS).map(([name, type]) => `${columnOf(name)} ${type}`);
  await em.execute(`create temporary table api_keys_staged (${types.join(', ')}, primary key (line), unique (secret_hash))
    on commit drop`);
}

/** Adds checked lines. Returns those whose secret belongs to another key or to an earlier line. */
export async function stage(
  em: EntityManager,
  keys: readonly StagedKey[],
): Promise<{ line: number; problem: string }[]> {
  if (keys.length === 0) return [];
  const taken = await em.execute<{ line: number }[]>(
    `select g.line from json_to_recordset(?::json) as g ("line" integer, "secretHash" text)
      where exists (select from api_keys k where k.secret_hash = g."secretHash")
        or exists (select from api_keys k where k.previous_secret_hash = g."secretHash")`,
    [JSON.stringify(keys.map(({ line, secretHash }) => ({ line, secretHash })))],
  );
  const rejected = new Map(taken.map(({ line }) => [line, 'hash: A key with this secret exists already.']));
  const others = keys.filter(({ line }) => !rejected.has(line));
  const added = await em.execute<{ line: number }[]>(
    `insert into pg_temp.api_keys_staged (${columns.join(', ')})
      select ${names.map((name) => `g."${name}"`).join(', ')} from json_to_recordset(?::json) as g (${typed.join(', ')})
      order by g.line on conflict (secret_hash) do nothing returning line`,
    [JSON.stringify(others)],
  );
  const lines = new Set(added.map(({ line }) => line));
  for (const { line } of others) if (!lines.has(line)) rejected.set(line, 'hash: An earlier line has the same secret.');
  return [...rejected].map(([line, problem]) => ({ line, problem })).toSorted((a, b) => a.line - b.line);
}

/** Turns all staged lines into keys. Returns how many there are. */
export async function insertStaged(em: EntityManager, createdAt: Date): Promise<number> {
  let last = 0;
  for (let inserted = 0; ; ) {
    const [row] = await em.execute<{ count: number; last: number | null }[]>(
      `with page as (select * from pg_temp.api_keys_staged where line > ? order by line limit ${KEYS_PER_STATEMENT}),
        made as (insert into api_keys (${ofKey.join(', ')}, created_at)
          select ${ofKey.map((column) => `page.${column}`).join(', ')}, ?::timestamptz from page returning 1)
      select (select count(*) from made)::int as count, (select max(line) from page) as last`,
      [last, createdAt.toISOString()],
    );
    if (!row || row.last === null) return inserted;
    inserted += row.count;
    last = row.last;
  }
}
