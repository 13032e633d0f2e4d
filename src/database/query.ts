import type { EntityClass, FilterQuery } from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/sql';
import type { Principal } from '../identity/principal.ts';
import type { IdPrefix } from '../kernel/ids.ts';

/** What the queries of a feature (`<name>.queries.ts`) receive: the context of a request. */
export interface QueryContext {
  /** One EntityManager for all reads of a request. */
  em(): EntityManager;
  /** The principal that reads. */
  caller(): Principal;
  /** Database time. */
  now(): Date;
}

/** The rows of a list, before pagination. */
export interface List<Entity> {
  entity: EntityClass<Entity>;
  /** The prefix of the ids that the list is ordered by. */
  prefix: IdPrefix;
  /** The properties that the list is ordered by: moments, and at the end an id. Defaults to `id`. */
  orderBy?: readonly (keyof Entity & string)[];
  where: FilterQuery<Entity>;
}

/** The rows of a list whose ids plain SQL selects, before pagination. They are ordered by id, the newest first. */
export interface IdList<Entity extends { id: string }> {
  /** The prefix of the ids. */
  prefix: IdPrefix;
  /** At most this many ids, of rows that are older than `after`. */
  ids(page: { after: string | null; limit: number }): Promise<string[]>;
  /** The rows with these ids, in any order. */
  rows(ids: string[]): Promise<Entity[]>;
  /** How many rows the list has. */
  count(): Promise<number>;
}
