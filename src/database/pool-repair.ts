import pg from 'pg';
import { notConnected } from './sql-errors.ts';

/**
 * Repairs the pool of the unit of work, which the query builder uses: an error of connecting says that it is one, and
 * broken connections are replaced.
 */
export function watchPool(pool: pg.Pool): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  pool.connect = (() => connect().catch(notConnected)) as typeof pool.connect;
  replaceBroken(pool);
}

/**
 * Gives the place of a connection that broke, or did not answer in time, back to its pool, and ends the connection. It
 * makes up for two behaviours upstream; when both are mended, this function can go:
 *
 * - The query builder gives a connection back after a commit or a rollback that succeeded, and on a broken connection
 *   neither does (https://github.com/kysely-org/kysely/issues/1990). Every transaction that the server ended would take
 *   a place away for good.
 * - After `query_timeout` the driver leaves the connection as it is, still busy with the statement that was given up
 *   (https://github.com/brianc/node-postgres/issues/3399). The pool would hand it out, and the next statement would wait
 *   behind that one.
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
          if (!(error instanceof pg.DatabaseError)) replace(); // Runs before the holder gives the connection back.
        });
      }
      return answer;
    }) as typeof client.query;
  });
}
