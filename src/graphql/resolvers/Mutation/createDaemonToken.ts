import { invalidInput, scopeNotHeld, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const createDaemonToken: NonNullable<MutationResolvers['createDaemonToken']> = async (
  _parent,
  { input: { rateLimit = null, ...input } },
  context,
) => {
  const outcome = await context.services.daemonTokens.create(context.unitOfWork(), { ...input, rateLimit });
  switch (outcome.kind) {
    case 'created':
      return { __typename: 'CreateDaemonTokenSuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
