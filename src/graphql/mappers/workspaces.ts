import type { Workspace } from '../../workspaces/workspace.entity.ts';

export type WorkspaceMapper = Workspace;
