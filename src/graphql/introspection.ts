import { type DocumentNode, type FieldNode, visit } from 'graphql';
import type { Principal } from '../identity/principal.ts';

/** Who may read the schema by introspection. */
export type IntrospectionAccess = 'open' | 'administrators' | 'closed';

/** Whether a caller may read the schema. */
export function mayIntrospect(access: IntrospectionAccess, principal: Principal | null): boolean {
  return access === 'open' || (access === 'administrators' && principal?.scopes.includes('ADMIN') === true);
}

/** Why a caller may not read the schema, and what the caller can do. */
export const NO_INTROSPECTION: Record<Exclude<IntrospectionAccess, 'open'>, string> = {
  administrators:
    'Only administrators may read the schema of this service (REKEY_INTROSPECTION=administrators). Send the credential of one, with the scope ADMIN.',
  closed: 'The schema of this service cannot be read by introspection (REKEY_INTROSPECTION=closed).',
};

/** Documents that were searched. They are cached, and executed many times. */
const searched = new WeakMap<DocumentNode, FieldNode | null>();

/** The first field of a document that reads the schema; null if there is none. `__typename` is no such field. */
export function introspectionIn(document: DocumentNode): FieldNode | null {
  const known = searched.get(document);
  if (known !== undefined) return known;
  let found: FieldNode | null = null;
  visit(document, {
    Field(node) {
      if (node.name.value === '__schema' || node.name.value === '__type') found ??= node;
    },
  });
  searched.set(document, found);
  return found;
}
