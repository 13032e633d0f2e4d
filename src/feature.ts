import type { EntitySchema } from '@mikro-orm/core';
import type { Migration } from '@mikro-orm/migrations';
import type { ZodType } from 'zod';
import type { EvictionRule } from './credentials/cache/eviction-subscriber.ts';
import type { CredentialType } from './credentials/credential-type.ts';
import type { SealedField, SealedProperty } from './database/sealed-field.ts';
import type { Variables } from './kernel/variable.ts';

/** One migration of the schema. The database records its name, which never changes and begins with a timestamp. */
export interface NamedMigration {
  readonly name: string;
  readonly class: new (...given: ConstructorParameters<typeof Migration>) => Migration;
}

/**
 * What one folder of `src` adds to the service, as data. `features.ts` lists all features. Everything that needs to
 * know every feature reads that list: the ORM, the migrations, the configuration, the authenticator, the eviction
 * subscriber, the tests of completeness.
 *
 * Services are not part of it: `app.ts` creates them by typed calls.
 */
export interface Feature {
  /** The name of the folder, of the schema file and of the folder of its tests. */
  readonly name: string;
  readonly entities?: readonly EntitySchema[];
  readonly migrations?: readonly NamedMigration[];
  /** The environment variables that only this feature reads. */
  readonly variables?: Variables;
  readonly credentials?: readonly CredentialType[];
  readonly evictions?: readonly EvictionRule[];
  /** Tables of this feature that have no entity. */
  readonly tables?: readonly string[];
  /** Columns whose values are sealed with a data key. */
  readonly sealedFields?: readonly SealedField[];
  /** Those of them that are properties of entities. */
  readonly sealedProperties?: readonly SealedProperty[];
  /** The audit events that this feature records, and the shape of their data. */
  readonly auditEvents?: Readonly<Record<string, ZodType>>;
}

/** Checks the type of a feature, and keeps the types of its variables. */
export function defineFeature<const F extends Feature>(feature: F): F {
  return feature;
}
