import { invalidInput, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const setCredentialPolicy: NonNullable<MutationResolvers['setCredentialPolicy']> = async (
  _parent,
  { input },
  context,
) => {
  const { workspaceId = null, maximumLifetimeSeconds = null, idleSeconds = null, ...given } = input;
  const policy = { workspaceId, maximumLifetimeSeconds, idleSeconds, ...given };
  const outcome = await context.services.credentialPolicies.set(context.revocation(), policy);
  switch (outcome.kind) {
    case 'set':
      return { __typename: 'SetCredentialPolicySuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
