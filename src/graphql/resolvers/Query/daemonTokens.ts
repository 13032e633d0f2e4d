import { daemonTokensOf } from '../../../daemon-tokens/daemon-token.queries.ts';
import { findWorkspace } from '../../../workspaces/workspace.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const daemonTokens: NonNullable<QueryResolvers['daemonTokens']> = async (
  _parent,
  { workspaceId, ...paging },
  context,
) => paginate(context, daemonTokensOf(await findWorkspace(context, workspaceId)), paging);
