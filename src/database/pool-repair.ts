import pg from 'pg';
import { limitedWait } from '../kernel/request-context.ts';
import { notConnected } from './sql-errors.ts';

/** How many requests may wait for a connection of one pool. Each takes memory, and more could not be served in time. */
const MOST_WAITING = 1000;
/** What a COMMIT gets at least of the time that its request may wait. After less, its outcome would often be unknown. */
const COMMIT_MS = 500;
const ENDS_TRANSACTION = /^(?:commit|rollback)\b/i;

/**
 * Repairs the pool of the unit of work, which the query builder uses: a failed connection attempt throws
 * `NotConnected`, broken connections are replaced, and no request waits longer than a request may.
 */
export function watchPool(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  pool.connect = (async () => {
    let connecting: Promise<pg.PoolClient> | undefined;
    try {
      mayWait(pool);
      return await limitedWait(() => (connecting = connect()), { keepMs: COMMIT_MS });
    } catch (error) {
      connecting?.then((client) => client.release(), ignore); // It may arrive after the request has given up.
      return notConnected(error);
    }
  }) as typeof pool.connect;
  replaceBroken(pool);
}

/** @throws Error if too many requests wait for a connection already */
export function mayWait(pool: pg.Pool): void {
  if (pool.waitingCount >= MOST_WAITING) throw new Error('Too many requests wait for a connection.');
}

const ignore = () => undefined;

/**
 * Closes a connection that broke or did not answer in time, and frees its place in the pool. This works around two
 * upstream behaviors, and can be removed when both are fixed:
 *
 * - The query builder releases a connection after a successful commit or rollback, and on a broken connection
 *   neither succeeds (https://github.com/kysely-org/kysely/issues/1990). Every transaction that the server ended
 *   would occupy a place for good.
 * - After `query_timeout` the driver keeps the connection, which is still busy with the abandoned statement
 *   (https://github.com/brianc/node-postgres/issues/3399). The pool would reuse it, and the next statement
 *   would wait behind that one.
 */
function replaceBroken(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    const replace = () => {
      const { release } = client;
      client.release = () => undefined; // Its holder may still release it.
      try {
        release(true);
      } catch {
        // It was not in use.
      }
    };
    client.once('end', replace);
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => {
      const [statement] = given as [string | pg.QueryConfig | pg.Submittable];
      if (typeof statement === 'object' && 'submit' in statement) return query(...given); // A stream, which no request reads.
      const text = typeof statement === 'string' ? statement : statement.text;
      const keepMs = ENDS_TRANSACTION.test(text) ? 0 : COMMIT_MS;
      const answer = limitedWait(() => query(...given) as Promise<unknown>, { keepMs });
      answer.catch((error) => {
        if (!(error instanceof pg.DatabaseError)) replace(); // Runs before the holder releases it.
      });
      return answer;
    }) as typeof client.query;
  });
}
