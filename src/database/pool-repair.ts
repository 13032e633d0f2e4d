import pg from 'pg';
import { notConnected } from './sql-errors.ts';

/**
 * Repairs the pool of the unit of work, which the query builder uses: a failed connection attempt throws
 * `NotConnected`, and broken connections are replaced.
 */
export function watchPool(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  pool.connect = (() => connect().catch(notConnected)) as typeof pool.connect;
  replaceBroken(pool);
}

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
      const answer = query(...given);
      if (answer instanceof Promise) {
        answer.catch((error) => {
          if (!(error instanceof pg.DatabaseError)) replace(); // Runs before the holder releases it.
        });
      }
      return answer;
    }) as typeof client.query;
  });
}
