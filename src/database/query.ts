import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Principal } from '../identity/principal.ts';
import type { IdPrefix } from '../kernel/ids.ts';

/** What the reads of a feature (`<name>.queries.ts`) are handed: the context of a request. */
export interface QueryContext {
  /** One EntityManager for all reads of a request. */
  em(): EntityManager;
  /** The principal that reads. */
  caller(): Principal;
  /** Database time. */
  now(): Date;
}

/** What a list holds, before it is cut into pages. */
export interface List<Entity> {
  entity: EntityClass<Entity>;
  /** What the ids of the entity begin with. */
  prefix: IdPrefix;
  where: FilterQuery<Entity>;
}
