import { visibleWorkspaces } from '../../../workspaces/workspace.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const workspaces: NonNullable<QueryResolvers['workspaces']> = async (_parent, paging, context) =>
  paginate(context, await visibleWorkspaces(context), paging);
