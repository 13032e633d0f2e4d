import type { EntityManager } from '@mikro-orm/sql';

/**
 * The advisory locks with a number. Replicas of two releases run at the same time during an upgrade, and both must take
 * the same lock: a number that was released never changes, and is never used for anything else.
 *
 * @example `select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.purge})`
 */
export const ADVISORY_LOCKS = {
  /** One replica migrates the schema, and the others wait. */
  migration: 823640926,
  /** One replica purges the invalidation log or probes the replicas. The others skip their turn. */
  invalidationLog: 823640927,
  /** One replica purges sessions, refresh tokens and the ledger. The others skip their turn. */
  purge: 823640928,
  /** One replica chains, signs or purges the audit log. The others wait. */
  auditChain: 823640929,
} as const;

/**
 * Waits for the lock that belongs to this text, and holds it until the end of the transaction. The number of
 * the lock is a hash of the text, so the text must not change between two releases. It must begin with a prefix
 * that no other caller uses.
 *
 * @example await lockText(em, `email:${name}`);
 */
export async function lockText(em: EntityManager, text: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [text]);
}
