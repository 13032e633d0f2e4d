import type pg from 'pg';
import { type SessionTimeouts, settingsOfTransaction } from './session-settings.ts';

/** A statement that begins a transaction, as the query builder writes it, with or without modes. */
const BEGINS = /^(?:begin|start transaction)\b/i;

/**
 * Makes the connections of a pool usable behind a pooler in transaction mode, where a session of the server belongs to
 * another client after each transaction:
 *
 * - Every statement runs in a transaction that begins with all settings, so no default and no other client of the pooler
 *   decides what it means. A statement outside of a transaction gets one of its own, which costs two more round trips.
 * - Prepared statements are not used: the session that has prepared a statement may be another one at the next use. So it
 *   does not matter whether the pooler supports them.
 *
 * Call it after everything else that replaces `query`.
 */
export function setByTransaction(pool: pg.Pool, timeouts: SessionTimeouts): void {
  const settings = settingsOfTransaction(timeouts);
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (statement: pg.QueryConfig) => Promise<pg.QueryResult>;
    const begin = (text: string) => query({ text: `${withModes(text)}; ${settings}` });
    const alone = async (statement: pg.QueryConfig) => {
      let result: pg.QueryResult;
      try {
        await begin('begin');
        result = await query(statement);
      } catch (error) {
        await query({ text: 'rollback' }).catch(() => undefined); // The first error is the one that matters.
        throw error;
      }
      await query({ text: 'commit' });
      return result;
    };
    client.query = ((given: string | pg.QueryConfig, values?: unknown[]) => {
      const statement =
        typeof given === 'string' ? { text: given, values } : { text: given.text, values: given.values };
      if (BEGINS.test(statement.text)) return begin(statement.text);
      return client.getTransactionStatus() === 'I' ? alone(statement) : query(statement);
    }) as typeof client.query;
  });
}

/** `default_transaction_isolation` and the like would only change the next transaction. */
function withModes(begin: string): string {
  const isolation = /isolation level/i.test(begin) ? '' : ' isolation level read committed';
  const access = /read (?:only|write)/i.test(begin) ? '' : ' read write';
  return `${begin}${isolation}${access} not deferrable`;
}
