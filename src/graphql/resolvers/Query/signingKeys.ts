import { signingKeysOf } from '../../../signing-keys/signing-key.queries.ts';
import { findWorkspace } from '../../../workspaces/workspace.queries.ts';
import { paginate } from '../../connection.ts';
import type { QueryResolvers } from '../../generated/types.ts';

export const signingKeys: NonNullable<QueryResolvers['signingKeys']> = async (
  _parent,
  { workspaceId, ...paging },
  context,
) => paginate(context, signingKeysOf(await findWorkspace(context, workspaceId)), paging);
