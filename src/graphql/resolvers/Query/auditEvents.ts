import { auditedWorkspaces } from '../../../workspaces/workspace.queries.ts';
import { paginateIds } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const auditEvents: NonNullable<QueryResolvers['auditEvents']> = async (
  _parent,
  { filter, ...paging },
  context,
) => {
  const events = await context.services.auditLog.matching(context, filter, await auditedWorkspaces(context));
  return paginateIds(events, paging);
};
