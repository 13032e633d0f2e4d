import type { CredentialPolicyResolvers } from '../generated/types.ts';

export const CredentialPolicy: CredentialPolicyResolvers = {};
