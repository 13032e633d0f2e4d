import type { List } from '../database/query.ts';
import { SigningKey } from './signing-key.entity.ts';

/** The signing keys of a workspace; none if the caller may not see the workspace, which is null then. */
export function signingKeysOf(workspace: { id: string } | null): List<SigningKey> {
  return { entity: SigningKey, prefix: 'sgk', where: workspace ? { workspaceId: workspace.id } : { id: { $in: [] } } };
}
