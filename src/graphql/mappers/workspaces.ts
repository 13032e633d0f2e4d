import type { Workspace, WorkspaceMember } from '../../workspaces/workspace.entity.ts';

export type WorkspaceMapper = Workspace;
export type WorkspaceMemberMapper = WorkspaceMember;
