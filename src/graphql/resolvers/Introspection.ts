import { credentialOf, userOf, workspaceOf } from '../credential-fields.ts';
import type { IntrospectionResolvers } from './../generated/types.ts';

// Of what is not active nothing is told, not even what it once was.
export const Introspection: IntrospectionResolvers = {
  active: ({ principal }) => principal !== null,
  credential: ({ principal }, _arg, context) => principal && credentialOf(principal, context),
  expiresAt: ({ principal }) => (principal?.expiresAt ? new Date(principal.expiresAt) : null),
  permissions: ({ principal }) => [...(principal?.permissions ?? [])],
  scopes: ({ principal }) => [...(principal?.scopes ?? [])],
  user: ({ principal }, _arg, context) => (principal?.userId ? userOf(principal.userId, context) : null),
  workspace: ({ principal }, _arg, context) => workspaceOf(principal?.workspaceId ?? null, context),
};
