import type { EntityClass } from '@mikro-orm/core';

/** A column whose values are sealed with the data key of a tenant. Features declare these columns. */
export interface SealedField {
  readonly table: string;
  readonly column: string;
  /** The primary key of the table. */
  readonly key: string;
  /** The column with the workspace that the row belongs to. Left out: its values are sealed for the accounts. */
  readonly workspace?: string;
  /** The column with the blind index of the value, by which rows are found. */
  readonly index?: {
    readonly column: string;
    /** The spellings of a value under which it can be found. New values are stored under the first one. */
    readonly spellings: (plaintext: string) => readonly [string, ...string[]];
  };
  /**
   * How earlier releases sealed the values: with the master key, for this purpose. Left out: they did not seal them.
   */
  readonly former?: {
    readonly purpose: string;
    readonly aad: (row: string) => string;
    /** SQL condition for the rows that are still opened. The values of others may be lost. Defaults to all rows. */
    readonly where?: string;
  };
}

/**
 * A sealed field of an entity. The property of the sealed text, which the ORM stores, has the name of the plain
 * property with `Sealed` at its end, and that of the blind index has `Index`.
 *
 * The ORM does not know the plain property. It is sealed when the entity is flushed, and opened when it is read.
 */
export interface SealedProperty {
  readonly field: SealedField;
  readonly entity: EntityClass<object>;
  /** The name of the plain property. */
  readonly property: string;
  /** The property with the id of the workspace, for a field with one. */
  readonly workspace?: string;
  /**
   * Whether the property of a loaded entity can be read. Otherwise the code that needs it calls `Sealer.open`. Only
   * fields of the accounts are opened when read: their keys are in memory.
   */
  readonly opens: boolean;
}

/** Types the property by its entity, for a list of properties of all entities. */
export function sealedProperty<Entity extends object>(of: {
  field: SealedField;
  entity: EntityClass<Entity>;
  property: keyof Entity & string;
  workspace?: keyof Entity & string;
  opens?: boolean;
}): SealedProperty {
  return { opens: false, ...of } as unknown as SealedProperty;
}
