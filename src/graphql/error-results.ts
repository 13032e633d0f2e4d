import type { Scope } from '../identity/scope.ts';
import type { InvalidInput } from '../kernel/input.ts';

// The outcomes that many mutations share, as the schema's error types. Each message is for people.

export const invalidInput = ({ fields }: InvalidInput) =>
  ({
    __typename: 'InvalidInputError',
    message: `The input does not fit: ${fields.map(({ path, message }) => `${path}: ${message}`).join(' ')}`,
    fields,
  }) as const;

export const scopeNotHeld = ({ scopes }: { scopes: Scope[] }) =>
  ({
    __typename: 'ScopeNotHeldError',
    message:
      scopes.length > 0
        ? `This credential does not hold ${scopes.join(', ')}, and gives no more than it holds.`
        : 'This credential holds less than the other one, or ends sooner.',
    scopes,
  }) as const;

export const conflict = () =>
  ({
    __typename: 'ConflictError',
    message: 'It was changed meanwhile. Nothing was changed by you: read the new state, then decide.',
  }) as const;

export const userNotFound = () =>
  ({ __typename: 'UserNotFoundError', message: 'There is no user with this id.' }) as const;

export const apiKeyNotFound = () =>
  ({ __typename: 'ApiKeyNotFoundError', message: 'There is no API key with this id among yours.' }) as const;

export const workspaceNotFound = () =>
  ({ __typename: 'WorkspaceNotFoundError', message: 'There is no workspace with this id among yours.' }) as const;

export const invalidCredentials = (message: string) => ({ __typename: 'InvalidCredentialsError', message }) as const;

export const notASession = () =>
  ({
    __typename: 'NotASessionError',
    message: 'This request was authenticated by something else than a session.',
  }) as const;
