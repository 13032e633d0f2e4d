import type { WorkspaceResolvers } from '../generated/types.ts';

export const Workspace: WorkspaceResolvers = {};
