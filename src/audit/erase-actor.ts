import type { EntityManager } from '@mikro-orm/sql';

/** A statement must end before its timeout. */
const BATCH = 10_000;

const ERASE = `update audit_events set ip_address = null where id in (
    select id from audit_events where actor_user_id = ? and ip_address is not null limit ${BATCH}) returning 1`;

/**
 * Erases what the audit log knows about a person besides the id: the addresses in the events of which the user is the
 * actor. The events stay. Part of the current transaction.
 */
export async function eraseActor(em: EntityManager, userId: string): Promise<void> {
  for (let erased = BATCH; erased === BATCH; ) erased = (await em.execute(ERASE, [userId])).length;
}
