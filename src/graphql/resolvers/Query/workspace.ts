import { Workspace } from '../../../workspaces/workspace.entity.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const workspace: NonNullable<QueryResolvers['workspace']> = async (_parent, { id }, { em, caller, services }) =>
  em().findOne(Workspace, { $and: [{ id }, await services.workspaces.visibleTo(em(), caller())] });
