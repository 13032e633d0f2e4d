import { InputCheck, type InvalidInput } from '../kernel/input.ts';

/** What `updateWorkspace` changes. What is undefined stays as it is. */
export interface WorkspaceChanges {
  name?: string | null | undefined;
  requiresSignedRequests?: boolean | null | undefined;
}

/** What changes: undefined stays as it is. Or everything that is wrong with the input. */
export function checkChanges({
  name,
  requiresSignedRequests,
}: WorkspaceChanges): { name: string | undefined; requiresSignedRequests: boolean | undefined } | InvalidInput {
  const check = new InputCheck();
  const checked = name == null ? undefined : check.text(name, 'input.name', 100);
  check.require(name !== null, 'input.name', 'Must not be null. Leave it out to keep the name.');
  const path = 'input.requiresSignedRequests';
  check.require(requiresSignedRequests !== null, path, 'Must not be null. Leave it out to keep the value.');
  return check.outcome ?? { name: checked, requiresSignedRequests: requiresSignedRequests ?? undefined };
}
