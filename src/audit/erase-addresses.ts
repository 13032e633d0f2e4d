import type { EntityManager } from '@mikro-orm/sql';

/** A statement must end before its timeout. */
const BATCH = 10_000;

const eraseWhere = (condition: string) => `update audit_events set ip_address = null where id in (
    select id from audit_events where ${condition} and ip_address is not null limit ${BATCH}) returning 1`;

const ERASE_ACTOR = eraseWhere('actor_user_id = ?');

/**
 * Erases what the audit log knows about a person besides the id: the addresses in the events of which the user is the
 * actor. The events stay. Part of the current transaction.
 */
export function eraseActor(em: EntityManager, userId: string): Promise<void> {
  return eraseAll(em, ERASE_ACTOR, [userId]);
}

/**
 * Erases the addresses in the events about these subjects that have no actor, as those of refused requests.
 *
 * @param subjects SQL that selects their ids
 */
export function eraseRefused(em: EntityManager, subjects: string, values: readonly string[]): Promise<void> {
  return eraseAll(em, eraseWhere(`actor_user_id is null and subject_id in (${subjects})`), values);
}

async function eraseAll(em: EntityManager, statement: string, values: readonly string[]): Promise<void> {
  for (let erased = BATCH; erased === BATCH; ) erased = (await em.execute(statement, [...values])).length;
}
