import type { EntityManager } from '@mikro-orm/sql';

/**
 * The time of the database at this moment of the transaction, in milliseconds.
 *
 * The clock of a replica may be ahead of it, by the time that a sync takes. An end that was taken from that clock could
 * lie after the next read of the database, which would accept the credential once more. So an end at once comes from
 * the database.
 */
export async function databaseMoment(em: EntityManager): Promise<Date> {
  const [row] = await em.execute<{ ms: number }[]>(
    'select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  return new Date(row!.ms);
}
