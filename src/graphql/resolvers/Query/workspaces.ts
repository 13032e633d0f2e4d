import { Workspace } from '../../../workspaces/workspace.entity.ts';
import { page } from '../../connection.ts';
import type { QueryResolvers } from './../../generated/types.ts';

export const workspaces: NonNullable<QueryResolvers['workspaces']> = async (
  _parent,
  paging,
  { em, caller, services },
) => page(em(), { entity: Workspace, prefix: 'wsp' }, await services.workspaces.visibleTo(em(), caller()), paging);
