import { Cursor } from '@mikro-orm/core';
import type { List, QueryContext } from '../database/query.ts';
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
export async function paginate<Entity extends { id: string }>(
  { em }: Pick<QueryContext, 'em'>,
  { entity, prefix, where }: List<Entity>,
  { first, after }: PageArguments,
): Promise<Page<Entity>> {
  if (first < 1 || first > LARGEST_PAGE) throw badInput(`\`first\` must be from 1 to ${LARGEST_PAGE}.`, 'field');
  if (after != null && !isCursor(after, prefix))
    throw badInput('`after` must be the `endCursor` of a page of this list.', 'field');
  const options = { where, first, after: after ?? undefined, orderBy: { id: 'desc' }, includeCount: false };
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
 * Whether this is the cursor of one id of this list, as `Cursor` encodes it. The ORM would read an object as a
 * condition, and the id of another list as a position after the end of this one.
 */
function isCursor(text: string, prefix: IdPrefix): boolean {
  try {
    const values: unknown[] = Cursor.decode(text);
    if (Cursor.encode(values) !== text) return false; // One spelling for each position.
    return Array.isArray(values) && values.length === 1 && typeof values[0] === 'string' && isId(values[0], prefix);
  } catch {
    return false;
  }
}
