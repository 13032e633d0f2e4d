import type { EntityManager } from '@mikro-orm/sql';
import type { Sql } from './sql.ts';

/**
 * Runs statements in the transaction of this EntityManager, if it has one. In the statements, each parameter must occur
 * once, and in order. No value may be a list.
 */
export function sqlIn(em: EntityManager): Sql {
  return {
    query: <Row>({ text }: { text: string }, values: readonly unknown[] = []) =>
      em.execute(text.replace(/\$\d+/g, '?'), [...values]) as unknown as Promise<Row[]>,
  };
}
