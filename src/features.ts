import { accounts } from './accounts/accounts.feature.ts';
import { apiKeys } from './api-keys/api-keys.feature.ts';
import { audit } from './audit/audit.feature.ts';
import { canary } from './canary/canary.feature.ts';
import { coalescing } from './coalescing/coalescing.feature.ts';
import { credentialPolicies } from './credential-policies/credential-policies.feature.ts';
import { credentials } from './credentials/credentials.feature.ts';
import { daemonTokens } from './daemon-tokens/daemon-tokens.feature.ts';
import { database } from './database/database.feature.ts';
import { explanations } from './explanations/explanations.feature.ts';
import { limits } from './limits/limits.feature.ts';
import { live } from './live/live.feature.ts';
import { redis } from './redis/redis.feature.ts';
import { revocation } from './revocation/revocation.feature.ts';
import { sessions } from './sessions/sessions.feature.ts';
import { signingKeys } from './signing-keys/signing-keys.feature.ts';
import { workspaces } from './workspaces/workspaces.feature.ts';

/** Every feature of the service, one line each. */
export const features = [
  database,
  redis,
  revocation,
  credentials,
  audit,
  limits,
  accounts,
  sessions,
  credentialPolicies,
  apiKeys,
  workspaces,
  daemonTokens,
  signingKeys,
  live,
  coalescing,
  canary,
  explanations,
] as const;
