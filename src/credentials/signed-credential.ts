import { signatureOfAnotherWorkspace } from '../identity/access-error.ts';
import type { AcceptedCredential } from './cached-credential.ts';
import { earliest } from './snapshot.ts';

/**
 * A credential in a request that a signing key has signed. The request is one of the credential: its user and its id stay.
 * It may do what both may do, for as long as both are valid, and either of them ends it.
 *
 * @throws AccessError if they do not belong to the same workspace
 */
export function signedBy(secret: AcceptedCredential, signer: AcceptedCredential): AcceptedCredential {
  const { principal } = secret;
  const { principal: key } = signer;
  if (principal.workspaceId !== key.workspaceId) throw signatureOfAnotherWorkspace();
  const idleEnd = earliest([principal.idleExpiresAt ?? null, key.idleExpiresAt ?? null]);
  return {
    principal: {
      ...principal,
      scopes: principal.scopes.filter((scope) => key.scopes.includes(scope)),
      permissions: principal.permissions.filter((permission) => key.permissions.includes(permission)),
      expiresAt: earliest([principal.expiresAt, key.expiresAt]),
      ...(idleEnd === null ? {} : { idleExpiresAt: idleEnd }),
      signedBy: key,
    },
    asOf: Math.min(secret.asOf, signer.asOf),
    tags: [...new Set([...secret.tags, ...signer.tags])],
    until: Math.min(secret.until, signer.until),
    readAt: Math.min(secret.readAt ?? Number.MAX_SAFE_INTEGER, signer.readAt ?? Number.MAX_SAFE_INTEGER),
    parts: [secret, signer],
  };
}
