import { Cursor } from '@mikro-orm/core';
import type { IdList, List, QueryContext } from '../database/query.ts';
import { type IdPrefix, isId } from '../kernel/ids.ts';
import { badInput } from './bad-input.ts';

/** The maximum size of a page. */
export const LARGEST_PAGE = 100;

export interface PageArguments {
  first: number;
  after?: string | null | undefined;
}

/** One page of a Relay connection. */
export interface Page<Node> {
  edges: { cursor: string; node: Node }[];
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

/**
 * One page of a list, newest first. Ids sort by time, so the id is the cursor, and new rows do not move the page. The
 * cost depends on the page, not on the table: rows are not counted.
 *
 * @throws GraphQLError `BAD_USER_INPUT` for an invalid page size or cursor
 */
export async function paginate<Entity extends object>(
  { em }: Pick<QueryContext, 'em'>,
  { entity, prefix, orderBy = ['id' as keyof Entity & string], where }: List<Entity>,
  { first, after }: PageArguments,
): Promise<Page<Entity>> {
  checkPage({ first, after }, { prefix, values: orderBy.length });
  const options = {
    where,
    first,
    after: after ?? undefined,
    orderBy: orderBy.map((name) => ({ [name]: 'desc' })),
    includeCount: false,
  };
  const cursor = await em().findByCursor(entity, options as never);
  const nodes = cursor.items as Entity[];
  return {
    nodes,
    edges: nodes.map((node) => ({ node, cursor: cursor.from(node as never) })),
    pageInfo: {
      hasNextPage: cursor.hasNextPage,
      hasPreviousPage: cursor.hasPrevPage,
      startCursor: cursor.startCursor,
      endCursor: cursor.endCursor,
    },
  };
}

/**
 * The same for a list whose ids plain SQL selects.
 *
 * @throws GraphQLError `BAD_USER_INPUT` for an invalid page size or cursor
 */
export async function paginateIds<Entity extends { id: string }>(
  { prefix, ids, rows }: Omit<IdList<Entity>, 'count'>,
  { first, after }: PageArguments,
): Promise<Page<Entity>> {
  checkPage({ first, after }, { prefix, values: 1 });
  const [lastSeen = null] = after == null ? [] : (Cursor.decode(after) as string[]);
  const found = await ids({ after: lastSeen, limit: first + 1 });
  const byId = new Map((await rows(found.slice(0, first))).map((row) => [row.id, row]));
  // A row that was deleted between the two reads is left out.
  const nodes = found.flatMap((id) => byId.get(id) ?? []);
  const edges = nodes.map((node) => ({ node, cursor: Cursor.encode([node.id]) }));
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function checkPage({ first, after }: PageArguments, cursor: { prefix: IdPrefix; values: number }): void {
  if (first < 1 || first > LARGEST_PAGE) throw badInput(`\`first\` must be from 1 to ${LARGEST_PAGE}.`, 'field');
  if (after != null && !isCursor(after, cursor))
    throw badInput('`after` must be the `endCursor` of a page of this list.', 'field');
}

/**
 * Whether this is a cursor of this list, as `Cursor` encodes it: an id, after as many moments as the list is ordered by.
 * The ORM would read an object as a condition, and the id of another list as a position after the end of this one.
 */
function isCursor(text: string, { prefix, values: count }: { prefix: IdPrefix; values: number }): boolean {
  try {
    const values: unknown[] = Cursor.decode(text);
    if (Cursor.encode(values) !== text) return false; // One spelling for each position.
    if (!Array.isArray(values) || values.length !== count) return false;
    const id: unknown = values.at(-1);
    return values.slice(0, -1).every(isMoment) && typeof id === 'string' && isId(id, prefix);
  } catch {
    return false;
  }
}

/** @throws RangeError for a text that is no moment */
function isMoment(value: unknown): boolean {
  return typeof value === 'string' && new Date(value).toISOString() === value;
}
