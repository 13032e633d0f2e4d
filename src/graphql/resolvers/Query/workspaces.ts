import { Workspace } from '../../../workspaces/workspace.entity.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const workspaces: NonNullable<QueryResolvers['workspaces']> = async (
  _parent,
  paging,
  { em, caller, services },
) => paginate(em(), { entity: Workspace, prefix: 'wsp' }, await services.workspaces.visibleTo(em(), caller()), paging);
