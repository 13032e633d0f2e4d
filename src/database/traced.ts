import type { PGlite, Transaction } from '@electric-sql/pglite';
import type pg from 'pg';
import type { InSpan } from '../kernel/tracing.ts';
import type { Sql } from './sql.ts';

// Spans name a statement and never contain its text or its values. They exist only if the process has an SDK of
// OpenTelemetry, so nothing of this is on the path of a query otherwise.

/** The same connection, with a span for each statement, under the name of the statement. */
export function tracedSql(sql: Sql, inSpan: InSpan): Sql {
  return { query: (statement, values) => inSpan(...spanOf(statement.name), () => sql.query(statement, values)) };
}

/** Adds a span to each statement of the unit of work. */
export function tracePool(pool: pg.Pool, inSpan: InSpan): void {
  pool.on('connect', (client) => {
    client.query = traced(client.query.bind(client), inSpan) as typeof client.query;
  });
}

/** The same for the embedded database, whose transactions have a query function of their own. */
export function tracePglite(pglite: PGlite, inSpan: InSpan): void {
  pglite.query = traced(pglite.query.bind(pglite), inSpan) as typeof pglite.query;
  const transaction = pglite.transaction.bind(pglite);
  pglite.transaction = (work) =>
    transaction((tx: Transaction) => {
      tx.query = traced(tx.query.bind(tx), inSpan) as typeof tx.query;
      return work(tx);
    });
}

function traced(query: unknown, inSpan: InSpan) {
  return (text: unknown, ...rest: unknown[]): unknown => {
    const run = () => (query as (...given: unknown[]) => unknown)(text, ...rest);
    return typeof text === 'string' ? inSpan(...spanOf(summaryOf(text)), run) : run();
  };
}

/** What a statement does, and to which table. Identifiers are ours, and values are parameters. */
function summaryOf(text: string): string {
  const [, verb = 'statement'] = /^\s*([a-z]+)/i.exec(text) ?? [];
  const [, table] = /\b(?:from|into|update)\s+"?([a-z_]+)/i.exec(text.slice(0, 2000)) ?? [];
  return table === undefined ? verb.toLowerCase() : `${verb.toLowerCase()} ${table}`;
}

function spanOf(summary: string): [name: string, attributes: Record<string, string>] {
  return [`SQL ${summary}`, { 'db.system.name': 'postgresql', 'db.query.summary': summary }];
}
