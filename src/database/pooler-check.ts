import pg from 'pg';
import { ConfigError } from '../kernel/config-error.ts';
import { messageOf } from '../kernel/message.ts';
import { randomBytes } from '../kernel/random.ts';
import { addressIn, connectionTo, sessionSettings } from './session-settings.ts';
import { NotConnected, notConnected, sqlStateOf } from './sql-errors.ts';

const CONNECT_MS = 5000;
/** How often two connections ask for their sessions. Twice in a row, so that no fixed order of sessions goes unnoticed. */
const ROUNDS = 4;

/**
 * Whether the configured URLs can carry the protocol: the connections that need a session have one, and a pooler leads to
 * the same database. Writes nothing.
 *
 * @throws ConfigError that says why not
 * @throws NotConnected
 */
export async function checkConnections(url: string, directUrl: string | null): Promise<void> {
  const sign = await signOfPooler(directUrl ?? url);
  if (sign !== null && directUrl === null) {
    throw new ConfigError([
      `DATABASE_URL leads to a connection pooler: ${sign}. Rekey must listen for revocations, hold leases and take locks on sessions of its own. Set DATABASE_DIRECT_URL to the same database without the pooler.`,
    ]);
  }
  if (sign !== null)
    throw new ConfigError([
      `DATABASE_DIRECT_URL leads to a connection pooler: ${sign}. It must lead to PostgreSQL itself.`,
    ]);
  if (directUrl !== null) await requireSameDatabase(url, directUrl);
}

/** How this URL shows that its sessions are not those of PostgreSQL; null if they are. */
async function signOfPooler(url: string): Promise<string | null> {
  try {
    return await signOfSessions(url);
  } catch (error) {
    if (!rejectsSettings(error) || !(await accepts(pooled(url)))) throw error;
    // Once more, because a server or a pooler that is busy may have rejected only the first connection.
    return signOfSessions(url).catch((again) => {
      if (rejectsSettings(again)) return 'it rejects the settings of a session';
      throw again;
    });
  }
}

function signOfSessions(url: string): Promise<string | null> {
  return withClients([direct(url), direct(url)], async (one, other) => {
    const wrong = await missingSettings(one);
    if (wrong.length > 0) return `a new session does not have the settings of its start (${wrong.join(', ')})`;
    const seen: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      seen[0].push(await sessionOf(one));
      seen[1].push(await sessionOf(other), await sessionOf(other));
    }
    const [ofOne, ofOther] = [new Set(seen[0]), new Set(seen[1])];
    const isOwn = ofOne.size === 1 && ofOther.size === 1 && ofOne.isDisjointFrom(ofOther);
    return isOwn ? null : 'two connections share their sessions';
  });
}

/** Whether a connection was rejected for what it asks for, and not because the server is busy, starting or out of reach. */
const rejectsSettings = (error: unknown) =>
  error instanceof NotConnected && /^(?:08P01|0A000|22023|42704)$/.test(sqlStateOf(error.cause) ?? '');

async function accepts(client: pg.Client): Promise<boolean> {
  return withClients([client], async () => true).catch(() => false);
}

async function missingSettings(client: pg.Client): Promise<string[]> {
  const settings = Object.entries(sessionSettings());
  const { rows } = await client.query<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) as given (name)',
    [settings.map(([name]) => name)],
  );
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return settings.filter(([name, value]) => values.get(name) !== value).map(([name]) => name);
}

async function sessionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return (rows[0] as { pid: number }).pid;
}

/**
 * A lock on a random number that the one connection holds is taken for the other one only in the same database of the
 * same running server. A copy of the database, or its standby, has locks of its own.
 */
async function requireSameDatabase(url: string, directUrl: string): Promise<void> {
  const key = randomBytes(8).readBigInt64BE().toString();
  await withClients([direct(directUrl), pooled(url)], async (holder, client) => {
    await holder.query('select pg_advisory_lock($1::bigint)', [key]);
    // One statement is a transaction, so a session of a pooler does not keep the lock.
    const { rows } = await client.query<{ free: boolean; standby: boolean }>(
      'select pg_try_advisory_xact_lock($1::bigint) as free, pg_is_in_recovery() as standby',
      [key],
    );
    if (rows[0]?.standby) throw new Error('DATABASE_URL leads to a standby, which accepts no writes.');
    if (rows[0]?.free) {
      throw new ConfigError([
        'DATABASE_URL and DATABASE_DIRECT_URL lead to different databases. Both must lead to one database of one server.',
      ]);
    }
    await client.query('begin').catch((error) => {
      throw new ConfigError([`DATABASE_URL leads to a pooler without transactions: ${messageOf(error)}.`]);
    });
    await client.query('rollback');
  });
}

const direct = (url: string) =>
  new pg.Client({ ...connectionTo(url, { applicationName: 'rekey-check' }), connectionTimeoutMillis: CONNECT_MS });

const pooled = (url: string) =>
  new pg.Client({
    connectionString: addressIn(url),
    application_name: 'rekey-check',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });

async function withClients<T, Clients extends [pg.Client, ...pg.Client[]]>(
  clients: Clients,
  work: (...clients: Clients) => Promise<T>,
): Promise<T> {
  for (const client of clients) client.on('error', () => undefined); // The statement reports it.
  try {
    for (const client of clients) await client.connect().catch(notConnected);
    return await work(...clients);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}
