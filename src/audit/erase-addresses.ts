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

/** An event without an acting user, such as a rejected login, contains the address of its subject. */
const ERASE_ACTOR = eraseWhere('coalesce(actor_user_id, subject_id) = ?');

/**
 * Erases the personal data of a user except the id: the addresses and user agents in events of which the user is the
 * actor, and in events that have the user as the subject and no actor. The events and the digests of the erased values
 * stay, so the chain remains valid. Part of the current transaction.
 */
export function eraseActor(em: EntityManager, userId: string): Promise<void> {
  return eraseAll(em, ERASE_ACTOR, [userId]);
}

/**
 * Erases the addresses and user agents in events that have one of these subjects and no actor. Events of refused
 * requests have this form.
 *
 * @param subjects SQL that selects their ids
 */
export function eraseRefused(em: EntityManager, subjects: string, values: readonly string[]): Promise<void> {
  return eraseAll(em, eraseWhere(`actor_user_id is null and subject_id in (${subjects})`), values);
}

async function eraseAll(em: EntityManager, statement: string, values: readonly string[]): Promise<void> {
  for (let erased = BATCH; erased === BATCH; ) erased = (await em.execute(statement, [...values])).length;
}
