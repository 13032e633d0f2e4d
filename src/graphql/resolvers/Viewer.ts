import { credentialOf, userOf, workspaceOf } from '../credential-fields.ts';
import type { ViewerResolvers } from '../generated/types.ts';

export const Viewer: ViewerResolvers = {
  credential: (principal, _arg, context) => credentialOf(principal, context),
  permissions: ({ permissions }) => [...permissions],
  scopes: ({ scopes }) => [...scopes],
  user: ({ userId }, _arg, context) => (userId ? userOf(userId, context) : null),
  workspace: ({ workspaceId }, _arg, context) => workspaceOf(workspaceId, context),
};
