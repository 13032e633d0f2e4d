import { findApiKey } from '../api-keys/api-key.queries.ts';
import { findDaemonToken } from '../daemon-tokens/daemon-token.queries.ts';
import { scopeMissing } from '../identity/access-error.ts';
import type { Scope } from '../identity/scope.ts';
import { isId } from '../kernel/ids.ts';
import { findRevocation, findSession } from '../sessions/session.queries.ts';
import { findSigningKey } from '../signing-keys/signing-key.queries.ts';
import { auditedWorkspaces, findWorkspace } from '../workspaces/workspace.queries.ts';
import type { GraphQLContext } from './context.ts';

/** How `Query.node` finds the objects of one type. */
interface NodeType {
  /** The GraphQL type. */
  type: string;
  /** The scope of the field that returns objects of this type; null if every caller finds those that it may see. */
  scope: Scope | null;
  find: (context: GraphQLContext, id: string) => Promise<{ id: string } | null>;
}

/** Every type that implements `Node`, by the prefix of its ids. */
export const NODE_TYPES: Readonly<Record<string, NodeType>> = {
  key: { type: 'ApiKey', scope: 'API_KEYS_READ', find: findApiKey },
  dmn: {
    type: 'DaemonToken',
    scope: 'DAEMON_TOKENS_READ',
    find: async (context, id) => findDaemonToken(context, id, (workspaceId) => findWorkspace(context, workspaceId)),
  },
  evt: {
    type: 'AuditEvent',
    scope: 'AUDIT_READ',
    find: async (context, id) => context.services.auditLog.find(context, id, await auditedWorkspaces(context)),
  },
  rev: { type: 'Revocation', scope: 'SESSIONS_READ', find: findRevocation },
  ses: { type: 'Session', scope: 'SESSIONS_READ', find: findSession },
  sgk: {
    type: 'SigningKey',
    scope: 'SIGNING_KEYS_READ',
    find: async (context, id) => findSigningKey(context, id, (workspaceId) => findWorkspace(context, workspaceId)),
  },
  // The schema hides users whom the caller may not see.
  usr: { type: 'User', scope: null, find: ({ loaders }, id) => loaders.user.load(id) },
  wsp: { type: 'Workspace', scope: 'WORKSPACES_READ', find: findWorkspace },
};

/** The GraphQL type of an object, by its id. */
export function typeOfNode(id: string): string | undefined {
  return NODE_TYPES[prefixOf(id)]?.type;
}

/**
 * The object with this id, if the caller may see it.
 *
 * @throws AccessError `FORBIDDEN` if the caller lacks the scope for objects of this type
 */
export async function findNode(context: GraphQLContext, id: string): Promise<{ id: string } | null> {
  const prefix = prefixOf(id);
  const node = Object.hasOwn(NODE_TYPES, prefix) && isId(id, prefix) ? NODE_TYPES[prefix] : undefined;
  if (!node) return null;
  if (node.scope !== null && !context.caller().scopes.includes(node.scope)) throw scopeMissing(node.scope);
  return node.find(context, id);
}

const prefixOf = (id: string) => id.slice(0, 3);
