import { ApiKey } from '../../api-keys/api-key.entity.ts';
import type { CredentialResolvers } from '../generated/types.ts';

export const Credential: CredentialResolvers = {
  __resolveType: (credential) => (credential instanceof ApiKey ? 'ApiKey' : 'Session'),
};
