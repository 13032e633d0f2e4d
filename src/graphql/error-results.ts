import type { Scope } from '../identity/scope.ts';
import type { InvalidInput } from '../kernel/input.ts';
import type { Workspace } from '../workspaces/workspace.entity.ts';

// The outcomes that several mutations share, as error types of the schema.

export const invalidInput = ({ fields }: InvalidInput) =>
  ({
    __typename: 'InvalidInputError',
    message: `Invalid input. ${fields.map(({ path, message }) => `${path}: ${message}`).join(' ')}`,
    fields,
  }) as const;

export const scopeNotHeld = ({ scopes }: { scopes: Scope[] }) =>
  ({
    __typename: 'ScopeNotHeldError',
    message:
      scopes.length > 0
        ? `The calling credential cannot grant scopes that it lacks: ${scopes.join(', ')}.`
        : 'The calling credential must hold all permissions of the key, must not expire before it, and must be accepted from all of its addresses.',
    scopes,
  }) as const;

/** @param what what cannot be done any more */
export const apiKeyRevoked = ({ revokedAt }: { revokedAt: Date }, what: string) =>
  ({
    __typename: 'ApiKeyRevokedError',
    message: `The key was revoked and cannot be ${what}. Create a new one.`,
    revokedAt,
  }) as const;

export const conflict = () =>
  ({
    __typename: 'ConflictError',
    message:
      'Concurrent modification: another request changed the object first. No change was made. Read the current state before you retry.',
  }) as const;

/** @param argument the name of the input that names the user */
export const userNotFound = (argument = 'userId') =>
  ({ __typename: 'UserNotFoundError', message: `User not found. Check \`${argument}\`.` }) as const;

export const apiKeyNotFound = () =>
  ({ __typename: 'ApiKeyNotFoundError', message: 'API key not found. Check `apiKeyId`.' }) as const;

export const signingKeyNotFound = () =>
  ({ __typename: 'SigningKeyNotFoundError', message: 'Signing key not found. Check `signingKeyId`.' }) as const;

/** @param argument the name of the input that names the workspace */
export const workspaceNotFound = (argument = 'workspaceId') =>
  ({ __typename: 'WorkspaceNotFoundError', message: `Workspace not found. Check \`${argument}\`.` }) as const;

/** For a change of the account of another user: an address that has an account cannot be given to this one. */
export const emailTaken = () =>
  ({
    __typename: 'EmailTakenError',
    message: 'An account with this email address already exists. Use another address.',
  }) as const;

export const lastAdministrator = () =>
  ({
    __typename: 'LastAdministratorError',
    message: 'There would be no active administrator. Make another user an administrator first.',
  }) as const;

export const lastOwner = ({ workspaces }: { workspaces: Workspace[] }) =>
  ({
    __typename: 'LastOwnerError',
    message:
      workspaces.length > 1
        ? 'These workspaces would have no active owner. Make another member of each an owner first, or delete the workspace.'
        : 'The workspace would have no active owner. Make another member an owner first, or delete the workspace.',
    workspaces,
  }) as const;

export const invalidCredentials = (message: string) => ({ __typename: 'InvalidCredentialsError', message }) as const;

export const notASession = () =>
  ({
    __typename: 'NotASessionError',
    message: 'This operation requires a session. Log in, then send the access token.',
  }) as const;
