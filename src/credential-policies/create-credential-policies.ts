import { Audit } from '../audit/audit.ts';
import type { CredentialTypes } from '../credentials/credential-types.ts';
import type { Part, Platform } from '../platform.ts';
import { credentialPolicyEvents } from './credential-policy.events.ts';
import { CredentialPolicyService, type CredentialPolicyServiceOptions } from './credential-policy.service.ts';
import { EndedCredentials } from './ended-credentials.ts';

/** Credential policies, which govern every kind of credential that says so. */
export function createCredentialPolicies(
  { barrier, database, databaseClock: clock }: Platform,
  {
    types,
    ...needs
  }: { types: CredentialTypes } & Pick<CredentialPolicyServiceOptions, 'lastUsedSeconds' | 'lockManaged'>,
): Part & { service: CredentialPolicyService } {
  const audit = new Audit(credentialPolicyEvents, clock);
  const ended = new EndedCredentials(types.all);
  const service = new CredentialPolicyService({ audit, barrier, clock, ended, ...needs });
  return { service, start: () => service.applyIdleTolerance(database.fork()) };
}
