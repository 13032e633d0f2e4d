import { endOf } from '../../identity/principal.ts';
import { loadCredential } from '../credential-fields.ts';
import type { IntrospectionResolvers } from '../generated/types.ts';

// An inactive token returns no details, not even what it once was. The same holds for a row that was deleted meanwhile,
// because the token in question is not the caller's credential.
export const Introspection: IntrospectionResolvers = {
  active: ({ principal }) => principal !== null,
  credential: ({ principal }, _arg, context) => principal && loadCredential(principal, context),
  expiresAt({ principal }) {
    const end = principal && endOf(principal);
    return end === null ? null : new Date(end);
  },
  permissions: ({ principal }) => [...(principal?.permissions ?? [])],
  scopes: ({ principal }) => [...(principal?.scopes ?? [])],
  user: ({ principal }, _arg, { loaders }) => (principal?.userId ? loaders.user.load(principal.userId) : null),
  workspace: ({ principal }, _arg, { loaders }) =>
    principal?.workspaceId ? loaders.workspace.load(principal.workspaceId) : null,
};
