import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/** What `updateWorkspace` changes. What is undefined stays as it is. */
export interface WorkspaceChanges {
  name?: string | null | undefined;
  requiresSignedRequests?: boolean | null | undefined;
}

/** The new name of a workspace, undefined if it stays; or everything that is wrong with the input. */
export function checkChanges({ name, requiresSignedRequests }: WorkspaceChanges): { name?: string } | InvalidInput {
  const check = new InputCheck();
  const checked = name == null ? undefined : check.text(name, 'input.name', 100);
  check.require(name !== null, 'input.name', 'Must not be null. Leave it out to keep the name.');
  const path = 'input.requiresSignedRequests';
  check.require(requiresSignedRequests !== null, path, 'Must not be null. Leave it out to keep the value.');
  check.require(requiresSignedRequests !== true, path, 'Reserved; not supported yet.');
  return check.outcome ?? (checked === undefined ? {} : { name: checked });
}
