import type { List, QueryContext } from '../database/query.ts';
import { SigningKey } from './signing-key.entity.ts';

/** The signing keys of a workspace; none if the caller may not see the workspace, which is null then. */
export function signingKeysOf(workspace: { id: string } | null): List<SigningKey> {
  return { entity: SigningKey, prefix: 'sgk', where: workspace ? { workspaceId: workspace.id } : { id: { $in: [] } } };
}

/** The signing key with this id, if the caller may see its workspace, which `findWorkspace` finds then. */
export async function findSigningKey(
  { em }: QueryContext,
  id: string,
  findWorkspace: (workspaceId: string) => Promise<object | null>,
): Promise<SigningKey | null> {
  const key = await em().findOne(SigningKey, { id });
  // Asked in any case, so that a key that the caller may not see takes the same time as an unknown one.
  const workspace = await findWorkspace(key?.workspaceId ?? '');
  return workspace && key;
}
