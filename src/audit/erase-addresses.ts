import type { EntityManager } from '@mikro-orm/sql';

/** A statement must end before its timeout. */
const BATCH = 10_000;

const eraseWhere = (condition: string) => `update audit_events
    set ip_address = null, ip_address_sealed = null, user_agent_sealed = null
    where id in (
      select id from audit_events where ${condition}
        and (ip_address is not null or ip_address_sealed is not null or user_agent_sealed is not null)
      limit ${BATCH})
    returning 1`;

/** Events without an acting user, such as a rejected login, are about the user who is their subject. */
const ERASE_ACTOR = eraseWhere('coalesce(actor_user_id, subject_id) = ?');

/**
 * Erases what the audit log knows about a person besides the id: the addresses and user agents in the events of which the
 * user is the actor, and in events about the user that have no actor. The events stay, and so do the hashes of what was
 * erased: the chain still holds. Part of the current transaction.
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
