import { conflict, invalidInput, scopeNotHeld, signingKeyNotFound } from '../../error-results.ts';
import type { MutationResolvers } from '../../generated/types.ts';

export const rotateSigningKey: NonNullable<MutationResolvers['rotateSigningKey']> = async (
  _parent,
  { input },
  context,
) => {
  const outcome = await context.services.signingKeys.rotate(context.revocation(), input);
  switch (outcome.kind) {
    case 'rotated':
      return { __typename: 'RotateSigningKeySuccess', ...outcome };
    case 'notFound':
      return signingKeyNotFound();
    case 'revoked':
      return {
        __typename: 'SigningKeyRevokedError',
        message: 'The key was revoked and cannot be rotated. Create a new one.',
        revokedAt: outcome.revokedAt,
      };
    case 'scopeNotHeld':
      return scopeNotHeld(outcome);
    case 'conflict':
      return conflict();
    case 'invalidInput':
      return invalidInput(outcome);
  }
};
