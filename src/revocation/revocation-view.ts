import type { RevocationEvent } from './revocation-event.ts';

/**
 * Which revocations a caller may see:
 * - `all`: every one,
 * - `user`: those of one person, of the workspaces in which the person is a member, and `ALL`,
 * - `workspace`: those of one workspace, and `ALL`.
 */
export type RevocationView =
  | { readonly name: 'all' }
  | { readonly name: 'user'; readonly id: string }
  | { readonly name: 'workspace'; readonly id: string };

/** The views that see an event, by the names that `nameOf` returns; null: every view. `all` is not listed. */
export function viewsOf({ kind, userId, workspaceId, members }: RevocationEvent): readonly string[] | null {
  if (kind === 'ALL') return null;
  const users = userId === null ? members : [userId, ...members];
  const names = users.map((id) => nameOf({ name: 'user', id }));
  return workspaceId === null ? names : [...names, nameOf({ name: 'workspace', id: workspaceId })];
}

/** A view as one text, e.g. `user:usr_…`. */
export function nameOf(view: RevocationView): string {
  return view.name === 'all' ? 'all' : `${view.name}:${view.id}`;
}

/** Whether a caller with this view may see this event. */
export function isVisible(event: RevocationEvent, view: RevocationView): boolean {
  return view.name === 'all' || (viewsOf(event)?.includes(nameOf(view)) ?? true);
}
