import { findWorkspace } from '../../../workspaces/workspace.queries.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const workspace: NonNullable<QueryResolvers['workspace']> = (_parent, { id }, context) =>
  findWorkspace(context, id);
