import { defineFeature } from '../feature.ts';
import { WorkspaceMemberSchema, WorkspaceSchema } from './workspace.entity.ts';

/** Groups of users that share credentials. */
export const workspaces = defineFeature({
  name: 'workspaces',
  entities: [WorkspaceSchema, WorkspaceMemberSchema],
});
