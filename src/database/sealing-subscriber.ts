import type { EntityClass, EventArgs, EventSubscriber, FlushEventArgs } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { SealedProperty } from './sealed-field.ts';
import type { SealedRow, Sealer } from './sealer.ts';
import { sqlIn } from './sql-in.ts';

type Entity = Record<string, unknown> & { id: string };

/** The state of one plain property of one entity. */
interface Opened {
  /** The sealed text that `value` was opened from, or that it was sealed to. */
  sealed: string | null;
  value: string | null;
  /** Whether the property was set since then. */
  isSet: boolean;
}

/**
 * Seals and opens the plain properties of entities. Before each flush, it seals the properties that were set. A
 * property of a loaded entity opens when it is read, so a row with a value that does not open can still be loaded.
 */
export class SealingSubscriber implements EventSubscriber {
  readonly #sealer: Sealer;
  readonly #properties = new Map<unknown, SealedProperty[]>();
  readonly #opened = new WeakMap<object, Map<SealedProperty, Opened>>();

  constructor(sealer: Sealer, properties: readonly SealedProperty[]) {
    this.#sealer = sealer;
    for (const property of properties) {
      this.#properties.set(property.entity, [...(this.#properties.get(property.entity) ?? []), property]);
    }
  }

  getSubscribedEntities(): EntityClass<object>[] {
    return [...this.#properties.keys()] as EntityClass<object>[];
  }

  async onLoad({ entity: loaded, em }: EventArgs<object>): Promise<void> {
    const entity = loaded as Entity;
    for (const property of this.#propertiesOf(entity)) {
      if (property.opens) {
        const sealed = sealedIn(entity, property);
        const row = rowOf(entity, property);
        if (sealed !== null) await this.#sealer.prepare(property.field, row, { sealed, sql: sqlOf(em) });
      }
      this.#watch(entity, property, { sealed: null, value: null, isSet: false });
    }
  }

  async beforeFlush({ em, uow }: FlushEventArgs): Promise<void> {
    const known = this.#opened;
    for (const entity of uow.getPersistStack() as Set<Entity>) {
      for (const property of this.#propertiesOf(entity)) {
        if (known.get(entity)?.has(property) || entity[property.property] === undefined) continue;
        const value = entity[property.property] as string | null;
        this.#watch(entity, property, { sealed: null, value, isSet: true });
      }
      await this.#seal(entity, em as EntityManager);
    }
    for (const entity of uow.getIdentityMap() as Iterable<Entity>) await this.#seal(entity, em as EntityManager);
  }

  #propertiesOf(entity: object): readonly SealedProperty[] {
    return this.#properties.get(entity.constructor) ?? [];
  }

  /** Seals the properties that were set. */
  async #seal(entity: Entity, em: EntityManager): Promise<void> {
    for (const [property, opened] of this.#opened.get(entity) ?? []) {
      if (!opened.isSet) continue;
      const { field } = property;
      const plaintext = opened.value;
      const row = rowOf(entity, property);
      const sealed = plaintext === null ? null : await this.#sealer.seal(field, row, { plaintext, sql: sqlOf(em) });
      entity[`${property.property}Sealed`] = sealed;
      if (field.index && plaintext !== null) {
        entity[`${property.property}Index`] = this.#sealer.index(field, field.index.spellings(plaintext)[0]);
      }
      Object.assign(opened, { sealed, isSet: false });
    }
  }

  /** Replaces the property of this entity by one that opens when it is read and remembers that it was set. */
  #watch(entity: Entity, property: SealedProperty, opened: Opened): void {
    const all = this.#opened.get(entity) ?? new Map<SealedProperty, Opened>();
    this.#opened.set(entity, all.set(property, opened));
    Object.defineProperty(entity, property.property, {
      configurable: true,
      enumerable: false, // A copy or a log line of the entity must not open it.
      get: () => (opened.isSet ? opened.value : this.#read(entity, property, opened)),
      set: (value: string | null) => {
        Object.assign(opened, { value, isSet: true });
      },
    });
  }

  #read(entity: Entity, property: SealedProperty, opened: Opened): string | null {
    const sealed = sealedIn(entity, property);
    // The text differs if the entity was read again under a lock.
    if (sealed !== opened.sealed) {
      if (!property.opens && sealed !== null) throw new Error(`Open ${property.property} with \`Sealer.open\`.`);
      const value = sealed === null ? null : this.#sealer.openNow(property.field, rowOf(entity, property), sealed);
      Object.assign(opened, { sealed, value });
    }
    return opened.value;
  }
}

function sealedIn(entity: Entity, { property }: SealedProperty): string | null {
  return (entity[`${property}Sealed`] ?? null) as string | null;
}

function rowOf(entity: Entity, { workspace }: SealedProperty): SealedRow {
  return {
    id: entity.id,
    workspaceId: workspace === undefined ? null : ((entity[workspace] ?? null) as string | null),
  };
}

const sqlOf = (em: unknown) => sqlIn(em as EntityManager);
