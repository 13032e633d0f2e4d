import type {
  ChangeSet,
  EntityClass,
  EntityManager,
  EventArgs,
  EventSubscriber,
  FlushEventArgs,
  TransactionEventArgs,
} from '@mikro-orm/core';
import type { Logger } from '../../kernel/logger.ts';

/** How the subscriber finds the cache entries of one entity. Features declare these rules. */
export interface EvictionRule<Entity extends object = object> {
  readonly entity: EntityClass<Entity>;
  /**
   * The fingerprints of a row. Called for the row before and after the change: a rotation must evict the
   * OLD hash, which the entity no longer has. If an entity has none (e.g. a user), a change still triggers
   * a read of the log at once.
   */
  fingerprintsOf(row: Partial<Entity>): (string | null | undefined)[];
}

/** Types a rule by the entity whose rows it reads, for a list of rules for all entities. */
export function defineEviction<Entity extends object>(
  entity: EntityClass<Entity>,
  fingerprintsOf: EvictionRule<Entity>['fingerprintsOf'],
): EvictionRule {
  return { entity, fingerprintsOf } as unknown as EvictionRule;
}

export interface EvictionSubscriberOptions {
  rules: readonly EvictionRule[];
  /** Deletes these entries. Must not throw and must not block. */
  evict: (fingerprints: string[]) => void;
  /** Called after a commit that affects credentials: read the invalidation log now. */
  committed: () => void;
  logger: Logger;
}

type Transaction = NonNullable<TransactionEventArgs['transaction']>;

/**
 * Evicts cache entries once other connections can see a change: after a plain flush, after the outermost commit of an
 * explicit transaction, and never after a rollback. `afterFlush` alone would be too early inside a transaction, and the
 * commit of a savepoint is no commit.
 *
 * Safety does not depend on this. It depends on the invalidation log, which also has changes for which the ORM has no
 * event. So nothing here may throw: the row is committed, and a cache error must not cost the caller the new secret.
 */
export class EvictionSubscriber implements EventSubscriber {
  readonly #options: EvictionSubscriberOptions;
  readonly #rules: Map<unknown, EvictionRule>;
  /** What each transaction has changed so far. The changes of a savepoint move to its parent when it is released. */
  readonly #pending = new WeakMap<object, string[]>();
  readonly #parent = new WeakMap<object, Transaction>();
  readonly #opening = new WeakMap<EntityManager, Transaction>();

  constructor(options: EvictionSubscriberOptions) {
    this.#options = options;
    this.#rules = new Map(options.rules.map((rule) => [rule.entity, rule]));
  }

  getSubscribedEntities(): EntityClass<object>[] {
    return this.#options.rules.map((rule) => rule.entity);
  }

  afterCreate(args: EventArgs<object>): void {
    this.#collect(args);
  }

  afterUpdate(args: EventArgs<object>): void {
    this.#collect(args);
  }

  afterDelete(args: EventArgs<object>): void {
    this.#collect(args);
  }

  afterUpsert(args: EventArgs<object>): void {
    this.#collect(args);
  }

  beforeTransactionStart({ em, transaction }: TransactionEventArgs): void {
    if (transaction) this.#opening.set(em, transaction);
    else this.#opening.delete(em);
  }

  afterTransactionStart({ em, transaction }: TransactionEventArgs): void {
    const parent = this.#opening.get(em);
    this.#opening.delete(em);
    if (parent && transaction?.savepointName) this.#parent.set(transaction, parent);
  }

  afterTransactionCommit({ transaction }: TransactionEventArgs): void {
    if (!transaction) return;
    const changed = this.#take(transaction);
    if (!changed) return;
    const parent = this.#parent.get(transaction);
    if (parent) this.#add(parent, changed);
    else this.#clear(changed);
  }

  afterTransactionRollback({ transaction }: TransactionEventArgs): void {
    if (transaction) this.#take(transaction);
  }

  afterFlush({ em }: FlushEventArgs): void {
    // A flush without a transaction of its own (implicit ones can be disabled) is visible at once.
    if (em.isInTransaction()) return;
    const changed = this.#take(em);
    if (changed) this.#clear(changed);
  }

  #collect({ em, entity, changeSet }: EventArgs<object>): void {
    try {
      const rule = this.#rules.get((changeSet as ChangeSet<object> | undefined)?.meta.class ?? entity.constructor);
      if (!rule) return;
      const before = changeSet?.originalEntity as object | undefined;
      // Read from the change set: the entity already holds the new hash.
      const fingerprints = [...(before ? rule.fingerprintsOf(before) : []), ...rule.fingerprintsOf(entity)];
      this.#add(
        em.getTransactionContext<Transaction>() ?? em,
        fingerprints.filter((fingerprint) => fingerprint != null),
      );
    } catch (error) {
      this.#options.logger.error({ err: error }, 'collecting the cache entries to evict failed');
    }
  }

  #add(key: object, fingerprints: string[]): void {
    this.#pending.set(key, [...(this.#pending.get(key) ?? []), ...fingerprints]);
  }

  #take(key: object): string[] | undefined {
    const changed = this.#pending.get(key);
    this.#pending.delete(key);
    return changed;
  }

  #clear(fingerprints: string[]): void {
    try {
      this.#options.evict([...new Set(fingerprints)]);
      this.#options.committed();
    } catch (error) {
      this.#options.logger.error(
        { err: error },
        'evicting cache entries failed; the invalidation log invalidates them',
      );
    }
  }
}
