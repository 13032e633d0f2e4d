import type { PolicyBounds } from '../../identity/credential-policy.ts';

export type CredentialPolicyMapper = PolicyBounds;
