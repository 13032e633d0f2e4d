import type { List, QueryContext } from '../database/query.ts';
import { DaemonToken } from './daemon-token.entity.ts';

/** The daemon tokens of a workspace; none if the caller may not see the workspace, which is null then. */
export function daemonTokensOf(workspace: { id: string } | null): List<DaemonToken> {
  return { entity: DaemonToken, prefix: 'dmn', where: workspace ? { workspaceId: workspace.id } : { id: { $in: [] } } };
}

/** The daemon token with this id, if the caller may see its workspace, which `findWorkspace` finds then. */
export async function findDaemonToken(
  { em }: QueryContext,
  id: string,
  findWorkspace: (workspaceId: string) => Promise<object | null>,
): Promise<DaemonToken | null> {
  const token = await em().findOne(DaemonToken, { id });
  // Asked in any case, so that a token that the caller may not see takes the same time as an unknown one.
  const workspace = await findWorkspace(token?.workspaceId ?? '');
  return workspace && token;
}
