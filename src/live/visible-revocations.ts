import { scopeMissing } from '../identity/access-error.ts';
import { isAdministrator, type Principal } from '../identity/principal.ts';
import { nameOf, type RevocationView } from '../revocation/revocation-view.ts';

/**
 * Which revocations this principal may follow. A credential that is bound to a workspace follows the workspace. Services
 * that introspect, and administrators, follow all.
 *
 * @throws AccessError `FORBIDDEN` without SESSIONS_READ or INTROSPECT
 */
export function viewOf(principal: Principal): RevocationView {
  const { scopes, workspaceId, userId } = principal;
  if (!scopes.includes('SESSIONS_READ') && !scopes.includes('INTROSPECT')) {
    throw scopeMissing('SESSIONS_READ', 'INTROSPECT');
  }
  if (workspaceId !== null) return { name: 'workspace', id: workspaceId };
  if (isAdministrator(principal) || scopes.includes('INTROSPECT')) return { name: 'all' };
  if (userId === null) throw scopeMissing('INTROSPECT');
  return { name: 'user', id: userId };
}

/**
 * Checks that a principal may still follow this view.
 *
 * @throws AccessError `FORBIDDEN` if it may not: the credential was narrowed
 */
export function requireView(view: RevocationView): (principal: Principal) => void {
  return (principal) => {
    const now = viewOf(principal);
    if (now.name !== 'all' && nameOf(now) !== nameOf(view))
      throw scopeMissing(view.name === 'all' ? 'INTROSPECT' : 'SESSIONS_READ');
  };
}
