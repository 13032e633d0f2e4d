import type { ChainedEvent } from '../../audit/audit-log.ts';
import type { GraphQLContext } from '../context.ts';
import { personalOf } from '../credential-fields.ts';
import type { AuditEventResolvers } from '../generated/types.ts';

export const AuditEvent: AuditEventResolvers = {
  actor: ({ actorId }, _arg, { loaders }) => (actorId ? loaders.user.load(actorId) : null),
  details: ({ details }) => Object.entries(details).map(([key, value]) => ({ key, value })),
  ipAddress: (event, _arg, context) => personal(event, 'ipAddress', context),
  userAgent: (event, _arg, context) => personal(event, 'userAgent', context),
  workspace: async ({ workspaceId }, _arg, { loaders, visibility }) =>
    workspaceId !== null && (await visibility.seesWorkspace(workspaceId)) ? loaders.workspace.load(workspaceId) : null,
};

/** A member of a workspace sees no addresses of other members. A rejected client without a user is not a member. */
function seesClient({ actorId, outcome }: ChainedEvent, { visibility, principal }: GraphQLContext): boolean {
  if (actorId === null) return outcome === 'REFUSED' || visibility.seesAll;
  return actorId === principal?.userId || visibility.seesAccount(actorId);
}

/** What an event knows about its client, if the caller may read it. */
async function personal(event: ChainedEvent, field: 'ipAddress' | 'userAgent', context: GraphQLContext) {
  if (!seesClient(event, context)) return null;
  const { auditLog } = context.services;
  const value = await (field === 'ipAddress' ? auditLog.ipAddressOf(event) : auditLog.userAgentOf(event));
  if (event.actorId === null) return value;
  return personalOf({ userId: event.actorId, field: `AuditEvent.${field}`, value }, context);
}
