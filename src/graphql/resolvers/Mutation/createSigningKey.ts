import { invalidInput, scopeNotHeld, workspaceNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const createSigningKey: NonNullable<MutationResolvers['createSigningKey']> = async (
  _parent,
  { input: { expiresAt = null, ...input } },
  context,
) => {
  const outcome = await context.services.signingKeys.create(context.unitOfWork(), { ...input, expiresAt });
  switch (outcome.kind) {
    case 'created':
      return { __typename: 'CreateSigningKeySuccess', ...outcome };
    case 'workspaceNotFound':
      return workspaceNotFound();
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
