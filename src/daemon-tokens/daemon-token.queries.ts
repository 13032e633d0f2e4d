import type { List } from '../database/query.ts';
import { DaemonToken } from './daemon-token.entity.ts';

/** The daemon tokens of a workspace; none if the caller may not see the workspace, which is null then. */
export function daemonTokensOf(workspace: { id: string } | null): List<DaemonToken> {
  return { entity: DaemonToken, prefix: 'dmn', where: workspace ? { workspaceId: workspace.id } : { id: { $in: [] } } };
}
