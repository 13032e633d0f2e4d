import { defineFeature } from '../feature.ts';
import { WorkspaceMemberSchema, WorkspaceSchema } from './workspace.entity.ts';
import { workspaceEvents } from './workspace.events.ts';

/** Groups of users that share credentials. */
export const workspaces = defineFeature({
  name: 'workspaces',
  entities: [WorkspaceSchema, WorkspaceMemberSchema],
  auditEvents: workspaceEvents,
});
