import type { CredentialResolvers } from '../generated/types.ts';

export const Credential: CredentialResolvers = {
  __resolveType: (credential, { services }) => services.credentialTypes.ofRow(credential).graphqlType as never,
};
